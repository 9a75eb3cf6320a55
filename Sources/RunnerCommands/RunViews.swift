// How a run is shown: a live line on a terminal, plain lines elsewhere, JSON for machines.
// Reads events only; knows nothing of the work.

import Diagnostics
import Digests
import Execution
import FoundationEssentials
import Glibc
import JSON
import Planning
import Reporting
import Synchronization

/// Shows the events of a run.
protocol RunView: Sendable {
  var show: @Sendable (ExecutionEvent) -> Void { get }
}

/// The ways to show a run.
enum RunViews {
  /// The way that fits what was asked for and where the text goes.
  static func chosen(json: Bool) -> any RunView {
    if json { return JSONView() }
    return isatty(STDERR_FILENO) == 1 ? LiveView() as any RunView : LineView()
  }
}

/// One JSON object a line on standard output.
struct JSONView: RunView {
  var show: @Sendable (ExecutionEvent) -> Void { { Output.json($0.json) } }
}

/// What a view remembers between events.
private struct ViewState {
  var total = 0
  var visited: Set<StepID> = []
  /// The steps that run, with when they began.
  var began: [StepID: Date] = [:]
  var lastShown: [StepID: Date] = [:]

  /// Seconds since a step began.
  func seconds(of step: Step) -> Double { Date().timeIntervalSince(began[step.id] ?? Date()) }

  /// Whether a step's progress was last shown so long ago; from now on it was shown now.
  mutating func isDue(_ step: Step, every seconds: Double) -> Bool {
    guard Date().timeIntervalSince(lastShown[step.id] ?? .distantPast) >= seconds else { return false }
    lastShown[step.id] = Date()
    return true
  }
}

/// Plain lines: when a step begins and ends, and every ten seconds between.
struct LineView: RunView {
  private let state = Shared()

  private final class Shared: Sendable { let value = Mutex(ViewState()) }

  var show: @Sendable (ExecutionEvent) -> Void {
    { [state] event in
      state.value.withLock { state in
        for line in Self.lines(event, &state) { Output.error(line + "\n") }
      }
    }
  }

  private static func lines(_ event: ExecutionEvent, _ state: inout ViewState) -> [String] {
    EventText.note(event, &state)
    if case .cached = event { return [] }
    let position = "[\(state.visited.count)/\(state.total)]"
    switch event {
    case .running(let step, let planned):
      state.lastShown[step.id] = Date()
      return ["\(position) \(step.label)"] + EventText.reasons(planned)
    case .progress(let step, let progress):
      guard state.isDue(step, every: 10) else { return [] }
      let name = state.began.count > 1 ? "\(step.label)  " : "  "
      return ["\(position) \(name)\(EventText.progress(progress, seconds: state.seconds(of: step)))"]
    default: return EventText.lines(event, position: position)
    }
  }
}

/// A live line that is redrawn, with finished steps above it.
struct LiveView: RunView {
  private let state = Shared()

  private final class Shared: Sendable { let value = Mutex(ViewState()) }

  var show: @Sendable (ExecutionEvent) -> Void {
    { [state] event in state.value.withLock { Self.draw(event, &$0) } }
  }

  private static func draw(_ event: ExecutionEvent, _ state: inout ViewState) {
    EventText.note(event, &state)
    if case .cached = event { return }
    let position = "[\(state.visited.count)/\(state.total)]"
    switch event {
    case .running(let step, let planned):
      state.lastShown[step.id] = nil
      Output.error("\r\u{1B}[K" + line(position, step.label))
      for reason in EventText.reasons(planned) { Output.error("\n\(reason)") }
      if !EventText.reasons(planned).isEmpty { Output.error("\n") }
    case .progress(let step, let progress):
      guard state.isDue(step, every: 0.1) else { return }
      let text = EventText.progress(progress, seconds: state.seconds(of: step))
      Output.error("\r\u{1B}[K" + line(position, step.label, text))
    default:
      for line in EventText.lines(event, position: position) { Output.error("\r\u{1B}[K\(line)\n") }
    }
  }

  /// The live line, in one line of the terminal: of what a terminal breaks in two only the second can be drawn over.
  private static func line(_ position: String, _ label: String, _ progress: String = "") -> String {
    LiveLine(position: position, label: label, progress: progress).text(columns: Output.errorColumns)
  }
}

/// A line that says what runs and how far it is.
struct LiveLine {
  let position: String
  let label: String
  var progress = ""

