// Threads that share numbered pieces of work; results never depend on how many there are.
// Knows nothing of the work.

import CKernels

/// A pool of threads for one computation at a time.
///
/// `@unchecked Sendable` because the C pool does its own locking; the pointer is set once.
public final class WorkerPool: @unchecked Sendable {
  private let pool: OpaquePointer
  /// How many threads work at once, the caller included.
  public let workers: Int

  /// Starts a pool.
  ///
  /// - Parameter workers: Threads that work at once, the caller included; at least 1.
  public init(workers: Int) {
    self.workers = max(1, workers)
    guard let pool = ck_pool_create(Int32(self.workers)) else { fatalError("no memory for a pool's hundred bytes") }
    self.pool = pool
  }

  deinit { ck_pool_destroy(pool) }

  /// Calls `work` once for each of `0..<pieces`, on several threads, and returns when all are done.
  ///
  /// Pieces must write to disjoint places. From inside a piece, or while another thread uses the pool, the caller does all
  /// pieces itself.
  public func run(_ pieces: Int, _ work: (Int) -> Void) {
    if pieces <= 1 || workers == 1 {
      for piece in 0..<max(0, pieces) { work(piece) }
      return
    }
    withoutActuallyEscaping(work) { work in
      var work = work
      withUnsafeMutablePointer(to: &work) { context in
        ck_pool_run(
          pool, pieces,
          { context, piece in
            context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(piece)
          }, context)
      }
    }
  }

  /// As `run`, for work that can fail: the error of the lowest failing piece is thrown when all pieces are done.
  ///
  /// - Parameters:
  ///   - pieces: How many pieces.
  ///   - work: Called once for each piece.
  /// - Throws: What a piece threw.
  public func runThrowing(_ pieces: Int, _ work: (Int) throws -> Void) throws {
    var failures = [(any Error)?](repeating: nil, count: max(0, pieces))
    failures.withUnsafeMutableBufferPointer { failures in
      run(pieces) { piece in
        do { try work(piece) } catch { failures[piece] = error }
      }
    }
    for failure in failures { if let failure { throw failure } }
  }
}
