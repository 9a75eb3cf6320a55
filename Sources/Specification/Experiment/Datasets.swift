// Data sets by name: where records come from, how they become prompts, what is right, how they are split.
// Knows nothing of reading the data.

/// A data set that a spec names.
public struct Dataset: Hashable, Sendable {
  /// Where its records come from.
  public let source: Source
  /// How a record becomes a prompt.
  public let prompt: Prompt
  /// What the right answer is and how a response is held against it.
  public let answer: Answer?
  /// How the options of a multiple-choice record are written; gives `{options}`, and the answer its letter.
  public let options: OptionFormat?
  /// How it is split; nil means one part with everything.
  public let split: Split?
}

/// Where records come from.
public enum Source: Hashable, Sendable {
  /// One JSON value a line.
  case jsonl(FileReference)
  /// One JSON document.
  case json(JSONSource)
  /// Comma-separated values with a header line.
  case csv(CSVSource)
  /// A task of BIG-bench (`task.json`).
  case bigbench(FileReference)
  /// A built-in generator of records.
  case task(BuiltInTask)
  /// One source for each round.
  case rounds([Source])
}

/// One JSON document.
public struct JSONSource: Hashable, Sendable {
  /// The file; gzip and zstd are recognized by their first bytes.
  public let file: FileReference
  /// The member that holds the list of records; nil if the document is the list.
  public let records: String?
}

/// Comma-separated values with a header line.
public struct CSVSource: Hashable, Sendable {
  /// The file; gzip and zstd are recognized by their first bytes.
  public let file: FileReference
  /// The one character between fields.
  public let delimiter: String
}

/// A built-in generator of records, each with an exact answer.
public enum BuiltInTask: Hashable, Sendable {
  /// "I have two apples and a pear. How many fruits do I have?"
  case objectCounting(ObjectCounting)
  /// "Alice has the ball, Bob the book. They swap …"
  case trackingShuffledObjects(TrackingShuffledObjects)
  /// "Sort the following words alphabetically."
  case wordSorting(WordSorting)
  /// "3 + 14 * 2 ="
  case arithmetic(Arithmetic)

  /// How many records it makes.
  public var records: Int {
    switch self {
    case .objectCounting(let task): task.records
    case .trackingShuffledObjects(let task): task.records
    case .wordSorting(let task): task.records
    case .arithmetic(let task): task.records
    }
  }
}

/// Counting the objects of a list.
public struct ObjectCounting: Hashable, Sendable {
  /// How many kinds of object a question lists, both ends included; 1...20.
  public let objects: ClosedRange<Int>
  /// How many records; at least 1.
  public let records: Int
  /// The seed of the questions.
  public let seed: Int
}

/// Following objects through swaps.
public struct TrackingShuffledObjects: Hashable, Sendable {
  /// How many people and objects; 2...10.
  public let objects: Int
  /// How many swaps; 1...20.
  public let swaps: Int
  /// How many records; at least 1.
  public let records: Int
  /// The seed of the questions.
  public let seed: Int
}

/// Sorting words.
public struct WordSorting: Hashable, Sendable {
  /// How many words a question lists; 2...50.
  public let words: Int
  /// How many records; at least 1.
  public let records: Int
  /// The seed of the questions.
  public let seed: Int
}

/// Computing with whole numbers.
public struct Arithmetic: Hashable, Sendable {
  /// An operation between two terms.
  public enum Operation: String, Hashable, Sendable, CaseIterable {
    /// Addition.
    case add
    /// Subtraction.
    case subtract
    /// Multiplication.
    case multiply
  }

  /// The operations to draw from; not empty.
  public let operations: [Operation]
  /// The most digits of a term; 1...9.
  public let digits: Int
  /// How many terms; 2...10.
  public let terms: Int
  /// How many records; at least 1.
  public let records: Int
  /// The seed of the questions.
  public let seed: Int
}

/// How a record becomes a prompt.
public enum Prompt: Hashable, Sendable {
  /// Text: one turn of the user.
  case text(Template)
  /// Turns, in order; the last is the user's.
  case turns([PromptPart])
  /// A dialogue that stands in the data.
  case conversation(Conversation)
}

