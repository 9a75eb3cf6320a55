// The seam to the network: an address in, a file out.
// Knows libcurl only through CTransfer, which loads it at the first transfer.

import CTransfer
import Diagnostics
import Dispatch
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

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

/// The transport of libcurl.
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
    let file: FileDescriptor
    do {
      file = try .open(
        FilePath(target), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw .unwritable(target, reason: SystemReason.text(of: error, at: target))
    }
    defer { try? file.close() }
    let receiver = Receiver(file: file, target: target, report: report)
    let idle = max(1, Int(idleSeconds.rounded(.up)))
    let failure = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // A transfer stands still as long as its server does: it gets a thread of its own.
        DispatchQueue(label: "transfer").async {
          continuation.resume(returning: receiver.transfer(address, headers, idleSeconds: idle))
        }
      }
    } onCancel: {
      receiver.end()
    }
    if Task.isCancelled { throw .cancelled }
    if let failure { throw failure }
  }
}

/// Writes what a transfer brings; its calls come one after the other on the transfer's thread.
private final class Receiver: Sendable {
  private struct State {
    var done = 0
    var total: Int?
    var failure: FetchFailure?
  }

  private let file: FileDescriptor
  private let target: String
  private let report: @Sendable (_ done: Int, _ total: Int?) -> Void
  private let state = Mutex(State())
  private let isEnded = Atomic(false)

  init(file: FileDescriptor, target: String, report: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void) {
    self.file = file
    self.target = target
    self.report = report
  }

  /// Asks the transfer to end, from any thread.
  func end() { isEnded.store(true, ordering: .relaxed) }

  /// Transfers; nil when everything came.
  func transfer(
    _ address: String, _ headers: [(name: String, value: String)], idleSeconds: Int
  ) -> FetchFailure? {
    let result = Self.withTexts(headers.map { "\($0.name): \($0.value)" }) { headers in
      address.withCString { address in
        var request = transfer_request(
          address: address, headers: headers, idle_seconds: idleSeconds,
          context: Unmanaged.passUnretained(self).toOpaque(),
          receive: { Receiver.of($0).take(UnsafeRawBufferPointer(start: $1, count: $2)) },
          watch: { Receiver.of($0).watch(total: $1) })
        return transfer_run(&request)
      }
    }
    if let failure = state.withLock({ $0.failure }) { return failure }
    switch result.end {
    case transfer_done: return nil
    case transfer_refused: return .status(result.status)
    case transfer_ended: return .cancelled
    case transfer_bad_address: return .badAddress(address)
    default: return .network(reason: Self.text(of: result))
    }
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Receiver {
    guard let context = context else { fatalError("a transfer without its receiver: our own bug") }
    return Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
  }

  /// libcurl's reason, which is ASCII and ends with a zero.
  private static func text(of result: transfer_result) -> String {
    withUnsafeBytes(of: result.reason) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func withTexts<Value>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
  ) -> Value {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { $0.map { UnsafePointer<CChar>($0) } } + [nil]
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  private func watch(total: Int64) -> CInt {
    if total > 0 { state.withLock { $0.total = Int(total) } }
    return isEnded.load(ordering: .relaxed) ? 1 : 0
  }

  private func take(_ bytes: UnsafeRawBufferPointer) -> CInt {
    do {
      try file.writeAll(bytes)
    } catch {
      state.withLock { $0.failure = .unwritable(target, reason: SystemReason.text(of: error, at: target)) }
      return 1
    }
    let (done, total) = state.withLock { state in
      state.done += bytes.count
      return (state.done, state.total)
    }
    report(done, total)
    return isEnded.load(ordering: .relaxed) ? 1 : 0
  }
}
