// A temporary folder in which the built program runs as a user would run it.

import Foundation
import Testing

/// What a run of the program left.
struct RunOutcome {
  let exitCode: Int32
  let output: String
  let errors: String
  let seconds: Double
}

/// A folder of its own for one test.
final class TestSpace {
  let path: String
  private let isOurs: Bool

  init() throws {
    path = NSTemporaryDirectory() + "runner-test-" + UUID().uuidString
    isOurs = true
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// A folder that another made and keeps.
  init(at path: String) {
    self.path = path
    isOurs = false
  }

  deinit {
    guard isOurs else { return }
    _ = chmod(path, 0o755)
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }

  func read(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  /// The files below a folder, by their paths in it, sorted.
  func files(below folder: String = "") -> [String] {
    let root = folder.isEmpty ? path : "\(path)/\(folder)"
    guard let walk = FileManager.default.enumerator(atPath: root) else { return [] }
    var files: [String] = []
    while let name = walk.nextObject() as? String {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder), !isFolder.boolValue {
        files.append(name)
      }
    }
    return files.sorted()
  }

  /// Runs the program here with these arguments, variables added to a bare environment.
  @discardableResult
  func run(
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil, input: String = ""
  ) throws -> RunOutcome {
    let process = try start(arguments, environment: environment, folder: folder)
    return try finish(process, input: input)
  }

  /// A program that was started.
  struct Running {
    let process: Process
    let output: String
    let errors: String
    let input: Pipe
    let began: Date
  }

  func start(
    _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
  ) throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder ?? path)
    var variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": path]
    for (name, value) in ProcessInfo.processInfo.environment
    where name.hasPrefix("PIP_") || name.hasPrefix("PYENV") || name.hasPrefix("LD_") {
      variables[name] = value
    }
    process.environment = variables.merging(environment) { $1 }
    let (output, errors) = ("\(path)/.stdout-\(UUID().uuidString)", "\(path)/.stderr-\(UUID().uuidString)")
    for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
    let input = Pipe()
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    process.standardInput = input
    let began = Date()
    try process.run()
    return Running(process: process, output: output, errors: errors, input: input, began: began)
  }

  func finish(_ running: Running, input: String = "") throws -> RunOutcome {
    if !input.isEmpty { running.input.fileHandleForWriting.write(Data(input.utf8)) }
    try running.input.fileHandleForWriting.close()
    running.process.waitUntilExit()
    let seconds = Date().timeIntervalSince(running.began)
    defer {
      try? FileManager.default.removeItem(atPath: running.output)
      try? FileManager.default.removeItem(atPath: running.errors)
    }
    return RunOutcome(
      exitCode: running.process.terminationStatus,
      output: String(decoding: try Data(contentsOf: URL(fileURLWithPath: running.output)), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: running.errors)), as: UTF8.self),
      seconds: seconds)
  }

  /// The program that this build made, beside the tests.
  static let program: String = {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    let candidates = [folder.appendingPathComponent("runner").path, "\(repository)/.build/release/runner"]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[1]
  }()

  /// The checkout.
  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The real weights; `make test` sets the variable.
  static func modelPath() throws -> String {
    let path = ProcessInfo.processInfo.environment["RUNNER_TEST_MODEL"]
    return try #require(path, "RUNNER_TEST_MODEL must name the GGUF file; run the tests with `make test`")
  }
}

/// What a stored experiment's steps did, from the events of a run with `--json`.
struct Events {
  struct Step: Hashable {
    let event: String
    let step: String
    let computed: Int
    let reused: Int
  }

  let steps: [Step]

  init(_ output: String) throws {
    var steps: [Step] = []
    for line in output.split(separator: "\n") {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard let event = object["event"] as? String, let step = object["step"] as? String else { continue }
      steps.append(
        Step(
          event: event, step: step, computed: object["computed"] as? Int ?? 0, reused: object["reused"] as? Int ?? 0))
    }
    self.steps = steps
  }

  /// The labels of the steps that ran, in order.
  var ran: [String] { steps.filter { $0.event == "finished" }.map(\.step) }

  func finished(_ prefix: String) -> Step? { steps.first { $0.event == "finished" && $0.step.hasPrefix(prefix) } }
}

extension TestSpace {
  /// Previews a spec that reads `sums.jsonl`.
  static func preview(_ spec: String, data: String, _ arguments: [String]) throws -> RunOutcome {
    let space = try TestSpace()
    try space.write(spec, to: "sums.yaml")
    try space.write(data, to: "sums.jsonl")
    return try space.run(["preview", "sums.yaml"] + arguments)
  }
}

/// Tables in Markdown without what only lines their columns up.
func unpadded(_ markdown: String) -> String {
  markdown.components(separatedBy: "\n").map { line in
    line.hasPrefix("|") ? line.replacing(#/ {2,}/#, with: " ").replacing(#/-{3,}/#, with: "---") : line
  }.joined(separator: "\n")
}
