import Glibc

/// The level of each 10 ms in decibels below full scale, measured over 20 ms; -120 is digital
/// silence.
///
/// A high-pass at about 150 Hz comes first: mains hum and a constant offset are not loudness. With `below`, so does
/// a low-pass at about 1 kHz.
func frameLevels(_ samples: [Int16], below: Bool = false) -> [Float] {
  let hop = SpeechActivity.hop
  let energies = hopEnergies(samples, hop: hop, below: below)
  return energies.indices.map { frame in
    let before = frame > 0 ? energies[frame - 1] : energies[frame]
    let power = (before + energies[frame]) / Double(2 * hop)
    return Float(max(-120, 10 * log10(power / (32768 * 32768) + 1e-12)))
  }
}

/// Sum of squares of each whole hop; a last piece shorter than a hop counts as its own.
private func hopEnergies(_ samples: [Int16], hop: Int, below: Bool) -> [Double] {
  // One pole: y = r (y + x - x'), r = 1 - 2 pi 150 / 16000.
  let keep = 0.94
  // Two poles at 1 kHz: y = y + a (x - y), a = 1 - exp(-2 pi 1000 / 16000).
  let follow = below ? 0.325 : 1
  var (once, twice) = (0.0, 0.0)
  var energies: [Double] = []
  energies.reserveCapacity(samples.count / hop + 1)
  var previous = samples.first.map { Double($0) } ?? 0
  var filtered = 0.0
  var sum = 0.0
  for (position, sample) in samples.enumerated() {
    filtered = keep * (filtered + Double(sample) - previous)
    previous = Double(sample)
    once += follow * (filtered - once)
    twice += follow * (once - twice)
    sum += twice * twice
    if position % hop == hop - 1 {
      energies.append(sum)
      sum = 0
    }
  }
  if samples.count % hop != 0 { energies.append(sum) }
  return energies
}
