/// A day as bars, in an image without a script: readable by eyes that see no colours, and by screen readers.
struct DayChart {
  var title: String
  var unit: String
  var values: [Double]
  /// Of each bar the part that is told apart.
  var shaded: [Double] = []
  var shadedName = ""

  private static let width = 288.0
  private static let height = 60.0

  var svg: String {
    let most = max(values.max() ?? 0, 1)
    let step = Self.width / Double(max(values.count, 1))
    func bars(_ values: [Double], _ kind: String) -> String {
      values.enumerated().filter { $0.element > 0 }.map { index, value in
        // Something is never drawn as nothing.
        let height = max(value / most * Self.height, 1.5)
        return "<rect class=\"\(kind)\" x=\"\(Output.tenths(Double(index) * step))\" "
          + "y=\"\(Output.tenths(Self.height - height))\" width=\"\(Output.tenths(step - 0.5))\" "
          + "height=\"\(Output.tenths(height))\"/>"
      }.joined()
    }
    let top = values.max() ?? 0
    let peak = top == top.rounded() ? "\(Int(top))" : Output.tenths(top)
    let sum = shaded.reduce(0, +)
    let note = sum > 0 ? ", \(Int(sum)) \(shadedName)" : ""
    let caption = top > 0 ? "at most \(peak) \(unit)\(note)" : "none in the last day"
    return """
      <figure><figcaption>\(title) <span>\(caption)</span></figcaption>
      <svg viewBox="0 0 288 60" preserveAspectRatio="none" role="img" \
      aria-label="\(title) in the last day: \(caption)">\
      \(bars(values, "all"))\(bars(shaded, "part"))\
      <line class="axis" x1="0" y1="60" x2="288" y2="60"/></svg>
      <p class="scale"><span>24 h ago</span><span>now</span></p></figure>

      """
  }
}
