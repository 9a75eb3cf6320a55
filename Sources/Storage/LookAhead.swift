// What the system says of the files that a catalog names, asked on a thread of its own while specs are read and planned.
// Knows nothing of plans: most stores hold little that a plan does not ask for.

import Digests
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
  /// What is found there is as good as a look at the moment when a plan asks, for the few seconds for which it counts. A run
  /// says before that it is at work, as it must before it looks at anything.
  public func lookAhead() { ahead.start(files) }

  /// Ends it: from here on every look is one of its own.
  public func endLookAhead() { ahead.end() }

  /// What the system says of a step's file; nil if there is none.
  func status(ofStep key: Digest) throws(StorageError) -> FileStatus? {
    if let known = ahead.status(ofStep: key, files) { return known }
    return try files.status(at: Self.name(key, in: stepFolder, suffix: Self.stepSuffix))
  }

  /// What the system says of an object's file; nil if there is none.
  func status(ofObject object: Digest) throws(StorageError) -> FileStatus? {
    if let known = ahead.status(ofObject: object, files) { return known }
    return try files.status(at: Self.name(object, in: objectFolder, suffix: Self.objectSuffix))
  }
}

/// A catalog as it was read, and the statuses of its files as far as they are known.
final class LookAhead: Sendable {
  /// For how long a look counts, in microseconds; far less than the hour that collection allows for.
  static let validFor: Int64 = 5_000_000
  /// How many entries' files are looked at before their statuses are told.
  private static let batch = 64

  private struct State {
    var isOn = false
    /// When the first look was.
    var began: Int64 = 0
    var catalog: CatalogContent?
    var steps: [Digest: FileStatus] = [:]
    var objects: [Digest: FileStatus] = [:]

    func isFresh(at now: Int64) -> Bool { isOn && (0..<LookAhead.validFor).contains(now - began) }
  }

  private let state = Mutex(State())

  /// Whether nobody has to be asked; read without the lock, for most looks are made without any of this.
  private let isOn = Atomic(false)

  func start(_ files: StoreFiles) {
    let began = files.system.now()
    state.withLock { ($0.isOn, $0.began) = (true, began) }
    isOn.store(true, ordering: .relaxed)
    Beside.start { self.look(files) }
  }

  func end() {
    isOn.store(false, ordering: .relaxed)
    state.withLock { $0 = State() }
  }

  /// The catalog, if it has been read.
  var catalog: CatalogContent? { isOn.load(ordering: .relaxed) ? state.withLock { $0.catalog } : nil }

  func status(ofStep key: Digest, _ files: StoreFiles) -> FileStatus? {
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
    var found: (steps: [(Digest, FileStatus)], objects: [(Digest, FileStatus)]) = ([], [])
    for (key, place) in catalog.places {
      guard let entry = CatalogEntry(catalog.bytes, at: place),
        let status = try? files.status(at: Store.name(key, in: steps, suffix: Store.stepSuffix))
      else { continue }
      found.steps.append((key, status))
      for output in entry.outputs where seen.insert(output.digest).inserted {
        let path = Store.name(output.digest, in: objects, suffix: Store.objectSuffix)
        if let status = try? files.status(at: path) { found.objects.append((output.digest, status)) }
      }
      guard found.steps.count >= Self.batch else { continue }
      guard tell(found) else { return }
      found.steps.removeAll(keepingCapacity: true)
      found.objects.removeAll(keepingCapacity: true)
    }
    _ = tell(found)
  }

  /// Adds statuses; false if nobody wants to know any more.
  private func tell(_ found: (steps: [(Digest, FileStatus)], objects: [(Digest, FileStatus)])) -> Bool {
    state.withLock { state in
      guard state.isOn else { return false }
      for (key, status) in found.steps { state.steps[key] = status }
      for (object, status) in found.objects { state.objects[object] = status }
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

  /// Starts the work, or does it at once where no thread can be had.
  public static func start(_ run: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(run))
    var attributes = pthread_attr_t()
    var thread = pthread_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    let failure = pthread_create(&thread, &attributes, { pointer in
      guard let pointer else { return nil }
      Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
      return nil
    }, work.toOpaque())
    if failure != 0 { work.takeRetainedValue().run() }
  }
}
