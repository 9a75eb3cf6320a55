// The tree that a YAML file says, in which every node and key knows its place.
// Knows nothing of what the keys mean.

public import Diagnostics

/// A node of a YAML tree.
///
/// Aliases are expanded: the node stands where its anchor was written.
public struct Node: Sendable {
  /// What a node is.
  public enum Content: Sendable {
    /// Text, with the way it was written.
    case scalar(Scalar)
    /// A list.
    case sequence([Node])
    /// Keys and values in the order of the file; no two keys have the same bytes.
    case mapping([Entry])
  }

  /// A key and its value.
  public struct Entry: Sendable {
    /// The key.
    public let key: Key
    /// The value.
    public let value: Node

    /// Makes an entry.
    public init(key: Key, value: Node) {
      self.key = key
      self.value = value
    }
  }

  /// A key of a mapping.
  public struct Key: Sendable {
    /// The key's text.
    public let text: String
    /// Where it was written.
    public let location: Location

    /// Makes a key.
    public init(_ text: String, location: Location) {
      self.text = text
      self.location = location
    }

    /// Where a person finds it.
    public var place: SourcePlace { location.place }
  }

  /// What it is.
  public let content: Content
  /// Where it was written.
  public let location: Location

  /// Makes a node.
  public init(_ content: Content, location: Location) {
    self.content = content
    self.location = location
  }

  /// Where a person finds it.
  public var place: SourcePlace { location.place }

  /// The scalar, if it is one.
  public var scalar: Scalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  /// The elements, if it is a list.
  public var elements: [Node]? {
    if case .sequence(let elements) = content { elements } else { nil }
  }

  /// The entries, if it is a mapping.
  public var entries: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  /// The entry of that key, if this is a mapping that has it.
  public func entry(_ key: String) -> Entry? {
    // Most keys differ in their length already.
    entries?.first { $0.key.text.utf8.count == key.utf8.count && $0.key.text.utf8.elementsEqual(key.utf8) }
  }

  /// The value of that key, if this is a mapping that has it.
  public subscript(key: String) -> Node? { entry(key)?.value }

  /// What kind of node this is, in words for a message.
  public var kindInWords: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let scalar): scalar.value.kindInWords
    }
  }
}

extension Node {
  /// The place of the value at a path such as `evals/accuracy/temperature`; list elements by number from 0.
  ///
  /// - Parameter path: Keys joined by `/`; within a key `~1` stands for `/` and `~0` for `~`. Empty: this node.
  /// - Returns: The place, or nil if nothing stands there.
  public func place(of path: String) -> SourcePlace? {
    let (node, whole) = deepest(on: path)
    return whole ? node.place : nil
  }

  /// The place of the value at a path, or of the nearest enclosing node that is there.
  ///
  /// - Parameter path: As for ``place(of:)``.
  /// - Returns: The place.
  public func nearestPlace(of path: String) -> SourcePlace { deepest(on: path).node.place }

  /// The node at a path, if there is one.
  ///
  /// - Parameter path: As for ``place(of:)``.
  /// - Returns: The node, or nil if nothing stands there.
  public func node(at path: String) -> Node? {
    let (node, whole) = deepest(on: path)
    return whole ? node : nil
  }

  private func deepest(on path: String) -> (node: Node, whole: Bool) {
    var node = self
    for step in path.utf8.split(separator: UInt8(ascii: "/")) {
      guard let next = node.child(Self.unescaped(step)) else { return (node, false) }
      node = next
    }
    return (node, true)
  }

  private func child(_ step: String) -> Node? {
    if let elements, let index = Int(step) { return elements.indices.contains(index) ? elements[index] : nil }
    return self[step]
  }

  private static func unescaped(_ step: Substring.UTF8View) -> String {
    var bytes: [UInt8] = []
    var escaped = false
    for byte in step {
      if escaped {
        bytes.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~"))
        escaped = false
      } else if byte == UInt8(ascii: "~") {
        escaped = true
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
