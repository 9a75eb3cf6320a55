// A plan for people: steps with state and reason, what is shared, what it costs.

import Diagnostics
import Digests
import Planning
import Reporting
import Specification

struct PlanText {
  let plan: Plan
  let memory: PlannedMemory
  let experiments: [PlannedExperiment]
  let colored: Bool
  /// The columns of the terminal; nil where there is none.
  let columns: Int?

  var text: String {
    let sentences = summary + resources + price + searches + shared
    return (table + [""] + sentences.flatMap { wrapped($0) }).joined(separator: "\n")
  }

  private var table: [String] {
    let widths = plan.steps.map { $0.step.label.width }
    let states = plan.steps.reduce(0) { max($0, Self.state($1).utf8.count) }
    let namesCells = experiments.reduce(0) { $0 + $1.users.count } > 1
    let users = plan.graph.users
    let rests = plan.steps.map {
      Self.size($0) + (namesCells ? Self.names(users.summary(of: $0.step.id)) : "")
    }
    let labels = labelColumns(widths.max() ?? 0, beside: states, rests)
    var lines: [String] = []
    lines.reserveCapacity(plan.steps.count)
    for (index, planned) in plan.steps.enumerated() {
      let state = Self.state(planned)
      var line = paint(state, planned.state)
      line.pad(states - state.utf8.count + 2)
      let isWhole = widths[index] <= labels
      line += isWhole ? planned.step.label : planned.step.label.shortened(to: labels)
      let rest = rests[index]
      let margin = String(repeating: " ", count: states + 4)
      if !rest.isEmpty {
        let width = isWhole ? widths[index] : labels
        if let columns, states + 4 + labels + rest.terminalColumns > columns {
          let own = String(rest.drop { $0 == " " })
          if states + 4 + width + own.terminalColumns <= columns {
            line += "  " + own
          } else {
            lines.append(line.trimmingEnd)
            line = margin + own.shortened(to: columns - margin.utf8.count)
          }
        } else {
          line.pad(labels - width + 2)
          line += rest
        }
      }
      lines.append(line.trimmingEnd)
      for reason in Self.reasons(planned, plan.graph) { lines += wrapped(reason, first: margin, rest: margin + "  ") }
    }
    return lines
  }

  /// The columns of labels: as many as the longest has, but in a terminal no more than leave room for what stands beside
  /// them, or, if that would be too few, for what then stands below.
  private func labelColumns(_ longest: Int, beside states: Int, _ rests: [String]) -> Int {
    guard let columns else { return longest }
    let rest = rests.map { $0.terminalColumns + 2 }.max() ?? 0
    let beside = columns - states - 2 - rest
    return min(longest, beside >= Self.fewestLabelColumns ? beside : columns - states - 2)
  }

  private static let fewestLabelColumns = 36

  /// Sentences break between words in a terminal.
  private func wrapped(_ line: String, first: String = "", rest: String = "") -> [String] {
    columns.map { line.wrapped(to: $0, first: first, rest: rest) } ?? [first + line]
  }

  /// One cell by its name, several by their number.
  private static func names(_ cells: (count: Int, first: String?)) -> String {
    guard let first = cells.first else { return "" }
    return cells.count == 1 ? "  for \(first)" : "  for \(cells.count) cells"
  }

