// What a run was asked to do: specs, settings, and the text of every file that they were read from, kept in its journal.
// Knows nothing of what the run did.

import Diagnostics
import FoundationEssentials
import JSON
import Planning
import Specification

/// The specs of a run as they stood when it began.
struct RunSpecs {
  let specs: [String]
  let sets: [String]
  /// Whether it was a smoke test, which plans other steps.
  let isSmoke: Bool
  /// The files by path.
  let files: [String: [UInt8]]

  /// Specs whose text is known.
  init(specs: [String], sets: [String], files: [String: [UInt8]]) {
    (self.specs, self.sets, self.files) = (specs, sets, files)
    isSmoke = false
  }

  /// What a session read.
  init(_ session: Session, specs: [String], sets: [String], isSmoke: Bool) {
    (self.specs, self.sets, self.isSmoke) = (specs, sets, isSmoke)
    let experiments = session.experiments.flatMap { $0.experiment.files }
    var files = Dictionary(
      (experiments + session.others).map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    // A table over several experiments does not keep its own text.
    for table in session.tables { files[table.path] = try? DiskFiles().bytes(of: table.path) }
    self.files = files
  }

  /// What a journal's first event says; nil of a journal that keeps no specs, as those of earlier versions.
  init?(journal json: JSONValue?) {
    guard let json, let files = json["files"]?.arrayValue else { return nil }
    func texts(_ name: String) -> [String] { (json[name]?.arrayValue ?? []).compactMap(\.stringValue) }
    (specs, sets, isSmoke) = (texts("specs"), texts("sets"), json["smoke"]?.boolValue ?? false)
    self.files = Dictionary(
      files.compactMap { file in
        file["path"]?.stringValue.flatMap { path in file["text"]?.stringValue.map { (path, Array($0.utf8)) } }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The same for a journal.
  var json: JSONValue {
    .members([
      "specs": .array(specs.map { .string($0) }), "sets": .array(sets.map { .string($0) }), "smoke": .bool(isSmoke),
      "files": .array(
        files.sorted { $0.key < $1.key }.map { path, bytes in
          .members(["path": .string(path), "text": .string(String(decoding: bytes, as: UTF8.self))])
        }),
    ])
  }

  /// The specs, to be read again from what was kept.
  var sources: [SpecSource] {
    specs.map { SpecSource(path: $0, sets: sets, files: MemoryFiles(bytes: files), isSmoke: isSmoke) }
  }
}

/// A spec, and where its text comes from.
struct SpecSource {
  let path: String
  var sets: [String] = []
  var files: any FileReading = DiskFiles()
  var isSmoke = false
}
