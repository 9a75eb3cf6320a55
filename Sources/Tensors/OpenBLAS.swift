// OpenBLAS, loaded when it is first asked for and never before, with one thread and the kernels of its own choice.
// Knows nothing of packing or models. It reads its environment while it is loaded, so that is settled first.

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// The functions of OpenBLAS that are used.
public struct OpenBLAS: Sendable {
  typealias Product =
    @convention(c) (
      CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>, CInt, UnsafePointer<Float>, CInt, Float,
      UnsafeMutablePointer<Float>, CInt
    ) -> Void
  typealias SetThreads = @convention(c) (CInt) -> Void
  typealias CoreName = @convention(c) () -> UnsafeMutablePointer<CChar>?

  private static let library = "libopenblas.so.0"
  private let product: Product
  /// The name of the kernels that OpenBLAS chose for this host; for people, not for keys.
  public let coreName: String

  private static let loaded: Result<OpenBLAS, ArithmeticError> = {
    do throws(ArithmeticError) { return .success(try OpenBLAS()) } catch { return .failure(error) }
  }()

  /// The library, loaded at the first call of the process.
  ///
  /// - Throws: When it is not installed.
  public static func load() throws(ArithmeticError) -> OpenBLAS { try loaded.get() }

  private init() throws(ArithmeticError) {
    // A user's choice of kernels would change results by a variable that no key holds: the host alone decides.
    for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_VERBOSE"] { unsetenv(name) }
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    guard let handle = dlopen(Self.library, RTLD_NOW | RTLD_LOCAL) else {
      throw .openBLASMissing(library: Self.library, reason: dlerror().map { String(cString: $0) } ?? "unknown reason")
    }
    guard let sgemm = dlsym(handle, "cblas_sgemm"), let threads = dlsym(handle, "openblas_set_num_threads"),
      let core = dlsym(handle, "openblas_get_corename")
    else { throw .openBLASMissing(library: Self.library, reason: "it lacks a function that is needed") }
    product = unsafeBitCast(sgemm, to: Product.self)
    unsafeBitCast(threads, to: SetThreads.self)(1)
    coreName = unsafeBitCast(core, to: CoreName.self)().map { String(cString: $0) } ?? "unknown"
  }

  /// C[m,n] = A[m,k] · W[n,k]ᵀ, or C += that; all row-major.
  ///
  /// - Parameters:
  ///   - a: Row-major.
  ///   - aStride: Floats from one row of A to the next.
  ///   - m: Rows of A and C.
  ///   - k: Columns of A and W.
  ///   - w: Row-major, rows `k` apart.
  ///   - n: Rows of W, columns of C.
  ///   - c: Row-major.
  ///   - cStride: Floats from one row of C to the next.
  ///   - adding: Whether the product is added to what C holds.
  public func multiply(
    _ a: UnsafePointer<Float>, aStride: Int, m: Int, k: Int, _ w: UnsafePointer<Float>, n: Int,
    into c: UnsafeMutablePointer<Float>, cStride: Int, adding: Bool
  ) {
    let (rowMajor, asIs, transposed): (CInt, CInt, CInt) = (101, 111, 112)
    product(
      rowMajor, asIs, transposed, CInt(m), CInt(n), CInt(k), 1, a, CInt(aStride), w, CInt(k), adding ? 1 : 0, c,
      CInt(cStride))
  }
}
