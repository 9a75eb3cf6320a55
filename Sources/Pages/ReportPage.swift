// One page that needs nothing but itself: no script, no network, no other file. The same content gives the same bytes.
// Knows which sections there are and in which order; what stands in them is their own business.

/// A page about experiments, and about tables over several of them.
package struct ReportPage: Sendable {
  private let tables: [ReportedExperiment]
  private let experiments: [ReportedExperiment]
  private let program: String

  /// Makes a page.
  ///
  /// - Parameters:
  ///   - experiments: What it tells of, in order; what one has in common with an earlier one is shown there alone.
  ///   - tables: Tables over several of the experiments, which come first.
  ///   - program: The program and its version.
  package init(_ experiments: [ReportedExperiment], tables: [ReportedExperiment] = [], program: String) {
    (self.experiments, self.tables, self.program) = (experiments, tables, program)
  }

  /// The page as HTML, which is well-formed XML, too.
  package var html: String {
    let attributes = [Markup.Attribute(name: "lang", value: "en")]
    return "<!DOCTYPE html>" + Markup.element("html", attributes: attributes, [head, body]).html + "\n"
  }

  private var title: String { (tables.isEmpty ? experiments : tables).map(\.name).joined(separator: ", ") }

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
    let parts = self.parts
    let heading = parts.first.flatMap { $0.isWhole ? title : nil } ?? several
    let top = parts.first.map { $0.isWhole ? $0.opening : [] } ?? []
    return .tag(
      "body", [:],
      [
        .tag("a", ["class": "skip", "href": "#content"], text: "To the content"),
        .tag("header", [:], [.tag("h1", text: heading)] + top),
        .tag("nav", ["aria-label": "Contents"], [.tag("ul", [:], parts.flatMap(links))]),
        .tag("main", ["id": "content"], parts.map(article)),
        .tag("footer", [:], [.tag("p", text: "Written by \(program), `runner report`.")]),
      ])
  }

  private var several: String {
    let experiments = "\(experiments.count) experiment\(experiments.count == 1 ? "" : "s")"
    return tables.isEmpty ? experiments : "\(tables.count) tables over \(experiments)"
  }

  /// Tables and experiments; the only experiment, or the only table, needs no heading of its own below that of the page.
  private var parts: [ExperimentPart] {
    if tables.isEmpty, experiments.count == 1 { return [ExperimentPart(experiments[0], id: "", level: 2)] }
    let isOneTable = tables.count == 1
    var repeated = RepeatedParts()
    return tables.enumerated().map { index, table in
      ExperimentPart(table, id: isOneTable ? "" : "t\(index + 1)-", level: isOneTable ? 2 : 3)
    }
      + experiments.enumerated().map { index, experiment in
        let (own, elsewhere) = repeated.split(experiment, id: "e\(index + 1)-")
        return ExperimentPart(own, elsewhere, id: "e\(index + 1)-", level: 3)
      }
  }

  private func article(_ part: ExperimentPart) -> Markup {
    let heading = part.isWhole ? [] : [Markup.tag("h2", text: part.experiment.name)] + part.opening
    return .tag("article", ["id": part.isWhole ? nil : "\(part.id)top"], heading + part.sections)
  }

  private func links(_ part: ExperimentPart) -> [Markup] {
    let own = part.contents.map { section in
      Markup.tag("li", [:], [.tag("a", ["href": "#\(part.id)\(section.id)"], text: section.title)])
    }
    if part.isWhole { return own }
    return [
      .tag(
        "li", [:],
        [.tag("a", ["href": "#\(part.id)top"], text: part.experiment.name), .tag("ul", [:], own)])
    ]
  }
}

/// The part of a page that tells of one experiment, or of a table.
struct ExperimentPart {
  /// Something under a heading.
  struct Section {
    let id: String
    let title: String
    let content: [Markup]
  }

  let experiment: ReportedExperiment
  /// What stands with other experiments, by the section that it would stand in.
  private let elsewhere: [String: [RepeatedParts.Place]]
  /// What stands before the ids of its sections.
  let id: String
  /// The level of its sections' headings.
  let level: Int

  init(
    _ experiment: ReportedExperiment, _ elsewhere: [String: [RepeatedParts.Place]] = [:], id: String, level: Int
  ) {
    (self.experiment, self.elsewhere, self.id, self.level) = (experiment, elsewhere, id, level)
  }

  /// Whether the page's own heading is that of this part.
  var isWhole: Bool { id.isEmpty }

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
    let all = own.map { section in
      let places = elsewhere[section.id]?.map(\.markup) ?? []
      return Section(id: section.id, title: section.title, content: section.content + places)
    }
    return all.filter { !$0.content.isEmpty }
  }

  /// All sections, with what is shown in them here.
  private var own: [Section] {
    [
      Section(
        id: "results", title: "Results",
        content: experiment.numbers.map { ResultSection(numbers: $0, id: "\(id)results").content } ?? []),
      Section(
        id: "claims", title: "Claims",
        content: experiment.claims.isEmpty ? [] : ClaimSection(claims: experiment.claims).content),
      Section(
        id: "curves", title: "Learning curves", content: families(experiment.curves, "curves", note: Self.logged)),
      Section(
        id: "traces", title: "Likelihood traces", content: families(experiment.traces, "traces", note: Self.traced)),
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
  }

  private static let logged = "Numbers of each optimizer step, as the trainings logged them."
  private static let traced = "Likelihoods of the same responses, measured with the weights that were kept on the way."
  private static let band =
    " A line is the mean over seeds, its band reaches from the least to the largest of them. Charts of one quantity have "
    + "one scale."

  private func families(_ families: [CurveFamily], _ section: String, note: String) -> [Markup] {
    guard !families.isEmpty else { return [] }
    let hasRounds = families.contains { $0.charts.contains { !$0.breaks.isEmpty } }
    let rounds = hasRounds ? " At a dotted line another round of training begins." : ""
    return [Markup.tag("p", ["class": "note"], text: note + Self.band + rounds)]
      + families.enumerated().flatMap { index, family -> [Markup] in
        let drawing = CurveDrawing(family: family, id: "\(id)\(section)-\(index + 1)")
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
