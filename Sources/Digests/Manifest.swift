// The preimage of a key: named, typed, length-framed leaves in sorted order.
// One description of a step feeds the key and the explanation of a key, so the two cannot drift apart.

import Glibc

/// What a leaf of a manifest may be.
///
/// Anything without a canonical form cannot be said.
public enum ManifestValue: Hashable, Sendable {
  /// Absent on purpose; differs from an absent leaf.
  case none
  /// A truth value.
  case flag(Bool)
  /// A whole number.
  case integer(Int)
  /// A number, by its bits; `-0.0` is `0.0`, not-a-number is refused by ``Manifest/set(_:_:)``.
  case number(Double)
  /// Text, by its bytes.
  case text(String)
  /// The digest of some content.
  case digest(Digest)

  /// The letter of its type.
  fileprivate var tag: UInt8 {
    switch self {
    case .none: UInt8(ascii: "z")
    case .flag: UInt8(ascii: "b")
    case .integer: UInt8(ascii: "i")
    case .number: UInt8(ascii: "f")
    case .text: UInt8(ascii: "t")
    case .digest: UInt8(ascii: "d")
    }
  }

  /// The value as it stands in a manifest.
  fileprivate var written: String {
    switch self {
    case .none: ""
    case .flag(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .number(let number): (number == 0 ? 0 : number).description
    case .text(let text): text
    case .digest(let digest): digest.hex
    }
  }

  /// The value as a person reads it.
  public var readable: String {
    switch self {
    case .none: "none"
    case .digest(let digest): digest.short
    case .text(let text): text.isEmpty ? "\"\"" : text
    default: written
    }
  }
}

/// A set of named leaves with exactly one sequence of bytes.
///
/// The bytes are one line a leaf, sorted by name: `<bytes of name>:<name> <type> <bytes of value>:<value>\n`.
public struct Manifest: Hashable, Sendable {
  /// One leaf.
  public struct Leaf: Hashable, Sendable {
    /// Its path, parts joined by `/`.
    public let name: String
    /// Its value.
    public let value: ManifestValue
  }

  /// The leaves, sorted by the bytes of their names.
  public private(set) var leaves: [Leaf] = []

  /// Starts empty.
  public init() {}

  /// Takes leaves with different names in any order.
  ///
  /// - Precondition: As for ``set(_:_:)``.
  public init(sorting leaves: [(name: String, value: ManifestValue)]) {
    func precedes(_ left: (name: String, value: ManifestValue), _ right: (name: String, value: ManifestValue)) -> Bool {
      ByteOrder.precedes(left.name, right.name)
    }
    let isSorted = zip(leaves, leaves.dropFirst()).allSatisfy { precedes($0, $1) }
    self.leaves.reserveCapacity(leaves.count)
    for leaf in isSorted ? leaves : leaves.sorted(by: precedes) { set(leaf.name, leaf.value) }
  }

  /// Adds a leaf, or replaces the one of that name.
  ///
  /// - Precondition: `value` is no not-a-number or infinity: the types that feed a manifest hold finite numbers.
  public mutating func set(_ name: String, _ value: ManifestValue) {
    if case .number(let number) = value { precondition(number.isFinite, "\(name) has no canonical form") }
    // One piece of memory for what nearly every manifest has.
    if leaves.isEmpty { leaves.reserveCapacity(24) }
    let index = position(of: name)
    if index < leaves.count, ByteOrder.areEqual(leaves[index].name, name) {
      leaves[index] = Leaf(name: name, value: value)
    } else {
      leaves.insert(Leaf(name: name, value: value), at: index)
    }
  }

  /// Adds every leaf of another manifest under a prefix.
  public mutating func set(_ prefix: String, _ other: Manifest) {
    leaves.reserveCapacity(leaves.count + other.leaves.count)
    for leaf in other.leaves { set("\(prefix)/\(leaf.name)", leaf.value) }
  }

  /// The value of a leaf.
  public subscript(name: String) -> ManifestValue? {
    let index = position(of: name)
    return index < leaves.count && ByteOrder.areEqual(leaves[index].name, name) ? leaves[index].value : nil
  }

