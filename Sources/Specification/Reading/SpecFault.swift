// What can be wrong with a spec, as facts.
// Knows nothing of sentences; those stand in Wording.

import Diagnostics

/// What can be wrong with a spec.
enum SpecFault: Hashable {
  // Files.
  case unreadable(path: String, FileFault)
  case extendsCycle([String])
  case extendsTooLong(most: Int)
  case notAMapping(found: String)
  case isATable
  case experimentNotThere(path: String)
  case publishedNotThere(path: String)

  /// Those from here on are not told.
  case tooManyFaults(most: Int)

  // The shape of values.
  case unknownKey(String, in: String, allowed: [String])
  case nothingToRemove(String, known: [String])
  case missingKey(String, in: String)
  case wrongType(key: String, expected: String, found: String)
  case needsQuotes(key: String, written: String, found: String)
  case emptyText(key: String)
  case outOfRange(key: String, limits: Limits, found: String)
  case unknownWord(key: String, word: String, allowed: [String])
  case unknownKind(of: String, String, allowed: [String])
  case noTag(of: String, allowed: [String])
  case severalTags(of: String, [String], allowed: [String])
  case tagNeedsMore(tag: String)
  case tooFew(key: String, least: Int)
  case repeated(key: String, word: String)
  case exactlyOne(of: [String], in: String, found: Int)
  case atLeastOne(of: [String], in: String)
  case goesOnlyWith(key: String, other: String)
  case beyond(key: String, value: Int, other: String, limit: Int)
  case neededWith(key: String, other: String)
  case unsupportedVersion(Int)

  // Texts with a grammar of their own.
  case badTemplate(TemplateFault.Kind, piece: String)
  case templateLacks(field: String, key: String)
  case badDigest(String)
  case digestMissing
  case badURL(String)
  case badPattern(String, reason: String)
  case badLetters(String)
  case badClaim(String)
  case badName(String)
  case builtInAxis(String)
  case badDelimiter(String)

  // Names.
  case unresolved(kind: String, String, known: [String])
  case severalNumbers(eval: String, [String])
  case unknownSplit(String, dataset: String, known: [String])
  case noSplits(String, dataset: String)
  case noValidation(dataset: String)
  case sameAsCycle([String])
  case sameAsNothing(dataset: String, path: String)
  case againstItself
  case modelUnderBy(model: String?, in: String)
  case noAnswer(dataset: String, by: String)
  case noOptions(dataset: String)
  case noLetters(dataset: String)
  case unknownPath(String)
  case axisNotShown(String)
  case unknownRow(String, known: [String])
  case unknownCell(String, known: [String])

  // What does not go together.
  case feedbackMismatch(reader: String, gets: Feedback, reads: [Feedback], remedies: [String])
  case splitOverlap(String)
  /// Parts of a split take more records than a built-in task makes.
  case splitBeyondTask(asked: Int, made: Int)
  case twoRests(String, String)
  case notDivisible(key: String, Int, by: String, Int)
  case oddHeadSize(width: Int, heads: Int)
  case emptyRange(Int, Int)
  case lastTurnNotUser
  case rotationOfOne
  case rotationInGroups
  case trainsOnEvaluated(String, eval: String)
  case axisSets(path: String, axis: String, arms: [String])
  case axesClash(path: String, first: String, second: String)
  case notInArms(String)
  case tooManyCandidates(most: Int)
  case tooManyCells(Int, most: Int)
  case badSetting(String, SettingFault)
  case searchOnTrained(String)
  case cannotSearchOver(String)
}

extension SpecFault {
  /// Whether a value is wrong by itself, whatever the rest of the spec says.
  var standsAlone: Bool {
    switch self {
    case .unknownKey, .wrongType, .needsQuotes, .emptyText, .outOfRange, .unknownWord, .unknownKind, .severalTags,
      .tooFew, .repeated, .unsupportedVersion, .badTemplate, .badDigest, .badURL, .badPattern, .badLetters, .badClaim,
      .badName, .builtInAxis, .badDelimiter, .emptyRange, .lastTurnNotUser, .rotationOfOne, .notInArms,
      .cannotSearchOver:
      true
    default: false
    }
  }
}

/// What is wrong with a setting of the command line.
enum SettingFault: Hashable {
  /// Nothing parts key and value.
  case noEquals
  /// Nothing stands before `=`.
  case noKey
  /// Two dots follow one another, or one begins or ends the key.
  case emptyKey
  /// Nothing stands behind `=`.
  case noValue
  /// Inheritance is done before settings are laid over it.
  case extends
}
