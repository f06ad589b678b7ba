internal import Voicemail

/// Where somebody speaks in a recording, from its loudness and the steadiness of its tones.
///
/// 1. The level of each 10 ms (over 20 ms, without rumble) is held against the noise floor around
///    it, the quietest moment within 1.5 s: steady noise, hum and tones are their own floor.
/// 2. Above the floor counts, unless the level stands still for 0.4 s: a voice never does, a beep or
///    noise that sets in after silence does.
/// 3. The same below 1 kHz alone, where a voice stands out of noise that hides the rest of it.
/// 4. Runs with short gaps are one stretch of speech; single clicks are none.
/// 5. Dialled digits are none, nor is music alone (`TonesAndMusic`).
///
/// It errs towards speech; an engine is asked for nothing only when it finds none.
package struct SpeechActivity: Sendable {
  /// Stretches of speech as sample positions, in order, without overlap.
  package let stretches: [Range<Int>]

  static let hop = Recording.sampleRateHz / 100

  /// Looks at 16 kHz samples; any length, any content.
  package init(_ samples: [Int16]) {
    let levels = frameLevels(samples)
    let floors = noiseFloors(levels)
    let lower = frameLevels(samples, below: true)
    let lowerFloors = noiseFloors(lower)
    let silence = silence(levels)
    var active = levels.indices.map { frame in
      levels[frame] > max(silence, floors[frame] + Threshold.aboveFloor)
        || lower[frame] > max(silence, lowerFloors[frame] + Threshold.lowerAboveFloor)
    }
    removeSteady(levels, from: &active)
    let runs = spoken(samples, active)
    stretches = runs.map { run in
      run.lowerBound * Self.hop..<min(samples.count, run.upperBound * Self.hop)
    }
  }

  /// Length of all stretches together.
  package var speechSeconds: Double {
    let samples = stretches.reduce(0) { $0 + $1.count }
    return Double(samples) / Double(Recording.sampleRateHz)
  }
}

/// What counts, in decibels: below full scale for levels, relative for margins; in 10 ms frames
/// for times.
private enum Threshold {
  static let quietestSilence: Float = -80
  static let loudestSilence: Float = -60
  static let speechRange: Float = 35
  /// Clicks are shorter.
  static let loudFrames = 30
  static let aboveFloor: Float = 9
  static let lowerAboveFloor: Float = 9
  static let floorReach = 150
  static let steadyFrames = 40
  static let steadyDeviation: Float = 0.9
  static let shortestRun = 8
  static let longestGap = 30
  static let leastBesideDigits = 30
}

/// Quieter is silence, and no floor is taken lower. Some systems record so quietly that their voices are softer than
/// the silence of others: it follows the loudest moments.
private func silence(_ levels: [Float]) -> Float {
  let loudest = levels.sorted(by: >).prefix(Threshold.loudFrames).last ?? Threshold.quietestSilence
  return min(
    Threshold.loudestSilence, max(Threshold.quietestSilence, loudest - Threshold.speechRange))
}

/// The quietest smoothed level within reach of each frame.
private func noiseFloors(_ levels: [Float]) -> [Float] {
  let smooth = levels.indices.map { frame in
    let window = levels[max(0, frame - 2)...min(levels.count - 1, frame + 2)]
    return window.reduce(0, +) / Float(window.count)
  }
  return slidingMinimum(smooth, reach: Threshold.floorReach)
}

/// The smallest value within `reach` of each position; candidates wait in rising order, so the cost
/// is one look per value.
func slidingMinimum(_ values: [Float], reach: Int) -> [Float] {
  var minima: [Float] = []
  minima.reserveCapacity(values.count)
  var waiting: [Int] = []
  var head = 0
  var next = 0
  for position in values.indices {
    while next < values.count, next <= position + reach {
      while waiting.count > head, let last = waiting.last, values[last] >= values[next] {
        waiting.removeLast()
      }
      waiting.append(next)
      next += 1
    }
    while waiting[head] < position - reach { head += 1 }
    minima.append(values[waiting[head]])
  }
  return minima
}

/// Clears what holds its level within a decibel for 0.4 s.
private func removeSteady(_ levels: [Float], from active: inout [Bool]) {
  let width = Threshold.steadyFrames
  guard levels.count >= width else { return }
  var clear = [Bool](repeating: false, count: levels.count)
  for start in 0...levels.count - width {
    guard active[start], active[start + width - 1] else { continue }
    let window = levels[start..<start + width]
    let mean = window.reduce(0, +) / Float(width)
    let variance = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(width)
    guard variance < Threshold.steadyDeviation * Threshold.steadyDeviation else { continue }
    for frame in start..<start + width { clear[frame] = true }
  }
  for frame in active.indices where clear[frame] { active[frame] = false }
}

/// The runs without music and digits; a vowel that looks like a digit leaves a word whole.
private func spoken(_ samples: [Int16], _ active: [Bool]) -> [Range<Int>] {
  let runs = joinRuns(active)
  guard !runs.isEmpty else { return [] }
  let other = TonesAndMusic(samples)
  if other.isMusic { return [] }
  var rest = active
  for digits in other.digits {
    let hop = SpeechActivity.hop
    for frame in digits.lowerBound / hop...digits.upperBound / hop where frame < rest.count {
      rest[frame] = false
    }
  }
  let restRuns = joinRuns(rest)
  let left = restRuns.reduce(0) { $0 + rest[$1].count { $0 } }
  if left >= Threshold.leastBesideDigits { return restRuns }
  let dialled = active.indices.count { active[$0] && !rest[$0] }
  return dialled > left ? [] : runs
}

/// Runs of active frames, neighbours joined, clicks dropped.
private func joinRuns(_ active: [Bool]) -> [Range<Int>] {
  var runs: [Range<Int>] = []
  var start: Int?
  for frame in 0...active.count {
    let isActive = frame < active.count && active[frame]
    if isActive, start == nil { start = frame }
    guard !isActive, let first = start else { continue }
    start = nil
    if let last = runs.last, first - last.upperBound <= Threshold.longestGap {
      runs[runs.count - 1] = last.lowerBound..<frame
    } else {
      runs.append(first..<frame)
    }
  }
  return runs.filter { run in
    run.count >= Threshold.shortestRun
      && run.count { active[$0] } >= Threshold.shortestRun
  }
}
