// libyaml's events as Swift values: the only file that touches the C library.
// Knows nothing of trees; gives one event after the other, with its bytes' range.

import CYAML

/// One event of a YAML stream.
struct YAMLEvent {
  enum Kind {
    case streamStart
    case streamEnd
    case documentStart
    case documentEnd
    case alias(String)
    case scalar(Scalar)
    case sequenceStart(flow: Bool)
    case sequenceEnd
    case mappingStart(flow: Bool)
    case mappingEnd
  }

  let kind: Kind
  let anchor: String?
  let tag: String?
  let range: Range<Int>
}

/// What libyaml found wrong, in its words.
struct YAMLProblem: Error {
  let words: String
  let context: String
  let offset: Int
  /// Where what is broken begins; nil if libyaml does not say.
  let contextOffset: Int?
}

/// A libyaml parser over bytes that outlive it.
struct EventReader: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let source: SourceText
  /// Where the last event began.
  private var last = SourceText.Mark()

  /// - Parameters:
  ///   - bytes: What is parsed; UTF-8.
  ///   - source: What places refer to; has its lines where `bytes` has them.
  init(_ bytes: [UInt8], source: SourceText) {
    self.source = source
    parser = .allocate(capacity: 1)
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    // Fails only when memory runs out, which Swift does not survive either.
    guard yaml_parser_initialize(parser) == 1 else { fatalError("libyaml has no memory for a parser") }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, UnsafePointer(input.baseAddress), input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event; after `streamEnd` there is none.
  mutating func next() throws(YAMLProblem) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
    defer { yaml_event_delete(&event) }
    last = source.mark(line: Int(event.start_mark.line), column: Int(event.start_mark.column), near: last)
    let range = last.offset..<max(last.offset, offset(event.end_mark))
    switch event.type {
    case YAML_STREAM_START_EVENT: return plain(.streamStart, range)
    case YAML_DOCUMENT_START_EVENT: return plain(.documentStart, range)
    case YAML_DOCUMENT_END_EVENT: return plain(.documentEnd, range)
    case YAML_SEQUENCE_END_EVENT: return plain(.sequenceEnd, range)
    case YAML_MAPPING_END_EVENT: return plain(.mappingEnd, range)
    case YAML_ALIAS_EVENT: return plain(.alias(text(event.data.alias.anchor) ?? ""), range)
    case YAML_SCALAR_EVENT:
      let data = event.data.scalar
      let value = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
      return YAMLEvent(
        kind: .scalar(Scalar(value, style: style(data.style))), anchor: text(data.anchor), tag: text(data.tag),
        range: range)
    case YAML_SEQUENCE_START_EVENT:
      let data = event.data.sequence_start
      return YAMLEvent(
        kind: .sequenceStart(flow: data.style == YAML_FLOW_SEQUENCE_STYLE), anchor: text(data.anchor),
        tag: text(data.tag), range: range)
    case YAML_MAPPING_START_EVENT:
      let data = event.data.mapping_start
      return YAMLEvent(
        kind: .mappingStart(flow: data.style == YAML_FLOW_MAPPING_STYLE), anchor: text(data.anchor),
        tag: text(data.tag), range: range)
    default: return plain(.streamEnd, range)
    }
  }

  private func plain(_ kind: YAMLEvent.Kind, _ range: Range<Int>) -> YAMLEvent {
    YAMLEvent(kind: kind, anchor: nil, tag: nil, range: range)
  }

  private func problem() -> YAMLProblem {
    let state = parser.pointee
    let words = state.problem.map { String(cString: $0) } ?? "no memory left"
    let context = state.context.map { String(cString: $0) } ?? ""
    // Faults of the byte stream carry a byte offset, all others a mark.
    let offset =
      state.error == YAML_READER_ERROR
      ? min(Int(state.problem_offset), source.bytes.count) : self.offset(state.problem_mark)
    let contextOffset = state.context == nil ? nil : self.offset(state.context_mark)
    return YAMLProblem(words: words, context: context, offset: offset, contextOffset: contextOffset)
  }

  private func offset(_ mark: yaml_mark_t) -> Int {
    source.mark(line: Int(mark.line), column: Int(mark.column), near: last).offset
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  private func style(_ style: yaml_scalar_style_t) -> Scalar.Style {
    switch style {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
    case YAML_LITERAL_SCALAR_STYLE: .literal
    case YAML_FOLDED_SCALAR_STYLE: .folded
    default: .plain
    }
  }
}

extension YAMLDocument {
  /// The version of libyaml that this process runs with.
  public static var libraryVersion: String { String(cString: yaml_get_version_string()) }
}
