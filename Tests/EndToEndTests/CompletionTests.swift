// The scripts that complete command lines: bash's runs in a bash, those of zsh and fish at least name everything.

import Foundation
import Testing

@Suite struct Completion {
  /// What bash offers for the last word of a command line.
  private static func completions(of line: [String], in space: TestSpace) throws -> Set<String> {
    let script = try space.run(["--generate-completion-script", "bash"])
    #expect(script.exitCode == 0 && script.errors.isEmpty)
    try space.write(script.output, to: ".runner.bash")
    try space.write(
      """
      source .runner.bash
      # complete … -F FUNCTION runner
      read -ra told <<< "$(complete -p runner)"
      function="${told[${#told[@]} - 2]}"
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
      "$function" runner "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """, to: ".complete.bash")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["--norc", ".complete.bash"] + line
    // What the script asks of the program it asks by its name.
    let folder = URL(fileURLWithPath: TestSpace.program).deletingLastPathComponent().path
    process.environment = ["PATH": "\(folder):/usr/bin:/bin"]
    process.currentDirectoryURL = URL(fileURLWithPath: space.path)
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let faults = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && faults.isEmpty, "\(faults)")
    return Set(text.split(separator: "\n").map(String.init))
  }

  private static func files() throws -> TestSpace {
    let space = try TestSpace()
    for name in ["spec.yaml", "other.yml", "data.jsonl", "folder/more.yaml"] { try space.write("", to: name) }
    return space
  }

  @Test(arguments: [
    (["runner", "ex"], ["exec", "explain", "export"]), (["runner", "store", "ve"], ["verify"]),
    (["runner", "exec", "--sm"], ["--smoke"]), (["runner", "exec", "--smoke", "--jo"], ["--jobs"]),
    (["runner", "exec", ""], ["spec.yaml", "other.yml", "folder"]), (["runner", "exec", "sp"], ["spec.yaml"]),
    (["runner", "exec", "spec.yaml", "o"], ["other.yml"]),
    (["runner", "trace", "--store", ""], ["folder"]), (["runner", "reproduce", ""], ["folder"]),
    (["runner", "table", "spec.yaml", "--format", "la"], ["latex"]),
    (["runner", "table", "spec.yaml", "--format", ""], ["text", "markdown", "csv", "latex", "json", "claims-csv"]),
    (["runner", "store", "ls", "--kind", "tr"], ["train", "trace"]),
    (["runner", "verify", "--vary", "w"], ["workers", "workers,batch"]),
    (["runner", "export", "spec.yaml", "--pairs", "da"], ["data.jsonl"]),
    (["runner", "model", "info", "sp"], ["spec.yaml"]),
  ])
  func bashCompletes(line: [String], with offered: [String]) throws {
    let space = try Self.files()
    #expect(try Self.completions(of: line, in: space) == Set(offered))
  }

  /// Cells, evals and axes come from what was written, as they are to be typed.
  @Test func namesOfNumbersAreOffered() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.extra = """
      ablations:
        wording: {it's plain: {}, "say $(x)": {datasets: {numbers: {prompt: "Say: {question}"}}}}
        heat: {greedy: {}, warm: {evals: {accuracy: {accuracy: {temperature: 2}}}}}
      """
    try experiment.write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let cells: Set = [#"it\'s\ plain/greedy"#, #"it\'s\ plain/warm"#, #"say\ \$\(x\)/greedy"#, #"say\ \$\(x\)/warm"#]
    let reproduced = ["runner", "reproduce", "results/small", "--cell", ""]
    #expect(try Self.completions(of: reproduced, in: space) == cells)
    #expect(try Self.completions(of: ["runner", "trace", "small.yaml", "--cell", "say"], in: space).count == 2)
    #expect(
      try Self.completions(of: ["runner", "table", "results/small", "--rows", ""], in: space) == ["wording", "heat"])
    #expect(try Self.completions(of: ["runner", "table", "small.yaml", "--eval", "a"], in: space) == ["accuracy"])
    #expect(try Self.completions(of: ["runner", "table", "nowhere", "--eval", "a"], in: space).isEmpty)
  }

  /// The commands that `--help` lists.
  private static func commands(_ space: TestSpace, of group: [String] = []) throws -> [String] {
    let help = try space.run(group + ["--help"]).output
    let list = try #require(help.components(separatedBy: "SUBCOMMANDS:\n").last)
    return list.split(separator: "\n").compactMap { $0.firstMatch(of: #/^  ([a-z-]+) /#).map { String($0.output.1) } }
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func everyCommandIsInTheScript(shell: String) throws {
    let space = try TestSpace()
    let script = try space.run(["--generate-completion-script", shell]).output
    let all = try Self.commands(space) + Self.commands(space, of: ["store"]) + Self.commands(space, of: ["model"])
    #expect(all.count > 30 && all.contains("exec") && all.contains("gc") && all.contains("tokenize"), "\(all)")
    for command in all { #expect(script.contains(command), "\(command)") }
    for option in ["keep-going", "relative-to", "jsonl"] { #expect(script.contains(option), "\(option)") }
    #expect(script.contains("yaml"))
    try Self.check(script, by: shell, space)
  }

  /// The shell itself reads the script, where the host has it.
  private static func check(_ script: String, by shell: String, _ space: TestSpace) throws {
    let places = ["/bin", "/usr/bin", "/usr/local/bin"].map { "\($0)/\(shell)" }
    guard let program = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else { return }
    try space.write(script, to: "script")
    let process = try Process.run(
      URL(fileURLWithPath: program), arguments: ["-n", "\(space.path)/script"])
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(program)")
  }
}
