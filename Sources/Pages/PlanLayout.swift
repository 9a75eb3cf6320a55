// Where the nodes of a plan stand: in rows, what is read above what reads it, with as few crossings as a few sweeps
// find. Knows nodes by number; nothing of steps. The same graph always gives the same picture.

/// Places for the nodes of a graph without circles.
package struct PlanLayout: Sendable {
  /// A rectangle.
  package struct Box: Hashable, Sendable {
    /// The left edge.
    package let x: Double
    /// The upper edge.
    package let y: Double
    /// From left to right.
    package let width: Double
    /// From top to bottom.
    package let height: Double

    /// The middle from left to right.
    package var center: Double { x + width / 2 }
    /// The lower edge.
    package var bottom: Double { y + height }
  }

  /// How large things are.
  package struct Measures: Sendable {
    var node = (width: 226.0, height: 60.0)
    var gap = (across: 14.0, down: 34.0)
    /// The room that an edge takes on its way past a row.
    var passage = 10.0
    /// The most nodes of a row.
    var most = 5

    /// The usual sizes.
    package init() {}
  }

  /// The box of each node.
  package let boxes: [Box]
  /// For each edge the places that it goes through, from the lower edge of one node to the upper edge of another.
  package let ways: [[(x: Double, y: Double)]]
  /// From left to right.
  package let width: Double
  /// From top to bottom.
  package let height: Double

  /// Lays nodes out.
  ///
  /// - Parameters:
  ///   - count: How many nodes there are; each comes after those that it reads from.
  ///   - edges: What reads from what.
  ///   - measures: How large things are.
  package init(nodes count: Int, edges: [PlanPicture.Edge], measures: Measures = Measures()) {
    var rows = LayeredRows(nodes: count, edges: edges, most: measures.most)
    rows.sort()
    let places = RowPlacement(rows, measures)
    let pitch = measures.node.height + measures.gap.down
    func top(_ row: Int) -> Double { Double(row) * pitch }
    boxes = (0..<count).map { node in
      Box(
        x: places.centers[node] - measures.node.width / 2, y: top(rows.rowOf[node]), width: measures.node.width,
        height: measures.node.height)
    }
    let boxes = self.boxes
    ways = edges.indices.map { index in
      let edge = edges[index]
      var way = [(x: boxes[edge.from].center, y: boxes[edge.from].bottom)]
      for passage in rows.passages[index] {
        let x = places.centers[passage]
        way += [(x: x, y: top(rows.rowOf[passage])), (x: x, y: top(rows.rowOf[passage]) + measures.node.height)]
      }
      return way + [(x: boxes[edge.to].center, y: boxes[edge.to].y)]
    }
    width = places.width
    height = max(measures.node.height, top(rows.rows.count) - measures.gap.down)
  }
}

/// Nodes in rows, and for each row that an edge passes a place where it does.
struct LayeredRows {
  /// The numbers of nodes, and behind them of passages, row by row.
  private(set) var rows: [[Int]]
  private(set) var rowOf: [Int]
  /// For each edge its passages, from above.
  private(set) var passages: [[Int]] = []
  /// For each node and passage those above and below that it is joined to.
  private(set) var above: [[Int]]
  private(set) var below: [[Int]]
  /// Numbers from here on are passages.
  let nodes: Int
  /// Arrows from one node pass a row together: by node and row.
  private var shared: [[Int]: Int] = [:]

  init(nodes count: Int, edges: [PlanPicture.Edge], most: Int) {
    nodes = count
    rowOf = Self.rows(count, edges, most: most)
    above = Array(repeating: [], count: count)
    below = above
    rows = Array(repeating: [], count: (rowOf.max() ?? -1) + 1)
    for node in 0..<count { rows[rowOf[node]].append(node) }
    for edge in edges {
      let own = pass(edge)
      passages.append(own)
    }
  }

  /// Joins two nodes through the rows between them.
  private mutating func pass(_ edge: PlanPicture.Edge) -> [Int] {
    var (own, last) = ([Int](), edge.from)
    for row in (rowOf[edge.from] + 1)..<max(rowOf[edge.from] + 1, rowOf[edge.to]) {
      if let passage = shared[[edge.from, row]] {
        own.append(passage)
        last = passage
        continue
      }
      let passage = rowOf.count
      shared[[edge.from, row]] = passage
      rowOf.append(row)
      rows[row].append(passage)
      above.append([])
      below.append([])
      join(last, passage)
      own.append(passage)
      last = passage
    }
    join(last, edge.to)
    return own
  }

  private mutating func join(_ upper: Int, _ lower: Int) {
    below[upper].append(lower)
    above[lower].append(upper)
  }

