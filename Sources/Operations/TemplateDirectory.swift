internal import Glibc
package import Voicemail

/// The administrator's templates: `text.mustache`, `html.mustache` and `subject.mustache` in one directory.
package enum TemplateDirectory {
  /// Those that are there; the built-in ones stand for the others. Each file that cannot be used is one line of the
  /// error, and so is a directory without any.
  package static func load(_ path: String) throws(SettingsError) -> TemplateSources {
    var sources = TemplateSources()
    var errors: [String] = []
    for kind in TemplateKind.allCases {
      let file = "\(path)/\(kind.filename)"
      do throws(FileError) {
        let bytes = try readFile(file, limitBytes: Template.maxBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
          errors.append("\(file): is not UTF-8")
          continue
        }
        do throws(TemplateError) {
          _ = try TemplateCheck.parse(text, as: kind)
          sources[kind] = text
        } catch {
          errors.append("\(file):\(error.line): \(error.problem)")
        }
      } catch {
        if error.code != ENOENT { errors.append(error.sentence) }
      }
    }
    if errors.isEmpty, sources == TemplateSources() {
      let names = TemplateKind.allCases.map(\.filename).joined(separator: ", ")
      errors.append("\(path): there is none of \(names)")
    }
    guard errors.isEmpty else { throw SettingsError(lines: errors) }
    return sources
  }
}
