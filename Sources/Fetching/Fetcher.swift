// Gets a file from the first place that has its bytes: mirror folders by digest, then the places in order.
// Knows nothing of the store; what it fetched lies in the work folder until the caller keeps it.

import Digests

/// Fetches files and checks them.
public struct Fetcher: Sendable {
  /// What a fetcher may use.
  public struct Means: Sendable {
    /// Variables for pip, Python and the hub: `PATH`, `PIP_…`, `HF_ENDPOINT`, `HF_TOKEN`, proxies.
    public var environment: [String: String]
    /// The way to the web.
    public var transport: any Transport
    /// Whether the network may be used at all.
    public var isOffline: Bool
    /// How often an address is asked before it counts as failed; at least 1.
    public var tries: Int
    /// Waits before another try, for a number of seconds.
    public var pause: @Sendable (_ seconds: Double) async -> Void

    /// Makes the means.
    public init(
      environment: [String: String], transport: any Transport = WebTransport(), isOffline: Bool = false,
      tries: Int = 4, pause: @escaping @Sendable (_ seconds: Double) async -> Void = Fetcher.sleep
    ) {
      self.environment = environment
      self.transport = transport
      self.isOffline = isOffline
      self.tries = max(1, tries)
      self.pause = pause
    }
  }

  private let mirrors: [Mirror]
  private let means: Means
  private let memory = DigestMemory()
  private let packages: Packages

  /// Makes a fetcher.
  ///
  /// - Parameters:
  ///   - mirrors: Folders to search by digest before any place, in this order.
  ///   - means: What it may use.
  public init(mirrors: [String], means: Means) {
    let memory = memory
    self.mirrors = mirrors.map { Mirror(folder: $0, memory: memory) }
    self.means = means
    packages = Packages(environment: means.environment)
  }

  /// Sleeps; a cancelled task sleeps no longer.
  public static func sleep(seconds: Double) async { try? await Task.sleep(for: .seconds(seconds)) }

  /// Gets a file.
  ///
  /// - Parameters:
  ///   - request: The file.
  ///   - folder: What a relative `path` is relative to.
  ///   - workFolder: Where downloads go; made if it is missing. One file stays there if the result is temporary.
  ///   - report: Gets the progress of downloads.
  /// - Returns: A file whose bytes were hashed and, if the request has a digest, are the ones asked for.
  /// - Throws: ``FetchError`` with every place that was tried.
  public func fetch(
    _ request: FetchRequest, relativeTo folder: String, workFolder: String,
    report: @escaping @Sendable (FetchProgress) -> Void = { _ in }
  ) async throws(FetchError) -> FetchedFile {
    var attempts: [FetchAttempt] = []
    if let digest = request.digest {
      for mirror in mirrors {
        do {
          return try await search(mirror, digest, request.places, workFolder)
        } catch {
          attempts.append(FetchAttempt(place: "mirror \(mirror.folder)", failure: error))
        }
      }
    }
    for place in request.places {
      do {
        return try await get(place, request.digest, relativeTo: folder, workFolder, report)
      } catch {
        attempts.append(FetchAttempt(place: place.description, failure: error))
        if error == .cancelled { break }
      }
    }
    throw FetchError(digest: request.digest, attempts: attempts)
  }

  private func search(
    _ mirror: Mirror, _ digest: Digest, _ places: [FetchPlace], _ workFolder: String
  ) async throws(FetchFailure) -> FetchedFile {
    try await mirror.find(digest, places: places) { archive, member in
      // A package that cannot be read, or has another file, is not the one; the search goes on.
      try? await unpack(archive, member, digest, origin: "mirror \(mirror.folder)", workFolder)
    }
  }