  /// Where a name stands, or would stand.
  private func position(of name: String) -> Int {
    // Most manifests are written in order.
    guard let last = leaves.last, !ByteOrder.precedes(last.name, name) else { return leaves.count }
    var (low, high) = (0, leaves.count)
    while low < high {
      let middle = (low + high) / 2
      if ByteOrder.precedes(leaves[middle].name, name) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The canonical bytes.
  public var bytes: [UInt8] { bytes(under: nil) }

  /// The canonical bytes of the leaves as they stand in a manifest that has them under a prefix.
  public func bytes(under prefix: String?) -> [UInt8] {
    var writer = ManifestWriter(leaves: leaves.count)
    writer.write(self, under: prefix)
    return writer.bytes
  }

  /// The key: SHA-256 of ``bytes``.
  public var key: Digest {
    var writer = ManifestWriter(leaves: leaves.count)
    writer.write(self)
    return writer.digest()
  }
}

/// Writes the bytes of a manifest leaf by leaf, where whoever writes knows the leaves in their order.
///
/// The bytes are in memory of its own, since a plan writes a megabyte of them for each thousand steps.
@safe public struct ManifestWriter: ~Copyable {
  private var memory: UnsafeMutableRawBufferPointer
  private var count = 0

  /// Starts with nothing, and room for so many leaves of a usual size.
  public init(leaves: Int) {
    unsafe memory = Self.room(for: 64 * (leaves + 1))
  }

  deinit { unsafe free(memory.baseAddress) }

  /// From the C library: Swift asks it for aligned memory here, which takes it longer to find and to join again.
  private static func room(for byteCount: Int) -> UnsafeMutableRawBufferPointer {
    guard let start = unsafe malloc(byteCount) else { fatalError("there is no memory for a manifest") }
    return unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
  }

  /// What was written.
  public var bytes: [UInt8] { unsafe Array(UnsafeRawBufferPointer(rebasing: memory[..<count])) }

  /// The digest of what was written and of what follows it.
  public func digest(then rest: [UInt8] = []) -> Digest {
    var hasher = DigestHasher()
    unsafe hasher.update(buffer: UnsafeRawBufferPointer(rebasing: memory[..<count]))
    if !rest.isEmpty { hasher.update(rest) }
    return hasher.finalize()
  }

  /// Adds every leaf of a manifest, as it stands in one that has them under a prefix.
  public mutating func write(_ manifest: Manifest, under prefix: String? = nil) {
    let prefix = prefix.map { "\($0)/" } ?? ""
    for leaf in manifest.leaves { write(prefix, leaf.name, "", leaf.value) }
  }

  /// Adds a leaf whose name is the three parts together.
  ///
  /// - Precondition: As for ``Manifest/set(_:_:)``; the name comes after all that were written before.
  public mutating func write(_ prefix: String, _ name: String, _ suffix: String, _ value: ManifestValue) {
    let nameCount = prefix.utf8.count + name.utf8.count + suffix.utf8.count
    if case .digest(let digest) = value {
      reserve(nameCount + Digest.digitCount)
      write(nameCount, prefix, name, suffix, value.tag)
      write(Digest.digitCount)
      unsafe digest.writeDigits(to: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
      count += Digest.digitCount
    } else {
      let text = value.written
      let textCount = text.utf8.count
      reserve(nameCount + textCount)
      write(nameCount, prefix, name, suffix, value.tag)
      write(textCount)
      write(text)
    }
    write(UInt8(ascii: "\n"))
  }

  private mutating func write(_ nameCount: Int, _ prefix: String, _ name: String, _ suffix: String, _ tag: UInt8) {
    write(nameCount)
    write(prefix)
    write(name)
    write(suffix)
    write(UInt8(ascii: " "))
    write(tag)
    write(UInt8(ascii: " "))
  }

  /// Makes room for a leaf with so many bytes of name and value; two counts, which have 20 digits at most, and 6 marks come to it.
  private mutating func reserve(_ byteCount: Int) {
    let needed = count + byteCount + 46
    guard unsafe needed > memory.count else { return }
    let larger = unsafe Self.room(for: max(needed, 2 * memory.count))
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
    unsafe free(memory.baseAddress)
    unsafe memory = larger
  }

  private mutating func write(_ byte: UInt8) {
    unsafe memory[count] = byte
    count += 1
  }

  private mutating func write(_ text: String) {
    let byteCount = text.utf8.count
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count..<(count + byteCount)])
    let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { source in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(source))
    }
    if isDone == nil { unsafe target.copyBytes(from: text.utf8) }
    count += byteCount
  }

  /// Writes a count and the colon after it.
  private mutating func write(_ number: Int) {
    if number >= 100 {
      write(String(number))
    } else {
      if number >= 10 { write(UInt8(ascii: "0") + UInt8(number / 10)) }
      write(UInt8(ascii: "0") + UInt8(number % 10))
    }
    write(UInt8(ascii: ":"))
  }
}

@available(*, unavailable, message: "its memory has one owner")
extension ManifestWriter: Sendable {}

/// A leaf that two manifests say differently.
public struct ManifestChange: Hashable, Sendable {
  /// The leaf's name.
  public let name: String
  /// What the first says; nil if it does not have the leaf.
  public let old: ManifestValue?
  /// What the second says; nil if it does not have the leaf.
  public let new: ManifestValue?

