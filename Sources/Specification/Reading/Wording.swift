// The sentences of this target: every fault told with what is wrong and what to do next.
// Knows nothing of how faults are found.

import Diagnostics

/// Tells faults.
enum Wording {
  /// `a`, `a or b`, `a, b or c`.
  static func oneOf(_ words: [String]) -> String { joined(words, "or") }

  static func joined(_ words: [String], _ conjunction: String) -> String {
    let quoted = words.map { "`\($0)`" }
    guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " \(conjunction) " + last
  }

  /// "Did you mean", or the list of what there is.
  static func choose(_ word: String, _ allowed: [String], _ what: String) -> String {
    if let nearest = Suggestion.nearest(to: word, among: allowed) { return "Did you mean `\(nearest)`?" }
    if allowed.isEmpty { return "There is no \(what) to choose from; remove it." }
    return "Choose from \(joined(allowed, "and"))."
  }

  static func many(_ count: Int, _ one: String) -> String { count == 1 ? "1 \(one)" : "\(count) \(one)s" }
}

extension Reading.Located {
  /// The fault, told.
  func diagnosis(notes: [String] = []) -> Diagnosis {
    let told = fault.told
    return Diagnosis(
      "spec.\(told.code)", told.message, place: place, notes: told.notes + notes, remedy: told.remedy,
      exit: fault.exit, severity: isWarning ? .warning : .error)
  }
}

/// A fault as a code, a sentence and a next step.
struct Told {
  let code: String
  let message: String
  var notes: [String] = []
  let remedy: String?

  init(_ code: String, _ message: String, notes: [String] = [], _ remedy: String?) {
    self.code = code
    self.message = message
    self.notes = notes
    self.remedy = remedy
  }
}

extension SpecFault {
  /// The exit code that it asks for.
  var exit: ExitCode {
    if case .unreadable = self { .inputOutput } else { .badSpec }
  }

  /// The fault, told.
  var told: Told { fileTold ?? shapeTold ?? grammarTold ?? nameTold ?? fitTold }

  private var fileTold: Told? {
    switch self {
    case .unreadable(let path, let fault):
      Told("unreadable", "`\(path)` cannot be read: \(fault.inWords)", fault.remedy)
    case .extendsCycle(let files):
      Told(
        "extends-cycle", "`extends` goes round in a circle: \(files.joined(separator: " → "))",
        "Remove one `extends` of the circle.")
    case .extendsTooLong(let most):
      Told("extends-too-long", "More than \(most) files extend one another", "Put some of them together.")
    case .tooManyFaults(let most):
      Told("too-many", "More than \(most) mistakes; the rest is not told", "Mend these first.")
    case .notAMapping(let found):
      Told("not-a-mapping", "A spec is a mapping of keys, not \(found)", "Begin with `version: 1`.")
    case .isATable:
      Told(
        "is-a-table", "This is a table of several experiments, and an experiment is wanted here",
        "Name one of the specs under `experiments`.")
    case .experimentNotThere(let path):
      Told(
        "no-such-experiment", "The spec `\(path)` is not there yet",
        "Write it before running this one; the path is relative to this file.")
    case .publishedNotThere(let path):
      Told(
        "no-such-file", "The file `\(path)` is not there; the table will show no published numbers",
        "Write it, or remove `published`.")
    default: nil
    }
  }

