// Trees with places, and what is refused.

import Diagnostics
import Testing
import YAML

@Suite struct DocumentTests {
  private func fault(_ text: String) -> YAMLError.Located? {
    do throws(YAMLError) {
      _ = try YAMLDocument.parse(text, file: "f.yaml")
      return nil
    } catch {
      return error.faults.first
    }
  }

  @Test func knowsPlaces() throws {
    let root = try YAMLDocument.parse(
      "a: 1\nä é:\n  - x\n  - {\"k\": 'väl', l: [1, 2]}\nlit: |\n  one\n  two\n", file: "f.yaml")
    #expect(root["a"]?.place == SourcePlace(file: "f.yaml", line: 1, column: 4, width: 1, sourceLine: "a: 1"))
    #expect(root.entries?[1].key.place == SourcePlace(file: "f.yaml", line: 2, column: 1, width: 3, sourceLine: "ä é:"))
    #expect(root.place(of: "ä é/1/k")?.description == "f.yaml:4:11")
    #expect(root.place(of: "ä é/1/k")?.width == 5)
    #expect(root.place(of: "ä é/1/l/1")?.column == 25)
    #expect(root.place(of: "ä é/2") == nil)
    #expect(root.nearestPlace(of: "ä é/1/m").column == 5)
    #expect(root["lit"]?.scalar == Scalar("one\ntwo\n", style: .literal))
    #expect(root.place(of: "lit")?.line == 5)
  }

  @Test func escapesStepsOfPaths() throws {
    let root = try YAMLDocument.parse("{a/b: {c~d: 5}}", file: "f.yaml")
    #expect(root.node(at: "a~1b/c~0d")?.scalar?.value == .integer(5))
  }

  @Test func aliasesStandWhereTheirAnchorWas() throws {
    let root = try YAMLDocument.parse("a: &x {n: 1}\nb: *x\n", file: "f.yaml")
    #expect(root.node(at: "b/n")?.scalar?.value == .integer(1))
    #expect(root.place(of: "b/n")?.line == 1)
  }

  @Test func byteOrderMarkAndLineEnds() throws {
    let root = try YAMLDocument.parse(Array("\u{FEFF}a: 1\r\nb: 2\rc: 3\n".utf8), file: "f.yaml")
    #expect(root.place(of: "a")?.column == 4)
    #expect(root.place(of: "b")?.sourceLine == "b: 2")
    #expect(root.place(of: "c")?.description == "f.yaml:3:4")
  }

  @Test(arguments: [
    ("a: 1\na: 2", YAMLFault.duplicateKey("a", firstLine: 1), "2:1"),
    ("{? [x] : 1}", .complexKey, "1:4"), ("a: {<<: {b: 1}}", .mergeKey, "1:5"),
    ("a: !!str 1", .tag("tag:yaml.org,2002:str"), "1:4"), ("a: !x 1", .tag("!x"), "1:4"),
    ("a: 1\n---\nb: 2", .severalDocuments, "2:1"), ("a: *x", .unknownAlias("x"), "1:4"),
    ("a: &x [*x]", .unknownAlias("x"), "1:8"), ("", .empty, "1:1"), ("# only words\n", .empty, "1:1"),
    ("a:\n\tb: 1", .tabIndentation, "2:1"), ("a: \u{1}", .controlCharacter, "1:4"),
    ("*a : 1", .unknownAlias("a"), "1:1"),
  ])
  func refuses(_ text: String, _ fault: YAMLFault, _ place: String) {
    let found = self.fault(text)
    #expect(found?.fault == fault)
    #expect(found?.place.description == "f.yaml:\(place)")
  }

  @Test func refusesOtherBytes() {
    #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array("a: ".utf8) + [0xFF], file: "f") }
    do throws(YAMLError) {
      _ = try YAMLDocument.parse(Array("a: é\nb: ".utf8) + [0xC3, 0x28], file: "f")
    } catch {
      #expect(error.faults[0].fault == .notUTF8(byte: 0xC3))
      #expect(error.faults[0].place.description == "f:2:4")
    }
  }

  @Test func readsOnBehindFaultsThatLeaveTheGrammarWhole() throws {
    let text = "a: !x {n: 1}\nb: {k: 1}\nb: {k: 2, l: 3}\nc: {<<: {n: 5, o: 6}, n: 7}\nd: *gone\n"
    let (root, faults) = YAMLDocument.read(Array(text.utf8), file: "f")
    #expect(faults.map(\.place.line) == [1, 3, 4, 5])
    func integer(_ path: String) -> Scalar.Value? { root?.node(at: path)?.scalar?.value }
    #expect(integer("a/n") == .integer(1))
    #expect(["b/k", "b/l"].map(integer) == [.integer(1), nil])
    #expect(["c/n", "c/o"].map(integer) == [.integer(7), .integer(6)])
    #expect(YAMLDocument.read(Array("a: [1".utf8), file: "f").root == nil)
  }

  @Test func aQuotedMergeKeyIsAKey() throws {
    #expect(try YAMLDocument.parse("a: {\"<<\": {b: 1}}", file: "f").node(at: "a/<</b") != nil)
  }

  @Test func severalFaultsAtOnce() {
    do throws(YAMLError) {
      _ = try YAMLDocument.parse("a: !x 1\nb: 1\nb: 2\nc: {<<: 1}\n", file: "f")
      Issue.record("read")
    } catch {
      #expect(error.faults.map(\.place.line) == [1, 3, 4])
      #expect(error.diagnoses.allSatisfy { $0.remedy != nil && $0.exit == .badSpec })
    }
  }

  @Test func billionsOfLaughsAreBounded() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...20 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(fault(text)?.fault == .expandsTooFar(most: YAMLDocument.mostNodes))
  }

  @Test func deepNestingIsBounded() {
    #expect(fault(String(repeating: "[", count: 100_000))?.fault == .tooDeep(most: YAMLDocument.mostDepth))
    #expect(fault(String(repeating: "{a: ", count: 100_000))?.fault == .tooDeep(most: YAMLDocument.mostDepth))
    let blocks = (0..<200).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(fault(blocks)?.fault == .tooDeep(most: YAMLDocument.mostDepth))
  }

  @Test func aMegabyteOfAnythingEndsSoon() {
    let patterns = ["x", "[", "a: b\n", "- ", "\"", "&a ", "? ", ": ", "{}", "'", "|\n", "#", "a\n", ",", "%", "!"]
    let clock = ContinuousClock()
    for pattern in patterns {
      let text = String(repeating: pattern, count: (1 << 20) / pattern.utf8.count)
      let time = clock.measure { _ = fault(text) }
      #expect(time < .seconds(20), "\(pattern): \(time)")
    }
  }

  @Test func tooLargeIsRefused() {
    let bytes = [UInt8](repeating: 0x20, count: YAMLDocument.mostBytes + 1)
    #expect(throws: YAMLError.self) { try YAMLDocument.parse(bytes, file: "f") }
  }

  @Test func argumentsCountFromTheirBeginning() throws {
    let root = try YAMLDocument.parse(argument: "é.b={c: [1, 2]}", skipping: 5, file: "--set")
    #expect(root.place(of: "c/1")?.description == "--set:1:13")
    #expect(root.place(of: "c/1")?.sourceLine == "é.b={c: [1, 2]}")
  }
}
