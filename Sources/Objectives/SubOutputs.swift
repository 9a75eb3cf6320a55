// Which parts of a response HIR learns: the sub-outputs of the authors' sampler.
// Knows nothing of random numbers: the caller chooses.

/// The sub-outputs of a response, as the released sampler of HIR draws them (`offline_trainer.py`).
///
/// A response of at most ``minimum`` tokens is taken whole. Of a longer one a start 0, 2, 4, … below length - minimum is
/// drawn, then an end start + 1, start + 3, … up to the length, each evenly. So a response of an even length is never
/// taken whole, and one of length 4 is only ever [0, 1) or [0, 3). What stands before the start is the prompt's. Whether a
/// part of a wrong response is right is decided by all tokens up to its end, as in the code, not by the part alone.
///
/// Differences: the authors' model is an encoder and a decoder. They tokenize the part as a label of its own, which appends an
/// end token to every part (but where what stands up to the end is within the right answer and not all of it), and append
/// what stands before the start to the encoder's input. A decoder reads one text: here that stands before the part, and an
/// end is learned only where the part reaches the response's own, so that none is taught amid an answer.
public struct SubOutputs: Hashable, Sendable {
  /// The response's length in tokens, its end token included; at least 0.
  public let length: Int
  /// The length up to which the whole response is taken; at least 1.
  public let minimum: Int

  /// Makes the sub-outputs of a response.
  ///
  /// - Parameters:
  ///   - length: at least 0.
  ///   - minimum: at least 1; the authors' is 3.
  public init(length: Int, minimum: Int = 3) {
    precondition(length >= 0 && minimum >= 1, "a length is at least 0, a minimum at least 1")
    self.length = length
    self.minimum = minimum
  }

  private var starts: [Int] { length <= minimum ? [] : Array(stride(from: 0, to: length - minimum, by: 2)) }

  private func ends(from start: Int) -> [Int] { Array(stride(from: start + 1, through: length, by: 2)) }

  /// All of them, by start and then by end.
  public var all: [Range<Int>] {
    length <= minimum ? [0..<length] : starts.flatMap { start in ends(from: start).map { start..<$0 } }
  }

  /// One of them; not all are equally likely, because each start is.
  ///
  /// - Parameter choose: Given how many there are to choose from, at least 1, says which, counted from 0; asked first for
  ///   the start and then for the end, and not at all for a response that is taken whole.
  /// - Returns: Its tokens' places.
  public func draw(_ choose: (_ count: Int) -> Int) -> Range<Int> {
    let starts = starts
    if starts.isEmpty { return 0..<length }
    let start = starts[choose(starts.count)]
    let ends = ends(from: start)
    return start..<ends[choose(ends.count)]
  }
}
