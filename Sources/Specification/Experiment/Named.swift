// Values by name in the order of the file.
// Knows nothing of what the values are; names are compared by their bytes.

/// Values by name, in the order in which a file gives them.
///
/// Names are unique by their UTF-8 bytes.
public struct Named<Value: Hashable & Sendable>: Hashable, Sendable {
  /// A name and its value.
  public struct Entry: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The value.
    public let value: Value

    /// Makes an entry.
    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  /// The entries, in order.
  public let entries: [Entry]

  /// Makes a collection of entries whose names are unique.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// The names, in order.
  public var names: [String] { entries.map(\.name) }

  /// Whether there is nothing.
  public var isEmpty: Bool { entries.isEmpty }

  /// The value of that name, if there is one.
  public subscript(name: String) -> Value? {
    // Most names differ in their length already.
    entries.first { $0.name.utf8.count == name.utf8.count && $0.name.utf8.elementsEqual(name.utf8) }?.value
  }
}
