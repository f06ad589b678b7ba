internal import CPocketSphinx

/// Fits Debian's US English model to telephone calls as `TelephoneBand` prepares them: for each kind of line a linear
/// transform of its means (C. J. Leggetter and P. C. Woodland, "Maximum likelihood linear regression for speaker adaptation",
/// Computer Speech and Language 9 (1995)). `Scripts/train-adaptation.py` makes it.
enum TelephoneAdaptation {
  /// The transform, which whoever is given it owns; nil when the library does not take it. C: `ps_mllr_read`
  static func transform(_ line: BandExtension.Line) -> OpaquePointer? {
    switch line {
    case .digital: unsafe read(TelephoneAdaptationTable.digital)
    case .analogue: unsafe read(TelephoneAdaptationTable.analogue)
    }
  }

  /// The one that changes nothing: the library knows no way back.
  static func identity() -> OpaquePointer? {
    let size = 13
    func row(_ value: (Int) -> String) -> String { (0..<size).map(value).joined(separator: " ") }
    let stream =
      ["\(size)"] + (0..<size).map { line in row { $0 == line ? "1" : "0" } }
      + [row { _ in "0" }, row { _ in "1" }]
    let lines = ["1", "3"] + stream + stream + stream
    return unsafe read(lines.joined(separator: "\n") + "\n")
  }

  private static func read(_ text: String) -> OpaquePointer? {
    unsafe PipedText.read(text) { path in unsafe ps_mllr_read(path) }
  }
}
