// From the merges of a file, written as two texts with a space between, to a table of numbers.
// Knows nothing of the file around them.

extension MergeTable {
  /// Adds the merge written as `line`, such as `Ġ t`.
  ///
  /// - Returns: False if the line is no merge of this vocabulary.
  mutating func insert(line: UnsafeRawBufferPointer, rank: Int, in vocabulary: Vocabulary, scratch: inout [UInt8])
    -> Bool
  {
    guard let space = line.firstIndex(of: 0x20) else { return false }
    let left = UnsafeRawBufferPointer(rebasing: line[..<space])
    let right = UnsafeRawBufferPointer(rebasing: line[(space + 1)...])
    return insert(left, right, rank: rank, in: vocabulary, scratch: &scratch)
  }

  /// Adds the merge of two texts; each of them and both together must be tokens.
  mutating func insert(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, rank: Int, in vocabulary: Vocabulary,
    scratch: inout [UInt8]
  ) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: left)
    scratch.append(contentsOf: right)
    guard let first = vocabulary.number(of: left), let second = vocabulary.number(of: right),
      let result = vocabulary.number(of: scratch)
    else { return false }
    insert(first, second, rank: Int32(rank), result: result)
    return true
  }
}
