// The numbers of a recipe's segments have no gaps: a gap is a segment that somebody deleted, and is missed once.

extension RecordSegments {
  /// The numbers for which no segment stands though one with a greater number is there: segments that were deleted.
  func gaps() throws(StorageError) -> [SegmentName] {
    let gaps = Self.gaps(in: try segmentNames())
    if gaps.isEmpty { return [] }
    // What is published or compacted while a folder is listed may be missed once.
    let again = Self.gaps(in: try segmentNames())
    return gaps.filter(again.contains)
  }

  private static func gaps(in names: [SegmentName]) -> [SegmentName] {
    var gaps: [SegmentName] = []
    var next = 1
    for name in names {
      if name.first > next { gaps.append(SegmentName(first: next, last: name.first - 1)) }
      next = max(next, name.last + 1)
    }
    return gaps
  }

  /// Puts a segment without records in the place of one that is gone, so that it is not missed again.
  ///
  /// Nothing rests on it, so a failure is no fault; if it is not flushed, a power cut leaves another one to be missed.
  func fill(_ name: String) {
    guard !files.isReadOnly, let bytes = try? Segment.bytes(of: [], recipe: recipe) else { return }
    _ = try? files.publishFirst("\(folder)/\(name)") { file throws(StorageError) in
      try file.write(bytes)
    }
  }
}
