// Archives: what goes out comes in, and whatever an archive may not have is refused before anything is changed.

import Digests
import Foundation
import JSON
import Storage
import Testing

@Suite struct ArchiveTests {
  /// A store with two steps and single records, and an archive of it.
  private func exported() throws -> (yard: Yard, archive: [UInt8], results: [StepResult]) {
    let yard = Yard()
    let data = try yard.make("data")
    let model = try yard.make("model", from: [data])
    try yard.make("other")
    var recipe = Manifest()
    recipe.set("kind", .text("generate"))
    recipe.set("version", .integer(1))
    recipe.set("record/name", .text("model"))
    try yard.store().records(of: recipe).append([(key("a"), [1]), (key("b"), sample(300_000))])
    let summary = try yard.store().export([yard.root(model)], toFile: "archive.tar")
    #expect(summary.steps == 2 && summary.objects == 2 && summary.segments == 1)
    let archive = try yard.disk.bytes("archive.tar")
    #expect(summary.byteCount == archive.count)
    return (yard, archive, [data, model])
  }

  private func take(_ archive: [UInt8], into yard: Yard = Yard()) throws -> ArchiveSummary {
    try yard.disk.make("in.tar", archive)
    return try yard.store().importArchive(at: "in.tar")
  }

  /// What an archive is refused for; nothing may have been stored.
  private func refusal(_ archive: [UInt8]) throws -> String? {
    let yard = Yard()
    do {
      _ = try take(archive, into: yard)
      return nil
    } catch StorageError.badArchive(_, let problem) {
      #expect(yard.disk.files().map(\.path).allSatisfy { ["/in.tar", "/store/format"].contains($0) })
      return problem
    }
  }

