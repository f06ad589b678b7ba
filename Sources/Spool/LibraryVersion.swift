internal import CSQLite

/// C: `sqlite3_libversion`
package var sqliteLibraryVersion: String { unsafe String(cString: sqlite3_libversion()) }
