// runner doctor: whether this host has what experiments need, and what of it is used.

import ArgumentParser
import JSON

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "doctor", "Say whether this host can run experiments, and with what.",
    takes: "[<options>]",
    discussion: """
      Looks at the processor and the kernels that it can run, at memory, at OpenBLAS, which only specs with \
      `arithmetic: openblas` use, at the store, its disk and whether files can be written there, at mirror folders and \
      at git, from which results take the commit of their spec. Changes nothing: a file that it makes to see whether the \
      store can be written is gone again. The exit code is 74 if something is missing that every experiment needs.
      """,
    examples: [
      "runner doctor",
      "runner doctor --store /shared/store --json",
    ])

  @OptionGroup var storage: StoreOptions
  @Flag(help: "Write JSON, one line for each thing looked at.") var json = false

  func run() throws {
    let findings = HostFindings(store: storage.storePath, mirrors: storage.allMirrors).all
    if json {
      for finding in findings { Output.json(finding.json) }
    } else {
      var table = TextTable(numbers: [], names: [0, 1])
      for finding in findings { table.add([finding.state.rawValue, finding.name, finding.text]) }
      for line in table.lines(columns: nil) { Output.line(line) }
    }
    let missing = findings.filter { $0.state == .missing }.map(\.name)
    if !missing.isEmpty { throw CommandError.hostLacks(missing) }
  }
}
