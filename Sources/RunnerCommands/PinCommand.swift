// runner pin: writes the SHA-256 of files into a spec, so that it means these bytes and no others.

import ArgumentParser
import Diagnostics
import Digests
import Fetching
import FoundationEssentials
import JSON
import Specification
import Steps

struct PinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "pin", "Write the digests of files that a spec names into it.",
    takes: "<spec> [<options>]",
    discussion: """
      Looks at every file without `sha256:` or with `sha256: unknown`, gets it from the first place that has it, and \
      writes its digest where the file is named. Everything else in the spec stays as it is, comments included.
      """,
    examples: [
      "runner pin spec.yaml --dry-run",
      "runner pin spec.yaml",
    ])

  @Argument(help: "A spec.", completion: .file(extensions: ["yaml", "yml"])) var spec: String
  @OptionGroup var storage: StoreOptions
  @Flag(help: "Show the digests without writing them.") var dryRun = false

  func run() async throws {
    let resolved = try SpecificationReader().read(spec)
    guard let own = resolved.files.first, let experiment = resolved.base ?? resolved.cells.first?.experiment else {
      return
    }
    let fetcher = Fetcher(
      mirrors: storage.allMirrors, means: .init(environment: ProcessInfo.processInfo.environment))
    let scratch =
      "\(FileManager.default.temporaryDirectory.path)/runner-pin-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var found: [(file: PinnableFile, digest: String)] = []
    for file in Pin.files(in: experiment) where file.spec == own.path {
      if case .known = file.reference.digest { continue }
      let request = FetchRequest(digest: nil, places: file.reference.origins.map(\.place))
      let fetched = try await Self.fetch(request, for: file, fetcher, scratch)
      found.append((file, fetched.digest.hex))
      Output.line("\(fetched.digest.hex)  \(fetched.origin)")
    }
    guard !found.isEmpty else {
      Output.line("\(spec): every file has its digest")
      return
    }
    guard !dryRun else { return }
    let text = Pin.text(of: own.bytes, spec: own.path, digests: found)
    do {
      try Self.replace(spec, with: Data(text))
    } catch {
      throw CommandError.unwritable(path: spec, reason: SystemReason.text(of: error, at: spec))
    }
    Output.line("wrote \(found.count) digest\(found.count == 1 ? "" : "s") into \(spec)")
  }

  /// Writes a file whole or not at all, where a link leads if it is one, with the rights that it had.
  private static func replace(_ path: String, with text: Data) throws {
    let place = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let rights = try FileManager.default.attributesOfItem(atPath: place.path)[.posixPermissions]
    try text.write(to: place, options: .atomic)
    if let rights { try FileManager.default.setAttributes([.posixPermissions: rights], ofItemAtPath: place.path) }
  }

  /// Gets a file; if that fails, the fault is shown where the spec names it.
  private static func fetch(
    _ request: FetchRequest, for file: PinnableFile, _ fetcher: Fetcher, _ scratch: String
  ) async throws -> FetchedFile {
    do {
      return try await fetcher.fetch(request, relativeTo: ".", workFolder: scratch)
    } catch let error as any DiagnosableError {
      throw error.placed(at: file.place)
    }
  }
}