  private func get(
    _ place: FetchPlace, _ digest: Digest?, relativeTo folder: String, _ workFolder: String,
    _ report: @escaping @Sendable (FetchProgress) -> Void
  ) async throws(FetchFailure) -> FetchedFile {
    switch place {
    case .path(let path):
      let path = path.hasPrefix("/") ? path : "\(folder)/\(path)"
      let (found, count) = try memory.digest(path)
      if let digest, digest != found { throw .wrongDigest(expected: digest, found: found) }
      return FetchedFile(path: path, digest: found, byteCount: count, origin: place.description, isTemporary: false)
    case .https(let address):
      guard digest != nil || Self.isProtected(address) else { throw .unprotected }
      return try await download(address, headers: [], place, digest, workFolder, report)
    case .huggingface(let repository, let revision, let file):
      let hub = means.environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? "https://huggingface.co"
      let base = hub.hasSuffix("/") ? String(hub.dropLast()) : hub
      let token = means.environment["HF_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
      let address = "\(base)/\(repository)/resolve/\(Self.escaped(revision, slash: false))/\(Self.escaped(file))"
      let headers = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
      return try await download(address, headers: headers, place, digest, workFolder, report)
    case .pypi(let package, let version, let member, let sourceAllowed):
      if means.isOffline { throw .offline }
      let downloads = try Self.newPath(in: workFolder, ".packages")
      try LocalFile.makeFolder(downloads)
      defer { LocalFile.remove(downloads) }
      let archive = try await packages.download(package, version, sourceAllowed: sourceAllowed, into: downloads)
      return try await unpack(archive, member, digest, origin: place.description, workFolder)
    }
  }

  private func unpack(
    _ archive: String, _ member: String?, _ digest: Digest?, origin: String, _ workFolder: String
  ) async throws(FetchFailure) -> FetchedFile {
    let target = try Self.newPath(in: workFolder, ".member")
    do throws(FetchFailure) {
      try await packages.take(member, digest: digest, from: archive, to: target, in: workFolder)
      return try checked(target, digest, origin: origin)
    } catch {
      LocalFile.remove(target)
      throw error
    }
  }

  private func download(
    _ address: String, headers: [(name: String, value: String)], _ place: FetchPlace, _ digest: Digest?,
    _ workFolder: String, _ report: @escaping @Sendable (FetchProgress) -> Void
  ) async throws(FetchFailure) -> FetchedFile {
    if means.isOffline { throw .offline }
    let target = try Self.newPath(in: workFolder, ".download")
    let name = place.description
    var pause = 1.0
    for attempt in 1... {
      do throws(FetchFailure) {
        try await means.transport.download(address, headers: headers, to: target) { done, total in
          report(FetchProgress(place: name, bytesDone: done, bytesTotal: total))
        }
        return try checked(target, digest, origin: name)
      } catch {
        LocalFile.remove(target)
        guard attempt < means.tries, error.mayPass else { throw error }
      }
      await means.pause(pause)
      if Task.isCancelled { throw .cancelled }
      pause = min(pause * 2, 30)
    }
    throw .cancelled
  }

  private func checked(_ path: String, _ digest: Digest?, origin: String) throws(FetchFailure) -> FetchedFile {
    let (found, count) = try LocalFile.digest(path)
    if let digest, digest != found { throw .wrongDigest(expected: digest, found: found) }
    return FetchedFile(path: path, digest: found, byteCount: count, origin: origin, isTemporary: true)
  }

  private static func newPath(in workFolder: String, _ kind: String) throws(FetchFailure) -> String {
    try LocalFile.makeFolder(workFolder)
    return workFolder + "/" + LocalFile.uniqueName + kind
  }

  private static func isProtected(_ address: String) -> Bool {
    let hosts = ["http://localhost", "http://127.0.0.1", "http://[::1]"]
    return address.hasPrefix("https://")
      || hosts.contains { address.hasPrefix("\($0):") || address.hasPrefix("\($0)/") }
  }

  /// A part of an address, every byte but the plainest as `%XX`.
  private static func escaped(_ text: String, slash: Bool = true) -> String {
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    var escaped = String.UnicodeScalarView()
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      if isPlain || "-._~".unicodeScalars.contains(scalar) || (slash && scalar == "/") {
        escaped.append(scalar)
      } else {
        escaped.append(contentsOf: ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      }
    }
    return String(escaped)
  }
}

extension FetchFailure {
  /// Whether the same request may succeed a little later.
  fileprivate var mayPass: Bool {
    switch self {
    case .network: true
    case .status(let status): status == 408 || status == 429 || status >= 500
    default: false
    }
  }
}