  private var shapeTold: Told? {
    switch self {
    case .unknownKey(let key, let what, let allowed):
      unknownKey(key, what, allowed)
    case .nothingToRemove(let name, let known):
      Told(
        "nothing-to-remove", "`none` removes what is inherited, and nothing named `\(name)` is",
        Suggestion.nearest(to: name, among: known).map { "Did you mean `\($0)`?" }
          ?? "Remove the line; the text is written `\"none\"`.")
    case .missingKey(let key, let what):
      Told("missing-key", "\(what) lacks `\(key)`", "Add `\(key): …`.")
    case .wrongType(let key, let expected, let found):
      Told("wrong-type", "`\(key)` must be \(expected), not \(found)", Self.example(of: expected))
    case .needsQuotes(let key, let written, let found):
      Told(
        "wrong-type", "`\(key)` must be text, and `\(written)` is \(found)",
        written.isEmpty ? "Write the text, or `\"\"` for none." : "Put it in quotes: `\"\(written)\"`.")
    case .emptyText(let key): Told("empty-text", "`\(key)` must not be empty", "Write the text, or remove the key.")
    case .outOfRange(let key, let limits, let found):
      Told("out-of-range", "`\(key)` cannot be \(found)", "Write a number that is \(limits.inWords).")
    case .unknownWord(let key, let word, let allowed):
      Told(
        "unknown-word", "`\(key)` cannot be `\(word)`", Wording.choose(word, allowed, "word"))
    case .unknownKind(let what, let word, let allowed):
      Told("unknown-kind", "There is no \(what) `\(word)`", Wording.choose(word, allowed, "kind"))
    case .noTag(let what, let allowed):
      Told(
        "missing-kind", "The \(what) does not say which kind it is", "Choose from \(Wording.joined(allowed, "and")).")
    case .severalTags(let what, let found, let allowed):
      severalTags(what, found, allowed)
    case .tagNeedsMore(let tag):
      Told("missing-options", "`\(tag)` says nothing by itself", "Write `{\(tag): …}` with what it needs.")
    case .tooFew(let key, let least):
      Told(
        "too-few", "`\(key)` needs at least \(least == 1 ? "1 entry" : "\(least) entries")",
        "Add what is missing, or remove the key.")
    case .repeated(let key, let word): Told("repeated", "`\(word)` stands twice in `\(key)`", "Keep one of them.")
    case .exactlyOne(let keys, let what, let found):
      Told(
        "exactly-one", "`\(what)` needs exactly one of \(Wording.joined(keys, "and"))",
        found == 0 ? "Add one of them." : "Keep one of them.")
    case .atLeastOne(let keys, let what):
      Told("at-least-one", "`\(what)` needs at least one of \(Wording.joined(keys, "and"))", "Add one of them.")
    case .goesOnlyWith(let key, let other):
      Told("does-nothing", "`\(key)` has no effect without `\(other)`", "Remove `\(key)`, or choose `\(other)`.")
    case .beyond(let key, let value, let other, let limit):
      Told(
        "out-of-range", "`\(key)` is \(value), more than `\(other)`, which is \(limit)",
        "Write \(limit) or less, or leave `\(key)` out.")
    case .neededWith(let key, let other): Told("missing-key", "`\(other)` needs `\(key)`", "Add `\(key): …`.")
    case .unsupportedVersion(let version):
      Told(
        "version", "This program reads specs of version 1, not \(version)",
        "Write `version: 1`, or use a newer program.")
    default: nil
    }
  }

  /// How a value of a kind is written.
  private static func example(of expected: String) -> String {
    switch expected {
    case "a whole number": "Write digits, such as `8`, without quotes."
    case "a number": "Write a number, such as `0.5`, without quotes."
    case "true or false": "Write `true` or `false`, without quotes."
    case "a list": "Write `[…]`, or lines that begin with `- `."
    case "a mapping", "an empty mapping", "a mapping of one kind":
      "Write `{key: value}`, or indented lines `key: value`."
    case "a mapping of keys to change": "Write the keys to change, or `{}` for none."
    default: "Write \(expected)."
    }
  }

  private func unknownKey(_ key: String, _ what: String, _ allowed: [String]) -> Told {
    if let nearest = Suggestion.nearest(to: key, among: allowed) {
      return Told("unknown-key", "\(what) has no key `\(key)`", "Did you mean `\(nearest)`?")
    }
    let remedy =
      allowed.isEmpty ? "It has no options; remove the key." : "Its keys are \(Wording.joined(allowed, "and"))."
    return Told("unknown-key", "\(what) has no key `\(key)`", remedy)
  }

