// What the system says of the files that a catalog names, asked on another thread while specs are read and planned.
// Knows nothing of plans: most stores hold little that a plan does not ask for.

import Digests
import Dispatch
import Glibc
import Synchronization

extension Store {
  /// Opens a store that is there and whole; nil if it is not, so that ``init(at:mode:fileSystem:onDamage:)`` says why.
  ///
  /// Nothing is written, and no damage is told.
  public init?(
    intactAt path: String, mode: Mode, fileSystem: any FileSystem = DiskFileSystem(),
    onDamage: (@Sendable (Damage) -> Void)? = nil
  ) {
    let isReadOnly = mode == .readOnly || mode == .readOnlyIfPresent
    let files = StoreFiles(root: path, system: fileSystem, isReadOnly: isReadOnly)
    guard let text = (try? files.read("format")) ?? nil, text == Self.formatText else { return nil }
    self.init(files, onDamage)
  }

  /// Looks at the files that the catalog names, on another thread, until ``endLookAhead()``.
  ///
  /// What is found there is as good as a look at the moment when a plan asks, for the few seconds for which it counts.
  /// A run says before that it is at work, as it must before it looks at anything.
  public func lookAhead() { ahead.start(files) }

  /// Ends it: from here on every look is one of its own.
  public func endLookAhead() { ahead.end() }

  /// Whether all that there was to look at has been looked at; for tests.
  package var hasLookedAhead: Bool { ahead.isDone }

  /// What the system says of a step's file; nil if there is none.
  func status(ofStep key: Digest) throws(StorageError) -> FileStatus? {
    try files.status(at: Self.name(key, in: stepFolder, suffix: Self.stepSuffix))
  }

  /// What the system says of an object's file; nil if there is none.
  func status(ofObject object: Digest) throws(StorageError) -> FileStatus? {
    if let known = ahead.status(ofObject: object, files) { return known }
    return try files.status(at: Self.name(object, in: objectFolder, suffix: Self.objectSuffix))
  }
}

/// A catalog as it was read, and what of it holds by the statuses of its files, as far as they are known.
final class LookAhead: Sendable {
  /// For how long a look counts, in microseconds; far less than the hour that collection allows for.
  static let validFor: Int64 = 5_000_000
  /// How many entries are looked at before they are told.
  private static let batch = 64

  private struct State {
    var isOn = false
    /// When the first look was.
    var began: Int64 = 0
    var catalog: CatalogContent?
    /// Entries whose files are as they were.
    var steps: [Digest: CatalogEntry] = [:]
    var objects: [Digest: FileStatus] = [:]
    var isDone = false

    func isFresh(at now: Int64) -> Bool { isOn && (0..<LookAhead.validFor).contains(now - began) }
  }

  private let state = Mutex(State())

  /// Whether nobody has to be asked; read without the lock, for most looks are made without any of this.
  private let isOn = Atomic(false)

  func start(_ files: StoreFiles) {
    let began = files.system.now()
    state.withLock { ($0.isOn, $0.began) = (true, began) }
    isOn.store(true, ordering: .relaxed)
    let files = files.unnoted
    Beside.start { self.look(files) }
  }

  func end() {
    isOn.store(false, ordering: .relaxed)
    state.withLock { $0 = State() }
  }

  /// The catalog, if it has been read.
  var catalog: CatalogContent? { isOn.load(ordering: .relaxed) ? state.withLock { $0.catalog } : nil }

  /// Whether everything that the catalog names has been looked at.
  var isDone: Bool { state.withLock { $0.isDone } }

  /// What the catalog says of a step whose file is as it was; nil if that is not known.
  func entry(ofStep key: Digest, _ files: StoreFiles) -> CatalogEntry? {
    guard isOn.load(ordering: .relaxed) else { return nil }
    let now = files.system.now()
    return state.withLock { $0.isFresh(at: now) ? $0.steps[key] : nil }
  }

  func status(ofObject object: Digest, _ files: StoreFiles) -> FileStatus? {
    guard isOn.load(ordering: .relaxed) else { return nil }
    let now = files.system.now()
    return state.withLock { $0.isFresh(at: now) ? $0.objects[object] : nil }
  }

  private func look(_ files: StoreFiles) {
    let catalog = CatalogContent(files)
    let isWanted = state.withLock { state in
      guard state.isOn else { return false }
      state.catalog = catalog
      state.steps.reserveCapacity(catalog.places.count)
      return true
    }
    guard isWanted else { return }
    let (steps, objects) = ("\(files.root)/steps", "\(files.root)/objects")
    var seen: Set<Digest> = []
    var found = Found()
    for (key, place) in catalog.places {
      guard let entry = CatalogEntry(catalog.bytes, at: place),
        let status = try? files.status(at: Store.name(key, in: steps, suffix: Store.stepSuffix)), entry.isOf(status)
      else { continue }
      found.steps.append(entry)
      for output in entry.outputs where seen.insert(output.digest).inserted {
        let path = Store.name(output.digest, in: objects, suffix: Store.objectSuffix)
        if let status = try? files.status(at: path) { found.objects.append((output.digest, status)) }
      }
      guard found.steps.count >= Self.batch else { continue }
      guard tell(found) else { return }
      found.steps.removeAll(keepingCapacity: true)
      found.objects.removeAll(keepingCapacity: true)
    }
    _ = tell(found, isLast: true)
  }

  private struct Found {
    var steps: [CatalogEntry] = []
    var objects: [(digest: Digest, status: FileStatus)] = []
  }

  /// Adds what was found; false if nobody wants to know any more.
  private func tell(_ found: Found, isLast: Bool = false) -> Bool {
    state.withLock { state in
      guard state.isOn else { return false }
      for entry in found.steps { state.steps[entry.key] = entry }
      for object in found.objects { state.objects[object.digest] = object.status }
      state.isDone = isLast
      return true
    }
  }
}

/// Work on a thread of its own, beside the one that asks for it.
///
/// Not on a queue of libdispatch's: to have one costs more than most of what is done here.
public enum Beside: Sendable {
  private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// What work on another thread comes to.
  public final class Outcome<Value: Sendable>: Sendable {
    fileprivate let value = Mutex<Value?>(nil)
    fileprivate let isThere = DispatchSemaphore(value: 0)

    /// The value, once it is there.
    public func wait() -> Value {
      isThere.wait()
      isThere.signal()
      guard let value = value.withLock({ $0 }) else { fatalError("the work left its value: our own bug") }
      return value
    }
  }

  /// Starts work that gives a value.
  public static func value<Value: Sendable>(_ work: @escaping @Sendable () -> Value) -> Outcome<Value> {
    let outcome = Outcome<Value>()
    start {
      let value = work()
      outcome.value.withLock { $0 = value }
      outcome.isThere.signal()
    }
    return outcome
  }

  /// Starts work, or does it at once where no thread can be had.
  public static func start(_ run: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(run))
    var attributes = pthread_attr_t()
    var thread = pthread_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    let failure = pthread_create(
      &thread, &attributes,
      { pointer in
        if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, work.toOpaque())
    if failure != 0 { work.takeRetainedValue().run() }
  }
}
