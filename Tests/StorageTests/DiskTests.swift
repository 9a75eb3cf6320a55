// What only a real disk shows: writers at the same time, checks with other programs, and the system's own refusals.

import Diagnostics
import Digests
import Foundation
import Glibc
import JSON
import Storage
import Synchronization
import Testing

@Suite struct DiskTests {
  /// What a shell command prints, without the newline at its end.
  private func shell(_ command: String, in folder: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = URL(filePath: folder)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "`\(command)` failed; are zstd and coreutils installed?")
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  @Test func everyFileCanBeCheckedByHand() throws {
    try Place.disk.with { _, folder in
      let store = try Store(at: folder, mode: .create)
      let bytes = sample(1000)
      let digest = try store.write(bytes)
      let step = result(1, [.init("out", digest, byteCount: 1000)])
      let stepKey = try store.publish(step, for: step.manifest.key).manifest.key.hex
      try store.records(of: manifest(1)).append([(key("a"), [0x61, 0x0A]), (key("b"), [0x62, 0x0A])])
      let journal = try store.journal(run: "run")
      for number in 0..<3 { try journal.append(.members(["event": .string("}{"), "number": .integer(Int64(number))])) }

      #expect(
        try shell("head -n 1 format | sha256sum | cut -c 1-64", in: folder) == shell("sed -n 2p format", in: folder))
      let object = "objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2)).zst"
      #expect(try shell("zstd -dc \(object) | sha256sum | cut -c 1-64", in: folder) == digest.hex)
      #expect(try shell("zstd -l \(object) | grep -c XXH64", in: folder) == "1")
      let file = "steps/\(stepKey.prefix(2))/\(stepKey.dropFirst(2)).step"
      #expect(try shell("tail -n +4 \(file) | sha256sum | cut -c 1-64", in: folder) == stepKey)
      #expect(
        try shell("tail -n +3 \(file) | sha256sum | cut -c 1-64", in: folder)
          == shell("sed -n 2p \(file)", in: folder))
      let recipe = "records/\(manifest(1).key.hex)"
      #expect(try shell("zstd -dc \(recipe)/00000001.zst", in: folder) == "a\nb")
      #expect(
        try shell("head -c -32 \(recipe)/00000001.zst | sha256sum | cut -c 1-64", in: folder)
          == shell("tail -c 32 \(recipe)/00000001.zst | od -An -v -tx1 | tr -d ' \\n'", in: folder))
      #expect(try shell("sha256sum < \(recipe)/manifest | cut -c 1-64", in: folder) == manifest(1).key.hex)
      let line = "sed -n 3p runs/run/journal.jsonl"
      #expect(
        try shell("\(line) | sed 's/^.\\{36\\}//; s/}$//' | tr -d '\\n' | sha256sum | head -c 16", in: folder)
          == shell("\(line) | cut -c 11-26", in: folder))
    }
  }

  @Test func manyWritersEndWithTheSameBytes() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "storage-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let rounds = 25
    let standing = Standing()
    // Threads of their own: the point is that all are in the store at the same time.
    await onThreads(
      (0..<8).map { writer in
        {
          do {
            let store = try Store(at: folder, mode: .create)
            for round in 0..<rounds {
              let shared = try store.write(sample(2000, seed: UInt64(round)))
              let own = try store.write([UInt8(writer)])
              let made = result(
                round, [.init("a", shared, byteCount: 2000), .init("b", own, byteCount: 1)])
              let stands = try store.publish(made, for: made.manifest.key)
              standing.add(made.manifest.key, stands)
              try store.records(of: key("r")).append([(key("\(round)"), [UInt8(writer)])])
              guard try store.read(shared) == sample(2000, seed: UInt64(round)) else {
                Issue.record("writer \(writer) read other bytes")
                return
              }
            }
            #expect(store.damages.isEmpty)
          } catch {
            Issue.record("writer \(writer): \(error)")
          }
        }
      })
    let results = standing.results
    #expect(results.count == rounds && results.values.allSatisfy { $0.count == 1 })
    let store = try Store(at: folder, mode: .existing)
    for (key, stands) in results { #expect(try store.result(for: key) == stands.first) }
    let segments = store.records(of: key("r"))
    #expect(try segments.lookup((0..<rounds).map { key("\($0)") }).allSatisfy { $0 })
    let names = try DiskFileSystem().list("\(folder)/records/\(key("r").hex)")
    // All 200 were numbered, and few are left after compaction; whose values stand is settled.
    let numbers = names.flatMap { $0.dropLast(4).split(separator: "-").compactMap { Int($0) } }
    #expect(numbers.max() ?? 0 >= 8 * rounds && names.count < 8 * rounds)
    let values = try segments.values(for: (0..<rounds).map { key("\($0)") })
    #expect(values.allSatisfy { $0?.count == 1 && $0?.first ?? 8 < 8 })
    #expect(try DiskFileSystem().tree(folder).allSatisfy { !$0.hasSuffix(".tmp") && !$0.hasPrefix("quarantine") })
  }

  @Test func aReaderBesideAWriterNeverSeesHalf() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "storage-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let writer = try Store(at: folder, mode: .create)
    let isDone = Flag()
    let bytes = (0..<40).map { sample(200_000, seed: UInt64($0)) }
    await onThreads([
      {
        for content in bytes { if (try? writer.write(content)) == nil { Issue.record("could not write") } }
        isDone.raise()
      },
      {
        guard let reader = try? Store(at: folder, mode: .readOnly) else {
          Issue.record("could not open")
          return
        }
        while !isDone.isRaised {
          for content in bytes {
            do throws(StorageError) {
              #expect(try reader.read(.sha256(content)) == content)
            } catch { if case .missing = error { break } else { Issue.record("\(error)") } }
          }
        }
        #expect(reader.damages.isEmpty)
      },
    ])
  }

  @Test func theSystemsRefusalsAreNamed() throws {
    try Place.disk.with { system, folder in
      try system.make("\(folder)/file", [1])
      #expect(throws: StorageError.notAFolder(path: "\(folder)/file/store/format")) {
        try Store(at: "\(folder)/file/store", mode: .create)
      }
      #expect(throws: StorageError.notAFolder(path: "\(folder)/file/format")) {
        try Store(at: "\(folder)/file", mode: .create)
      }
      // Linux's always full device.
      let full = try system.open("/dev/full", for: .append)
      #expect(throws: SystemFailure(.write, "/dev/full", code: ENOSPC)) {
        try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try system.write(full, $0) }
      }
      try system.close(full)
      #expect(throws: SystemFailure(.close, "/dev/full", code: EBADF)) { try system.close(full) }
      #expect(throws: SystemFailure(.link, "\(folder)/file", code: EEXIST)) {
        try system.link("\(folder)/file", to: "\(folder)/file")
      }
      #expect(throws: SystemFailure(.list, "\(folder)/none", code: ENOENT)) { try system.list("\(folder)/none") }
      #expect(throws: SystemFailure(.open, "\(folder)/file", code: EEXIST)) {
        try system.open("\(folder)/file", for: .createNew)
      }
    }
  }

  @Test func refusalsOfEveryKindSayWhatToDo() throws {
    let cases: [(Int32, StorageError, String)] = [
      (ENOSPC, .full(path: "/disk/store/format"), "no space is left to write /disk/store/format"),
      (
        EDQUOT, .overQuota(path: "/disk/store/format"),
        "your disk quota is used up; /disk/store/format could not be written"
      ),
      (
        EROFS, .readOnlyFileSystem(path: "/disk/store/format"),
        "/disk/store/format is on a file system that is mounted for reading only"
      ),
      (EACCES, .notPermitted(.open, path: "/disk/store/format"), "you may not open /disk/store/format"),
      (EMFILE, .tooManyOpenFiles(path: "/disk/store/format"), "too many files are open to open /disk/store/format"),
      (EIO, .device(.open, path: "/disk/store/format"), "the disk failed to open /disk/store/format"),
    ]
    for (code, error, message) in cases {
      let faulty = FaultyFileSystem(try Scenario.disk(), .fail(at: 0, code: code))
      #expect(throws: error) { try Store(at: Scenario.path, mode: .create, fileSystem: faulty) }
      #expect(error.diagnoses.map(\.message) == [message])
      #expect(error.diagnoses.allSatisfy { $0.remedy?.isEmpty == false && $0.exit == .inputOutput })
    }
    #expect(
      StorageError.full(path: "a").text() == """
        error: no space is left to write a
          → Free space or name a store on another disk with --store; what is stored so far is kept.
        """)
    #expect(
      StorageError.newerFormat(path: "a", version: 2, supported: 1).text() == """
        error: the store a has format 2; this program knows formats up to 1
          → Use a newer runner, or another folder with --store. Nothing was changed.
        """)
    let digests = (key("a"), key("b"))
    #expect(
      StorageError.mismatch(path: "f", expected: digests.0, actual: digests.1).text() == """
        error: f has SHA-256 \(digests.1.hex), not \(digests.0.hex)
          → Get the file again from its origin, or correct the digest in the spec if the new file is meant.
        """)
    for error in [
      StorageError.noStore(path: "a"), .notAStore(path: "a", contains: "b"), .damagedFormat(path: "a"),
      .readOnlyStore(path: "a"), .missing(digests.0), .damaged(digests.0, path: "a", reason: .undecodable("b")),
      .changed(path: "a"), .invalidName("a", role: "run"), .wrongKey(digests.0, manifest: digests.1),
      .tooLarge(what: "a", byteCount: 2, maximum: 1), .compression(path: "a", message: "b"), .notAFolder(path: "a"),
      .fileTooLarge(path: "a"), .system(.rename, path: "a", code: EXDEV),
    ] {
      #expect(error.diagnoses.count == 1)
      #expect(error.diagnoses.allSatisfy { $0.remedy?.hasSuffix(".") == true && $0.code != "store.unknown" })
    }
  }
}

/// Runs bodies at the same time, each on a thread of its own.
func onThreads(_ bodies: [@Sendable () -> Void]) async {
  await withTaskGroup(of: Void.self) { group in
    for body in bodies {
      group.addTask {
        await withCheckedContinuation { continuation in
          Thread.detachNewThread {
            body()
            continuation.resume()
          }
        }
      }
    }
  }
}

/// Which results stood under each key, as the writers were told.
final class Standing: Sendable {
  private let found = Mutex<[Digest: Set<StepResult>]>([:])
  var results: [Digest: Set<StepResult>] { found.withLock { $0 } }
  func add(_ key: Digest, _ result: StepResult) {
    found.withLock { _ = $0[key, default: []].insert(result) }
  }
}

/// A flag between threads.
final class Flag: Sendable {
  private let value = Atomic(false)
  var isRaised: Bool { value.load(ordering: .sequentiallyConsistent) }
  func raise() { value.store(true, ordering: .sequentiallyConsistent) }
}

/// Damages that a handler was told of.
final class Heard: Sendable {
  private let list = Mutex<[Damage]>([])
  var damages: [Damage] { list.withLock { $0 } }
  func add(_ damage: Damage) { list.withLock { $0.append(damage) } }
}
