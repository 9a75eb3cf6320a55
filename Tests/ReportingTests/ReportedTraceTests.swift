// Likelihood traces as lines of numbers.

import Records
import Reporting
import Testing

@Suite struct ReportedTraceTests {
  private static func trace(_ place: [(String, String)], _ points: [ReportedTrace.Point]) -> ReportedTrace {
    ReportedTrace(eval: "likelihood", place: place.map { Measured.Coordinate($0, $1) }, points: points)
  }

  @Test func aLineAMoment() throws {
    let traces = [
      Self.trace(
        [("pairs", "judge, own"), ("seed", "1")],
        [
          .init(step: 1, pairs: 3, chosen: 0.5, rejected: -0.25), .init(step: 2, pairs: 3, chosen: 1, rejected: -1),
        ]),
      // A training that had diverged has no numbers.
      Self.trace([("pairs", "revision"), ("round", "2")], [.init(step: 4, pairs: 2, chosen: nil, rejected: nil)]),
    ]
    let csv = try #require(ReportedTrace.csv(traces))
    #expect(
      csv == """
        pairs,seed,round,eval,step,chosen,rejected,margin,pair-count
        "judge, own",1,,likelihood,1,0.5,-0.25,0.75,3
        "judge, own",1,,likelihood,2,1.0,-1.0,2.0,3
        revision,,2,likelihood,4,,,,2

        """)
    #expect(ReportedTrace.csv([]) == nil)
  }
}
