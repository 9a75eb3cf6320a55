// The core schema of YAML 1.2.

import Testing
import YAML

@Suite struct ScalarTests {
  @Test(arguments: [
    ("", Scalar.Value.null), ("~", .null), ("null", .null), ("NULL", .null), ("nULL", .text("nULL")),
    ("true", .bool(true)), ("False", .bool(false)), ("yes", .text("yes")), ("no", .text("no")), ("on", .text("on")),
    ("0", .integer(0)), ("-12", .integer(-12)), ("+7", .integer(7)), ("007", .integer(7)), ("0o17", .integer(15)),
    ("0x1F", .integer(31)), ("0o8", .text("0o8")), ("0x", .text("0x")), ("1_000", .text("1_000")),
    ("1e-4", .number(1e-4)), ("1.", .number(1)), (".5", .number(0.5)), ("-.5e+3", .number(-500)),
    ("1.0e-5", .number(1e-5)),
    ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9223372036854775808)),
    (".inf", .number(.infinity)), ("-.Inf", .number(-.infinity)), (".", .text(".")), ("-", .text("-")),
    ("1e", .text("1e")), ("e1", .text("e1")), ("0.1.2", .text("0.1.2")), ("12:30", .text("12:30")),
    ("nan", .text("nan")), ("inf", .text("inf")), ("0b1", .text("0b1")), ("1 2", .text("1 2")),
  ])
  func means(_ text: String, _ value: Scalar.Value) {
    #expect(Scalar(text, style: .plain).value == value)
    #expect(Scalar(text, style: .doubleQuoted).value == .text(text))
  }

  @Test func notANumberIsANumber() {
    guard case .number(let value) = Scalar(".nan", style: .plain).value else {
      Issue.record("not a number at all")
      return
    }
    #expect(value.isNaN)
  }
}
