// Feeds libFuzzer's bytes to one of the program's readers, which FUZZ_READER names. A reader may refuse whatever it
// likes with an error of its own; a trap, an endless loop or too much memory is a fault. `make fuzz` builds and runs it.

import Digests
import Foundation
import Ingestion
import JSON
@testable import LanguageModel
import Specification
@testable import Storage
import YAML

/// A reader: takes any bytes and must come back.
typealias Reader = @Sendable ([UInt8]) throws -> Void

let readers: [String: Reader] = [
  "yaml": { bytes in _ = try YAMLDocument.parse(bytes, file: "fuzz.yaml") },
  "spec": { bytes in _ = try SpecificationReader(files: MemoryFiles(bytes: ["spec.yaml": bytes])).read("spec.yaml") },
  "json": { bytes in
    let value = try JSONValue(parsing: bytes)
    let again = try JSONValue(parsing: value.canonicalBytes)
    precondition(again == value && again.canonicalBytes == value.canonicalBytes, "another value comes back")
  },
  "jsonl": { bytes in _ = try DataReader(.jsonl, file: "fuzz").records(of: bytes) },
  "csv": { bytes in _ = try DataReader(.csv, file: "fuzz").records(of: bytes) },
  "document": { bytes in
    _ = try? DataReader(.json, file: "fuzz").records(of: bytes)
    _ = try DataReader(.bigbench, file: "fuzz").records(of: bytes)
  },
  "gguf": { bytes in
    let file = try GGUFFile(ModelBytes(bytes, name: "fuzz"))
    _ = try Tokenizer(file)
  },
  "safetensors": { bytes in _ = try SafetensorsFile(ModelBytes(bytes, name: "fuzz")) },
  "tokenizer": { bytes in
    let files = [
      "tokenizer.json": ModelBytes(bytes, name: "tokenizer.json"),
      "config.json": ModelBytes(
        Array(#"{"bos_token_id": 0, "eos_token_id": 1, "vocab_size": 8}"#.utf8), name: "config.json"),
    ]
    let tokenizer = try Tokenizer(HuggingFaceFolder(files: files, name: "fuzz"))
    _ = tokenizer.encode("It’s 10 o'clock\n\n  in “Zürich” 🙂")
  },
  "manifest": { bytes in
    guard let manifest = Manifest(parsing: bytes) else { return }
    precondition(Manifest(parsing: manifest.bytes) == manifest, "another manifest comes back")
  },
  "step": { bytes in try StoreFuzz.step(bytes) },
  "segment": { bytes in try StoreFuzz.segment(bytes) },
  "catalog": { bytes in StoreFuzz.catalog(bytes) },
  "archive": { bytes in try StoreFuzz.archive(bytes) },
  "files": { bytes in try StoreFuzz.files(bytes) },
]

/// The readers of a store's files.
///
/// What a digest guards is given the right one, so that what is behind it is reached.
enum StoreFuzz {
  static func step(_ bytes: [UInt8]) throws {
    let text = Array("runner-step 1\n\(Digest.sha256(bytes).hex)\n".utf8) + bytes
    let manifest = bytes.firstIndex(of: UInt8(ascii: "\n")).map { Array(bytes[($0 + 1)...]) } ?? []
    _ = try StepResult(fileBytes: text, key: .sha256(manifest))
  }

  static func segment(_ bytes: [UInt8]) throws {
    guard bytes.count > 2 else { return }
    let (blocks, records) = (Int(bytes[0] % 4), Int(bytes[1] % 8))
    let size = Segment.blockByteCount * blocks + Segment.entryByteCount * records
    var index = Array(bytes.dropFirst(2).prefix(size))
    index += [UInt8](repeating: 0, count: size - index.count)
    index += Segment.little(UInt32(blocks)) + Segment.little(UInt32(records)) + Segment.mark
    index += Digest.sha256(index).bytes
    var file = Segment.header + bytes.dropFirst(2 + size)
    file += Segment.little(UInt32(0x184D_2A5E)) + Segment.little(UInt32(index.count + Digest.byteCount)) + index
    file += Digest.sha256(file).bytes
    _ = try Segment.keys(checking: file)
  }

  static func catalog(_ bytes: [UInt8]) {
    let bytes = CatalogEntry.header + bytes
    for (_, place) in CatalogEntry.places(in: bytes).entries {
      let content = bytes[place].dropFirst(4).dropLast(8)
      _ = CatalogEntry(bytes[place].dropLast(8) + Digest.sha256(content).bytes.prefix(8))
    }
  }

  static func archive(_ bytes: [UInt8]) throws {
    var bytes = bytes
    for start in stride(from: 0, through: bytes.count - 512, by: 512) where bytes[start] != 0 {
      // A header's checksum stands in bytes 148 to 155, which count as blanks.
      for place in 148..<156 { bytes[start + place] = UInt8(ascii: " ") }
      let sum = bytes[start..<(start + 512)].reduce(0) { $0 + Int($1) }
      let digits = String(sum, radix: 8)
      let text = String(repeating: "0", count: 6 - digits.count) + digits
      bytes.replaceSubrange((start + 148)..<(start + 156), with: Array(text.utf8) + [0, UInt8(ascii: " ")])
    }
    let disk = try disk(["/fuzz.tar": bytes])
    _ = try Store(at: "/store", mode: .create, fileSystem: disk).importArchive(at: "/fuzz.tar")
  }

  /// The same bytes as a file of each kind.
  static func files(_ bytes: [UInt8]) throws {
    let key = Digest.sha256([])
    let hex = key.hex
    let disk = try disk([
      "/store/format": Store.formatText, "/store/objects/\(hex.prefix(2))/\(hex.dropFirst(2)).zst": bytes,
      "/store/records/\(hex)/00000001.zst": bytes, "/store/index/results": bytes, "/store/leases/\(hex)": bytes,
      "/store/pins/fuzz": bytes, "/store/checkpoints/\(hex)": bytes, "/store/runs/fuzz/journal.jsonl": bytes,
    ])
    let store = try Store(at: "/store", mode: .readOnly, fileSystem: disk)
    _ = try? store.read(key)
    _ = try? store.beginning(of: key, count: 1000)
    _ = try? store.records(of: key).values(for: [key])
    _ = try? store.outputs(of: key)
    _ = store.computing(key)
    _ = try? store.pins()
    _ = try? store.checkpoint(for: key)
    _ = try store.journal(run: "fuzz").events()
  }

  private static func disk(_ files: [String: [UInt8]]) throws -> MemoryFileSystem {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    for (path, bytes) in files {
      for (index, character) in zip(path.indices, path) where character == "/" && index != path.startIndex {
        try? disk.makeFolder(String(path[..<index]))
      }
      let file = try disk.open(path, for: .createNew)
      var start = 0
      while start < bytes.count { start += try bytes[start...].withUnsafeBytes { try disk.write(file, $0) } }
      try disk.close(file)
    }
    return disk
  }
}

/// The reader that the environment names.
let chosen: Reader = {
  let name = ProcessInfo.processInfo.environment["FUZZ_READER"] ?? ""
  guard let reader = readers[name] else {
    fatalError("FUZZ_READER must be one of \(readers.keys.sorted().joined(separator: ", "))")
  }
  return reader
}()

/// What libFuzzer calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  try? chosen(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}
