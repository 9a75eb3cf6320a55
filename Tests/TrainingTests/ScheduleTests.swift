// The learning rate of every step against Transformers, and what Transformers has no words for.
// The values come from Tests/References/schedules.py.

import Foundation
import JSON
import Testing
import Training

struct ScheduleTests {
  private static func cases() throws -> [JSONValue] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let bytes = try Data(contentsOf: folder.appending(path: "Fixtures/schedules.json"))
    return try #require(try JSONValue(parsing: [UInt8](bytes))["cases"]?.arrayValue)
  }

  private static func number(_ value: JSONValue, _ name: String) throws -> Double {
    try #require(value[name]?.doubleValue, "\(name)")
  }

  @Test func equalsTransformers() throws {
    var compared = 0
    for value in try Self.cases() {
      let floor = try Self.number(value, "floor")
      let shape: LearningRateShape =
        switch value["shape"]?.stringValue {
        case "constant": .constant
        case "linear": .linear(floor: floor)
        default: .cosine(floor: floor)
        }
      let warmup = try Self.number(value, "warmup")
      let highest = try Self.number(value, "highest")
      let steps = Int(try Self.number(value, "steps"))
      let schedule = LearningRateSchedule(
        highest: highest, shape: shape, warmup: 0 < warmup && warmup < 1 ? .fraction(warmup) : .steps(Int(warmup)),
        steps: steps)
      #expect(schedule.warmupSteps == value["count"]?.integerValue)
      let rates = try #require(value["rates"]?.arrayValue).compactMap(\.doubleValue)
      #expect(rates.count > steps)
      for (step, rate) in rates.enumerated() {
        let found = schedule.rate(at: step)
        #expect(abs(found - rate) <= 1e-15 * highest, "\(schedule), step \(step): \(found), not \(rate)")
        compared += 1
      }
    }
    #expect(compared > 2_500)
  }

  @Test func workedByHand() {
    // Warm-up 0, 1/2; then 4/4, 3/4, 2/4, 1/4 of what lies above the floor.
    let linear = LearningRateSchedule(highest: 2, shape: .linear(floor: 0.5), warmup: .steps(2), steps: 6)
    #expect((0...7).map(linear.rate) == [0, 1, 2, 1.75, 1.5, 1.25, 1, 1])
    // cos 0, π/3, π/2, 2π/3, π give shares 1, 3/4, 1/2, 1/4, 0.
    let cosine = LearningRateSchedule(highest: 1, shape: .cosine(floor: 0.2), warmup: .none, steps: 6)
    for (step, rate) in [(0, 1), (2, 0.8), (3, 0.6), (4, 0.4), (6, 0.2), (9, 0.2)] {
      #expect(abs(cosine.rate(at: step) - rate) <= 1e-15, "step \(step)")
    }
    let constant = LearningRateSchedule(highest: 3e-4, shape: .constant, warmup: .none, steps: 2)
    #expect((0...3).map(constant.rate) == [3e-4, 3e-4, 3e-4, 3e-4])
  }

  @Test(arguments: [0, 0.1, 0.37, 1]) func staysBetweenFloorAndHighestAndNeverRisesAgain(floor: Double) {
    for shape in [LearningRateShape.linear(floor: floor), .cosine(floor: floor)] {
      for steps in [1, 2, 3, 17, 400] {
        let schedule = LearningRateSchedule(highest: 0.7, shape: shape, warmup: .fraction(0.1), steps: steps)
        let rates = (schedule.warmupSteps...steps + 3).map(schedule.rate)
        #expect(rates.allSatisfy { $0 >= 0.7 * floor && $0 <= 0.7 }, "\(schedule)")
        #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 }, "\(schedule)")
      }
    }
  }

  @Test func knowsWhenWarmupNeverEnds() {
    func never(_ warmup: WarmupLength, _ steps: Int) -> Bool {
      LearningRateSchedule(highest: 1, shape: .constant, warmup: warmup, steps: steps).neverEndsWarmup
    }
    #expect(never(.steps(5), 5) && never(.steps(6), 5) && !never(.steps(4), 5))
    #expect(never(.fraction(1), 5) && !never(.fraction(0.5), 5) && never(.fraction(0.5), 1))
    #expect(!never(.none, 5) && !never(.none, 0) && !never(.steps(0), 0))
  }
}
