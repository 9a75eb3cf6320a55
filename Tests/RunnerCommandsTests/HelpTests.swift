// The help of every command: it has examples that the command takes, and fits terminals from 60 columns on.

import ArgumentParser
import RunnerCommands
import Testing

@Suite struct Help {
  private struct Command {
    let path: [String]
    let type: any ParsableCommand.Type

    var name: String { path.joined(separator: " ") }
    var isGroup: Bool { !type.configuration.subcommands.isEmpty }
    func text(columns: Int) -> String { Runner.helpMessage(for: type, columns: columns) }
  }

  private static func commands(below type: any ParsableCommand.Type = Runner.self, _ path: [String] = []) -> [Command] {
    let own = path + [type.configuration.commandName ?? ""]
    return [Command(path: own, type: type)] + type.configuration.subcommands.flatMap { commands(below: $0, own) }
  }

  /// The examples of a help text, each as one line.
  private static func examples(in discussion: String) -> [String] {
    guard let start = discussion.firstRange(of: "Examples:\n") else { return [] }
    return discussion[start.upperBound...].replacing("\\\n", with: " ").split(separator: "\n").map(String.init)
  }

  /// A command line as a shell takes it, without what it writes to or reads from files.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var isQuoted = false
    for piece in line.split(separator: " ") {
      let text = String(piece.replacing("\"", with: ""))
      if isQuoted { words[words.count - 1] += " " + text } else { words.append(text) }
      if piece.count(where: { $0 == "\"" }) % 2 == 1 { isQuoted.toggle() }
    }
    return Array(words.prefix { $0 != "<" && $0 != ">" })
  }

  @Test func thereAreAllCommands() {
    let names = Self.commands().map(\.name)
    #expect(names.count > 30 && names.contains("runner store gc") && names.contains("runner model generate"))
    #expect(Set(names).count == names.count)
  }

  @Test func everyCommandHasExamplesThatItTakes() throws {
    for command in Self.commands() {
      let examples = Self.examples(in: command.type.configuration.discussion)
      #expect(!examples.isEmpty, "\(command.name) has no examples")
      for example in examples {
        let words = Self.words(of: example)
        #expect(words.starts(with: command.path), "\(command.name): \(example)")
        do {
          let parsed = try Runner.parseAsRoot(Array(words.dropFirst()))
          #expect(command.isGroup || type(of: parsed) == command.type, "\(example) is taken by \(type(of: parsed))")
        } catch {
          #expect(Runner.exitCode(for: error) == .success, "\(example): \(Runner.message(for: error))")
        }
      }
    }
  }

  @Test func aWrongExampleWouldBeFound() {
    #expect(throws: (any Error).self) { try Runner.parseAsRoot(Self.words(of: "exec a.yaml --smok")) }
    #expect(Self.words(of: #"show "a b, c" --step "d"  < e"#) == ["show", "a b, c", "--step", "d"])
  }

  @Test(arguments: [60, 80, 120]) func itFits(columns: Int) {
    for command in Self.commands() {
      let lines = command.text(columns: columns).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.contains { $0.hasPrefix("USAGE: \(command.name)") }, "\(command.name)")
      for line in lines { #expect(line.count <= columns, "\(command.name): \(line)") }
    }
  }

  /// A paragraph that was broken by hand would look torn at any other width.
  @Test func paragraphsAreNotBrokenByHand() {
    for command in Self.commands() {
      let lines = command.type.configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false)
      for (line, next) in zip(lines, lines.dropFirst()) where !line.isEmpty && !line.hasPrefix(" ") {
        #expect(next.isEmpty || next.hasPrefix(" "), "\(command.name): \(line)")
      }
    }
  }
}
