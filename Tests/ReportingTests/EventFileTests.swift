// TensorBoard's event files: against what TensorBoard writes itself.

import Reporting
import Testing

@Suite struct EventFiles {
  /// Printed by Tests/References/event_file.py.
  static let expected =
    "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b35311031000000000000009d83"
    + "83e90900009040fc54d94110012a240a0b0a046c6f7373151872313f0a150a0e6d6574726963732f6d617267696e150000c0"
    + "bf297d47121b000000000000001a0d9e130900000041fc54d94110ac022a0d0a0b0a046c6f7373150000803e16e80088"

  @Test func theBytesAreTensorBoardsOwn() {
    let bytes = EventFile.bytes(
      of: [
        .init(step: 1, time: 1_700_000_002.25, values: [("loss", 0.6931472), ("metrics/margin", -1.5)]),
        .init(step: 300, time: 1_700_000_004, values: [("loss", 0.25)]),
      ], beganAt: 1_700_000_000.5)
    let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(digits == Self.expected)
  }

  /// The check value of CRC-32C in RFC 3720, appendix B.4, and of the nine digits by which such sums are compared.
  @Test func theCheckIsCastagnolis() {
    #expect(EventFile.checkSum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(EventFile.checkSum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  }

  @Test func theNameIsOneThatTensorBoardTakes() {
    #expect(EventFile.name(beganAt: 1_700_000_000.9) == "events.out.tfevents.1700000000.runner")
  }
}
