// Claims on a page: each with its verdict, the numbers that it rests on, and how verdicts come about.
// Knows judged claims; nothing of how they were judged.

import Reporting
import Statistics

/// The section of a table's claims.
struct ClaimSection {
  let claims: [JudgedClaim]

  /// What the section holds.
  var content: [Markup] {
    let text = ClaimText(claims)
    let rows = zip(claims, text.rows).map { row($0, $1) }
    let head = Self.order.map { index in
      Markup.tag("th", ["scope": "col", "class": kind(index)], text: ClaimText.header[index])
    }
    let table = Markup.tag(
      "table", ["class": "claims"],
      [
        .tag("caption", text: counts), .tag("thead", [:], [.tag("tr", [:], head)]), .tag("tbody", [:], rows),
      ])
    return [PageTable.box(label: "Claims", table), .tag("p", ["class": "note"], text: text.rule)]
  }

  /// Verdicts come before what was claimed, so that a narrow window shows them first.
  private static let order = [0, 2, 1, 3, 4, 5, 6, 7]

  /// How many claims came to which verdict.
  private var counts: String {
    let verdicts: [(Verdict, String)] = [
      (.holds, "hold"), (.doesNotHold, "do not hold"), (.undecided, "are undecided"),
    ]
    let told = verdicts.compactMap { verdict, words -> String? in
      let count = claims.count { $0.verdict == verdict }
      let one = verdict == .undecided ? "is undecided" : verdict.rawValue
      return count == 0 ? nil : "\(count) \(count == 1 ? one : words)"
    }
    return "Of \(claims.count) claim\(claims.count == 1 ? "" : "s") \(told.joined(separator: ", "))"
  }

  /// Differences, intervals, p-values and what the sample could have shown stand under one another.
  private func kind(_ column: Int) -> String? {
    switch column {
    case 1: "says"
    case 3...6: "n"
    case 7: "rests"
    default: nil
    }
  }

  private func row(_ claim: JudgedClaim, _ cells: [String]) -> Markup {
    .tag(
      "tr", [:],
      Self.order.map { index in
        switch index {
        case 0: .tag("th", ["scope": "row"], text: cells[index])
        case 2: .tag("td", [:], verdict(of: claim))
        default: .tag("td", ["class": kind(index)], text: cells[index])
        }
      })
  }

  private func verdict(of claim: JudgedClaim) -> [Markup] {
    let kind =
      switch claim.verdict {
      case .holds: "holds"
      case .doesNotHold: "fails"
      case .undecided: "open"
      }
    let why = claim.why.map { [Markup.tag("span", ["class": "why"], text: $0)] } ?? []
    return [.tag("strong", ["class": kind], text: claim.verdict.rawValue)] + why
  }
}
