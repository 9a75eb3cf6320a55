// How files from outside are written in a spec.
// Knows nothing of what is in the files.

import YAML

extension FileReference {
  /// The keys of a file, for records that hold more than them.
  static func read(_ fields: inout Fields) -> FileReference? {
    let digest = fields.optional("sha256", .digest, "The SHA-256 of the file, or `unknown`.")
    let origins = fields.required(
      "from", .list(of: Origin.shape, atLeast: 1), "Where the file can be had, in the order in which to try.")
    let tags = fields.node(at: "from")?.elements?.compactMap { $0.entries?.first?.key.text } ?? []
    if !tags.isEmpty, tags.allSatisfy(Origin.remoteTags.contains), !fields.has("sha256"),
      let place = fields.place("from")
    {
      fields.reading.note(.digestMissing, place)
    }
    let licence = readLicence(&fields)
    return origins.map { FileReference(digest: digest ?? .unstated, origins: $0, licence: licence) }
  }

  private static func readLicence(_ fields: inout Fields) -> String? {
    fields.optional(
      "licence", .nonEmptyText(),
      "The licence of what is in it, as an SPDX expression where there is one; results name it.")
  }

  /// A file.
  static var shape: Shape<FileReference> { .record("file") { FileReference.read(&$0) } }

  /// A file inside a package on PyPI, with its digest beside it.
  static var pypi: Shape<FileReference> {
    .record("pypi file") { fields in
      let origin = PyPIOrigin.read(&fields)
      let digest = fields.required("sha256", .digest, "The SHA-256 of the file, or `unknown`.")
      let licence = readLicence(&fields)
      guard let origin, let digest else { return nil }
      return FileReference(digest: digest, origins: [.pypi(origin)], licence: licence)
    }
  }

  /// A file on the Hugging Face hub, with its digest beside it.
  static var huggingface: Shape<FileReference> {
    .record("huggingface file") { fields in
      let origin = HuggingFaceOrigin.read(&fields)
      let digest = fields.required("sha256", .digest, "The SHA-256 of the file, or `unknown`.")
      let licence = readLicence(&fields)
      guard let origin, let digest else { return nil }
      return FileReference(digest: digest, origins: [.huggingface(origin)], licence: licence)
    }
  }
}

extension Origin {
  /// The tags of origins outside this machine.
  fileprivate static let remoteTags = ["https", "huggingface", "pypi"]

  static var shape: Shape<Origin> {
    .choice(
      "origin",
      [
        Alternative("path", .path, "A local path, relative to this file.") { .path($0) },
        Alternative("https", .url, "An address.") { .https($0) },
        Alternative("huggingface", HuggingFaceOrigin.shape, "A file on the Hugging Face hub.") { .huggingface($0) },
        Alternative("pypi", PyPIOrigin.shape, "A file inside a package on PyPI.") { .pypi($0) },
      ])
  }
}

extension Shape where Value == String {
  /// An address that begins with `https://`.
  static var url: Shape<String> {
    text("an address", pattern: "^https://[^/]").check { text, node, reading in
      if text.hasPrefix("https://"), text.utf8.count > 8, !text.contains(where: \.isWhitespace) { return text }
      reading.note(.badURL(text), node)
      return nil
    }
  }
}

extension HuggingFaceOrigin {
  static func read(_ fields: inout Fields) -> HuggingFaceOrigin? {
    let repository = fields.required(
      "repository", .nonEmptyText(), "`owner/name`; with `datasets/` before it for a data set.")
    let revision = fields.required("revision", .nonEmptyText(), "A commit (best), tag or branch.")
    let file = fields.required("file", .nonEmptyText(), "The path inside the repository.")
    guard let repository, let revision, let file else { return nil }
    return HuggingFaceOrigin(repository: repository, revision: revision, file: file)
  }

  static var shape: Shape<HuggingFaceOrigin> { .record("huggingface") { read(&$0) } }
}

extension PyPIOrigin {
  static func read(_ fields: inout Fields) -> PyPIOrigin? {
    let package = fields.required("package", .nonEmptyText(), "The package's name.")
    let version = fields.required("version", .nonEmptyText(), "The exact version.")
    let file = fields.optional(
      "file", .nonEmptyText(), "The path inside the wheel; without it the digest tells which file is meant.")
    let sourceAllowed = fields.optional(
      "allow-source", .flag, default: false, "Whether an archive that is not a wheel may be used.")
    guard let package, let version else { return nil }
    return PyPIOrigin(package: package, version: version, file: file, sourceAllowed: sourceAllowed)
  }

  static var shape: Shape<PyPIOrigin> { .record("pypi") { read(&$0) } }
}
