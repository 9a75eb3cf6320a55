// Writes what some roots reach into one archive. Nothing damaged gets into it.

import Digests

/// What an archive took or gave.
public struct ArchiveSummary: Hashable, Sendable {
  /// Step results.
  public internal(set) var steps = 0
  /// Objects.
  public internal(set) var objects = 0
  /// Segments of single records' results.
  public internal(set) var segments = 0
  /// The size of the archive in bytes.
  public internal(set) var byteCount = 0
}

extension Store {
  /// Writes an archive; it appears whole or not at all.
  ///
  /// - Parameters:
  ///   - roots: What is to be in it, with all that it was made from.
  ///   - path: The file to make or replace; its folder must be there.
  /// - Returns: What it has.
  /// - Throws: ``StorageError`` if something is damaged, or the file cannot be written.
  public func export(_ roots: [StoreRoot], toFile path: String) throws(StorageError) -> ArchiveSummary {
    let survey = try Survey(self)
    var reach = Reach(survey)
    for root in roots { reach.add(root) }
    let members = members(survey, reach)
    let outside = StoreFiles(root: Self.outerFolder(of: path), system: files.system, isReadOnly: false)
    var summary = ArchiveSummary()
    try outside.publish(StoreFiles.base(of: path)) { file throws(StorageError) in
      try add(Archive.markName, Archive.mark, to: file, &summary)
      for name in members { try add(name, to: file, &summary) }
      try file.write([UInt8](repeating: 0, count: 2 * Tar.blockByteCount))
      summary.byteCount += 2 * Tar.blockByteCount
    }
    return summary
  }

  /// The paths of the files to be exported, in the order of their bytes.
  private func members(_ survey: Survey, _ reach: Reach) -> [String] {
    var names: [String] = []
    for key in reach.steps.keys {
      // A result without its objects is none.
      guard let step = survey.steps[key], step.outputs.allSatisfy({ survey.objects[$0] != nil }) else { continue }
      names.append(step.file.path)
    }
    names += reach.objects.keys.compactMap { survey.objects[$0]?.path }
    names += reach.recipes.keys.flatMap { survey.recipes[$0]?.files.map(\.path) ?? [] }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func add(_ name: String, to file: TemporaryFile, _ summary: inout ArchiveSummary) throws(StorageError) {
    switch StoredKind(path: name) {
    case .object(let digest):
      try decode(digest) { piece throws(StorageError) in piece.removeAll(keepingCapacity: true) }
      try copy(name, to: file, &summary)
      summary.objects += 1
    case .step(let key):
      // A result that was whole a moment ago and is not now has been reported; who imports computes it.
      guard let result = try result(for: key) else { return }
      try add(name, result.fileBytes, to: file, &summary)
      summary.steps += 1
    case .segment(let recipe):
      try records(of: recipe).verify(StoreFiles.base(of: name))
      guard let bytes = try files.read(name) else { return }
      try add(name, bytes, to: file, &summary)
      summary.segments += 1
    default:
      guard let bytes = try files.read(name) else { return }
      try add(name, bytes, to: file, &summary)
    }
  }

  private func add(
    _ name: String, _ bytes: [UInt8], to file: TemporaryFile, _ summary: inout ArchiveSummary
  ) throws(StorageError) {
    try file.write(try header(name, bytes.count))
    try file.write(bytes)
    try fill(after: bytes.count, file, &summary)
  }

  /// Copies a file as it is, piece by piece.
  private func copy(_ name: String, to file: TemporaryFile, _ summary: inout ArchiveSummary) throws(StorageError) {
    guard let source = try files.open(name) else { throw .changed(path: files.path(name)) }
    defer { files.close(source) }
    let byteCount = try files.byteCount(of: source)
    try file.write(try header(name, byteCount))
    var offset = 0
    while offset < byteCount {
      let piece = try files.read(source, at: offset, count: min(1 << 20, byteCount - offset))
      guard !piece.isEmpty else { throw .changed(path: files.path(name)) }
      try file.write(piece)
      offset += piece.count
    }
    try fill(after: byteCount, file, &summary)
  }

  private func header(_ name: String, _ byteCount: Int) throws(StorageError) -> [UInt8] {
    guard let header = Tar.header(name, byteCount: byteCount) else {
      throw .tooLarge(what: "the file \(name)", byteCount: byteCount, maximum: Tar.greatestByteCount)
    }
    return header
  }

  private func fill(
    after byteCount: Int, _ file: TemporaryFile, _ summary: inout ArchiveSummary
  ) throws(StorageError) {
    let padding = Tar.padding(after: byteCount)
    try file.write([UInt8](repeating: 0, count: padding))
    summary.byteCount += Tar.blockByteCount + byteCount + padding
  }
}
