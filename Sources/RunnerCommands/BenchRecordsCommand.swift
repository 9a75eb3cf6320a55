// runner bench-records: what it takes to keep very many records under one recipe, and to find them again.
// Knows nothing of models.

import ArgumentParser
import Diagnostics
import Digests
import FoundationEssentials
import Glibc
import Reporting
import Storage

struct BenchRecordsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "bench-records", "Measure filling and looking up the results of many single records.",
    takes: "[<options>]",
    discussion: "Memory is the most that the process has had until then. The store is made in a folder of its own.",
    examples: [
      "runner bench-records --count 100000 --bytes 500"
    ], shouldDisplay: false)

  @Option(help: "How many records.") var count = 1_000_000
  @Option(help: "Bytes of each record's result.") var bytes = 2000
  @Option(help: "Records that are stored at once.") var batch = 256
  @Option(help: "Keys that are looked up at once.") var bulk = 100_000
  @Flag(name: .customLong("flush"), help: "Wait for the disk after each batch, which `exec` does not.")
  var isDurable = false
  @Option(help: "Where the folder is made; default: the one for temporary files.", completion: .directory)
  var folder: String?
  @Option(help: "Also write the figures into this file, as Markdown.", completion: .file()) var into: String?

  func validate() throws {
    guard count > 0, bytes > 0, batch > 0, bulk > 0 else { throw ValidationError("Every number must be at least 1.") }
  }

  func run() async throws {
    let path =
      "\(folder ?? FileManager.default.temporaryDirectory.path)/runner-records-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = try Store(at: path, mode: .create)
    var rows = ["| what | s | records/s | most memory MB |", "| --- | ---: | ---: | ---: |"]
    func measure(_ what: String, _ body: () throws -> Void) rethrows {
      let began = BenchClock.now(workers: 2)
      try body()
      let seconds = BenchClock.now(workers: 2) - began
      let memory = BenchRecords.mostMemory / 1_000_000
      rows.append("| \(what) | \(BenchRecords.text(seconds)) | \(Int(Double(count) / seconds)) | \(memory) |")
      Output.error(rows.last.map { $0 + "\n" } ?? "")
    }
    let recipe = Digest.sha256("records of a bench")
    let flushed = isDurable ? ", flushed" : ""
    try measure("fill, \(batch) at once, compacting on the way\(flushed)") { try fill(store, recipe) }
    try measure("look up keys, \(bulk) at once, by another process's eyes") { try lookUp(store, recipe) }
    try measure("read values, \(batch * 16) at once") { try read(store, recipe) }
    let segments = try FileManager.default.contentsOfDirectory(atPath: "\(path)/records/\(recipe.hex)").count
    let head = [
      "# \(count) records of \(bytes) bytes under one recipe", "", "By `runner bench-records`; \(segments) segments.",
    ]
    let text = (head + [""] + rows).joined(separator: "\n") + "\n"
    Output.line(text)
    if let into { try Data((text + BenchRecords.rest(of: into)).utf8).write(to: URL(fileURLWithPath: into)) }
  }

  private func fill(_ store: Store, _ recipe: Digest) throws {
    for start in stride(from: 0, to: count, by: batch) {
      try store.records(of: recipe).append(
        (start..<min(count, start + batch)).map { (BenchRecords.key($0), BenchRecords.value($0, bytes)) },
        isDurable: isDurable)
    }
  }

  private func lookUp(_ store: Store, _ recipe: Digest) throws {
    for start in stride(from: 0, to: count, by: bulk) {
      let keys = (start..<min(count, start + bulk)).map(BenchRecords.key)
      guard try store.records(of: recipe).lookup(keys).allSatisfy({ $0 }) else {
        throw CommandError.unreadable(path: store.path, reason: "a record is lost")
      }
    }
  }

  private func read(_ store: Store, _ recipe: Digest) throws {
    let segments = store.records(of: recipe)
    for start in stride(from: 0, to: count, by: batch * 16) {
      let numbers = start..<min(count, start + batch * 16)
      guard try segments.values(for: numbers.map(BenchRecords.key)) == numbers.map({ BenchRecords.value($0, bytes) })
      else { throw CommandError.unreadable(path: store.path, reason: "a record is wrong") }
    }
  }
}

/// Made-up records.
enum BenchRecords {
  static func key(_ number: Int) -> Digest { .sha256("record \(number)") }

  /// Words that compress about as text does.
  static func value(_ number: Int, _ count: Int) -> [UInt8] {
    var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
    var value: [UInt8] = []
    value.reserveCapacity(count + 8)
    while value.count < count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      value += "word\(state >> 52) ".utf8
    }
    return Array(value.prefix(count))
  }

  /// What another script wrote into a file behind the figures.
  static func rest(of path: String) -> String {
    guard let text = try? String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self),
      let start = text.firstRange(of: "\n# Objects beside the libraries")
    else { return "" }
    return String(text[start.lowerBound...])
  }

  static func text(_ seconds: Double) -> String { NumberFormat.fixed(seconds, decimals: 1) }

  /// The most bytes that the process has had in memory.
  static var mostMemory: Int {
    var usage = rusage()
    unsafe getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
