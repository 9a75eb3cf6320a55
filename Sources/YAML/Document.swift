// From the bytes of a YAML file to its tree, with everything refused that a spec must not hold.
// Knows nothing of what the keys mean.

import Diagnostics

/// A YAML document.
public enum YAMLDocument: Sendable {
  /// The most bytes a document may have.
  public static let mostBytes = 4 << 20
  /// The most nodes a document may have with its aliases written out.
  public static let mostNodes = 200_000
  /// How deep lists and mappings may nest.
  public static let mostDepth = 64

  /// Reads as much of a document as can be read.
  ///
  /// - Parameters:
  ///   - bytes: The file's bytes.
  ///   - file: The file as the user named it.
  /// - Returns: The tree and every fault found up to the first that breaks the grammar.
  public static func read(_ bytes: [UInt8], file: String) -> (root: Node?, faults: [YAMLError.Located]) {
    let source = SourceText(bytes, file: file)
    return read(source.bytes, source: source)
  }

  /// Reads a document that must have no faults.
  ///
  /// - Parameters:
  ///   - bytes: The file's bytes.
  ///   - file: The file as the user named it.
  /// - Returns: The root node.
  /// - Throws: Every fault found up to the first that breaks the grammar.
  public static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> Node {
    let source = SourceText(bytes, file: file)
    return try parse(source.bytes, source: source)
  }

  /// Reads text.
  ///
  /// - Parameters:
  ///   - text: The document.
  ///   - file: What places name.
  /// - Returns: The root node.
  /// - Throws: Every fault found up to the first that breaks the grammar.
  public static func parse(_ text: String, file: String) throws(YAMLError) -> Node {
    try parse(Array(text.utf8), file: file)
  }

  /// Reads the value in `key=value`, so that places count from the beginning of the whole argument.
  ///
  /// - Parameters:
  ///   - argument: The whole argument.
  ///   - skipping: How many of its bytes stand before the value.
  ///   - file: What places name.
  /// - Returns: The root node.
  /// - Throws: Every fault found up to the first that breaks the grammar.
  public static func parse(argument: String, skipping: Int, file: String) throws(YAMLError) -> Node {
    let source = SourceText(Array(argument.utf8), file: file)
    // Spaces, one a character, keep columns as they are.
    let blank = String(decoding: source.bytes.prefix(skipping), as: UTF8.self).unicodeScalars.count
    let value = Array(repeating: UInt8(ascii: " "), count: blank) + source.bytes.dropFirst(skipping)
    return try parse(value, source: source)
  }

  private static func parse(_ bytes: [UInt8], source: SourceText) throws(YAMLError) -> Node {
    let (root, faults) = read(bytes, source: source)
    guard let root, faults.isEmpty else { throw YAMLError(faults: faults) }
    return root
  }

  /// A tree, faults, or both.
  private static func read(
    _ bytes: [UInt8], source: SourceText
  ) -> (root: Node?, faults: [YAMLError.Located]) {
    func only(_ fault: YAMLFault, at offset: Int) -> (root: Node?, faults: [YAMLError.Located]) {
      (nil, [.init(fault: fault, place: source.place(offset..<offset + 1))])
    }
    guard bytes.count <= mostBytes else { return only(.tooLarge(bytes: bytes.count, most: mostBytes), at: 0) }
    if let offset = firstBadByte(bytes) { return only(.notUTF8(byte: bytes[offset]), at: offset) }
    var builder = TreeBuilder(source: source)
    builder.build(from: EventReader(bytes, source: source))
    if builder.root == nil, builder.faults.isEmpty { return only(.empty, at: 0) }
    return (
      builder.root, builder.faults.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
    )
  }

  /// The offset of the first byte that belongs to no UTF-8 character.
  private static func firstBadByte(_ bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput, .error: return min(offset, bytes.count - 1)
      }
    }
  }
}

/// Builds the tree from events; no recursion, so depth costs no stack.
///
/// After a fault that leaves the grammar whole it goes on as if the writer had meant it, so that what else is wrong can be
/// told in the same run.
private struct TreeBuilder {
  private struct Open {
    var elements: [Node] = []
    var entries: [Node.Entry] = []
    /// What a merge key brings.
    var merged: [Node.Entry] = []
    var key: Node.Key?
    let isMapping: Bool
    let isFlow: Bool
    let anchor: String?
    let range: Range<Int>
    /// This node and those below, aliases written out.
    var nodes = 1
    /// The line of each key, to find duplicates.
    var lines: [[UInt8]: Int] = [:]
  }

  let source: SourceText
  var root: Node?
  var faults: [YAMLError.Located] = []
  private var open: [Open] = []
  private var anchors: [(name: String, node: Node, nodes: Int)] = []
  private var documents = 0

  init(source: SourceText) { self.source = source }

  mutating func build(from events: consuming EventReader) {
    while true {
      do {
        let event = try events.next()
        if case .streamEnd = event.kind { return }
        if !take(event) { return }
      } catch {
        note(fault(of: error), error.offset..<error.offset + 1)
        return
      }
    }
  }