  private func severalTags(_ what: String, _ found: [String], _ allowed: [String]) -> Told {
    // A second key that is no tag is more likely an option that slipped out of its braces.
    if let stray = found.first(where: { !allowed.contains($0) }), let tag = found.first(where: { allowed.contains($0) })
    {
      return Told(
        "several-kinds", "`\(stray)` stands beside `\(tag)`, and the \(what) has one key",
        "Put `\(stray)` under `\(tag)`: `{\(tag): {\(stray): …}}`.")
    }
    return Told(
      "several-kinds", "The \(what) is \(Wording.joined(found, "and")) at once", "Keep one of them.")
  }

  private var grammarTold: Told? {
    switch self {
    case .badTemplate(let kind, let piece): templateTold(kind, piece)
    case .templateLacks(let field, let key):
      Told("template-lacks", "`\(key)` does not use `{\(field)}`", "Put `{\(field)}` where it belongs.")
    case .badDigest(let found):
      Told(
        "bad-digest",
        found.count == 64
          ? "`sha256` may hold only the digits `0` to `9` and `a` to `f`"
          : "`sha256` must be 64 hexadecimal digits, not \(Wording.many(found.count, "character"))",
        "Write the whole digest, or `unknown` until it is known; `runner pin` writes it.")
    case .digestMissing:
      Told(
        "no-digest", "A file that is not local needs `sha256`",
        "Add `sha256: unknown` until it is known; `runner pin` writes it.")
    case .badURL(let url): Told("bad-url", "`\(url)` is no `https://` address", "Write the whole address.")
    case .badPattern(let pattern, let reason):
      Told("bad-pattern", "`\(pattern)` is no pattern: \(reason)", "Check its brackets and escapes.")
    case .badLetters(let found):
      Told(
        "bad-letters", "`letters` shows how `A` is written, and `\(found)` has not exactly one `A`",
        "Write `(A)` or `A.`.")
    case .badClaim(let found):
      Told("bad-claim", "`\(found)` compares no two cells", "Write `ROW/COLUMN > ROW/COLUMN`.")
    case .badName(let name):
      Told("bad-name", "`\(name)` cannot be a name here", "Use letters, digits, spaces and hyphens; no `/`.")
    case .builtInAxis(let name):
      Told("bad-name", "`\(name)` is an axis of every table already", "Give this axis another name.")
    case .badDelimiter(let found):
      Told("bad-delimiter", "`delimiter` must be one character, not `\(found)`", "Write `\",\"`, `\";\"` or `\"\\t\"`.")
    default: nil
    }
  }

  private func templateTold(_ kind: TemplateFault.Kind, _ piece: String) -> Told {
    switch kind {
    case .openBrace:
      Told(
        "bad-template", "This `{` is not closed in its line", "Write `{field}`, or `{{` for a brace that means itself.")
    case .badName(let name):
      Told(
        "bad-template", name.isEmpty ? "`\(piece)` names no field" : "`\(piece)` has spaces around its name",
        "Write `{field}`, or `{{` for a brace that means itself.")
    case .unclosedSection(let name):
      Told("bad-template", "`{#\(name)}` is never closed", "Write `{/\(name)}` where it ends.")
    case .unexpectedClose(let name, let open):
      Told(
        "bad-template", "`{/\(name)}` closes nothing" + (open.map { "; `{#\($0)}` is open" } ?? ""),
        open.map { "Write `{/\($0)}`." } ?? "Write `{#\(name)}` where it begins, or remove it.")
    case .tooDeep: Told("bad-template", "Sections are nested too deep", "Use fewer sections within sections.")
    }
  }

