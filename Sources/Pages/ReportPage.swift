// One page that needs nothing but itself: no script, no network, no other file. The same content gives the same bytes.
// Knows which sections there are and in which order; what stands in them is their own business.

/// A page about experiments.
package struct ReportPage: Sendable {
  private let experiments: [ReportedExperiment]
  private let program: String

  /// Makes a page.
  ///
  /// - Parameters:
  ///   - experiments: What it tells of, in order.
  ///   - program: The program and its version.
  package init(_ experiments: [ReportedExperiment], program: String) {
    (self.experiments, self.program) = (experiments, program)
  }

  /// The page as HTML, which is well-formed XML, too.
  package var html: String {
    let attributes = [Markup.Attribute(name: "lang", value: "en")]
    return "<!DOCTYPE html>" + Markup.element("html", attributes: attributes, [head, body]).html + "\n"
  }

  private var title: String { experiments.map(\.name).joined(separator: ", ") }

  private var head: Markup {
    // Nothing may be loaded or run, whatever a record says; the empty picture keeps browsers from asking for one.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return .tag(
      "head", [:],
      [
        .tag("meta", ["charset": "utf-8"]),
        .tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
        .tag("meta", ["name": "color-scheme", "content": "light dark"]),
        .tag("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
        .tag("meta", ["name": "generator", "content": program]), .tag("link", ["rel": "icon", "href": "data:,"]),
        .tag("title", text: "\(title) · runner report"),
        .tag("style", [:], [.style(PageStyle.layout), .style(PageStyle.drawings), .style(PageStyle.records)]),
      ])
  }

  private var body: Markup {
    let isOne = experiments.count == 1
    let parts = experiments.enumerated().map {
      ExperimentPart($1, id: isOne ? "" : "e\($0 + 1)-", level: isOne ? 2 : 3)
    }
    var top: [Markup] = [.tag("h1", text: isOne ? title : "\(experiments.count) experiments")]
    if isOne { top += parts[0].opening }
    let articles = parts.map { part -> Markup in
      let heading = isOne ? [] : [Markup.tag("h2", text: part.experiment.name)] + part.opening
      return .tag("article", ["id": isOne ? nil : "\(part.id)top"], heading + part.sections)
    }
    return .tag(
      "body", [:],
      [
        .tag("a", ["class": "skip", "href": "#content"], text: "To the content"), .tag("header", [:], top),
        .tag("nav", ["aria-label": "Contents"], [.tag("ul", [:], parts.flatMap { links($0, isOne: isOne) })]),
        .tag("main", ["id": "content"], articles),
        .tag("footer", [:], [.tag("p", text: "Written by \(program), `runner report`.")]),
      ])
  }

  private func links(_ part: ExperimentPart, isOne: Bool) -> [Markup] {
    let own = part.contents.map { section in
      Markup.tag("li", [:], [.tag("a", ["href": "#\(part.id)\(section.id)"], text: section.title)])
    }
    if isOne { return own }
    return [
      .tag(
        "li", [:],
        [.tag("a", ["href": "#\(part.id)top"], text: part.experiment.name), .tag("ul", [:], own)])
    ]
  }
}

/// The part of a page that tells of one experiment.
struct ExperimentPart {
  /// Something under a heading.
  struct Section {
    let id: String
    let title: String
    let content: [Markup]
  }

  let experiment: ReportedExperiment
  /// What stands before the ids of its sections.
  let id: String
  /// The level of its sections' headings.
  let level: Int

  init(_ experiment: ReportedExperiment, id: String, level: Int) {
    (self.experiment, self.id, self.level) = (experiment, id, level)
  }

  /// What it is, where it comes from, and what could not be shown.
  var opening: [Markup] {
    let about = experiment.description.map { [Markup.tag("p", ["class": "about"], text: $0)] } ?? []
    let facts = experiment.facts.map { fact in
      Markup.tag(
        "div", [:],
        [.tag("dt", text: fact.name), .tag("dd", [:], [.tag(fact.isCode ? "code" : "span", text: fact.text)])])
    }
    let missing = experiment.missing.map { Markup.tag("li", text: $0) }
    return about + [.tag("dl", ["class": "facts"], facts)]
      + (missing.isEmpty ? [] : [.tag("ul", ["class": "missing"], missing)])
  }

  /// The sections with their headings.
  var sections: [Markup] {
    contents.map { section in
      .tag(
        "section", ["id": id + section.id, "aria-labelledby": "\(id)\(section.id)-heading"],
        [.tag("h\(level)", ["id": "\(id)\(section.id)-heading"], text: section.title)] + section.content)
    }
  }

  /// The sections that have something to say.
  var contents: [Section] {
    let all = [
      Section(
        id: "results", title: "Results",
        content: experiment.numbers.map { ResultSection(numbers: $0, id: "\(id)results").content } ?? []),
      Section(id: "curves", title: "Learning curves", content: curves),
      Section(id: "stages", title: "What was learned from", content: tables(experiment.stages)),
      Section(id: "pairs", title: "Pairs", content: tables(experiment.pairs)),
      Section(
        id: "answers", title: "The same prompts in every cell",
        content: experiment.answers.isEmpty ? [] : AnswerSection(sets: experiment.answers, level: level + 1).content),
      Section(
        id: "examples", title: "Examples",
        content: experiment.examples.isEmpty
          ? [] : ExampleSection(sets: experiment.examples, level: level + 1).content),
      Section(
        id: "detection", title: "Detection ratios",
        content: experiment.detections.isEmpty
          ? [] : DetectionSection(sets: experiment.detections, level: level + 1).content),
      Section(
        id: "plan", title: "Plan",
        content: experiment.plan.map { [PlanDrawing(picture: $0, id: "\(id)plan-picture").figure] } ?? []),
      Section(id: "cost", title: "Cost", content: tables(experiment.cost)),
      Section(id: "data", title: "Files", content: tables(experiment.data)),
    ]
    return all.filter { !$0.content.isEmpty }
  }

  private var curves: [Markup] {
    guard !experiment.curves.isEmpty else { return [] }
    let note =
      "Numbers of each optimizer step, as the trainings logged them. A line is the mean over seeds, its band reaches "
      + "from the least to the largest of them. Charts of one quantity have one scale."
    let hasRounds = experiment.curves.contains { $0.charts.contains { !$0.breaks.isEmpty } }
    let rounds = hasRounds ? " At a dotted line another round of training begins." : ""
    return [Markup.tag("p", ["class": "note"], text: note + rounds)]
      + experiment.curves.enumerated().flatMap { index, family -> [Markup] in
        let drawing = CurveDrawing(family: family, id: "\(id)curves-\(index + 1)")
        let said = family.note.isEmpty ? [] : [Markup.tag("p", ["class": "note"], text: family.note)]
        return [Markup.tag("h\(level + 1)", text: family.title)] + said + [
          .tag("div", ["class": "charts"], drawing.figures)
        ]
      }
  }

  private func tables(_ tables: ReportedTables?) -> [Markup] {
    guard let tables, !tables.tables.isEmpty else { return [] }
    return [Markup.tag("p", ["class": "note"], text: tables.note)] + tables.tables.map(\.markup)
  }
}
