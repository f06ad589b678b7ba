import Testing

@testable import Mail

@Suite struct SealingVectors {
  struct Vector: CustomTestStringConvertible {
    let testDescription: String
    let key: [UInt8]
    let data: [UInt8]
    let digest: String
  }

  /// RFC 4231 sections 4.2 to 4.8; 4.6 is cut to 128 bits there.
  static let vectors = [
    Vector(
      testDescription: "4.2", key: [UInt8](repeating: 0x0B, count: 20),
      data: Array("Hi There".utf8),
      digest: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    Vector(
      testDescription: "4.3, short key", key: Array("Jefe".utf8),
      data: Array("what do ya want for nothing?".utf8),
      digest: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    Vector(
      testDescription: "4.4", key: [UInt8](repeating: 0xAA, count: 20),
      data: [UInt8](repeating: 0xDD, count: 50),
      digest: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    Vector(
      testDescription: "4.5", key: Array(1...25), data: [UInt8](repeating: 0xCD, count: 50),
      digest: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    Vector(
      testDescription: "4.6, truncated", key: [UInt8](repeating: 0x0C, count: 20),
      data: Array("Test With Truncation".utf8), digest: "a3b6167473100ee06e0c796c2955552b"),
    Vector(
      testDescription: "4.7, key longer than a block", key: [UInt8](repeating: 0xAA, count: 131),
      data: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      digest: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    Vector(
      testDescription: "4.8, key and data longer than a block",
      key: [UInt8](repeating: 0xAA, count: 131),
      data: Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      digest: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    Vector(
      testDescription: "nothing under nothing", key: [], data: [],
      digest: "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
  ]

  @Test(arguments: vectors)
  func `HMAC-SHA256 gives the published values`(_ vector: Vector) {
    let digest = Sealing.hmacSHA256(key: vector.key, data: vector.data)
    #expect(digest.count == 32)
    let digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(digits.hasPrefix(vector.digest))
  }
}
