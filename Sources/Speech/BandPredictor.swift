/// A network with one hidden layer: from the bands that a line lets through, at seven moments around a frame, to the others.
struct BandPredictor {
  /// In frames of 8 ms from the one that is asked for.
  private static let moments = [-8, -4, -2, 0, 2, 4, 8]

  /// Weights for eight units of the hidden layer, or for all outputs: the places left over are 0.
  private typealias Eight = SIMD8<Float>

  private let first: [Eight]
  private let firstConstants: [Eight]
  private let second: [Eight]
  private let secondConstants: Eight
  private let outputs: Int

  // Read once.
  static let digital = BandPredictor(
    BandExtensionTable.digital.utf8, outputs: BandExtensionTable.digitalOutputs)
  static let analogue = BandPredictor(
    BandExtensionTable.analogue.utf8, outputs: BandExtensionTable.analogueOutputs)

  private init(_ digits: some Sequence<UInt8>, outputs: Int) {
    self.outputs = outputs
    var numbers: [Float] = []
    var (value, count) = (UInt16(0), 0)
    for digit in digits where digit != UInt8(ascii: "\n") {
      let isLetter = digit >= UInt8(ascii: "a")
      value = value << 4 | UInt16(digit - (isLetter ? UInt8(ascii: "a") - 10 : UInt8(ascii: "0")))
      count += 1
      guard count == 4 else { continue }
      numbers.append(Float(Int16(bitPattern: value)) / BandExtensionTable.scale)
      (value, count) = (0, 0)
    }
    let hidden = BandExtensionTable.hidden
    let one = BandExtensionTable.inputs * hidden
    let two = one + hidden
    let three = two + hidden * outputs
    precondition(
      numbers.count == three + outputs && hidden == 32 && outputs <= 8,
      "Scripts/train-band-extension.py wrote all weights")
    first = rows(numbers[..<one], of: 8)
    firstConstants = rows(numbers[one..<two], of: 8)
    second = rows(numbers[two..<three], of: outputs)
    secondConstants = row(numbers[three...])
  }

  /// The logarithmic energies of the high bands against the mean of the low ones, frame by frame;
  /// `levels` are those of the low bands, each against its own mean.
  func predict(_ levels: [[Float]]) -> [[Float]] {
    let bounded = levels.map { frame in frame.map { max(-8, min(4, $0)) / 2 } }
    return bounded.indices.map { number in
      // One by one, since four of these stay in registers and an array does not.
      var (one, two) = (firstConstants[0], firstConstants[1])
      var (three, four) = (firstConstants[2], firstConstants[3])
      var row = 0
      for moment in Self.moments {
        for level in bounded[max(0, min(bounded.count - 1, number + moment))] {
          let level = Eight(repeating: level)
          one += level * first[row]
          two += level * first[row + 1]
          three += level * first[row + 2]
          four += level * first[row + 3]
          row += 4
        }
      }
      var outputs = secondConstants
      for (number, eight) in [one, two, three, four].enumerated() {
        for unit in 0..<8 where eight[unit] > 0 {
          outputs += Eight(repeating: eight[unit]) * second[8 * number + unit]
        }
      }
      return (0..<self.outputs).map { outputs[$0] }
    }
  }
}

private func row(_ numbers: ArraySlice<Float>) -> SIMD8<Float> {
  var row = SIMD8<Float>.zero
  for (place, number) in numbers.enumerated() { row[place] = number }
  return row
}

private func rows(_ numbers: ArraySlice<Float>, of count: Int) -> [SIMD8<Float>] {
  stride(from: numbers.startIndex, to: numbers.endIndex, by: count).map {
    row(numbers[$0..<$0 + count])
  }
}
