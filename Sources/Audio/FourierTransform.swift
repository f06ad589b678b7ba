internal import Glibc

/// Complex numbers side by side: real parts, imaginary parts.
package struct ComplexArray {
  package var real: [Float]
  package var imaginary: [Float]

  package init(real: [Float], imaginary: [Float]) {
    self.real = real
    self.imaginary = imaginary
  }

  /// The square of the magnitude.
  package func power(_ index: Int) -> Float {
    real[index] * real[index] + imaginary[index] * imaginary[index]
  }

  package mutating func scale(_ index: Int, by factor: Float) {
    real[index] *= factor
    imaginary[index] *= factor
  }
}

/// The discrete Fourier transform of a power of two, in place (radix 2, decimation in time).
package struct FourierTransform {
  package let size: Int
  /// The turns of the stage whose values stand `n` apart lie at `n`, so that each stage reads them in a row and four
  /// of them where a vector may lie.
  private let cosines: [Float]
  private let sines: [Float]
  private let swaps: [(Int, Int)]

  /// `size` is a power of two.
  package init(size: Int) {
    precondition(size > 1 && size & (size - 1) == 0, "a power of two")
    self.size = size
    let bits = size.trailingZeroBitCount
    let angles: [Double] = (0..<size).map { place in
      guard place > 1 else { return 0 }
      let half = 1 << (Int.bitWidth - 1 - place.leadingZeroBitCount)
      return -Double.pi * Double(place - half) / Double(half)
    }
    cosines = angles.map { Float(cos($0)) }
    sines = angles.map { Float(sin($0)) }
    swaps = (0..<size).compactMap { index in
      let reversed = (0..<bits).reduce(0) { $0 | (index >> $1 & 1) << (bits - 1 - $1) }
      return index < reversed ? (index, reversed) : nil
    }
  }

  /// To frequencies; `values` has `size` elements.
  package func forward(_ values: inout ComplexArray) {
    precondition(values.real.count == size && values.imaginary.count == size)
    swap(&values.real)
    swap(&values.imaginary)
    unsafe values.real.withUnsafeMutableBufferPointer { real in
      unsafe values.imaginary.withUnsafeMutableBufferPointer { imaginary in
        unsafe cosines.withUnsafeBufferPointer { cosines in
          unsafe sines.withUnsafeBufferPointer { sines in
            guard let real = real.baseAddress, let imaginary = imaginary.baseAddress,
              let cosines = cosines.baseAddress, let sines = sines.baseAddress
            else { return }
            unsafe Stages(
              size: size, real: real, imaginary: imaginary, cosines: cosines, sines: sines
            ).run()
          }
        }
      }
    }
  }

  /// The inverse, scaled so that it undoes `forward`: conjugate, transform, conjugate.
  package func inverse(_ values: inout ComplexArray) {
    negate(&values.imaginary)
    forward(&values)
    scale(&values.real, by: 1 / Float(size))
    scale(&values.imaginary, by: -1 / Float(size))
  }

  private func swap(_ values: inout [Float]) {
    // Both places are below `size`.
    unsafe values.withUnsafeMutableBufferPointer { values in
      for (one, other) in swaps {
        unsafe (values[one], values[other]) = (values[other], values[one])
      }
    }
  }
}

private func negate(_ values: inout [Float]) {
  for index in values.indices { values[index].negate() }
}

private func scale(_ values: inout [Float], by factor: Float) {
  for index in values.indices { values[index] *= factor }
}

/// The butterflies, four at a time where they stand in a row. All arrays have `size` elements.
@unsafe private struct Stages {
  let size: Int
  let real: UnsafeMutablePointer<Float>
  let imaginary: UnsafeMutablePointer<Float>
  let cosines: UnsafePointer<Float>
  let sines: UnsafePointer<Float>

  func run() {
    unsafe single(half: 1)
    if unsafe size > 2 { unsafe single(half: 2) }
    var half = 4
    while unsafe half < size {
      unsafe fours(half: half)
      half *= 2
    }
  }

  private func single(half: Int) {
    for start in unsafe stride(from: 0, to: size, by: 2 * half) {
      for offset in 0..<half {
        let low = start + offset
        let high = low + half
        let (cosine, sine) = unsafe (cosines[half + offset], sines[half + offset])
        let one = unsafe real[high] * cosine - imaginary[high] * sine
        let other = unsafe real[high] * sine + imaginary[high] * cosine
        unsafe real[high] = real[low] - one
        unsafe imaginary[high] = imaginary[low] - other
        unsafe real[low] += one
        unsafe imaginary[low] += other
      }
    }
  }

  /// The same for values at least four apart. The elements of an array begin where a vector of four may lie: malloc(3)
  /// aligns to 16 bytes, and so does the array's own head.
  private func fours(half: Int) {
    typealias Four = SIMD4<Float>
    let real = unsafe UnsafeMutableRawPointer(real).assumingMemoryBound(to: Four.self)
    let imaginary = unsafe UnsafeMutableRawPointer(imaginary).assumingMemoryBound(to: Four.self)
    let cosines = unsafe UnsafeRawPointer(cosines).assumingMemoryBound(to: Four.self)
    let sines = unsafe UnsafeRawPointer(sines).assumingMemoryBound(to: Four.self)
    let apart = half / 4
    for start in unsafe stride(from: 0, to: size / 4, by: 2 * apart) {
      for offset in 0..<apart {
        let low = start + offset
        let high = low + apart
        let (cosine, sine) = unsafe (cosines[apart + offset], sines[apart + offset])
        let one = unsafe real[high] * cosine - imaginary[high] * sine
        let other = unsafe real[high] * sine + imaginary[high] * cosine
        unsafe real[high] = real[low] - one
        unsafe imaginary[high] = imaginary[low] - other
        unsafe real[low] += one
        unsafe imaginary[low] += other
      }
    }
  }
}
