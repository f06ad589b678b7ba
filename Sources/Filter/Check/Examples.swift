internal import Glibc

/// Where the examples for Postfix and Exim lie: the package's, or those of the sources.
enum Examples {
  /// `name`: below postfix-examples.
  static func path(_ name: String) -> String {
    let installed = "/usr/share/doc/voicemail-milter/examples/" + name
    return unsafe access(installed, F_OK) == 0 ? installed : "postfix-examples/" + name
  }
}
