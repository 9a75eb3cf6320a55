// What this machine can do at most, and what the products reach: the yardsticks of the benchmarks.
// Knows nothing of models beyond the shapes it is asked to time.

import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Measurements of the machine and of the kernels.
public enum KernelBenchmark: Sendable {
  /// The rate of fused multiply-adds with nothing to load, the best of several rounds.
  ///
  /// - Parameters:
  ///   - workers: How many threads at once.
  ///   - variant: Which instructions.
  /// - Returns: 10⁹ floating-point operations a second, two for each fused multiply-add.
  public static func peakGFLOPs(workers: Int = 1, variant: KernelVariant = .best) -> Double {
    let steps = variant == .plain ? 2_000_000 : 10_000_000
    let operations = ck_peak_loop(variant.rawValue, 0 + 1) * Double(steps)
    return best(workers: workers, work: operations * 1e-9) { _ in _ = ck_peak_loop(variant.rawValue, steps) }
  }

  /// The rate of reading memory that no cache holds, the best of several rounds.
  ///
  /// - Parameter workers: How many threads at once.
  /// - Returns: 10⁹ bytes a second.
  /// - Throws: When there is no memory for it.
  public static func readBandwidth(workers: Int = 1) throws(ArithmeticError) -> Double {
    let count = 64 << 20
    let numbers = try NumberBuffer(count: count * workers)
    for place in stride(from: 0, to: numbers.count, by: 512) { numbers.base[place] = 1 }
    return best(workers: workers, work: Double(4 * count) * 1e-9) { worker in
      _ = ck_read_loop(numbers.base + worker * count, count)
    }
  }

  /// The rate of the ordered product on one thread, weights read from memory as in a decoder's step.
  ///
  /// - Parameters:
  ///   - rows: Rows of A, at least 1.
  ///   - outputs: Rows of W.
  ///   - inputs: Columns of both.
  ///   - variant: Which instructions.
  /// - Returns: 10⁹ floating-point operations a second, packing of A included.
  /// - Throws: When there is no memory for it.
  public static func productGFLOPs(
    rows: Int, outputs: Int, inputs: Int, variant: KernelVariant = .best
  ) throws -> Double {
    let pool = WorkerPool(workers: 1)
    // So many matrices that each is long out of every cache when its turn comes again.
    let copies = rows > 64 ? 1 : max(1, (64 << 20) / (outputs * inputs))
    let matrices = try (0..<copies).map { _ in
      try Matrix(rows: outputs, columns: inputs, arithmetic: .ordered, pool: pool) { $1.update(repeating: 0.5) }
    }
    let (plain, packed) = (try NumberBuffer(count: rows * inputs), try NumberBuffer(count: rows * inputs))
    for place in 0..<plain.count { plain.base[place] = Float(place % 17) - 8 }
    let result = try NumberBuffer(count: rows * outputs)
    let rate = best(workers: 1, work: 2e-9 * Double(rows * outputs * inputs * copies)) { _ in
      for matrix in matrices {
        let operand = Operand(
          plain.base, stride: inputs, rows: rows, columns: inputs, scratch: packed.base, arithmetic: .ordered,
          variant: variant)
        matrix.multiply(operand, panels: 0..<matrix.panels, into: result.base, stride: outputs, variant: variant)
      }
    }
    withExtendedLifetime((plain, packed)) {}
    return rate
  }

  /// Runs `body` on each worker and returns the best rate of all workers together.
  ///
  /// One thread is timed by its own processor time, which other programs do not disturb; several by the clock.
  private static func best(workers: Int, work: Double, _ body: (Int) -> Void) -> Double {
    let clock = workers == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC
    let pool = WorkerPool(workers: workers)
    var best = 0.0
    for _ in 0..<7 {
      let start = seconds(clock)
      pool.run(workers, body)
      best = max(best, work * Double(workers) / (seconds(clock) - start))
    }
    return best
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
