internal import Glibc

/// Without symbolic links and double slashes; a path that is not there as it is. C: realpath(3)
func realPath(_ path: String) -> String {
  guard let found = unsafe realpath(path, nil) else { return path.replacing("//", with: "/") }
  defer { unsafe free(found) }
  return unsafe String(cString: found)
}