  /// - Returns: Whether it makes sense to go on.
  private mutating func take(_ event: YAMLEvent) -> Bool {
    if let tag = event.tag { note(.tag(tag), event.range) }
    switch event.kind {
    case .documentStart:
      documents += 1
      if documents > 1 {
        note(.severalDocuments, event.range)
        return false
      }
    case .scalar(let scalar): add(scalar, event)
    case .alias(let name): return addAlias(name, event.range)
    case .sequenceStart(let flow): return begin(isMapping: false, flow, event)
    case .mappingStart(let flow): return begin(isMapping: true, flow, event)
    case .sequenceEnd, .mappingEnd: end(event.range)
    case .streamStart, .streamEnd, .documentEnd: break
    }
    return isSmallEnough(event.range)
  }

  private mutating func begin(isMapping: Bool, _ flow: Bool, _ event: YAMLEvent) -> Bool {
    guard open.count < YAMLDocument.mostDepth else {
      note(.tooDeep(most: YAMLDocument.mostDepth), event.range)
      return false
    }
    open.append(Open(isMapping: isMapping, isFlow: flow, anchor: event.anchor, range: event.range))
    return true
  }

  private mutating func end(_ range: Range<Int>) {
    // libyaml pairs starts and ends.
    guard let done = open.popLast() else { return }
    // A block's end lies before the next key; its first character is what a person looks for.
    let whole = done.range.lowerBound..<(done.isFlow ? range.upperBound : done.range.lowerBound + 1)
    let merged = done.merged.filter { done.lines[Array($0.key.text.utf8)] == nil }
    let content: Node.Content = done.isMapping ? .mapping(done.entries + merged) : .sequence(done.elements)
    add(Node(content, location: Location(source, whole)), nodes: done.nodes, anchor: done.anchor)
  }

  private mutating func add(_ scalar: Scalar, _ event: YAMLEvent) {
    let location = Location(source, event.range)
    if let last = open.indices.last, open[last].isMapping, open[last].key == nil {
      if scalar.style == .plain, scalar.text == "<<" { note(.mergeKey, event.range) }
      open[last].key = Node.Key(scalar.text, location: location)
      return
    }
    add(Node(.scalar(scalar), location: location), nodes: 1, anchor: event.anchor)
  }

  private mutating func addAlias(_ name: String, _ range: Range<Int>) -> Bool {
    guard let anchor = anchors.last(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      note(.unknownAlias(name), range)
      add(Node(.scalar(Scalar("", style: .plain)), location: Location(source, range)), nodes: 1, anchor: nil)
      return true
    }
    add(anchor.node, nodes: anchor.nodes, anchor: nil)
    return isSmallEnough(range)
  }

  /// Counts after every event, so an alias of aliases is caught before it is walked.
  private mutating func isSmallEnough(_ range: Range<Int>) -> Bool {
    guard open.reduce(0, { $0 + $1.nodes }) > YAMLDocument.mostNodes else { return true }
    note(.expandsTooFar(most: YAMLDocument.mostNodes), range)
    return false
  }

  private mutating func add(_ node: Node, nodes count: Int, anchor: String?) {
    if let anchor { anchors.append((anchor, node, count)) }
    guard let last = open.indices.last else {
      root = node
      return
    }
    open[last].nodes += count
    if !open[last].isMapping {
      open[last].elements.append(node)
    } else if let key = open[last].key {
      open[last].key = nil
      add(Node.Entry(key: key, value: node), to: last)
    } else {
      note(.complexKey, node.location.range)
      open[last].key = Node.Key("", location: node.location)
    }
  }

  private mutating func add(_ entry: Node.Entry, to index: Int) {
    let text = entry.key.text
    if text == "<<" {
      // The key may be quoted; then it is a key like any other.
      if source.bytes[entry.key.location.range.lowerBound] == UInt8(ascii: "<") {
        open[index].merged += entry.value.entries ?? (entry.value.elements ?? []).flatMap { $0.entries ?? [] }
        return
      }
    }
    if let first = open[index].lines[Array(text.utf8)] {
      note(.duplicateKey(text, firstLine: first), entry.key.location.range)
    } else {
      open[index].lines[Array(text.utf8)] = entry.key.location.line
      open[index].entries.append(entry)
    }
  }

  private func fault(of problem: YAMLProblem) -> YAMLFault {
    let offset = problem.offset
    let isTab = offset < source.bytes.count && source.bytes[offset] == UInt8(ascii: "\t")
    if problem.words.contains("tab character") || (isTab && problem.words.contains("cannot start any token")) {
      return .tabIndentation
    }
    if problem.words == "control characters are not allowed" { return .controlCharacter }
    let line = problem.contextOffset.map { source.lineNumber(at: min($0, source.bytes.count)) + 1 }
    return .syntax(problem.words, context: problem.context, contextLine: line)
  }

  /// Notes a fault; nobody mends more than a hundred at once, and each costs a look at its line.
  private mutating func note(_ fault: YAMLFault, _ range: Range<Int>) {
    if faults.count < 100 { faults.append(.init(fault: fault, place: source.place(range))) }
  }
}