  private func paint(_ text: String, _ state: StepState) -> String {
    guard colored else { return text }
    let code =
      switch state {
      case .cached, .notNeeded: "32"
      case .partlyCached, .willRun: "33"
      case .undecided: "36"
      case .blocked: "31"
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  /// The state in words; what another run computes will not run here.
  static func state(_ planned: PlannedStep) -> String {
    planned.computing == nil ? state(planned.state) : "being computed"
  }

  private static func state(_ state: StepState) -> String {
    switch state {
    case .cached: "cached"
    case .notNeeded: "not needed"
    case .partlyCached: "partly cached"
    case .willRun: "will run"
    case .undecided: "undecided"
    case .blocked: "blocked"
    }
  }

  private static func size(_ planned: PlannedStep) -> String {
    var parts: [String] = []
    switch planned.state {
    case .partlyCached(_, let held, let total, _): parts.append("\(held) of \(total) records")
    case .willRun(_, let records?, _): parts.append("\(planned.mayReuse ? "up to " : "")\(records) records")
    default: break
    }
    if let kept = planned.stepsKept {
      parts.append("goes on after \(kept.of.map { "\(kept.done) of \($0)" } ?? "\(kept.done)") optimizer steps")
    } else if case .willRun(_, _, .neverRun) = planned.state {
      parts.append("never run")
    }
    if let estimate = planned.estimate {
      parts.append("about \(Duration.text(seconds: estimate.seconds))\(planned.state.isUndecided ? " if it runs" : "")")
    }
    return parts.joined(separator: ", ")
  }

  static func reasons(_ planned: PlannedStep, _ graph: StepGraph) -> [String] {
    if let computing = planned.computing { return ["by \(computing.words)"] }
    if let twin = planned.twin { return ["comes to the key of \(graph.step(twin).label), which is computed for both"] }
    switch planned.state {
    case .cached, .notNeeded: return []
    case .partlyCached(_, _, _, let reason), .willRun(_, _, let reason): return text(of: reason)
    case .undecided(let after):
      // Several steps may have one name.
      let all = after.map { graph.step($0).label }.distinct
      let names = all.prefix(5)
      let more = all.count > 5 ? " and \(all.count - 5) more" : ""
      return names.isEmpty ? [] : ["decided after \(names.joined(separator: ", "))\(more)"]
    case .blocked(.unknownDigest): return ["the spec says `sha256: unknown`"]
    case .blocked(.unknownSetting(let setting)): return ["the spec says `\(setting): unknown`"]
    case .blocked(.missingSpec(let spec)): return ["the spec `\(spec)` is not there"]
    case .blocked(.missingPart(let part, let dataset)): return ["data set `\(dataset)` sets no part `\(part)` aside"]
    case .blocked(.unavailable): return ["this version cannot run such a step"]
    case .blocked(.behind(let source)): return ["reads from \(graph.step(source).label), which cannot run"]
    }
  }

  static func text(of reason: Reason) -> [String] {
    switch reason {
    case .neverRun: return []
    case .resultDamaged: return ["its stored result was damaged"]
    case .resultGone(let outputs):
      return ["its stored result is gone" + (outputs.isEmpty ? "" : ": \(outputs.joined(separator: ", "))")]
    case .changed(let changes):
      return changes.map { leaf in
        let old = leaf.change.old?.readable.shortened ?? "(absent)"
        let new = leaf.change.new?.readable.shortened ?? "(absent)"
        let place = leaf.place.map { "  (\($0.description))" } ?? ""
        return "\(leaf.words): \(old) → \(new)\(place)"
      }
    }
  }

  /// Tokens, disk and memory, as far as there is a basis.
  private var resources: [String] {
    let running = plan.steps.filter(\.state.certainlyRuns)
    guard !running.isEmpty else { return [] }
    var lines: [String] = []
    let tokens = running.compactMap(\.tokens)
    if !tokens.isEmpty {
      let total = NumberFormat.fixed(tokens.reduce(0, +), decimals: 0)
      lines.append("About \(total) tokens to generate in \(tokens.count) of them, by the spec's `expect:`.")
    }
    let bytes = running.compactMap { memory.stored[$0.step.id] }
    let later = plan.undecided.compactMap { memory.stored[$0.step.id] }
    let trains = running.contains { $0.step.kind == .train }
    let basis = "by earlier results" + (trains ? " and models' sizes" : "")
    let disk =
      (bytes.isEmpty
        ? "no basis yet" : "about \(Self.megabytes(bytes.reduce(0, +))) for \(bytes.count) of them, \(basis)")
      + (later.isEmpty ? "" : ", and up to \(Self.megabytes(later.reduce(0, +))) for \(later.count) decided later")
    let most =
      memory.most.map { "up to about \(Self.megabytes(Double($0.bytes))) (\($0.label)), by the model's sizes" }
      ?? (running.contains { $0.step.work.modelUse != nil }
        ? "no basis yet: no model of these steps is stored" : "little: no step that runs uses a model")
    let awaited = memory.awaitsExamples ? "; of trainings once their examples are stored, or with `max-length`" : ""
    lines.append("Disk: \(disk). Memory: \(most)\(awaited).")
    return lines
  }

  /// What the steps that cannot run would cost.
  private var price: [String] {
    let price = plan.price
    var lines = price.generations.map { generation -> String in
      let who = generation.model.map { "ask \($0)" } ?? "generate here"
      var line = "What cannot run would \(who) for \(generation.responses) responses in \(Self.steps(generation.steps))"
      if let tokens = generation.tokens {
        line += ": about \(Self.millions(tokens.prompt)) tokens read and \(Self.millions(tokens.response)) written"
      }
      if let money = generation.money { line += ", for \(NumberFormat.fixed(money, decimals: 0)) by `expect.prices`" }
      return line + "."
    }
    if price.trainings.steps > 0 {
      lines.append(
        "\(Self.steps(price.trainings.steps)) of training that cannot run would read about "
          + "\(Self.millions(price.trainings.tokens)) tokens, all epochs together.")
    }
    return lines
  }

  private static func steps(_ count: Int) -> String { count == 1 ? "1 step" : "\(count) steps" }

  private static func millions(_ tokens: Double) -> String {
    NumberFormat.fixed(tokens / 1e6, decimals: 1) + " million"
  }

  private static func megabytes(_ bytes: Double) -> String { NumberFormat.fixed(bytes / 1e6, decimals: 1) + " MB" }

  private var summary: [String] {
    let settled = plan.steps.count { $0.state.isSettled }
    let bounds = plan.bounds
    let runs =
      bounds.lowerBound == bounds.upperBound
      ? "\(bounds.lowerBound)" : "at least \(bounds.lowerBound), at most \(bounds.upperBound)"
    var lines = [
      "\(plan.steps.count) step\(plan.steps.count == 1 ? "" : "s"): \(settled) stored or not needed, \(runs) to run."
    ]
    let blocked = plan.blocked.count
    let behind = plan.steps.count { if case .blocked = $0.state { true } else { false } } - blocked
    if blocked > 0 {
      let waiting = behind > 0 ? ", and \(behind) read from these" : ""
      lines.append("\(blocked) cannot run in this version, or for want of a digest\(waiting); `exec` will refuse.")
    }
    let estimates = plan.estimates
    let pending = plan.steps.count { $0.state.certainlyRuns && $0.twin == nil }
    if !estimates.isEmpty {
      let seconds = estimates.reduce(0) { $0 + $1.seconds }
      // Steps of a kind rest on the same results, so that these cannot be added up.
      let results = estimates.map(\.basis).max() ?? 0
      let upTo = estimates.count > 1 && results > 1 ? "up to " : ""
      let earlier =
        "\(upTo)\(results) earlier result\(results == 1 ? "" : "s") in this store" + (upTo.isEmpty ? "" : " for each")
      let basis = results > 0 ? earlier : "the spec's `expect:`"
      lines.append(
        "About \(Duration.text(seconds: seconds)) for \(estimates.count) of them, by \(basis)."
      )
    } else if pending > 0 {
      lines.append("No time is predicted: no earlier result of such steps says how long they take.")
    }
    let later = plan.undecided.compactMap(\.estimate)
    if !later.isEmpty {
      let seconds = later.reduce(0) { $0 + $1.seconds }
      lines.append(
        "Up to \(Duration.text(seconds: seconds)) more for \(later.count) of the \(plan.undecided.count) that are decided later."
      )
    }
    return lines
  }

  /// How many values are tried for how many cells.
  private var searches: [String] {
    experiments.compactMap { experiment in
      guard let first = experiment.searches.first else { return nil }
      let (cells, trials) = (experiment.searches.count, experiment.searches.reduce(0) { $0 + $1.candidates.count })
      let all = cells == 1 ? "" : " in \(cells) cells"
      return "\(experiment.name): search tries \(trials) candidate\(trials == 1 ? "" : "s")\(all) with seed "
        + "\(first.seed); every seed trains the one that is chosen."
    }
  }

  /// How much of the work the cells have in common, and at which keys of the spec they part.
  private var shared: [String] {
    experiments.compactMap { experiment in
      guard experiment.users.count > 1, let sharing = Sharing(experiment, plan) else { return nil }
      let axes = experiment.experiment.axes.map(\.name).joined(separator: ", ")
      return
        "\(experiment.name): \(experiment.users.count) cells need \(sharing.total) steps and share \(sharing.percent)% "
        + "of them; they part at \(axes)."
    }
  }
}

/// How much of their work the cells of an experiment have in common.
struct Sharing {
  /// The steps of all cells, each cell's counted by itself.
  let total: Int
  /// The steps that there are.
  let distinct: Int

  init?(_ experiment: PlannedExperiment, _ plan: Plan) {
    (total, distinct) = plan.graph.users.steps(of: experiment.users)
    if total == 0 { return nil }
  }

  /// The share of the steps that need not be computed because another cell has them.
  var percent: Int { (200 * (total - distinct) + total) / (2 * total) }
}

/// Durations in words.
enum Duration {
  static func text(seconds: Double) -> String { NumberFormat.duration(seconds: seconds) }
}

extension String {
  /// How many characters it has; of plain ASCII without control characters, that is how many bytes.
  fileprivate var width: Int { utf8.allSatisfy { (0x20..<0x7F).contains($0) } ? utf8.count : count }

  private static let blank = String(repeating: " ", count: 256)

  fileprivate mutating func pad(_ count: Int) {
    // By bytes: characters would be counted one by one.
    self += count <= 256 ? Substring(Self.blank.utf8.prefix(count)) : String(repeating: " ", count: count)[...]
  }

  fileprivate var trimmingEnd: String {
    if utf8.last != UInt8(ascii: " ") { return self }
    let end = utf8.lastIndex { $0 != UInt8(ascii: " ") }
    return end.map { String(self[...$0]) } ?? ""
  }

  /// One line of at most 60 characters.
  fileprivate var shortened: String {
    let line = replacing("\n", with: "\\n")
    return line.count > 60 ? line.prefix(57) + "…" : line
  }
}
