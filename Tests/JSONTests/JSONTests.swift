// JSON both ways: what is read, what is refused and where, and the one canonical text.

import JSON
import Testing

@Suite struct JSONReading {
  @Test(arguments: [
    ("null", JSONValue.null), ("true", .bool(true)), ("-0", .integer(0)), ("12", .integer(12)), ("1.0", .number(1)),
    ("1e3", .number(1000)), ("9223372036854775807", .integer(.max)),
    ("9223372036854775808", .number(9.223372036854775807e18)),
    ("\"a\\u00e9\\ud83d\\ude00\\n\"", .string("aé😀\n")), ("[1,[]]", .array([.integer(1), .array([])])),
  ])
  func reads(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test(arguments: [
    ("", "the text ends in the middle of a value", 1, 1), ("[1,]", "unexpected ']'", 1, 4),
    ("{\"a\":1,\"a\":2}", "two members are named \"a\"", 1, 8), ("[\n  tru]", "unexpected ']'", 2, 6),
    ("01", "01 is not a number that can be held", 1, 1), ("1e999", "1e999 is not a number that can be held", 1, 1),
    ("\"\\ud800\"", "half of a surrogate pair (\\ud800 to \\udfff) without the other half", 1, 2),
    ("\"\u{1}\"", "unexpected byte 1", 1, 2), ("1 2", "more text after the end of the value", 1, 3),
    ("nul", "the text ends in the middle of a value", 1, 4),
  ])
  func refuses(text: String, reason: String, line: Int, column: Int) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.reason == reason)
    #expect(error?.line == line)
    #expect(error?.column == column)
  }

  @Test func refusesBytesThatAreNotUTF8() {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array("\"".utf8) + [0xFF] + Array("\"".utf8)) }
    #expect(error?.fault == .invalidUTF8)
  }

  @Test func refusesDepthWithoutOverflow() {
    let text = String(repeating: "[", count: 100_000)
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.fault == .tooDeep(limit: 256))
  }

  @Test func namesAreTheirBytes() throws {
    // One letter with an accent, and a letter with a combining accent: canonically equivalent, different names.
    let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(value["\u{E9}"] == .integer(1))
    #expect(value["e\u{301}"] == .integer(2))
  }
}

@Suite struct JSONWriting {
  @Test func canonicalTextSortsNamesAndWritesNoSpace() throws {
    let value = try JSONValue(parsing: "{ \"b\" : [1, 2.50, null], \"a\" : {\"z\": \"\\t\\u0001/\"} }")
    #expect(value.canonical == "{\"a\":{\"z\":\"\\t\\u0001/\"},\"b\":[1,2.5,null]}")
  }

  @Test(arguments: [0, 1, 3]) func anObjectWrittenMemberByMemberIsTheSameText(count: Int) {
    let elements = (0..<count).map { number -> JSONValue in
      .members(["a": "\"\u{1}é", "b": .integer(Int64(number)), "c": .members(number == 0 ? [:] : ["x": "y"])])
    }
    let whole = JSONValue.members(["k": .members([:]), "list": .array(elements), "n": "text", "z": .integer(-7)])
    let pieces = JSONPrettyText.object { text in
      text.object("k") { _ in }
      text.list("list") { list in
        for number in 0..<count {
          list.element { element in
            element.member("a", "\"\u{1}é")
            element.member("b", number)
            element.object("c") { if number != 0 { $0.member("x", "y") } }
          }
        }
      }
      text.member("n", "text")
      text.member("z", -7)
    }
    #expect(String(decoding: pieces, as: UTF8.self) == whole.pretty)
  }

  @Test(arguments: [0.1, 1e-7, 1e22, -2.5, 1.0 / 3, .leastNonzeroMagnitude, 1.7976931348623157e308, 100, -0.0])
  func numbersReadBackAsThemselves(number: Double) throws {
    let text = JSONValue.number(number).canonical
    #expect(try JSONValue(parsing: text) == .number(number))
  }

  @Test func wholeNumbersOfEachKindStayApart() {
    #expect(JSONValue.integer(1).canonical == "1")
    #expect(JSONValue.number(1).canonical == "1.0")
  }
}
