// The shipped specs on the real weights: the same bytes whatever stands around them, and every command of the README.

import Foundation
import JSON
import Testing

/// Surroundings that results must not depend on.
private let surroundings = [
  "TZ": "Asia/Tokyo", "LANG": "POSIX", "LC_ALL": "C", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512",
]

@Suite struct WholeDemo {
  /// The whole quickstart, from an empty store, against what an earlier run of it left in `results/`: `lock.json` has the
  /// digest of every output of every step, of the trained weights too.
  @Test func theQuickstartComesOutAsItIsCheckedIn() throws {
    let space = try TestSpace()
    let mirror = URL(fileURLWithPath: try TestSpace.modelPath()).deletingLastPathComponent().path
    let working = "\(space.path)/deep/down"
    try FileManager.default.createDirectory(atPath: working, withIntermediateDirectories: true)
    let outcome = try space.run(
      [
        "exec", "\(TestSpace.repository)/experiments/quickstart/prompts.yaml",
        "\(TestSpace.repository)/experiments/quickstart/training.yaml", "--mirror", mirror, "--workers", "3",
        "--store", "\(space.path)/elsewhere", "--results", "\(space.path)/results",
      ], environment: surroundings, folder: working)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for experiment in ["prompts", "training"] {
      let written = "\(space.path)/results/quickstart/\(experiment)"
      let kept = "\(TestSpace.repository)/results/quickstart/\(experiment)"
      let names = try FileManager.default.contentsOfDirectory(atPath: kept).sorted()
      let traces = experiment == "training" ? ["traces.csv"] : []
      #expect(names == ["TABLE.md", "lock.json", "table.csv", "table.json", "table.tex"] + traces)
      #expect(try FileManager.default.contentsOfDirectory(atPath: written).sorted() == names)
      for name in names {
        let pair = try [written, kept].map { folder in
          // A result names the commit of the spec, and the program, that it was first computed from and by.
          try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8).split(separator: "\n").filter { line in
            name != "lock.json" || !["commit", "program"].contains { line.hasPrefix("  \"\($0)\": ") }
          }
        }
        #expect(pair[0] == pair[1], "\(experiment)/\(name)")
      }
    }
  }
}

@Suite(.serialized) struct Demo {
  /// The objects of a store after a trial run of a shipped grid of prompts and temperatures.
  private func objects(
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
  ) throws -> [String] {
    let space = try TestSpace()
    let mirror = URL(fileURLWithPath: try TestSpace.modelPath()).deletingLastPathComponent().path
    let spec = "\(TestSpace.repository)/experiments/prompts/counting.yaml"
    let working = folder.map { "\(space.path)/\($0)" } ?? space.path
    try FileManager.default.createDirectory(atPath: working, withIntermediateDirectories: true)
    let outcome = try space.run(
      ["exec", spec, "--smoke", "--set", "seeds.values=[1]", "--mirror", mirror, "--store", "\(space.path)/store"]
        + arguments, environment: environment, folder: working)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space.files(below: "store/objects")
  }

  @Test func theRealModelGivesTheSameBytesWhateverStandsAroundIt() throws {
    let plain = try objects(["--workers", "1"])
    #expect(plain.count > 10)
    #expect(
      try objects(["--workers", "4", "--batch", "3"], environment: surroundings, folder: "deep/down") == plain)
  }

  @Test func theSpecOfTheReadmeIsValid() throws {
    let readme = try String(contentsOfFile: "\(TestSpace.repository)/README.md", encoding: .utf8)
    let spec = try #require(
      readme.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
    let space = try TestSpace()
    try space.write(spec, to: "readme.yaml")
    let outcome = try space.run(["validate", "readme.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }

  @Test func everyCommandOfTheReadmeWorks() throws {
    let readme = try String(contentsOfFile: "\(TestSpace.repository)/README.md", encoding: .utf8)
    let commands = readme.split(separator: "\n").compactMap { line in
      line.hasPrefix("$ runner ") ? line.dropFirst("$ runner ".count) : nil
    }
    #expect(commands.count >= 6)
    let space = try TestSpace()
    for folder in ["experiments", "results"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(space.path)/\(folder)", withDestinationPath: "\(TestSpace.repository)/\(folder)")
    }
    let mirror = URL(fileURLWithPath: try TestSpace.modelPath()).deletingLastPathComponent().path
    for command in commands {
      var arguments = Self.words(command)
      // A trial run: the commands are what is tested, not the numbers.
      if arguments.first == "exec", !arguments.contains("--smoke") { arguments.append("--smoke") }
      let outcome = try space.run(arguments, environment: ["RUNNER_MIRRORS": mirror])
      #expect(outcome.exitCode == 0, "runner \(command): \(outcome.errors)")
      #expect(!outcome.output.isEmpty, "runner \(command)")
    }
  }

  /// Every checked-in result names in the README a number of its own to reproduce.
  @Test func everyResultNamesANumberToReproduce() throws {
    let root = TestSpace.repository
    let readme = try String(contentsOfFile: "\(root)/README.md", encoding: .utf8)
    let named = readme.matches(of: /`runner (reproduce results\/[^`]+)` \(/)
    let commands = named.map { Self.words($0.output.1) }
    let files = try FileManager.default.subpathsOfDirectory(atPath: "\(root)/results")
    let locks = files.filter { $0.hasSuffix("/lock.json") }.map { "results/" + $0.dropLast("/lock.json".count) }
    #expect(commands.map { $0[1] }.sorted() == locks.sorted())
    let space = try TestSpace()
    for words in commands {
      func value(of option: String) -> String? { words.firstIndex(of: option).map { words[$0 + 1] } }
      // An experiment of one cell has no name for it.
      let cells = value(of: "--cell").map { ["--cells", $0, $0] } ?? ["\(root)/\(words[1])"]
      let outcome = try space.run(["diff", "\(root)/\(words[1])"] + cells + ["--json"])
      #expect(outcome.exitCode == 0, "\(words): \(outcome.errors)")
      let numbers = try JSONValue(parsing: Array(outcome.output.utf8))["numbers"]?.arrayValue ?? []
      let evals = numbers.compactMap { $0["eval"]?.stringValue }
      #expect(value(of: "--eval").map(evals.contains) ?? !evals.isEmpty, "\(words): \(evals)")
    }
  }

  /// The words of a command line, with single and double quotes.
  private static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    for character in line {
      switch (quote, character) {
      case (nil, "'"), (nil, "\""): quote = character
      case (let open?, character) where open == character: quote = nil
      case (nil, " "):
        if !word.isEmpty { words.append(word) }
        word = ""
      default: word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }
}
