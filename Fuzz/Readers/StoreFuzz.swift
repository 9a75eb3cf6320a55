// The readers of a store's files. What a digest guards is given the right one, so that what is behind it is reached.

import Digests
import Storage

enum StoreFuzz {
  /// A step result without its first two lines.
  static func step(_ bytes: [UInt8]) throws {
    let text = Array("runner-step 1\n\(Digest.sha256(bytes).hex)\n".utf8) + bytes
    let manifest = bytes.firstIndex(of: UInt8(ascii: "\n")).map { Array(bytes[($0 + 1)...]) } ?? []
    let key = Digest.sha256(manifest)
    let result = try StepResult(fileBytes: text, key: key)
    let again = try StepResult(fileBytes: result.fileBytes, key: key)
    precondition(again == result, "another result comes back")
    let status = FileStatus(isFolder: false, byteCount: text.count, linkCount: 1, modified: 1_700_000_000_000_000)
    let entry = CatalogEntry(key: key, status, result.outputs)
    precondition(reread(entry) == entry, "the catalog says something else")
    let disk = try disk([
      "/store/format": Store.formatText, "/store/\(Store.stepName(key))": text, "/store/objects/": [],
    ])
    let store = try Store(at: "/store", mode: .existing, fileSystem: disk)
    try survey(store)
    _ = try store.outputs(of: key)
    store.saveCatalog()
  }

  /// A frame, as the object that it holds if it can be unpacked.
  static func object(_ bytes: [UInt8]) throws {
    let disk = try disk(["/store/format": Store.formatText, "/frame": bytes])
    let store = try Store(at: "/store", mode: .existing, fileSystem: disk)
    let frame = try disk.open("/frame", for: .read)
    var content: [UInt8] = []
    let digest: Digest
    do throws(Store.ObjectFailure) {
      digest = try store.decode(frame) { piece in
        if content.count < 1 << 24 { content += piece }
        piece.removeAll(keepingCapacity: true)
      }
    } catch { return }
    let name = Store.objectName(digest)
    try make("/store/\(name)", bytes, disk)
    if content.count < 1 << 24 {
      let read = try store.read(digest)
      precondition(read == content, "another object comes back")
    }
    _ = try store.beginning(of: digest, count: 1000)
    _ = store.size(of: digest)
    precondition(store.damages.isEmpty)
  }

  /// Two bytes say how many blocks and records the index has; what follows is the index, then the blocks.
  static func segment(_ bytes: [UInt8]) throws {
    guard bytes.count > 2 else { return }
    let (blocks, records) = (Int(bytes[0] % 4), Int(bytes[1] % 8))
    let size = Segment.blockByteCount * blocks + Segment.entryByteCount * records
    var index = Array(bytes.dropFirst(2).prefix(size))
    index += [UInt8](repeating: 0, count: size - index.count)
    index += Segment.little(UInt32(blocks)) + Segment.little(UInt32(records)) + Segment.mark
    index += Digest.sha256(index).bytes
    let recipe = Digest.sha256("recipe")
    var file = Segment.header(recipe) + bytes.dropFirst(2 + size)
    file += Segment.little(UInt32(0x184D_2A5E)) + Segment.little(UInt32(index.count + Digest.byteCount)) + index
    file += Digest.sha256(file).bytes
    let disk = try disk(["/store/format": Store.formatText, "/store/records/\(recipe.hex)/00000001.zst": file])
    let store = try Store(at: "/store", mode: .existing, fileSystem: disk)
    let keys = try? Segment.keys(checking: file, of: recipe)
    if let keys {
      let values = try store.records(of: recipe).values(for: keys)
      precondition(values.allSatisfy { $0 != nil }, "a whole segment lacks some")
    }
    _ = try store.records(of: recipe).lookup([recipe])
    try store.records(of: recipe).append([(recipe, [1])])
    try store.records(of: recipe).compact()
    _ = try store.verify()
  }