  /// The row of each node.
  ///
  /// It is below all that the node reads from; what reads nothing stands right above what reads it first. A layer of
  /// more nodes than a row holds takes several rows.
  private static func rows(_ count: Int, _ edges: [PlanPicture.Edge], most: Int) -> [Int] {
    var layers = Array(repeating: 0, count: count)
    // Nodes come after those that they read from.
    for edge in edges.sorted(by: { ($0.to, $0.from) < ($1.to, $1.from) }) {
      layers[edge.to] = max(layers[edge.to], layers[edge.from] + 1)
    }
    let readers = Set(edges.map(\.to))
    for node in 0..<count where !readers.contains(node) {
      if let first = edges.filter({ $0.from == node }).map({ layers[$0.to] }).min() { layers[node] = first - 1 }
    }
    var rows = Array(repeating: 0, count: count)
    var next = 0
    for layer in 0...(layers.max() ?? 0) {
      let members = (0..<count).filter { layers[$0] == layer }
      let needed = (members.count + most - 1) / most
      // Rows of one layer are about equally long.
      for (place, node) in members.enumerated() { rows[node] = next + place * needed / max(1, members.count) }
      next += needed
    }
    return rows
  }

  /// Orders each row by where its neighbours stand, from above and from below in turn.
  mutating func sort() {
    for sweep in 0..<8 {
      let down = sweep % 2 == 0
      for row in down ? Array(rows.indices) : rows.indices.reversed() { sort(row, by: down ? above : below) }
    }
  }

  private mutating func sort(_ row: Int, by neighbors: [[Int]]) {
    var places = Array(repeating: 0.0, count: rowOf.count)
    for others in rows {
      for (place, node) in others.enumerated() { places[node] = Double(place) / Double(others.count) }
    }
    let wanted = rows[row].enumerated().map { place, node -> (node: Int, wish: Double, place: Int) in
      let own = neighbors[node]
      let wish = own.isEmpty ? places[node] : own.reduce(0) { $0 + places[$1] } / Double(own.count)
      return (node, wish, place)
    }
    rows[row] = wanted.sorted { ($0.wish, $0.place) < ($1.wish, $1.place) }.map(\.node)
  }
}

/// Where the members of rows stand from left to right: near their neighbours, and apart from each other.
struct RowPlacement {
  private(set) var centers: [Double]
  let width: Double

  init(_ rows: LayeredRows, _ measures: PlanLayout.Measures) {
    func size(_ node: Int) -> Double { node < rows.nodes ? measures.node.width : measures.passage }
    func extent(_ row: [Int]) -> Double {
      row.reduce(0) { $0 + size($1) } + measures.gap.across * Double(max(0, row.count - 1))
    }
    let width = max(measures.node.width, rows.rows.map(extent).max() ?? 0)
    var centers = Array(repeating: 0.0, count: rows.rowOf.count)
    for row in rows.rows {
      var left = (width - extent(row)) / 2
      for node in row {
        centers[node] = left + size(node) / 2
        left += size(node) + measures.gap.across
      }
    }
    for sweep in 0..<12 {
      for row in sweep % 2 == 0 ? rows.rows : rows.rows.reversed() {
        let wishes = row.map { node in
          let own = rows.above[node] + rows.below[node]
          return own.isEmpty ? centers[node] : own.reduce(0) { $0 + centers[$1] } / Double(own.count)
        }
        let placed = Self.apart(wishes, row.map(size), gap: measures.gap.across, width: width)
        for (node, center) in zip(row, placed) { centers[node] = center }
      }
    }
    (self.centers, self.width) = (centers, width)
  }

  /// Places as near to what is wished as order, gaps and the width allow.
  ///
  /// Pushing to the right and pushing to the left both keep what must be; so does their mean, which favours neither
  /// side.
  private static func apart(_ wishes: [Double], _ sizes: [Double], gap: Double, width: Double) -> [Double] {
    let right = pushed(wishes, sizes, gap: gap, width: width)
    let left = pushed(wishes.reversed().map { width - $0 }, sizes.reversed(), gap: gap, width: width)
      .reversed().map { width - $0 }
    return zip(right, left).map { ($0 + $1) / 2 }
  }

  /// Each at its wish, or as far to the right of it as those before it need; then back from the right edge.
  private static func pushed(_ wishes: [Double], _ sizes: [Double], gap: Double, width: Double) -> [Double] {
    var places = wishes
    var edge = 0.0
    for index in places.indices {
      places[index] = max(places[index], edge + sizes[index] / 2)
      edge = places[index] + sizes[index] / 2 + gap
    }
    edge = width
    for index in places.indices.reversed() {
      places[index] = min(places[index], edge - sizes[index] / 2)
      edge = places[index] - sizes[index] / 2 - gap
    }
    return places
  }
}
