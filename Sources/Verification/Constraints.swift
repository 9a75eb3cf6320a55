// Requirements on the form of a response: how long, in which case, with which words, as JSON.
// Knows no right answer; every requirement that is not met is named in the reason.

import JSON

/// What the form of a response must be.
public struct Constraints: Hashable, Sendable {
  /// A least and a most, either of which may be open.
  public struct Bounds: Hashable, Sendable {
    /// The least that is allowed.
    public let least: Int?
    /// The most that is allowed.
    public let most: Int?

    /// Makes bounds.
    public init(least: Int? = nil, most: Int? = nil) {
      self.least = least
      self.most = most
    }

    /// What is wrong with a text, and where; nil if it is within the bounds.
    ///
    /// - Parameters:
    ///   - starts: Where what is counted begins in the text, in order.
    ///   - noun: What it is called, for one of it.
    ///   - text: The text.
    /// - Returns: The words after "the response".
    func complaint(_ starts: [Int], _ noun: String, in text: [Unicode.Scalar]) -> String? {
      let count = starts.count
      let has = "has \(count) \(noun)\(count == 1 ? "" : "s")"
      if let least, count < least {
        let end = text.lastIndex { !Texts.isSpace($0) }.map { "it ends at \(Texts.place($0, in: text))" }
        return "\(has), at least \(least) \(least == 1 ? "is" : "are") asked for: \(end ?? "it is empty")"
      }
      if let most, count > most {
        let surplus = "the first \(noun) too many is at \(Texts.place(starts[most], in: text))"
        return "\(has), at most \(most) \(most == 1 ? "is" : "are") allowed: \(surplus)"
      }
      return nil
    }
  }

  /// Upper or lower case.
  public enum Case: String, Hashable, Sendable, CaseIterable {
    /// No lower-case letter.
    case upper
    /// No upper-case letter.
    case lower
  }

  /// How many words: runs of anything but white space.
  public var words: Bounds
  /// How many characters: Unicode scalars, white space among them.
  public var characters: Bounds
  /// How many lines, blank ones apart.
  public var lines: Bounds
  /// What the response must begin with, after white space.
  public var start: String?
  /// What the response must end with, before white space.
  public var end: String?
  /// The case of every letter.
  public var letterCase: Case?
  /// Words that must stand in the response, whole and in any case.
  public var keywords: [String]
  /// Words that must not.
  public var forbidden: [String]
  /// Whether the response must be one JSON document and nothing else.
  public var isJSON: Bool

  /// Makes constraints; what is left out asks for nothing.
  public init(
    words: Bounds = Bounds(), characters: Bounds = Bounds(), lines: Bounds = Bounds(), start: String? = nil,
    end: String? = nil, letterCase: Case? = nil, keywords: [String] = [],
    forbidden: [String] = [], isJSON: Bool = false
  ) {
    self.words = words
    self.characters = characters
    self.lines = lines
    self.start = start
    self.end = end
    self.letterCase = letterCase
    self.keywords = keywords
    self.forbidden = forbidden
    self.isJSON = isJSON
  }

  var fault: VerifierFault? {
    for (what, bounds) in [("words", words), ("characters", characters), ("lines", lines)] {
      if let least = bounds.least, let most = bounds.most, least > most {
        return .emptyRange(what: what, least: least, most: most)
      }
    }
    return nil
  }

  func verdict(on response: String) -> Verdict {
    let complaints = complaints(about: response)
    if complaints.isEmpty { return Verdict(.right, "the response meets every requirement", found: nil) }
    return Verdict(.wrong, "the response " + complaints.joined(separator: "; it "), found: nil)
  }

  private func complaints(about response: String) -> [String] {
    let scalars = Texts.scalars(response)
    return lengthComplaints(scalars) + endComplaints(scalars) + caseComplaints(scalars) + wordComplaints(scalars)
      + syntaxComplaints(response)
  }

  private func lengthComplaints(_ scalars: [Unicode.Scalar]) -> [String] {
    let words = scalars.indices.split { Texts.isSpace(scalars[$0]) }
    let lines = scalars.indices.split { Texts.isNewline(scalars[$0]) }.filter { line in
      !line.allSatisfy { Texts.isSpace(scalars[$0]) }
    }
    return [
      self.words.complaint(words.map(\.startIndex), "word", in: scalars),
      characters.complaint(Array(scalars.indices), "character", in: scalars),
      self.lines.complaint(lines.map(\.startIndex), "line", in: scalars),
    ].compactMap { $0 }
  }

  private func endComplaints(_ scalars: [Unicode.Scalar]) -> [String] {
    func isText(_ scalar: Unicode.Scalar) -> Bool { !Texts.isSpace(scalar) }
    guard let first = scalars.firstIndex(where: isText), let last = scalars.lastIndex(where: isText) else {
      return [start.map { ("begin", $0) }, end.map { ("end", $0) }].compactMap { $0 }.map { verb, wanted in
        "does not \(verb) with \(Texts.quote(wanted)): it is empty"
      }
    }
    let bare = scalars[first...last]
    var complaints: [String] = []
    if let start, !bare.starts(with: start.unicodeScalars) {
      let word = Texts.quote(Texts.string(bare.prefix { !Texts.isSpace($0) }))
      complaints.append(
        "does not begin with \(Texts.quote(start)), but with \(word) at \(Texts.place(first, in: scalars))")
    }
    if let end, !bare.reversed().starts(with: end.unicodeScalars.reversed()) {
      let word = bare.suffix(from: bare.lastIndex(where: Texts.isSpace).map { $0 + 1 } ?? first)
      complaints.append(
        "does not end with \(Texts.quote(end)), but with \(Texts.quote(Texts.string(word))) at "
          + Texts.place(word.startIndex, in: scalars))
    }
    return complaints
  }

  private func caseComplaints(_ scalars: [Unicode.Scalar]) -> [String] {
    let (stray, name): (Int?, String)
    switch letterCase {
    case .upper: (stray, name) = (scalars.firstIndex(where: \.properties.isLowercase), "lower")
    case .lower: (stray, name) = (scalars.firstIndex(where: \.properties.isUppercase), "upper")
    case nil: return []
    }
    return stray.map { ["has the \(name)-case letter \(scalars[$0]) at \(Texts.place($0, in: scalars))"] } ?? []
  }

  private func wordComplaints(_ scalars: [Unicode.Scalar]) -> [String] {
    let text = Texts.lowercased(scalars)
    func place(_ word: String) -> Int? {
      Texts.ranges(of: Texts.lowercased(word.unicodeScalars), in: text).first?.lowerBound
    }
    return keywords.filter { place($0) == nil }.map { "nowhere has \(Texts.quote($0))" }
      + forbidden.compactMap { word in
        place(word).map { "has the forbidden \(Texts.quote(word)) at \(Texts.place($0, in: text))" }
      }
  }

  private func syntaxComplaints(_ response: String) -> [String] {
    guard isJSON else { return [] }
    do {
      _ = try JSONValue(parsing: response)
      return []
    } catch {
      return ["is not JSON: \(error.reason) at line \(error.line), byte \(error.column)"]
    }
  }
}