  /// The line in less than so many columns: the label is shortened, and only if that does not do what follows it.
  func text(columns: Int?) -> String {
    let rest = progress.isEmpty ? "" : "  \(progress)"
    guard let columns else { return "\(position) \(label)\(rest)" }
    // The last column is left free: some terminals go on to the next line once it is filled.
    let room = columns - 1 - position.terminalColumns - 1
    let labels = min(label.terminalColumns, max(Self.fewestLabelColumns, room - rest.terminalColumns))
    return "\(position) " + (label.shortened(to: labels) + rest).shortened(to: room)
  }

  private static let fewestLabelColumns = 16
}

/// Events in words.
enum EventText {
  /// Counts the steps that were met; one that is computed again because of damage counts once.
  fileprivate static func note(_ event: ExecutionEvent, _ state: inout ViewState) {
    switch event {
    case .started(_, let steps, _):
      state.total = steps
      // One command may run one graph after another.
      state.visited = []
    case .cached(let step, _), .blocked(let step, _): state.visited.insert(step.id)
    case .running(let step, _):
      state.visited.insert(step.id)
      state.began[step.id] = Date()
    case .finished(let step, _, _, _, _), .failed(let step, _): state.began[step.id] = nil
    default: break
    }
  }

  static func reasons(_ state: StepState) -> [String] {
    switch state {
    case .partlyCached(_, _, _, let reason), .willRun(_, _, let reason):
      PlanText.text(of: reason).map { "       because \($0)" }
    default: []
    }
  }

  static func progress(_ progress: Execution.Progress, seconds: Double) -> String {
    if progress.unit == "bytes" { return bytes(progress, seconds: seconds) }
    let computed = progress.done - progress.reused
    var text =
      progress.total.map { "\(progress.done) of \($0) \(progress.unit)" } ?? "\(progress.done) \(progress.unit)"
    if !progress.note.isEmpty { text += ", \(progress.note)" }
    guard computed > 0, seconds > 0.5 else { return text }
    let rate = Double(computed) / seconds
    // A slow step's rate says more the other way round, and a note has a rate of its own.
    if progress.note.isEmpty { text += ", \(NumberFormat.fixed(rate, decimals: rate < 10 ? 1 : 0))/s" }
    if let total = progress.total { text += ", \(Duration.text(seconds: Double(total - progress.done) / rate)) left" }
    return text
  }

  private static func bytes(_ progress: Execution.Progress, seconds: Double) -> String {
    func megabytes(_ count: Int) -> String { NumberFormat.fixed(Double(count) / 1e6, decimals: 1) }
    var text = megabytes(progress.done) + (progress.total.map { " of \(megabytes($0))" } ?? "") + " MB"
    if seconds > 0.5 { text += ", \(NumberFormat.fixed(Double(progress.done) / 1e6 / seconds, decimals: 1)) MB/s" }
    return text
  }

  static func lines(_ event: ExecutionEvent, position: String) -> [String] {
    switch event {
    case .finished(let step, _, let seconds, let computed, let reused):
      var text = "\(position) \(step.label): done in \(Duration.text(seconds: seconds))"
      if computed + reused > 0 { text += ", \(computed) \(step.kind == .train ? "steps" : "records") computed" }
      if reused > 0 { text += ", \(reused) were stored" }
      return [text]
    case .failed(let step, let diagnoses):
      return ["\(position) \(step.label): failed"] + diagnoses.map { Output.text(of: $0) }
    case .blocked(let step, let because): return ["\(position) \(step.label): blocked, \(because.label) failed"]
    case .damaged(let step, let object):
      return ["warning: the stored result \(object.short) of \(step.label) is damaged or gone; it is computed again"]
    case .waiting(let step, let computing):
      return ["waiting for \(computing.words), which computes \(step.label)"]
    case .warned(let diagnosis): return [Output.text(of: diagnosis)]
    case .ended(let summary):
      var text =
        "\(summary.ran) step\(summary.ran == 1 ? "" : "s") ran, \(summary.cached) \(summary.cached == 1 ? "was" : "were") stored or not needed"
      if summary.failed > 0 { text += ", \(summary.failed) failed" }
      if summary.blocked > 0 { text += ", \(summary.blocked) blocked" }
      if summary.notStarted > 0 { text += ", \(summary.notStarted) not started" }
      return [text + " (\(Duration.text(seconds: summary.seconds)))."]
    case .started, .cached, .running, .progress: return []
    }
  }
}
