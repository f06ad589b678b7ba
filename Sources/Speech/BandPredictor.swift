/// A network with one hidden layer: from the low bands at seven moments around a frame to its high bands.
struct BandPredictor {
  /// In frames of 8 ms from the one that is asked for.
  private static let moments = [-8, -4, -2, 0, 2, 4, 8]

  private let first: ArraySlice<Float>
  private let firstConstants: ArraySlice<Float>
  private let second: ArraySlice<Float>
  private let secondConstants: ArraySlice<Float>

  /// The weights of `BandExtensionTable`, read once.
  static let shared = BandPredictor(BandExtensionTable.digits.utf8)

  private init(_ digits: some Sequence<UInt8>) {
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
    let outputs = BandExtensionTable.outputs
    let one = BandExtensionTable.inputs * hidden
    let two = one + hidden
    let three = two + hidden * outputs
    precondition(
      numbers.count == three + outputs, "Scripts/train-band-extension.py wrote all weights")
    first = numbers[..<one]
    firstConstants = numbers[one..<two]
    second = numbers[two..<three]
    secondConstants = numbers[three...]
  }

  /// The logarithmic energies of the high bands against the mean of the low ones, frame by frame;
  /// `levels` are those of the low bands, each against its own mean.
  func predict(_ levels: [[Float]]) -> [[Float]] {
    let bounded = levels.map { frame in frame.map { max(-8, min(4, $0)) / 2 } }
    return bounded.indices.map { number in
      var hidden = Array(firstConstants)
      var row = first.startIndex
      for moment in Self.moments {
        for level in bounded[max(0, min(bounded.count - 1, number + moment))] {
          for unit in hidden.indices { hidden[unit] += level * first[row + unit] }
          row += hidden.count
        }
      }
      var outputs = Array(secondConstants)
      row = second.startIndex
      for unit in hidden {
        if unit > 0 {
          for band in outputs.indices { outputs[band] += unit * second[row + band] }
        }
        row += outputs.count
      }
      return outputs
    }
  }
}
