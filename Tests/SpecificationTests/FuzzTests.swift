// Broken specs never stop the program: they are read or refused, quickly.

import Diagnostics
import Foundation
import Specification
import Testing

@Suite struct FuzzTests {
  /// A small generator, so that a failure can be repeated.
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  @Test(arguments: Fixtures.specs) func randomEditsAreReadOrRefused(_ spec: String) throws {
    let files = try Fixtures.texts().mapValues { Array($0.utf8) }
    let original = try #require(files[spec])
    var numbers = Numbers(state: UInt64(original.count))
    let interesting = Array("{}[]:,-#&*!|>'\"%@`? \n\t0none~<".utf8) + [0, 0x80, 0xC3, 0xFF]
    var refused = 0
    for _ in 0..<150 {
      var edited = original
      for _ in 0..<Int.random(in: 1...3, using: &numbers) {
        let position = Int.random(in: 0..<edited.count, using: &numbers)
        let byte = interesting[Int.random(in: 0..<interesting.count, using: &numbers)]
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: edited[position] = byte
        case 1: edited.insert(byte, at: position)
        default: edited.removeSubrange(position..<min(edited.count, position + Int.random(in: 1...40, using: &numbers)))
        }
      }
      var changed = files
      changed[spec] = edited
      do throws(Diagnoses) {
        _ = try SpecificationReader(files: MemoryFiles(bytes: changed)).read(spec)
      } catch {
        refused += 1
        #expect(!error.diagnoses.isEmpty)
        for diagnosis in error.diagnoses { #expect(diagnosis.place != nil, "\(diagnosis.message)") }
      }
    }
    #expect(refused > 15)
  }

  @Test func aNodeOfEveryKindAtEveryKeyIsReadOrRefused() throws {
    let files = try Fixtures.texts()
    let values = ["~", "none", "[]", "{}", "7", "-0.5", ".nan", "x", "[x, {y: 1}]"]
    for spec in Fixtures.specs {
      let lines = (files[spec] ?? "").split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        guard let colon = line.firstIndex(of: ":"), !line.hasPrefix("#") else { continue }
        for value in values {
          var edited = lines
          edited[index] = line[...colon] + " " + value[...]
          var changed = files
          changed[spec] = edited.joined(separator: "\n")
          _ = try? SpecificationReader(files: MemoryFiles(changed)).read(spec)
        }
      }
    }
  }

  private static func repeated(_ count: Int, _ separator: String, _ text: (Int) -> String) -> String {
    (0..<count).map(text).joined(separator: separator)
  }

  private static let large: [String] = [
    repeated(90_000, "\n") { "a\($0): 1" },
    "models: {" + repeated(15_000, ", ") { "a\($0): 1" } + "}",
    "version: 1\nreviser: [" + repeated(15_000, ", ") { _ in "{flip: 1}" } + "]",
    String(repeating: "x", count: 1 << 20),
    "description: " + String(repeating: "{", count: 60),
    "datasets: {" + repeated(3_000, ", ") { "d\($0): {same-as: d\($0 + 1)}" } + "}",
  ]

  @Test(arguments: large.indices) func aLargeFileEndsSoon(_ index: Int) {
    let text = Self.large[index]
    // The thread's own processor time: neighbors on the machine do not count.
    let began = Self.processorSeconds
    do {
      do throws(Diagnoses) {
        _ = try SpecificationReader(files: MemoryFiles(["s.yaml": text])).read("s.yaml")
        Issue.record("read")
      } catch {
        #expect(error.diagnoses.count <= 2000)
      }
    }
    let seconds = Self.processorSeconds - began
    #expect(seconds < 10, "\(text.prefix(20)): \(seconds)")
  }

  private static var processorSeconds: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
