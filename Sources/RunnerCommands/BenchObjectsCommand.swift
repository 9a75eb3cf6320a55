// runner bench-objects: what it takes to store a file's bytes and to read them back, part by part.
// The figures are for a script that has those of the libraries beside them.

import ArgumentParser
import Compression
import Diagnostics
import Digests
import FoundationEssentials
import JSON
import Storage
import SystemPackage

struct BenchObjectsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "bench-objects", "Measure hashing, compressing, storing and reading a file's bytes.",
    takes: "<file> [<options>]",
    discussion: """
      Seconds of the processor, the median of the rounds, as one line of JSON. The store is made in a folder of its own; \
      what waiting for the disk takes is not in the figures.
      """,
    examples: [
      "runner bench-objects model.gguf --rounds 5"
    ], shouldDisplay: false)

  @Argument(help: "The file.", completion: .file()) var file: String
  @Option(help: "How often each is measured.") var rounds = 5
  @Option(help: "Where the folder is made; default: the one for temporary files.", completion: .directory)
  var folder: String?

  func validate() throws {
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1.") }
  }

  func run() async throws {
    let bytes = try read()
    let frame = try Compression.zstdCompressed(bytes)
    let parts: [(name: String, body: () throws -> Void)] = [
      ("hash", { _ = Digest.sha256(bytes) }),
      ("compress", { _ = try Compression.zstdCompressed(bytes) }),
      ("decompress", { _ = try Compression.zstdDecompressed(frame) }),
    ]
    var seconds: [String: [Double]] = [:]
    func measure(_ name: String, _ body: () throws -> Void) rethrows {
      let began = BenchClock.now(workers: 1)
      try body()
      seconds[name, default: []].append(BenchClock.now(workers: 1) - began)
    }
    for _ in 0..<rounds {
      for part in parts { try measure(part.name, part.body) }
      try store(bytes, measure)
    }
    var members = [
      JSONMember("bytes", .integer(Int64(bytes.count))), JSONMember("frame", .integer(Int64(frame.count))),
    ]
    for (name, all) in seconds.sorted(by: { $0.key < $1.key }) {
      members.append(JSONMember(name, .number(all.sorted()[all.count / 2])))
    }
    Output.json(.object(JSONObject(members)))
  }

  private func read() throws -> [UInt8] {
    do {
      let descriptor = try FileDescriptor.open(FilePath(file), .readOnly)
      return try descriptor.closeAfter { try descriptor.bytes() }
    } catch let error as Errno {
      throw CommandError.unreadable(path: file, reason: error.description)
    }
  }

  /// Writes the bytes into a new store and reads them back.
  private func store(_ bytes: [UInt8], _ measure: (String, () throws -> Void) throws -> Void) throws {
    let process = ProcessInfo.processInfo.processIdentifier
    let path = "\(folder ?? FileManager.default.temporaryDirectory.path)/runner-objects-\(process)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = try Store(at: path, mode: .create)
    let object = Digest.sha256(bytes)
    try measure("write") { try store.write(bytes) }
    try measure("read") {
      guard try store.read(object).count == bytes.count else {
        throw CommandError.unreadable(path: store.path, reason: "an object is wrong")
      }
    }
  }
}
