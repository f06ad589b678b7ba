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
}

/// The discrete Fourier transform of a power of two, in place (radix 2, decimation in time).
package struct FourierTransform {
  package let size: Int
  /// The turns of one stage after the other (1, 2, 4 up to half of `size`), so that each is read in a row.
  private let cosines: [Float]
  private let sines: [Float]
  private let swaps: [(Int, Int)]

  /// `size` is a power of two.
  package init(size: Int) {
    precondition(size > 1 && size & (size - 1) == 0, "a power of two")
    self.size = size
    let bits = size.trailingZeroBitCount
    let angles = (0..<bits).flatMap { stage in
      (0..<1 << stage).map { -Double.pi * Double($0) / Double(1 << stage) }
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
    unsafe values.real.withUnsafeMutableBytes { real in
      unsafe values.imaginary.withUnsafeMutableBytes { imaginary in
        unsafe cosines.withUnsafeBytes { cosines in
          unsafe sines.withUnsafeBytes { sines in
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

/// The butterflies, up to eight at a time. The values have `size` elements, the turns one less.
@unsafe private struct Stages {
  let size: Int
  let real: UnsafeMutableRawBufferPointer
  let imaginary: UnsafeMutableRawBufferPointer
  let cosines: UnsafeRawBufferPointer
  let sines: UnsafeRawBufferPointer

  func run() {
    unsafe neighbours()
    var half = 2
    while unsafe half < size {
      switch half {
      case 2: unsafe stage(half, of: SIMD2<Float>.self)
      case 4: unsafe stage(half, of: SIMD4<Float>.self)
      default: unsafe stage(half, of: SIMD8<Float>.self)
      }
      half *= 2
    }
  }

  /// The first stage, which turns nothing.
  private func neighbours() {
    let real = unsafe self.real.bindMemory(to: Float.self)
    let imaginary = unsafe self.imaginary.bindMemory(to: Float.self)
    for low in unsafe stride(from: 0, to: size, by: 2) {
      unsafe (real[low], real[low + 1]) = (real[low] + real[low + 1], real[low] - real[low + 1])
      unsafe (imaginary[low], imaginary[low + 1]) = (
        imaginary[low] + imaginary[low + 1], imaginary[low] - imaginary[low + 1]
      )
    }
  }

  /// Values that stand `half` apart; `Few` of them at a time divide `half`.
  @inline(__always)
  private func stage<Few: SIMD>(_ half: Int, of few: Few.Type) where Few.Scalar == Float {
    let bytes = MemoryLayout<Float>.stride
    let turns = (half - 1) * bytes
    for start in unsafe stride(from: 0, to: size * bytes, by: 2 * half * bytes) {
      for offset in stride(from: 0, to: half * bytes, by: MemoryLayout<Few>.size) {
        let low = start + offset
        let high = low + half * bytes
        let cosine = unsafe cosines.loadUnaligned(fromByteOffset: turns + offset, as: few)
        let sine = unsafe sines.loadUnaligned(fromByteOffset: turns + offset, as: few)
        let one = unsafe real.loadUnaligned(fromByteOffset: high, as: few)
        let other = unsafe imaginary.loadUnaligned(fromByteOffset: high, as: few)
        let turned = one * cosine - other * sine
        let turnedImaginary = one * sine + other * cosine
        let lowReal = unsafe real.loadUnaligned(fromByteOffset: low, as: few)
        let lowImaginary = unsafe imaginary.loadUnaligned(fromByteOffset: low, as: few)
        unsafe real.storeBytes(of: lowReal - turned, toByteOffset: high, as: few)
        unsafe imaginary.storeBytes(of: lowImaginary - turnedImaginary, toByteOffset: high, as: few)
        unsafe real.storeBytes(of: lowReal + turned, toByteOffset: low, as: few)
        unsafe imaginary.storeBytes(of: lowImaginary + turnedImaginary, toByteOffset: low, as: few)
      }
    }
  }
}
