// Plans as pictures: what stands in one box, what leads where, and that nothing lies upon anything else.

import Pages
import Testing

@Suite struct PlanPictures {
  private func step(_ label: String, _ kind: String, _ inputs: [Int] = [], cells: Int = 1) -> PlanStep {
    PlanStep(label: label, kind: kind, inputs: inputs, cells: cells, seconds: 1, key: nil)
  }

  @Test func whatFollowsFromOtherArrowsIsNotDrawn() {
    let picture = PlanPicture([
      step("fetch", "fetch"), step("generate", "generate", [0]), step("train", "train", [0, 1]),
    ])
    #expect(picture.nodes.map(\.title) == ["fetch", "generate", "train"])
    #expect(picture.edges == [PlanPicture.Edge(0, 1), PlanPicture.Edge(1, 2)])
    #expect(picture.grouping == nil)
  }

  /// Ten cells of two seeds: forty steps and one before them in three boxes.
  @Test func stepsOfCellsAndSeedsStandInOneBox() {
    var steps = [step("render data/heldout", "render", cells: 10)]
    for cell in 0..<10 {
      for seed in 1...2 {
        steps.append(step("train o\(cell % 2), seed \(seed)", "train", [0]))
        steps.append(
          step("generate data/heldout, greedy, after o\(cell % 2), seed \(seed)", "generate", [0, steps.count - 1]))
      }
    }
    let picture = PlanPicture(steps)
    #expect(
      picture.nodes.map { "\($0.title) \($0.steps.count)" } == [
        "render data/heldout 1", "train o0 10", "train o1 10", "generate data/heldout, greedy 20",
      ])
    #expect(picture.nodes.reduce(0) { $0 + $1.steps.count } == steps.count)
  }

  @Test func roundsThatGoInCirclesAreToldApartByWhereTheyStand() {
    var steps = [step("generate data", "generate")]
    for round in 1...20 {
      steps.append(step("train dpo, seed \(round)", "train", [steps.count - 1]))
      steps.append(step("generate data, after dpo, seed \(round)", "generate", [steps.count - 1]))
    }
    let picture = PlanPicture(steps)
    #expect(picture.nodes.count == steps.count)
    #expect(picture.edges.allSatisfy { $0.from < $0.to })
  }

  @Test func aLargePlanIsToldByKinds() {
    let steps = (0..<300).map { step("step \($0)", ["render", "generate", "verify"][$0 % 3], $0 < 3 ? [] : [$0 - 3]) }
    #expect(PlanPicture(steps).nodes.map(\.kind).sorted() == ["generate", "render", "verify"])
  }
}

@Suite struct PlanLayouts {
  /// Graphs in which each node reads from a few before it.
  static let graphs: [(nodes: Int, edges: [PlanPicture.Edge])] = {
    var number: UInt64 = 5
    func next(_ count: Int) -> Int {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(number >> 33) % count
    }
    return (0..<60).map { size in
      var edges: Set<PlanPicture.Edge> = []
      for node in 0..<size + 1 where node > 0 {
        for _ in 0..<next(4) { edges.insert(PlanPicture.Edge(next(node), node)) }
      }
      return (size + 1, edges.sorted { ($0.from, $0.to) < ($1.from, $1.to) })
    }
  }()

  @Test func noBoxLiesUponAnother() {
    for graph in Self.graphs {
      let layout = PlanLayout(nodes: graph.nodes, edges: graph.edges)
      for (index, one) in layout.boxes.enumerated() {
        #expect(one.x >= -0.001 && one.x + one.width <= layout.width + 0.001 && one.bottom <= layout.height + 0.001)
        for other in layout.boxes.dropFirst(index + 1) {
          let apart =
            one.x + one.width <= other.x || other.x + other.width <= one.x || one.bottom <= other.y
            || other.bottom <= one.y
          #expect(apart, "\(one) and \(other) of \(graph.nodes)")
        }
      }
    }
  }

  @Test func everyArrowLeadsDownAndThroughNoBox() {
    for graph in Self.graphs {
      let layout = PlanLayout(nodes: graph.nodes, edges: graph.edges)
      for (edge, way) in zip(graph.edges, layout.ways) {
        #expect(layout.boxes[edge.from].bottom < layout.boxes[edge.to].y)
        #expect(zip(way, way.dropFirst()).allSatisfy { $0.y <= $1.y })
        for place in way.dropFirst().dropLast() {
          let inside = layout.boxes.contains {
            place.x > $0.x && place.x < $0.x + $0.width && place.y > $0.y && place.y < $0.bottom
          }
          #expect(!inside, "\(edge) of \(graph.nodes)")
        }
      }
    }
  }

  @Test func noRowIsMuchWiderThanFiveBoxes() {
    let layout = PlanLayout(nodes: 41, edges: (1...40).map { PlanPicture.Edge(0, $0) })
    #expect(layout.width < 1300)
  }
}
