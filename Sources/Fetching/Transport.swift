// The seam to the network: an address in, a file out.
// The one file of the project that imports FoundationNetworking, whose libraries cost every start some milliseconds.

import Diagnostics
import Foundation
import FoundationNetworking
import Synchronization

/// Gets files from the web.
public protocol Transport: Sendable {
  /// Writes the body of a successful answer to a file.
  ///
  /// - Parameters:
  ///   - address: An absolute `https` or `http` address.
  ///   - headers: Names and values to send; `Authorization` is not sent on to other hosts.
  ///   - target: Where to write; what stands there is replaced.
  ///   - report: Gets bytes so far, and bytes in all if the server says so.
  /// - Throws: ``FetchFailure`` of the kinds status, network, badAddress, unwritable and cancelled.
  func download(
    _ address: String, headers: [(name: String, value: String)], to target: String,
    report: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
  ) async throws(FetchFailure)
}

/// The transport of Foundation.
public struct WebTransport: Transport {
  /// How long a transfer may stand still, in seconds.
  public let idleSeconds: Double

  /// Makes a transport.
  public init(idleSeconds: Double = 60) {
    self.idleSeconds = idleSeconds
  }

  /// Downloads with redirects followed.
  public func download(
    _ address: String, headers: [(name: String, value: String)], to target: String,
    report: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
  ) async throws(FetchFailure) {
    guard let url = URL(string: address), url.host != nil else { throw .badAddress(address) }
    guard FileManager.default.createFile(atPath: target, contents: nil), let file = FileHandle(forWritingAtPath: target)
    else { throw .unwritable(target, reason: "it cannot be created") }
    defer { try? file.close() }
    var request = URLRequest(url: url, timeoutInterval: idleSeconds)
    for header in headers { request.setValue(header.value, forHTTPHeaderField: header.name) }
    let receiver = Receiver(file: file, target: target, report: report)
    let session = URLSession(configuration: .ephemeral, delegate: receiver, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    let task = session.dataTask(with: request)
    let failure = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        receiver.start(task, continuation)
      }
    } onCancel: {
      task.cancel()
    }
    if Task.isCancelled { throw .cancelled }
    if let failure { throw failure }
  }
}

/// Writes what a task receives; its calls come one after the other on the session's own queue.
private final class Receiver: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  private struct State {
    var done = 0
    var total: Int?
    var failure: FetchFailure?
    var continuation: CheckedContinuation<FetchFailure?, Never>?
  }

  private let file: FileHandle
  private let target: String
  private let report: @Sendable (_ done: Int, _ total: Int?) -> Void
  private let state = Mutex(State())

  init(file: FileHandle, target: String, report: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void) {
    self.file = file
    self.target = target
    self.report = report
  }

  func start(_ task: URLSessionDataTask, _ continuation: CheckedContinuation<FetchFailure?, Never>) {
    state.withLock { $0.continuation = continuation }
    task.resume()
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    var request = request
    if request.url?.host != task.originalRequest?.url?.host {
      request.setValue(nil, forHTTPHeaderField: "Authorization")
    }
    completionHandler(request)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    let length = Int(response.expectedContentLength)
    let isGood = (200..<300).contains(status)
    state.withLock { state in
      if !isGood { state.failure = .status(status) }
      state.total = length > 0 ? length : nil
    }
    completionHandler(isGood ? .allow : .cancel)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    if state.withLock({ $0.failure != nil }) { return }
    do {
      try file.write(contentsOf: data)
    } catch {
      state.withLock { $0.failure = .unwritable(target, reason: SystemReason.text(of: error, at: target)) }
      dataTask.cancel()
      return
    }
    let (done, total) = state.withLock { state in
      state.done += data.count
      return (state.done, state.total)
    }
    report(done, total)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let (continuation, failure) = state.withLock { state in
      defer { state.continuation = nil }
      return (state.continuation, state.failure ?? error.map { .network(reason: SystemReason.text(of: $0)) })
    }
    continuation?.resume(returning: failure)
  }
}