  /// Entries of a catalog, each with the right check.
  static func catalog(_ bytes: [UInt8]) {
    let bytes = CatalogEntry.header + bytes
    let (places, count, isWhole) = CatalogEntry.places(in: bytes)
    precondition(places.count <= count)
    precondition(isWhole || !CatalogEntry.areWhole(bytes), "what does not fill the file is whole")
    for place in places.values {
      let content = bytes[place].dropFirst(4).dropLast(8)
      let checked = bytes[place].dropLast(8) + Digest.sha256(content).bytes.prefix(8)
      guard let entry = CatalogEntry(Array(checked), at: 0..<checked.count) else { continue }
      precondition(reread(entry) == entry, "another entry comes back")
    }
  }

  /// The content of a memo, with the right check.
  static func memo(_ bytes: [UInt8]) {
    let file = Memo.header + bytes + Digest.sha256(bytes).bytes.prefix(8)
    guard let memo = Memo(bytes: file) else { return }
    precondition(Memo(bytes: memo.bytes) == memo, "another memo comes back")
  }

  /// What is read of an entry that was written.
  private static func reread(_ entry: CatalogEntry) -> CatalogEntry? {
    let bytes = entry.bytes
    return CatalogEntry(bytes, at: 0..<bytes.count)
  }

  /// A tar file, each of its headers with the right sum.
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
    let store = try Store(at: "/store", mode: .create, fileSystem: disk)
    _ = try store.importArchive(at: "/fuzz.tar")
    let faults = try store.verify().faults
    precondition(faults.isEmpty, "what was taken is damaged: \(faults)")
  }

  /// The same bytes as a file of each kind.
  static func files(_ bytes: [UInt8]) throws {
    let key = Digest.sha256("key")
    let hex = key.hex
    let disk = try disk([
      "/store/format": Store.formatText, "/store/objects/\(hex.prefix(2))/\(hex.dropFirst(2)).zst": bytes,
      "/store/steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step": bytes, "/store/records/\(hex)/manifest": bytes,
      "/store/records/\(hex)/00000001.zst": bytes, "/store/index/results": bytes, "/store/index/memos/\(hex)": bytes,
      "/store/index/kinds/generate/0000000000000000-\(hex)": bytes, "/store/leases/\(hex)": bytes,
      "/store/leases/run-fuzz": bytes, "/store/pins/fuzz": bytes, "/store/checkpoints/\(hex)": bytes,
      "/store/runs/fuzz/journal.jsonl": bytes,
    ])
    let reader = try Store(at: "/store", mode: .readOnly, fileSystem: disk)
    for store in [reader, try Store(at: "/store", mode: .existing, fileSystem: disk)] {
      _ = try? store.read(key)
      _ = try? store.beginning(of: key, count: 1000)
      _ = try? store.records(of: key).values(for: [key])
      _ = try? store.outputs(of: key)
      _ = store.computing(key, processes: NobodyKnown())?.sinceText
      _ = try? store.checkpoint(for: key)
      _ = try store.journal(run: "fuzz").events()
      _ = store.results(ofKind: "generate")
      _ = store.unlistedResults()
      try survey(store)
    }
    _ = try LeaseKeeper(run: "other", store: reader, processes: NobodyKnown()).isTaken(key)
  }

  /// What commands ask of a whole store.
  private static func survey(_ store: Store) throws {
    _ = try store.statistics()
    _ = try? store.collection(keeping: [], grace: 0, processes: NobodyKnown())
    _ = try store.allResults()
    _ = try store.verify()
  }

  private static func disk(_ files: [String: [UInt8]]) throws -> MemoryFileSystem {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    for (path, bytes) in files { try make(path, bytes, disk) }
    disk.advance(microseconds: 3_000_000)
    return disk
  }

  /// Makes a file and the folders above it; a path that ends with `/` is a folder's.
  private static func make(_ path: String, _ bytes: [UInt8], _ disk: MemoryFileSystem) throws {
    for (index, character) in zip(path.indices, path) where character == "/" && index != path.startIndex {
      try? disk.makeFolder(String(path[..<index]))
    }
    if path.hasSuffix("/") { return }
    let file = try disk.open(path, for: .createNew)
    var start = 0
    while start < bytes.count { start += try bytes[start...].withUnsafeBytes { try disk.write(file, $0) } }
    try disk.close(file)
  }
}

/// A machine that knows of no process whether it lives.
private struct NobodyKnown: ProcessTable {
  let current = ProcessIdentity(host: "fuzz", machine: nil, number: 1, born: nil)
  func isAlive(_ process: ProcessIdentity) -> Bool? { nil }
}
