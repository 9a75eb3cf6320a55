// Digests are written into a spec without touching anything else.

import Specification
import Testing

@Suite struct PinTests {
  private static let spec = """
    version: 1  # keep me
    models: {policy: {weights: {random: {layers: 1, width: 8, heads: 2, feed-forward: 16}}, turns: raw}}
    datasets:
      inline:
        source: {jsonl: {from: [{path: "ä.jsonl"}]}}   # no digest yet
        prompt: "{question}"
      block:
        source:
          csv:
            # a comment stays
            from: [{path: b.csv}]
            delimiter: ";"
        prompt: "{question}"
      unknown:
        source: {json: {sha256: unknown, from: [{https: "https://example.org/c.json"}]}}
        prompt: "{question}"
    evals:
      perplexity: {perplexity: {on: inline, text: "{question}"}}

    """

  @Test func writesDigestsInPlace() throws {
    let resolved = try SpecificationReader(files: MemoryFiles(["s.yaml": Self.spec])).read("s.yaml")
    let files = Pin.files(in: resolved.cells[0].experiment)
    #expect(files.map(\.spec) == ["s.yaml", "s.yaml", "s.yaml"])
    #expect(files.map(\.reference.digest) == [.unstated, .unstated, .unknown])
    let digests = files.enumerated().map { index, file in
      (file: file, digest: String(repeating: "\(index + 1)", count: 64))
    }
    let pinned = Pin.text(of: Array(Self.spec.utf8), spec: "s.yaml", digests: digests)
    let text = String(decoding: pinned, as: UTF8.self)
    let ones = String(repeating: "1", count: 64)
    let twos = String(repeating: "2", count: 64)
    let threes = String(repeating: "3", count: 64)
    #expect(text.contains("source: {jsonl: {sha256: \(ones), from: [{path: \"ä.jsonl\"}]}}   # no digest yet"))
    #expect(text.contains("        # a comment stays\n        sha256: \(twos)\n        from: [{path: b.csv}]\n"))
    #expect(text.contains("{json: {sha256: \(threes), from:"))
    // Without the digests it is the old text, byte for byte.
    let undone =
      text.replacing("sha256: \(ones), ", with: "").replacing("sha256: \(twos)\n        ", with: "")
      .replacing(threes, with: "unknown")
    #expect(undone.utf8.elementsEqual(Self.spec.utf8))
    // And it says what was written.
    let again = try SpecificationReader(files: MemoryFiles(["s.yaml": text])).read("s.yaml")
    #expect(
      Pin.files(in: again.cells[0].experiment).map(\.reference.digest) == [.known(ones), .known(twos), .known(threes)])
  }

  @Test func leavesOtherSpecsAlone() throws {
    let files = MemoryFiles(["s.yaml": Self.spec, "t.yaml": "extends: s.yaml\n"])
    let resolved = try SpecificationReader(files: files).read("t.yaml")
    let found = Pin.files(in: resolved.cells[0].experiment)
    #expect(found.map(\.spec) == ["s.yaml", "s.yaml", "s.yaml"])
    let own = Array("extends: s.yaml\n".utf8)
    let digests = found.map { (file: $0, digest: String(repeating: "0", count: 64)) }
    #expect(Pin.text(of: own, spec: "t.yaml", digests: digests) == own)
  }
}
