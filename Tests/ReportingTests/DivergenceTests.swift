// A number to which a training that diverged belongs: every form of the table says so instead of the number.

import Digests
import JSON
import Records
import Reporting
import Testing

@Suite struct DivergedNumbers {
  /// A number of as many seeds; nil for one that went well, with half of the records right.
  private func number(_ heat: String, _ seeds: [Int?]) -> Measured {
    Measured(
      eval: "accuracy", kind: "accuracy", coordinates: [.init("heat", heat), .init("style", "plain")], inputs: [],
      seeds: seeds.map { step in
        (0..<4).map { index in
          let outcome =
            step.map { Outcome(divergedAt: $0, weight: 1) }
            ?? Outcome(kind: index < 2 ? "right" : "wrong", value: index < 2 ? 1 : 0)
          return Outcomes(id: RecordID(content: .sha256("\(index)"), occurrence: 0), outcomes: [outcome])
        }
      })
  }

  private var numbers: [Measured] {
    [number("cold", [nil, nil]), number("hot", [nil, 7]), number("warm", [3, 5])]
  }

  @Test func theTableSaysAtWhichStep() throws {
    let table = TableText(
      TableLayout(numbers, table: try table("{rows: [heat, style], value: accuracy, relative-to: warm/plain}")))
    #expect(
      table.markdown == """
        | heat | style |                          accuracy |
        | ---- | ----- | --------------------------------: |
        | cold | plain |                        50.0 ± 0.0 |
        | hot  | plain | diverged at step 7 (1 of 2 seeds) |
        | warm | plain |                diverged at step 3 |

        """)
    #expect(table.latex.contains("warm & plain & diverged at step 3 \\\\"))
  }

  @Test func theListHasAColumnForIt() {
    #expect(
      TableText.csv(numbers) == """
        heat,style,eval,mean,spread,standard-error,records,seeds,diverged-at
        cold,plain,accuracy,0.5,0.0,0.28867513459481287,4,2,
        hot,plain,accuracy,,,,4,2, 7
        warm,plain,accuracy,,,,4,2,3 5

        """)
    #expect(!TableText.csv([numbers[0]]).contains("diverged"))
  }

  @Test func aNumberIsReadBackAsWritten() throws {
    for number in numbers { #expect(try Measured(json: number.json) == number) }
    #expect(numbers[1].json["diverged-at"]?.canonical == "[null,7]")
    #expect(numbers[0].json["diverged-at"] == nil)
    #expect(numbers[2].counts == [.init(kind: "diverged", count: 8)])
  }
}
