// Writes a conversation as segments of template and data.
// Knows the frames of a format; that special tokens count in templates only is the tokenizer's matter.

extension ChatFormat {
  /// Writes a conversation.
  ///
  /// - Parameters:
  ///   - turns: What is said, in order; system turns may be among them.
  ///   - system: A system text that goes first; nil writes none, not even the one that a model's own template has.
  ///   - ending: How the text ends.
  ///   - endOfText: The text of the vocabulary's token for the end of a text, for formats without a marker of their own.
  /// - Returns: The text; all of them together are what the model reads.
  public func render(
    _ turns: [ChatTurn], system: String? = nil, ending: ChatEnding, endOfText: String = ""
  ) -> [TextSegment] {
    let all = (system.map { [ChatTurn(.system, $0)] } ?? []) + turns
    var writer = SegmentWriter()
    writer.template(frames.beginning)
    if self == .llama2 {
      writeLlama2(all, &writer)
    } else {
      for turn in all { write(turn, frames[turn.role], &writer) }
    }
    switch ending {
    case .lastTurn: break
    case .generationPrompt: writer.template(String(frames.assistant.prefix.dropLast(responseLead.count)))
    case .response(let text, let finished):
      writer.template(frames.assistant.prefix)
      writer.append(.data(text))
      if finished { writer.template(endMarker.isEmpty ? endOfText : endMarker) }
    }
    return writer.segments
  }

  private func write(_ turn: ChatTurn, _ frame: CustomChatFormat.Frame, _ writer: inout SegmentWriter) {
    writer.template(frame.prefix)
    for segment in turn.text { writer.append(segment) }
    writer.template(frame.suffix)
  }

  /// A system text goes into the user's turn that follows it.
  private func writeLlama2(_ turns: [ChatTurn], _ writer: inout SegmentWriter) {
    var system: [TextSegment] = []
    for turn in turns {
      switch turn.role {
      case .system: system = [.template(frames.system.prefix)] + turn.text + [.template(frames.system.suffix)]
      case .user:
        write(ChatTurn(.user, system + turn.text), frames.user, &writer)
        system = []
      case .assistant: write(turn, frames.assistant, &writer)
      }
    }
  }
}

/// Collects segments, joining neighbors of one sort and leaving out empty ones.
private struct SegmentWriter {
  var segments: [TextSegment] = []

  mutating func template(_ text: String) { append(.template(text)) }

  mutating func append(_ segment: TextSegment) {
    guard !segment.text.utf8.isEmpty else { return }
    if let last = segments.last, last.isTemplate == segment.isTemplate {
      segments[segments.count - 1] = TextSegment(text: last.text + segment.text, isTemplate: last.isTemplate)
    } else {
      segments.append(segment)
    }
  }
}