/// An element of a list of turns.
public enum PromptPart: Hashable, Sendable {
  /// A turn.
  case turn(Turn)
  /// Here come examples: the prompt's other turns rendered for other records, each with its answer.
  case shots(Shots)
}

/// A turn of a prompt.
public struct Turn: Hashable, Sendable {
  /// Who speaks.
  public let role: Role
  /// What is said.
  public let content: Template
}

/// Who speaks.
public enum Role: String, Hashable, Sendable, CaseIterable {
  /// The system message.
  case system
  /// The user.
  case user
  /// The model.
  case assistant
}

/// Examples with their answers before the question.
public struct Shots: Hashable, Sendable {
  /// The part of the same data set to take them from.
  public let from: String
  /// How many; at least 1.
  public let count: Int
}

/// A dialogue that stands in the data.
public struct Conversation: Hashable, Sendable {
  /// How a dialogue is written.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// Text with `\n\nHuman:` and `\n\nAssistant:`.
    case humanAssistant = "human-assistant"
    /// A list of `{role, content}`.
    case messages
    /// A list of `[role, text]`; `prompter` and `human` are users, as in OpenAssistant's and Anthropic's data.
    case pairs
  }

  /// Where the prompt ends.
  public enum End: String, Hashable, Sendable, CaseIterable {
    /// Before the last turn of the model, which is the response.
    case lastAssistant = "last-assistant"
    /// At the dialogue's end.
    case end
  }

  /// The field that holds it.
  public let field: String
  /// How it is written.
  public let format: Format
  /// Where the prompt ends.
  public let upTo: End
}

/// How the options of a multiple-choice record are written.
public struct OptionFormat: Hashable, Sendable {
  /// The order of the options.
  public enum Order: String, Hashable, Sendable, CaseIterable {
    /// As in the data.
    case given
    /// Drawn for each record from its content.
    case shuffled
  }

  /// The letter `A` as it is to be written, such as `(A)`: holds exactly one `A`.
  public let letters: String
  /// The order of the options.
  public let order: Order
}

/// How a data set is split.
public struct Split: Hashable, Sendable {
  /// How much a part takes.
  public enum Size: Hashable, Sendable {
    /// So many records.
    case count(Int)
    /// This share of all records; more than 0, at most 1.
    case fraction(Double)
    /// What the other parts leave.
    case rest
  }

  /// What keeps records together.
  public enum Grouping: Hashable, Sendable {
    /// Records for which this text is equal.
    case template(Template)
    /// Records whose field is equal up to the first occurrence of a text (all of it, if nil), but for what is ignored.
    case field(String, until: String?, ignoring: [ExactOptions.Ignored])
    /// Records whose prompts are equal but for what is ignored.
    case prompt(ignoring: [ExactOptions.Ignored])
  }

  /// The parts in the order in which they are taken; `train` is taken from the other end.
  public let parts: Named<Size>
  /// What keeps records together; nil: equal prompts alone.
  public let groupBy: Grouping?
}

/// A data set, or a part of one.
public struct DataReference: Hashable, Sendable {
  /// The data set's name.
  public let dataset: String
  /// The part's name; nil means everything in it.
  public let split: String?

  /// Makes a reference.
  public init(dataset: String, split: String?) {
    self.dataset = dataset
    self.split = split
  }

  /// `name` or `name/split`.
  public var text: String { split.map { "\(dataset)/\($0)" } ?? dataset }
}

/// What is trained on.
public struct DataSelection: Hashable, Sendable {
  /// One member of a mixture.
  public struct Part: Hashable, Sendable {
    /// Which records; the part `train` where the spec names no part and there is one.
    public let reference: DataReference
    /// Its share relative to the others; more than 0.
    public let weight: Double
  }

  /// The members in order; one alone has weight 1.
  public let parts: [Part]
}

/// What an eval looks at.
public struct EvalData: Hashable, Sendable {
  /// As written: `name/split`, `name`, or the name of a part that every data set of `data:` has.
  public let written: String
  /// The data sets meant; not empty.
  public let parts: [DataReference]
}
