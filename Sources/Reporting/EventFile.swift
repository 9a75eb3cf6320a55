// The files that TensorBoard reads: one checked record an event, and in it the numbers of one optimizer step.
//
// Of TensorBoard's protocol buffers five fields of three messages are written, which is less than any library would need to be
// told: Event {1: wall_time, 2: step, 3: file_version, 5: summary}, Summary {1: value}, Value {1: tag, 2: simple_value}
// (tensorboard/compat/proto/event.proto and summary.proto). A record is the length, its check, the event, its check
// (TensorFlow's record format); a check is CRC-32C, turned and shifted.

/// The numbers of a training as TensorBoard reads them.
public enum EventFile: Sendable {
  /// What is told of one optimizer step.
  public struct Event: Sendable {
    /// The step, from 1 on.
    public let step: Int
    /// When, in seconds since 1970.
    public let time: Double
    /// Numbers by the names of their charts.
    public let values: [(tag: String, value: Double)]

    /// Makes an event.
    public init(step: Int, time: Double, values: [(tag: String, value: Double)]) {
      (self.step, self.time, self.values) = (step, time, values)
    }
  }

  /// The name of a file that begins at a time; TensorBoard takes files that are called so.
  public static func name(beganAt time: Double) -> String { "events.out.tfevents.\(Int64(time)).runner" }

  /// The bytes of a file.
  public static func bytes(of events: [Event], beganAt time: Double) -> [UInt8] {
    let head = double(1, time) + text(3, Array("brain.Event:2".utf8))
    return ([head] + events.map(message)).flatMap(record)
  }

  // MARK: Messages

  private static func message(_ event: Event) -> [UInt8] {
    let values = event.values.flatMap { value in
      text(1, text(1, Array(value.tag.utf8)) + float(2, Float(value.value)))
    }
    return double(1, event.time) + [2 << 3] + variable(UInt64(event.step)) + text(5, values)
  }

  /// A field of eight bytes, little end first.
  private static func double(_ field: UInt8, _ value: Double) -> [UInt8] {
    [field << 3 | 1] + little(value.bitPattern)
  }

  /// A field of four bytes, little end first.
  private static func float(_ field: UInt8, _ value: Float) -> [UInt8] { [field << 3 | 5] + little(value.bitPattern) }

  /// A field of so many bytes as stand before it.
  private static func text(_ field: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [field << 3 | 2] + variable(UInt64(bytes.count)) + bytes
  }

  /// Seven bits a byte, the lowest first; all bytes but the last have the highest bit.
  private static func variable(_ number: UInt64) -> [UInt8] {
    var (bytes, rest): ([UInt8], UInt64) = ([], number)
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  // MARK: Records

  private static func record(_ data: [UInt8]) -> [UInt8] {
    let length = little(UInt64(data.count))
    return length + little(masked(length)) + data + little(masked(data))
  }

  private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
    (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    let check = checkSum(bytes)
    return (check >> 15 | check << 17) &+ 0xA282_EAD8
  }

  /// CRC-32C, of Castagnoli's polynomial with its bits reversed.
  package static func checkSum(_ bytes: [UInt8]) -> UInt32 {
    let polynomial: UInt32 = 0x82F6_3B78
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let isOdd = sum & 1 == 1
        sum >>= 1
        if isOdd { sum ^= polynomial }
      }
    }
    return ~sum
  }
}
