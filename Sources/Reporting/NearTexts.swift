// The search for nearly equal texts: words, runs of words, and an index by the rarest runs.
// Knows numbers of texts; what lists they stand in is TextOverlap's.

/// Two texts that are nearly equal, by their numbers.
struct NearTexts: Hashable {
  let first: Int
  let second: Int
  let share: Double
}

/// Texts that differ in their words, each with the runs of its words.
struct DistinctTexts {
  /// How many words a run has.
  static let runLength = 5

  private var numbers: [String: Int] = [:]
  /// The runs of each text, as numbers in ascending order, each once.
  private(set) var runs: [[UInt64]] = []
  /// The rarest of them, one of which every nearly equal text has.
  private(set) var rarest: [[UInt64]] = []

  /// The number of a text's words; nil if it has none.
  mutating func number(of text: String) -> Int? {
    let words = Self.words(of: text)
    if words.isEmpty { return nil }
    let key = words.joined(separator: " ")
    if let known = numbers[key] { return known }
    numbers[key] = runs.count
    runs.append(Self.runs(of: words))
    return runs.count - 1
  }

  /// Leaves out all but a sample of the runs if there are too many, the same for all texts.
  mutating func sample(most: Int) -> Bool {
    let total = runs.reduce(0) { $0 + $1.count }
    guard total > most else { return false }
    let every = UInt64((total + most - 1) / most)
    for index in runs.indices { runs[index] = runs[index].filter { $0 % every == 0 } }
    return true
  }

  /// Finds each text's rarest runs for a share.
  ///
  /// How rare a run is, a small table says in which several runs may be counted as one: any order will do that is the same
  /// for all texts.
  mutating func sortRuns(near share: Double) {
    let places = UInt64(1 << 20)
    var counts = [UInt32](repeating: 0, count: Int(places))
    for run in runs.joined() { counts[Int(run % places)] += 1 }
    rarest = runs.map { own in
      let common = Int((share * Double(own.count) - 1e-9).rounded(.up))
      let wanted = min(own.count, own.count - common + 1)
      let sorted = own.sorted { (counts[Int($0 % places)], $0) < (counts[Int($1 % places)], $1) }
      return Array(sorted.prefix(wanted))
    }
  }

  // MARK: - Words

  /// The words in lower case; what is neither letter nor digit parts them, and an ideograph is a word.
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func end() {
      if !word.isEmpty { words.append(String(word)) }
      word = String.UnicodeScalarView()
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "a"..."z", "0"..."9": word.append(scalar)
      case "A"..."Z": word.append(Unicode.Scalar(UInt8(scalar.value) + 32))
      case _ where scalar.isASCII: end()
      case _ where scalar.properties.isIdeographic:
        end()
        words.append(String(scalar))
      case _ where isLetter(scalar): word.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      default: end()
      }
    }
    end()
    return words
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isAlphabetic || scalar.properties.numericType != nil { return true }
    return [.nonspacingMark, .spacingMark].contains(scalar.properties.generalCategory)
  }

  private static func runs(of words: [String]) -> [UInt64] {
    let hashes = words.map { word in
      // FNV-1a: the same on every host and in every run.
      word.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
    let starts = max(1, hashes.count - runLength + 1)
    let all = (0..<starts).map { start in
      hashes[start..<min(hashes.count, start + runLength)].reduce(0x9E37_79B9_7F4A_7C15 as UInt64) { mix($0 ^ $1) }
    }
    return Set(all).sorted()
  }

  /// The last steps of MurmurHash3: each bit of what goes in changes about half of what comes out.
  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    value = (value ^ (value >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return value ^ (value >> 33)
  }
}

/// Finds nearly equal texts of two lists.
struct NearSearch {
  /// The texts of a list by their rarest runs.
  struct Index {
    fileprivate let texts: [UInt64: [Int]]
  }

  let texts: DistinctTexts
  let share: Double
  /// Whether some texts were not held against all candidates.
  private(set) var isCut = false
  /// How often two texts were held against each other.
  private(set) var comparisons = 0
  /// For each text the last one that it was held against.
  private var seen: [Int]

  init(texts: DistinctTexts, share: Double) {
    self.texts = texts
    self.share = share
    seen = Array(repeating: -1, count: texts.runs.count)
  }

  /// The index of the texts of a list.
  func index(of list: [Int]) -> Index {
    var found: [UInt64: [Int]] = [:]
    for text in list { for run in texts.rarest[text] { found[run, default: []].append(text) } }
    return Index(texts: found)
  }

  /// The texts of an index that are nearly equal to those of another list, and different from them.
  ///
  /// - Parameters:
  ///   - index: The texts of the first list.
  ///   - list: The second list.
  /// - Returns: For each text of either list the nearest of the other, if there is one.
  mutating func near(_ index: Index, _ list: [Int]) -> [NearTexts] {
    var nearest: [Int: NearTexts] = [:]
    var found: [NearTexts] = []
    for place in seen.indices { seen[place] = -1 }
    for text in list {
      var best: NearTexts?
      for near in candidates(of: text, index) {
        if near.share > best?.share ?? 0 { best = near }
        if near.share > nearest[near.first]?.share ?? 0 { nearest[near.first] = near }
      }
      if let best { found.append(best) }
    }
    let known = Set(found)
    return found + nearest.keys.sorted().compactMap { nearest[$0] }.filter { !known.contains($0) }
  }

  /// The texts of an index that are nearly equal to one, of those that share a rare run with it.
  private mutating func candidates(of text: Int, _ index: Index) -> [NearTexts] {
    var found: [NearTexts] = []
    var left = TextOverlap.mostCandidates
    for run in texts.rarest[text] {
      for candidate in index.texts[run] ?? [] where candidate != text && seen[candidate] != text {
        guard left > 0 else {
          isCut = true
          return found
        }
        left -= 1
        seen[candidate] = text
        comparisons += 1
        if let common = common(text, candidate) {
          found.append(NearTexts(first: candidate, second: text, share: common))
        }
      }
    }
    return found
  }

  /// The share of runs that two texts have in common; nil if it is too small.
  private func common(_ one: Int, _ other: Int) -> Double? {
    let (left, right) = (texts.runs[one], texts.runs[other])
    let (fewer, more) = (min(left.count, right.count), max(left.count, right.count))
    guard fewer > 0, Double(fewer) >= share * Double(more) - 1e-9 else { return nil }
    var (i, j, both) = (0, 0, 0)
    while i < left.count, j < right.count {
      if left[i] == right[j] {
        (i, j, both) = (i + 1, j + 1, both + 1)
      } else if left[i] < right[j] {
        i += 1
      } else {
        j += 1
      }
    }
    let common = Double(both) / Double(left.count + right.count - both)
    return common >= share - 1e-9 ? common : nil
  }
}