  @Test func whatGoesOutComesIn() throws {
    let (yard, archive, results) = try exported()
    let other = Yard()
    let summary = try take(archive, into: other)
    #expect(summary.steps == 2 && summary.objects == 2 && summary.segments == 1)
    for result in results { #expect(try other.isWhole(result)) }
    #expect(try other.store().allResults().count == 2)
    #expect(try other.store().verify().faults.isEmpty)
    func records(_ yard: Yard) -> [String] {
      yard.disk.files().map(\.path).filter { $0.contains("/records/") }
    }
    #expect(records(other) == records(yard))
    _ = try take(archive, into: other)
    #expect(records(other) == records(yard), "what is there is not stored twice")
    let again = try yard.store().export([yard.root(results[1])], toFile: "again.tar")
    #expect(try yard.disk.bytes("again.tar") == archive && again.byteCount == archive.count)
  }

  @Test func tarReadsIt() throws {
    let (_, archive, results) = try exported()
    let folder = FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(archive).write(to: folder.appending(path: "a.tar"))
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = ["tar", "-xf", "a.tar"]
    tar.currentDirectoryURL = folder
    try tar.run()
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0)
    let hex = results[0].manifest.key.hex
    #expect(
      FileManager.default.fileExists(
        atPath: folder.appending(path: "steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step").path))
    #expect(try String(contentsOf: folder.appending(path: "runner-archive"), encoding: .utf8) == "runner-archive 1\n")
  }

  @Test func everyFlippedByteIsRefusedOrHarmless() throws {
    let (_, archive, results) = try exported()
    var refused = 0
    for at in stride(from: 0, to: archive.count, by: 97) {
      var bad = archive
      bad[at] ^= 0x10
      let yard = Yard()
      do {
        _ = try take(bad, into: yard)
        // Only padding may go unseen: everything that came in is what it was.
        for result in results { #expect(try yard.isWhole(result), "byte \(at)") }
      } catch StorageError.badArchive {
        refused += 1
        #expect(try yard.store().allResults().isEmpty)
      }
    }
    print("archives: \(refused) of \((archive.count + 96) / 97) flips refused")
    #expect(refused > 0)
  }

  @Test func aPartOfAnArchiveIsNone() throws {
    let (_, archive, _) = try exported()
    for count in stride(from: 0, to: archive.count, by: 501) {
      #expect(try refusal(Array(archive[..<count])) != nil, "\(count) bytes")
    }
    #expect(try refusal(Array(archive.dropLast())) == "it ends in the middle")
    #expect(try refusal(archive + [0]) == "more bytes follow its end")
    #expect(try refusal(archive + Array("garbage".utf8)) != nil)
    #expect(try refusal([]) == "it ends in the middle")
  }

  // MARK: Members that no archive may have

  /// A header as any tar would write it.
  private func header(_ name: String, _ count: Int, type: Character = "0") -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ at: Int) { block.replaceSubrange(at..<(at + text.utf8.count), with: text.utf8) }
    func octal(_ number: Int, _ digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(name, 0)
    put("0000644\u{0}0000000\u{0}0000000\u{0}", 100)
    put(octal(count, 11) + "\u{0}" + octal(0, 11) + "\u{0}", 124)
    put("        \(type)", 148)
    put("ustar\u{0}00", 257)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", 148)
    return block
  }

  private func member(_ name: String, _ bytes: [UInt8], type: Character = "0") -> [UInt8] {
    header(name, bytes.count, type: type) + bytes
      + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }

  private func archive(_ members: [UInt8]...) -> [UInt8] {
    member("runner-archive", Array("runner-archive 1\n".utf8)) + members.flatMap { $0 }
      + [UInt8](repeating: 0, count: 1024)
  }

  /// The member of an object.
  private func object(_ text: String, named other: String? = nil) throws -> (name: String, bytes: [UInt8]) {
    let yard = Yard()
    let digest = try yard.store().write(Array(text.utf8))
    let file = try #require(yard.disk.files().first { $0.path.contains("/objects/") })
    let hex = other.map { Digest.sha256($0).hex } ?? digest.hex
    return ("objects/\(hex.prefix(2))/\(hex.dropFirst(2)).zst", file.bytes)
  }

  @Test func anArchiveOfThisFormIsTaken() throws {
    let (name, bytes) = try object("x")
    #expect(try refusal(archive(member(name, bytes))) == nil)
    #expect(try refusal(archive()) == nil)
  }

  @Test(arguments: [
    ("/etc/passwd", "0", "`/etc/passwd` is an absolute path"),
    ("objects/../../x", "0", "`objects/../../x` leads out of the store"),
    ("objects/ab/x", "2", "`objects/ab/x` is a link, which no archive may have"),
    ("objects/ab/x", "1", "`objects/ab/x` is a link, which no archive may have"),
    ("objects/ab", "5", "`objects/ab` is not a plain file"),
    ("objects/ab/x", "0", "`objects/ab/x` is no file that an archive may have"),
    ("format", "0", "`format` is no file that an archive may have"),
    ("pins/a", "0", "`pins/a` is no file that an archive may have"),
    ("leases/a", "0", "`leases/a` is no file that an archive may have"),
    ("runs/a/journal.jsonl", "0", "`runs/a/journal.jsonl` is no file that an archive may have"),
    (".x.tmp", "0", "`.x.tmp` is no file that an archive may have"),
  ])
  func whatLeadsElsewhereIsRefused(name: String, type: Character, problem: String) throws {
    #expect(try refusal(archive(member(name, [1], type: type))) == problem)
  }

  @Test func wrongDigestsDuplicatesAndDisorderAreRefused() throws {
    let (name, bytes) = try object("x")
    let wrong = try object("x", named: "y")
    #expect(
      try refusal(archive(member(wrong.name, wrong.bytes)))
        == "`\(wrong.name)` is damaged: its content has SHA-256 \(Digest.sha256("x").hex)")
    #expect(try refusal(archive(member(name, bytes), member(name, bytes))) == "`\(name)` stands in it twice")
    let pair = [(name, bytes), try object("y")].sorted { $0.0 > $1.0 }
    #expect(
      try refusal(archive(member(pair[0].0, pair[0].1), member(pair[1].0, pair[1].1)))
        == "`\(pair[1].0)` is not in its place")
    #expect(try refusal(archive(member(name, bytes + [0]))) != nil)
    #expect(try refusal(member(name, bytes)) == "it does not begin as an archive of this version does")
    var odd = header(name, bytes.count)
    odd[330] = 1
    #expect(try refusal(archive(odd + bytes)) == "the header of `\(name)` is not as `runner store export` writes it")
  }

  @Test func aResultWithoutItsObjectIsRefused() throws {
    let yard = Yard()
    let result = try yard.make("data")
    let file = try #require(yard.disk.files().first { $0.path.hasSuffix(".step") })
    let name = String(file.path.dropFirst("/store/".count))
    #expect(
      try refusal(archive(member(name, file.bytes)))
        == "`\(name)` needs the object \(result.outputs[0].digest.hex), which is not in it")
    var flipped = file.bytes
    flipped[flipped.count - 2] ^= 1
    #expect(try refusal(archive(member(name, flipped)))?.contains("is damaged") == true)
  }

  @Test func nothingDamagedGoesOut() throws {
    let yard = Yard()
    let data = try yard.make("data")
    let file = try #require(yard.disk.files().first { $0.path.contains("/objects/") })
    yard.disk.overwrite(file.path, file.bytes.dropLast() + [0])
    #expect(throws: StorageError.self) { try yard.store().export([yard.root(data)], toFile: "archive.tar") }
    #expect(!yard.disk.files().contains { $0.path.contains("archive") })
  }
}
