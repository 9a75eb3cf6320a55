// The bytes of a model file, mapped from disk or held in memory, that never change.
// Knows nothing of formats; every reader goes through `withUnsafeBytes` and checks its own bounds.

import Diagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of one model file, shared without copying.
public final class ModelBytes: Sendable {
  private enum Storage: Sendable {
    case memory([UInt8])
    /// The mapping lives exactly as long as this object and is read-only, so sharing its address is safe.
    case mapping(address: UInt, count: Int)
  }

  /// The file as the user named it; it stands in every message.
  public let name: String
  private let storage: Storage

  /// Holds bytes that are in memory already.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What messages call it.
  public init(_ bytes: [UInt8], name: String) {
    self.name = name
    storage = .memory(bytes)
  }

  /// Maps a file into memory; pages are read when they are touched.
  ///
  /// - Parameter path: The file; it must not be cut while it is mapped.
  /// - Throws: ``ModelFileError`` when the file cannot be opened, is no plain file, or is empty.
  public init(path: String) throws(ModelFileError) {
    name = path
    storage = try Self.map(path)
  }

  deinit {
    if case .mapping(let address, let count) = storage {
      munmap(UnsafeMutableRawPointer(bitPattern: address), count)
    }
  }

  /// How many bytes there are.
  public var count: Int {
    switch storage {
    case .memory(let bytes): bytes.count
    case .mapping(_, let count): count
    }
  }

  /// Calls `body` with all bytes; the pointer is valid only inside.
  ///
  /// - Parameter body: What reads the bytes.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .memory(let bytes):
      return try bytes.span.withUnsafeBytes { buffer throws(Failure) in try body(buffer) }
    case .mapping(let address, let count):
      defer { extendLifetime(self) }
      return try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
    }
  }

  private static func map(_ path: String) throws(ModelFileError) -> Storage {
    func failure() -> ModelFileError {
      ModelFileError(file: path, .unreadable(reason: String(cString: strerror(errno))))
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ModelFileError(file: path, .unreadable(reason: "it is not a plain file"))
    }
    let count = Int(status.st_size)
    guard count > 0 else { throw ModelFileError(file: path, .unreadable(reason: "it is empty")) }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw failure() }
    return .mapping(address: UInt(bitPattern: address), count: count)
  }
}
