/// What the spool did by itself that an administrator should know.
package enum SpoolNotice: Sendable, Equatable {
  /// A message cannot be read whole any more: it has failed.
  case unreadable(id: String, reason: String)
  /// The file was damaged: it is kept under that name, and a new one has what could be read of it.
  case setAside(path: String, why: String, saved: Int, lost: Int)
  /// A damaged file was being replaced when the daemon ended; it is kept under that name.
  case repairFinished(path: String)
  /// Somebody removed the file; it was written again from what was open.
  case restored(path: String)
  /// The disk failed, and the file was opened anew.
  case reopened(why: String)
  /// What the log holds, also of erased messages, could not become part of the file.
  case notWrittenBack(why: String)
  /// The file is an older program's: its tables are being made those of this one. It may take a while.
  case upgrading(from: Int64, to: Int64)

  /// One line, without message text or addresses.
  package var sentence: String {
    switch self {
    case .unreadable(let id, let reason): "message \(id) has failed: \(reason)"
    case .setAside(let path, let why, let saved, let lost):
      "\(why); the damaged file is kept as \(path), messages saved from it: \(saved), lost: \(lost)"
    case .repairFinished(let path):
      "a damaged spool was being replaced; the damaged file is kept as \(path)"
    case .restored(let path): "\(path) was removed while in use, and is written again"
    case .notWrittenBack(let why): "its log cannot be written back: \(why)"
    case .reopened(let why): "opened again after: \(why)"
    case .upgrading(let from, let to): "schema version \(from) becomes \(to)"
    }
  }
}
