// A plan as nodes that fit into a picture: steps that do the same for different cells and seeds stand in one node.
// Knows steps by their labels and what they read; nothing of where a node is drawn.

/// A step of a plan as a page tells of it.
package struct PlanStep: Sendable {
  /// What it is called.
  package let label: String
  /// Its kind.
  package let kind: String
  /// The places of the steps that it reads from, among the steps before it.
  package let inputs: [Int]
  /// How many cells use it; 0 for what gathers all of them.
  package let cells: Int
  /// How long it took, in seconds; nil if nobody noted it.
  package let seconds: Double?
  /// The beginning of its key; nil if its result is not stored.
  package let key: String?

  /// Takes what is known of a step.
  package init(label: String, kind: String, inputs: [Int], cells: Int, seconds: Double?, key: String?) {
    (self.label, self.kind, self.inputs) = (label, kind, inputs)
    (self.cells, self.seconds, self.key) = (cells, seconds, key)
  }
}

/// A plan in so few nodes that it can be read.
package struct PlanPicture: Sendable {
  /// Steps that are drawn as one.
  package struct Node: Sendable {
    /// What they have in common.
    package let title: String
    /// Their kind.
    package let kind: String
    /// Their places in the plan.
    package let steps: [Int]
  }

  /// From a node to one that reads from it.
  package struct Edge: Hashable, Sendable {
    /// The node that is read from.
    package let from: Int
    /// The node that reads.
    package let to: Int

    /// Makes an edge.
    package init(_ from: Int, _ to: Int) { (self.from, self.to) = (from, to) }
  }

  /// The steps, inputs first.
  package let steps: [PlanStep]
  /// The nodes; each comes after those that it reads from.
  package let nodes: [Node]
  /// What reads from what, without what follows from other edges.
  package let edges: [Edge]
  /// What steps of one node have in common, in words; nil where each step has its own.
  package let grouping: String?

  /// So many steps are drawn one by one.
  static let mostSteps = 24
  /// So many nodes are drawn before steps are told by their kind alone.
  static let mostNodes = 44

  /// Groups the steps of a plan.
  ///
  /// - Parameter steps: The steps, inputs first.
  package init(_ steps: [PlanStep]) {
    let own = steps.indices.map { ["\($0)"] }
    let labels = steps.map { [$0.kind, Self.common(in: $0.label)] }
    let kinds = steps.map { [$0.kind] }
    if steps.count <= Self.mostSteps {
      self.init(steps, by: own, titles: steps.map(\.label), grouping: nil)
    } else if Set(labels).count <= Self.mostNodes {
      self.init(steps, by: labels, titles: labels.map { $0[1] }, grouping: "those alike but for cell, seed and moment")
    } else {
      self.init(steps, by: kinds, titles: steps.map(\.kind), grouping: "those of one kind")
    }
  }

  private init(_ steps: [PlanStep], by keys: [[String]], titles: [String], grouping: String?) {
    let depths = Self.depths(of: steps)
    var keys = keys
    var groups = Self.groups(keys)
    if Self.order(groups.count, Self.edges(steps, groups.of)) == nil {
      // Steps of one name on both sides of others: where they stand in the plan tells them apart.
      keys = zip(keys, depths).map { $0 + ["\($1)"] }
      groups = Self.groups(keys)
    }
    let found = Self.edges(steps, groups.of)
    let order = Self.order(groups.count, found) ?? Array(0..<groups.count)
    var places = Array(repeating: 0, count: groups.count)
    for (place, group) in order.enumerated() { places[group] = place }
    self.steps = steps
    self.grouping = grouping
    nodes = order.map { group in
      let members = groups.members[group]
      return Node(title: titles[members[0]], kind: steps[members[0]].kind, steps: members)
    }
    edges = Self.reduced(Set(found.map { Edge(places[$0.from], places[$0.to]) }), count: groups.count)
  }

  // MARK: - Groups

  /// A label without the words that tell cells, seeds and moments of a training apart.
  static func common(in label: String) -> String {
    var parts = label.split(separator: ", ", omittingEmptySubsequences: false).map(String.init)
    let telling = ["after ", "seed ", "epoch ", "step "]
    parts = parts.prefix(1) + parts.dropFirst().filter { part in !telling.contains { part.hasPrefix($0) } }
    return parts.joined(separator: ", ")
  }

  /// For each step the longest way to it from one that reads nothing.
  private static func depths(of steps: [PlanStep]) -> [Int] {
    var depths: [Int] = []
    for step in steps { depths.append(1 + (step.inputs.map { depths[$0] }.max() ?? -1)) }
    return depths
  }

  private static func groups(_ keys: [[String]]) -> (of: [Int], members: [[Int]], count: Int) {
    var numbers: [[String]: Int] = [:]
    var (of, members): ([Int], [[Int]]) = ([], [])
    for (place, key) in keys.enumerated() {
      let number = numbers[key] ?? members.count
      if number == members.count {
        numbers[key] = number
        members.append([])
      }
      of.append(number)
      members[number].append(place)
    }
    return (of, members, members.count)
  }

  private static func edges(_ steps: [PlanStep], _ group: [Int]) -> Set<Edge> {
    var edges: Set<Edge> = []
    for (place, step) in steps.enumerated() {
      for input in step.inputs where group[input] != group[place] { edges.insert(Edge(group[input], group[place])) }
    }
    return edges
  }

  // MARK: - Order

  /// The nodes so that each comes after those it reads from, the first ones first; nil if they go round in circles.
  private static func order(_ count: Int, _ edges: Set<Edge>) -> [Int]? {
    var waiting = Array(repeating: 0, count: count)
    var readers = Array(repeating: [Int](), count: count)
    for edge in edges {
      waiting[edge.to] += 1
      readers[edge.from].append(edge.to)
    }
    var (order, ready) = ([Int](), (0..<count).filter { waiting[$0] == 0 })
    while let next = ready.min() {
      ready.removeAll { $0 == next }
      order.append(next)
      for reader in readers[next] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { ready.append(reader) }
      }
    }
    return order.count == count ? order : nil
  }

  /// The edges that do not follow from others: what reads the model at the end of a chain is not drawn again.
  private static func reduced(_ edges: Set<Edge>, count: Int) -> [Edge] {
    var readers = Array(repeating: [Int](), count: count)
    for edge in edges { readers[edge.from].append(edge.to) }
    // What can be reached in two edges or more; nodes come before those that read from them.
    var reached = Array(repeating: Set<Int>(), count: count)
    var far = Array(repeating: Set<Int>(), count: count)
    for node in (0..<count).reversed() {
      for reader in readers[node] { far[node].formUnion(reached[reader]) }
      reached[node] = far[node].union(readers[node])
    }
    return edges.filter { !far[$0.from].contains($0.to) }.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
  }
}

extension PlanPicture {
  /// How many cells use a node's steps, as words.
  func cells(of node: Node) -> String {
    let counts = node.steps.map { steps[$0].cells }.filter { $0 > 0 }
    guard let least = counts.min(), let most = counts.max() else { return "" }
    if least != most { return "\(least)–\(most) cells each" }
    return "\(most) cell\(most == 1 ? "" : "s")\(node.steps.count > 1 ? " each" : "")"
  }

  /// Whether a step of a node serves more than one cell.
  func isShared(_ node: Node) -> Bool { node.steps.contains { steps[$0].cells > 1 } }

  /// What a node's steps took together, in seconds; nil if nothing is known.
  func seconds(of node: Node) -> Double? {
    let known = node.steps.compactMap { steps[$0].seconds }
    return known.isEmpty ? nil : known.reduce(0, +)
  }
}
