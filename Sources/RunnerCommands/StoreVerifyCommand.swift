// runner store verify: every stored file against its name and its format.

import ArgumentParser
import Diagnostics
import JSON
import Reporting
import Storage

struct StoreVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store verify", "Check every stored file; damaged ones are named and set aside.",
    takes: "[<options>]",
    discussion: """
      Every object is read and hashed, or a sample of them; of step results, manifests, records, journals, checkpoints \
      and pins every file is checked. What was damaged is computed again by the next `runner exec` that needs it. \
      Exit code 0: everything is whole. Exit code 74: something is damaged or missing.
      """,
    examples: [
      "runner store verify",
      "runner store verify --sample 5% --seed 2",
    ])
  @Option(help: ArgumentHelp("How many of the objects to read.", valueName: "5%")) var sample: Share = Share(value: 1)
  @Option(help: "Another number chooses another sample.") var seed = 1
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Write the findings as JSON lines.") var json = false

  func run() async throws {
    // Damaged files are told all together, in order.
    let store = try Store(at: storage.path, mode: .existing)
    let report = try store.verify(ObjectSample(share: sample.value, seed: seed))
    if json {
      Output.json(Self.json(report))
    } else {
      for line in lines(report) { Output.line(line) }
    }
    if !report.faults.isEmpty { throw DamagedStore(path: storage.path, faults: report.faults.count) }
  }

  private func lines(_ report: StoreVerification) -> [String] {
    var table = TextTable(numbers: [1, 2])
    for checked in report.checked {
      table.add([checked.what, "\(checked.files)", ByteCount.text(checked.byteCount)])
    }
    var lines = report.checked.isEmpty ? ["The store is empty."] : ["Checked:"] + table.lines(indent: 2)
    if report.passedOver > 0 {
      lines.append("  \(report.passedOver) more objects are not in the sample (seed \(seed)).")
    }
    for fault in report.faults {
      lines.append("\nDAMAGED  \(fault.path): \(fault.problem)")
      if let quarantine = fault.quarantine { lines.append("  It was set aside as \(quarantine).") }
      lines.append("  → \(fault.remedy)")
    }
    return lines
  }

  private static func json(_ report: StoreVerification) -> JSONValue {
    .members([
      "event": "store-verified",
      "checked": .array(
        report.checked.map {
          .members([
            "what": .string($0.what), "files": .integer(Int64($0.files)), "bytes": .integer(Int64($0.byteCount)),
          ])
        }),
      "passed-over": .integer(Int64(report.passedOver)),
      "faults": .array(
        report.faults.map {
          .members([
            "path": .string($0.path), "problem": .string($0.problem), "remedy": .string($0.remedy),
            "quarantine": $0.quarantine.map { .string($0) } ?? .null,
          ])
        }),
    ])
  }
}

/// A share of all, written `5%` or `0.05`.
struct Share: ExpressibleByArgument {
  let value: Double

  init(value: Double) { self.value = value }

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? argument.dropLast() : argument[...]) else { return nil }
    let share = isPercent ? number / 100 : number
    guard share > 0, share <= 1 else { return nil }
    value = share
  }

  var defaultValueDescription: String { "\(NumberFormat.fixed(value, decimals: 0, shift: 2))%" }
}

/// Something in a store is not what it should be.
struct DamagedStore: DiagnosableError, Hashable {
  let path: String
  let faults: Int

  var diagnoses: [Diagnosis] {
    [
      Diagnosis(
        "store.faults",
        "\(faults) file\(faults == 1 ? " of the store \(path) is" : "s of the store \(path) are") damaged or incomplete",
        remedy: "Run `runner exec` as before; check the disk if this happens more than once.", exit: .inputOutput)
    ]
  }
}