  private var nameTold: Told? {
    switch self {
    case .unresolved(let kind, let name, let known):
      Told("unresolved", "There is no \(kind) `\(name)`", Wording.choose(name, known, kind))
    case .severalNumbers(let eval, let numbers):
      Told("several-numbers", "`\(eval)` gives several numbers", "Name one of them: \(Wording.oneOf(numbers)).")
    case .unknownSplit(let split, let dataset, let known):
      Told("unresolved", "`\(dataset)` has no part `\(split)`", Wording.choose(split, known, "part"))
    case .noSplits(let split, let dataset):
      Told(
        "unresolved", "`\(dataset)` is not split, so it has no part `\(split)`",
        "Give it a `split:`, or write `\(dataset)` for all of it.")
    case .noValidation(let dataset):
      Told(
        "no-validation", "`\(dataset)` sets no validation records aside, so this cannot be executed",
        "Add `validation: …` to its `split`.")
    case .sameAsCycle(let names):
      Told(
        "same-as-cycle", "`same-as` goes round in a circle: \(names.joined(separator: " → "))", "Remove one of them.")
    case .sameAsNothing(let dataset, let path):
      Told("unresolved", "`\(path)` has no data set `\(dataset)`", "Name the data set as that file does.")
    case .againstItself:
      Told(
        "against-itself", "the policy would play against itself: `win-rate` looks at the trained policy already",
        "Name the untrained model: add `untrained: {weights: {same-as: policy}}` to `models`, and say "
          + "`against: untrained`.")
    case .modelUnderBy(let model, let what):
      Told(
        "model-under-by", "`\(what)` names the model that writes by its key `model`, not under `by`",
        "Write `\(what): {model: \(model ?? "NAME")}`.")
    case .noAnswer(let dataset, let by):
      Told(
        "no-answer", "`\(by)` verifies responses, and `\(dataset)` has no `answer`",
        "Add `answer: {from: \"{field}\", verifier: …}` to the data set.")
    case .noOptions(let dataset):
      Told(
        "no-options", "`choice` chooses among options, and the records of `\(dataset)` have none",
        "Measure `accuracy` there, or name a data set whose records have a list `options`.")
    case .noLetters(let dataset):
      Told(
        "no-options", "A letter is to be chosen, and `\(dataset)` does not say how its options are written",
        "Add `options: {letters: \"(A)\"}` to the data set, or say `continuation: text`.")
    case .unknownPath(let path): Told("unresolved", "`\(path)` is no key of a spec", "Join keys with dots.")
    case .axisNotShown(let axis):
      Told(
        "axis-not-shown", "The axis `\(axis)` is neither in `rows` nor in `columns`",
        "Add it, such as `columns: \(axis)`.")
    case .unknownRow(let name, let known):
      Told("unresolved", "The table has no cell `\(name)`", Wording.choose(name, Array(known.prefix(24)), "cell"))
    case .unknownCell(let name, let known):
      Told("unresolved", "The grid has no cell `\(name)`", Wording.choose(name, Array(known.prefix(24)), "cell"))
    default: nil
    }
  }

