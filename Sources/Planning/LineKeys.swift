// Who records are whose steps read them as lines: all that is said of a record, byte by byte, is its key.
// Knows nothing of what a step makes of a record.

public import Digests
import Records

extension Step {
  /// The keys of a record-wise step's records, from what it reads.
  ///
  /// - Parameter input: The bytes of an input; nil if they cannot be had.
  /// - Returns: nil if an input cannot be had or is not what it should be, or if the work is not done record by record.
  func recordKeys(reading input: (String) -> [UInt8]?) -> [Digest]? {
    work.hasLineKeys ? lineKeys(reading: input) : work.recordKeys(reading: input)
  }

  /// The keys of records of which each input has a line, and the input `replies` one for each item: everything that the
  /// inputs say of the record, its identity included.
  ///
  /// - Parameter input: The bytes of an input; nil if they cannot be had.
  /// - Returns: A key a record; nil if an input cannot be had, or if inputs speak of different records.
  /// - Throws: What `input` throws.
  public func lineKeys<Failure: Error>(
    reading input: (String) throws(Failure) -> [UInt8]?
  ) throws(Failure) -> [Digest]? {
    var files: [(name: String, bytes: [UInt8])] = []
    // A model's files are no lines; they are in what all records have in common.
    let shared = work.recipe?.inputs ?? []
    for name in inputs.map(\.name) where !shared.contains(name) {
      guard let bytes = try input(name) else { return nil }
      files.append((name, bytes))
    }
    return LineKeys.keys(of: files)
  }
}

extension StepWork {
  /// Whether a record's result depends on its lines alone.
  var hasLineKeys: Bool {
    switch self {
    case .revise, .mark, .pairs: true
    default: false
    }
  }
}

/// Keys of records that stand in several files.
enum LineKeys {
  /// The digest of each record's lines, each behind the name of its file.
  ///
  /// Neither a name nor a line has a line feed, and no line is empty.
  static func keys(of files: [(name: String, bytes: [UInt8])]) -> [Digest]? {
    let lines = files.map { ($0.name, $0.bytes.split(separator: lineFeed)) }
    guard let count = lines.first(where: { $0.0 != "replies" })?.1.count else { return nil }
    var dealt: [(name: [UInt8], records: [ArraySlice<ArraySlice<UInt8>>])] = []
    for (name, lines) in lines {
      let counts = name == "replies" ? items(in: files) : Array(repeating: 1, count: count)
      guard let counts, counts.count == count, let records = deal(lines, counts) else { return nil }
      dealt.append((Array(name.utf8), records))
    }
    return (0..<count).map { record in
      var text: [UInt8] = []
      for (name, records) in dealt {
        text += name
        text.append(lineFeed)
        for line in records[record] {
          text += line
          text.append(lineFeed)
        }
        text.append(lineFeed)
      }
      return .sha256(text)
    }
  }

  private static let lineFeed = UInt8(ascii: "\n")

  /// So many lines to each record; nil if there are more or fewer in all.
  private static func deal(
    _ lines: [ArraySlice<UInt8>], _ counts: [Int]
  ) -> [ArraySlice<ArraySlice<UInt8>>]? {
    var rest = lines[...]
    var records: [ArraySlice<ArraySlice<UInt8>>] = []
    records.reserveCapacity(counts.count)
    for count in counts {
      guard rest.count >= count else { return nil }
      records.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return rest.isEmpty ? records : nil
  }

  /// How many items each record has: those of its feedback, or its responses without those that could not be made.
  private static func items(in files: [(name: String, bytes: [UInt8])]) -> [Int]? {
    if let feedback = files.first(where: { $0.name == "feedback" }) {
      return (try? RecordFile.records(FeedbackRecord.self, from: feedback.bytes, file: feedback.name))?.map(
        \.items.count)
    }
    var counts: [Int]?
    for file in files where file.name.hasPrefix("responses/") {
      guard let records = try? RecordFile.records(Responses.self, from: file.bytes, file: file.name) else { return nil }
      let own = records.map { $0.responses.count { $0.finish != .error } }
      guard let sum = counts else {
        counts = own
        continue
      }
      guard sum.count == own.count else { return nil }
      counts = zip(sum, own).map { $0 + $1 }
    }
    return counts
  }
}
