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
  private let cosines: [Float]
  private let sines: [Float]
  private let reversed: [Int]

  /// `size` is a power of two.
  package init(size: Int) {
    precondition(size > 1 && size & (size - 1) == 0, "a power of two")
    self.size = size
    let angles = (0..<size / 2).map { -2 * Double.pi * Double($0) / Double(size) }
    cosines = angles.map { Float(cos($0)) }
    sines = angles.map { Float(sin($0)) }
    let bits = size.trailingZeroBitCount
    reversed = (0..<size).map { index in
      (0..<bits).reduce(0) { $0 | (index >> $1 & 1) << (bits - 1 - $1) }
    }
  }

  /// To frequencies; `values` has `size` elements.
  package func forward(_ values: inout ComplexArray) {
    for index in 0..<size where index < reversed[index] {
      values.real.swapAt(index, reversed[index])
      values.imaginary.swapAt(index, reversed[index])
    }
    var half = 1
    while half < size {
      let step = size / (2 * half)
      for start in stride(from: 0, to: size, by: 2 * half) {
        for offset in 0..<half { butterfly(&values, start + offset, half, offset * step) }
      }
      half *= 2
    }
  }

  /// The inverse, scaled so that it undoes `forward`: conjugate, transform, conjugate.
  package func inverse(_ values: inout ComplexArray) {
    for index in 0..<size { values.imaginary[index].negate() }
    forward(&values)
    let scale = 1 / Float(size)
    for index in 0..<size {
      values.real[index] *= scale
      values.imaginary[index] *= -scale
    }
  }

  private func butterfly(_ values: inout ComplexArray, _ low: Int, _ half: Int, _ turn: Int) {
    let high = low + half
    let real = values.real[high] * cosines[turn] - values.imaginary[high] * sines[turn]
    let imaginary = values.real[high] * sines[turn] + values.imaginary[high] * cosines[turn]
    values.real[high] = values.real[low] - real
    values.imaginary[high] = values.imaginary[low] - imaginary
    values.real[low] += real
    values.imaginary[low] += imaginary
  }
}