  private var fitTold: Told {
    switch self {
    case .feedbackMismatch(let reader, let gets, let reads, let remedies):
      Told(
        "feedback",
        "`\(reader)` cannot read \(gets.rawValue); it reads \(reads.map(\.rawValue).joined(separator: " or "))",
        remedies.isEmpty ? "Remove the stage." : "Use \(Wording.oneOf(remedies)).")
    case .splitOverlap(let sum):
      Told("split-overlap", "The parts take \(sum) of the records together", "Lower the fractions to 1 in all.")
    case .splitBeyondTask(let asked, let made):
      Told(
        "split-beyond-task", "The parts take \(asked) records together and the task makes \(made)",
        "Lower the numbers, or raise the task's `records` to \(asked).")
    case .twoRests(let first, let second):
      Told("two-rests", "`\(first)` and `\(second)` both take the rest", "Give one of them a number.")
    case .notDivisible(let key, let value, let by, let divisor):
      Told("not-divisible", "`\(key)` (\(value)) must be a multiple of `\(by)` (\(divisor))", "Change one of them.")
    case .oddHeadSize(let width, let heads):
      Told(
        "odd-head-size",
        "`width` (\(width)) by `heads` (\(heads)) makes heads of size \(width / heads), which must be even",
        "Make `width` a multiple of \(2 * heads), or change `heads`.")
    case .emptyRange(let low, let high):
      Told("empty-range", "The range goes from \(low) down to \(high)", "Write the smaller number first.")
    case .lastTurnNotUser:
      Told("last-turn", "The last turn of a prompt must be the user's", "End with `- user: …`.")
    case .rotationOfOne:
      Told(
        "rotation-of-one",
        "`partner: rotation` takes the response before in the batch, and every batch has one example",
        "Write `batch: {examples: 2}` or more, or `partner: drawn`.")
    case .rotationInGroups:
      Told(
        "rotation-in-groups",
        "`partner: rotation` goes round the whole batch, and `group` normalizes over a part of it",
        "Leave `group` out, or write `partner: drawn`.")
    case .trainsOnEvaluated(let part, let eval):
      Told("trains-on-evaluated", "`\(eval)` looks at `\(part)`, which is trained on", "Evaluate on another part.")
    case .axisSets(let path, let axis, let arms):
      Told(
        "axis-sets", "`\(path)` is also set by \(axis == "cells" ? "`cells:`" : "the axis `\(axis)`")",
        notes: ["set by \(Wording.joined(arms, "and"))"],
        axis == "cells"
          ? "Change it there, or write `cells: none` to drop what single cells change."
          : "Write `ablations: none` to drop the axes, or change the arms.")
    case .axesClash(let path, let first, let second):
      Told(
        "axes-clash", "The axes `\(first)` and `\(second)` both set `\(path)`",
        "Let one of them set it, or make them one axis.")
    case .notInArms(let key):
      Told("not-in-arms", "A part of the grid cannot change `\(key)`", "Write it at the top of the file.")
    case .tooManyCandidates(let most):
      Told(
        "too-many-candidates", "`search` tries more than \(most) combinations in all cells together",
        "List fewer values, or make fewer cells.")
    case .tooManyCells(let count, let most):
      Told(
        "too-many-cells", "The axes make \(count) cells; at most \(most) are allowed",
        "Split the grid into several files.")
    case .badSetting(let text, let fault): settingTold(text, fault)
    case .searchOnTrained(let part):
      Told("search-on-trained", "`search` chooses on `\(part)`, which is trained on", "Choose on a validation part.")
    case .cannotSearchOver(let key):
      Told(
        "cannot-search", "`search` cannot try values of `\(key)`",
        notes: ["Only how weights are trained is searched: what they are trained on is the same for all values."],
        "Search over keys of `hyperparameters` or `objective`, such as `hyperparameters.optimizer.adamw.learning-rate`; "
          + "make other keys an axis of `ablations:`.")
    default: Told("spec", "The spec is wrong", nil)
    }
  }
}

extension SpecFault {
  private func settingTold(_ text: String, _ fault: SettingFault) -> Told {
    switch fault {
    case .noEquals: Told("bad-setting", "`--set \(text)` has no `=`", "Write `--set key.key=value`.")
    case .noKey:
      Told("bad-setting", "`--set \(text)` names no key before `=`", "Write `--set key.key=value`.")
    case .emptyKey:
      Told("bad-setting", "A key is empty in `--set \(text)`", "Join keys with single dots: `--set key.key=value`.")
    case .noValue:
      Told(
        "bad-setting", "`--set \(text)` gives no value behind `=`",
        "Write the value; `none` removes the key and `\"\"` is empty text.")
    case .extends:
      Told(
        "bad-setting", "`--set` cannot change what a spec extends",
        "Write `extends: …` in a spec of its own, and set the rest there or here.")
    }
  }
}
