// What the tests of fetching need: folders of their own, a server on this machine, and a scripted way to the web.

import Digests
import Fetching
import Foundation
import Synchronization

/// A folder that goes away with its owner.
final class Workbench: Sendable {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/fetching-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let path = "\(folder)/\(name)"
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Names of everything below a folder of the bench.
  func names(_ name: String) -> [String] {
    (FileManager.default.enumerator(atPath: "\(folder)/\(name)")?.allObjects as? [String] ?? []).sorted()
  }

  /// Runs Python to its end.
  func python(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    try process.run()
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw CocoaError(.executableLoad) }
  }

  /// Makes a wheel of files and puts it into a folder of the bench.
  func wheel(_ package: String, _ version: String, _ files: [(name: String, text: String)], in folder: String) throws {
    let stem = "\(package)-\(version)"
    let info = "\(stem).dist-info"
    let metadata = "Metadata-Version: 2.1\nName: \(package)\nVersion: \(version)\n"
    let tags = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    let all = files + [("\(info)/METADATA", metadata), ("\(info)/WHEEL", tags), ("\(info)/RECORD", "")]
    for (name, text) in all { try write("wheel-\(stem)/\(name)", text) }
    try FileManager.default.createDirectory(atPath: "\(self.folder)/\(folder)", withIntermediateDirectories: true)
    let tops = try FileManager.default.contentsOfDirectory(atPath: "\(self.folder)/wheel-\(stem)").sorted()
    let target = "\(folder)/\(stem)-py3-none-any.whl"
    try python(["-m", "zipfile", "-c", target] + tops.map { "wheel-\(stem)/\($0)" })
  }

  /// A fetcher without a network, but for the transport given.
  func fetcher(
    mirrors: [String] = [], transport: any Transport = ScriptedTransport([]), environment: [String: String] = [:],
    isOffline: Bool = false, tries: Int = 4, pauses: Pauses = Pauses()
  ) -> Fetcher {
    var means = Fetcher.Means(environment: environment, transport: transport, isOffline: isOffline, tries: tries)
    means.pause = { pauses.add($0) }
    return Fetcher(mirrors: mirrors.map { "\(folder)/\($0)" }, means: means)
  }

  /// Fetches into the bench's own work folder.
  func fetch(
    _ fetcher: Fetcher, _ digest: Digest?, _ places: FetchPlace...,
    report: @escaping @Sendable (FetchProgress) -> Void = { _ in }
  ) async throws(FetchError) -> FetchedFile {
    try await fetcher.fetch(
      FetchRequest(digest: digest, places: places), relativeTo: folder, workFolder: "\(folder)/work", report: report)
  }

  /// The environment of this process with pip bound to a folder of the bench and to no index.
  func pipEnvironment(_ wheels: String) -> [String: String] {
    ProcessInfo.processInfo.environment.merging([
      "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "\(folder)/\(wheels)", "PIP_CONFIG_FILE": "/dev/null",
    ]) { $1 }
  }
}

/// Collects what is handed to it.
final class Pauses: Sendable {
  private let seconds = Mutex<[Double]>([])

  func add(_ value: Double) { seconds.withLock { $0.append(value) } }

  var all: [Double] { seconds.withLock { $0 } }
}

/// Answers each request with the next line of a script.
final class ScriptedTransport: Transport {
  enum Answer: Sendable {
    case text(String)
    case failure(FetchFailure)
  }

  struct Request: Equatable, Sendable {
    let address: String
    let headers: [String]
  }

  private let answers: Mutex<[Answer]>
  private let log = Mutex<[Request]>([])

  init(_ answers: [Answer]) {
    self.answers = Mutex(answers)
  }

  var requests: [Request] { log.withLock { $0 } }

  func download(
    _ address: String, headers: [(name: String, value: String)], to target: String,
    report: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
  ) async throws(FetchFailure) {
    log.withLock { $0.append(Request(address: address, headers: headers.map { "\($0.name): \($0.value)" })) }
    let answer = answers.withLock { $0.isEmpty ? .failure(.network(reason: "the script is over")) : $0.removeFirst() }
    switch answer {
    case .text(let text):
      do {
        try Data(text.utf8).write(to: URL(fileURLWithPath: target))
      } catch {
        throw .unwritable(target, reason: error.localizedDescription)
      }
      report(text.utf8.count, text.utf8.count)
    case .failure(let failure): throw failure
    }
  }
}

/// A web server of Python's on a free port of this machine, over a few lines of its own.
final class LocalServer: Sendable {
  private static let script = """
    import http.server, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *arguments): pass
        def answer(self, status, body=b"", headers=()):
            self.send_response(status)
            for name, value in headers: self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def do_GET(self):
            other = "http://localhost:%d" % self.server.server_port
            if self.path == "/file": self.answer(200, b"hello")
            elif self.path == "/large": self.answer(200, b"x" * 5000000)
            elif self.path == "/moved": self.answer(302, headers=[("Location", "/file")])
            elif self.path == "/far": self.answer(302, headers=[("Location", other + "/token")])
            elif self.path == "/token": self.answer(200, (self.headers.get("Authorization") or "none").encode())
            elif self.path == "/short":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"only this")
                self.close_connection = True
            elif self.path == "/o/n/resolve/v1%2Fb/a%20b.txt": self.answer(200, (self.headers.get("Authorization") or "none").encode())
            elif self.path == "/busy": self.answer(503)
            else: self.answer(404)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """

  let port: Int
  private let end: @Sendable () -> Void

  var address: String { "http://127.0.0.1:\(port)" }

  init() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", Self.script]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let line = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw CocoaError(.fileReadUnknown)
    }
    self.port = port
    let identifier = process.processIdentifier
    end = { kill(identifier, SIGKILL) }
  }

  deinit { end() }
}