  /// Makes a change.
  public init(name: String, old: ManifestValue?, new: ManifestValue?) {
    self.name = name
    self.old = old
    self.new = new
  }
}

extension Manifest {
  /// The leaves that differ, sorted by name.
  public func changes(to other: Manifest) -> [ManifestChange] {
    var changes: [ManifestChange] = []
    var (here, there) = (leaves[...], other.leaves[...])
    while let name = Self.first(here.first?.name, there.first?.name) {
      var (old, new): (ManifestValue?, ManifestValue?)
      if let leaf = here.first, ByteOrder.areEqual(leaf.name, name) { old = here.removeFirst().value }
      if let leaf = there.first, ByteOrder.areEqual(leaf.name, name) { new = there.removeFirst().value }
      if old != new { changes.append(ManifestChange(name: name, old: old, new: new)) }
    }
    return changes
  }

  /// The one of two names that comes first; nil if there is neither.
  private static func first(_ one: String?, _ other: String?) -> String? {
    guard let one, let other else { return one ?? other }
    return ByteOrder.precedes(other, one) ? other : one
  }

  /// Reads back what ``bytes`` wrote.
  ///
  /// - Returns: nil if the bytes are not a manifest's, leaf by leaf and in order.
  public init?(parsing bytes: [UInt8]) {
    var rest = bytes[...]
    var last: String?
    while !rest.isEmpty {
      guard let name = Self.framed(&rest), rest.popFirst() == UInt8(ascii: " "), let tag = rest.popFirst(),
        rest.popFirst() == UInt8(ascii: " "), let text = Self.framed(&rest), rest.popFirst() == UInt8(ascii: "\n"),
        let value = ManifestValue(tag: tag, text: text),
        last.map({ ByteOrder.precedes($0, name) }) ?? true
      else { return nil }
      leaves.append(Leaf(name: name, value: value))
      last = name
    }
  }

  private static func framed(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = String(decoding: rest[rest.startIndex..<colon], as: UTF8.self)
    guard let count = Int(digits), count >= 0, String(count) == digits, rest.endIndex - colon - 1 >= count else {
      return nil
    }
    let text = String(validating: rest[(colon + 1)..<(colon + 1 + count)], as: UTF8.self)
    rest = rest[(colon + 1 + count)...]
    return text
  }
}

extension ManifestValue {
  fileprivate init?(tag: UInt8, text: String) {
    switch tag {
    case UInt8(ascii: "z"): self = .none
    case UInt8(ascii: "b"): self = .flag(text == "true")
    case UInt8(ascii: "i"):
      guard let number = Int(text) else { return nil }
      self = .integer(number)
    case UInt8(ascii: "f"):
      guard let number = Double(text), number.isFinite else { return nil }
      self = .number(number)
    case UInt8(ascii: "t"): self = .text(text)
    case UInt8(ascii: "d"):
      guard let digest = Digest(hex: text) else { return nil }
      self = .digest(digest)
    default: return nil
    }
    // Every value has one text: what says it otherwise was not written by a manifest.
    guard ByteOrder.areEqual(written, text) else { return nil }
  }
}

/// Texts by the bytes of their UTF-8: the order of everything that is sorted in keys.
public enum ByteOrder: Sendable {
  /// Whether one text stands before another.
  public static func precedes(_ left: String, _ right: String) -> Bool {
    guard let order = order(left, right) else { return left.utf8.lexicographicallyPrecedes(right.utf8) }
    return order == 0 ? left.utf8.count < right.utf8.count : order < 0
  }

  /// Whether two texts have the same bytes.
  static func areEqual(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    return order(left, right).map { $0 == 0 } ?? left.utf8.elementsEqual(right.utf8)
  }

  /// The order of two texts as far as both go: less than 0 if the first stands before the second; nil if one of them does not
  /// lie in one piece.
  private static func order(_ left: String, _ right: String) -> Int32? {
    let known = unsafe left.utf8.withContiguousStorageIfAvailable { left in
      unsafe right.utf8.withContiguousStorageIfAvailable { right -> Int32 in
        guard let one = left.baseAddress, let other = right.baseAddress else { return 0 }
        return unsafe memcmp(one, other, min(left.count, right.count))
      }
    }
    return known ?? nil
  }
}
