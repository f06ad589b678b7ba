internal import Glibc
internal import Voicemail

/// Counts the samples that stand at the limit of their coding.
///
/// A voice touches the limit for a moment; where it stays there for three samples, the tops of its waves are gone. The
/// largest value is 0.98 in mu-law and A-law, whatever full scale is called.
struct Clipping {
  private static let limit: Float = 0.975
  private static let shortestRun = 3

  private let channels: Int
  private var runs: [Int]
  private var clipped = 0
  private var total = 0

  init(channels: Int) {
    self.channels = channels
    runs = Array(repeating: 0, count: channels)
  }

  /// Interleaved samples, in the order of the file.
  mutating func count(_ block: [Float], frames: Int) {
    for position in 0..<frames * channels {
      let channel = position % channels
      // A sign of its own: noise that jumps from one limit to the other is no wave cut off.
      let side = block[position] >= Self.limit ? 1 : block[position] <= -Self.limit ? -1 : 0
      runs[channel] = side == 0 ? 0 : runs[channel].signum() == side ? runs[channel] + side : side
      let length = abs(runs[channel])
      if length == Self.shortestRun {
        clipped += length
      } else if length > Self.shortestRun {
        clipped += 1
      }
    }
    total += frames * channels
  }

  /// 0 to 1.
  var part: Double { total > 0 ? Double(clipped) / Double(total) : 0 }
}

/// Root mean square of these stretches, of everything without any, in decibels against the largest sample; -120 for
/// digital silence.
func level(_ samples: [Int16], _ stretches: [Range<Int>]) -> Double {
  let places = stretches.isEmpty ? [samples.indices] : stretches
  let energy = places.reduce(0.0) { sum, place in
    samples[place].reduce(sum) { $0 + Double($1) * Double($1) }
  }
  let count = Double(max(1, places.reduce(0) { $0 + $1.count }))
  return max(-120, 10 * log10(energy / count / (32768 * 32768) + 1e-12))
}
