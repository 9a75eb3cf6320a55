// From a diagnosis to text with the source line and a caret, or to JSON.

public import JSON

extension Diagnosis {
  /// The text for a terminal or a log, without a new line at its end.
  ///
  /// - Parameters:
  ///   - colored: Whether ANSI colors may be used.
  ///   - columns: The columns of the terminal, between whose words lines break; nil where there is none. The line of the
  ///     source stays as it is.
  /// - Returns: One or more lines.
  public func text(colored: Bool = false, columns: Int? = nil) -> String {
    let (start, end) = colored ? (severity == .error ? "\u{1B}[1;31m" : "\u{1B}[1;33m", "\u{1B}[0m") : ("", "")
    func folded(_ text: String) -> [String] {
      guard let columns else { return [text] }
      return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { String($0).folded(to: columns) }
    }
    let head = "\(place.map { "\($0.description): " } ?? "")\(severity.rawValue):"
    var lines = folded("\(head) \(message.showingControls)")
    if lines[0].hasPrefix(head) {
      let place = head.dropLast(severity.rawValue.count + 1)
      lines[0] = "\(place)\(start)\(severity.rawValue):\(end)\(lines[0].dropFirst(head.count))"
    }
    if let place, let source = place.sourceLine {
      let number = String(place.line)
      let shown = source.replacingTabs.showingControls
      let before = String(shown.prefix(place.column - 1)).terminalColumns
      let marked = String(shown.dropFirst(place.column - 1).prefix(place.width)).terminalColumns
      let caret = String(repeating: "^", count: max(1, marked))
      lines.append(" \(number) | \(shown)")
      lines.append(
        String(repeating: " ", count: number.count + 1) + " | " + String(repeating: " ", count: before) + start + caret
          + end)
    }
    lines += notes.flatMap { folded("  \($0.showingControls)") }
    if let remedy { lines += folded("  → \(remedy.showingControls)") }
    return lines.joined(separator: "\n")
  }

  /// The JSON form: code, severity, message, place, notes, remedy, exit.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("code", .string(code)), JSONMember("severity", .string(severity.rawValue)),
      JSONMember("message", .string(message)), JSONMember("exit", .integer(Int64(exit.rawValue))),
    ])
    if let place {
      object["place"] = .members([
        "file": .string(place.file), "line": .integer(Int64(place.line)), "column": .integer(Int64(place.column)),
      ])
    }
    if !notes.isEmpty { object["notes"] = .array(notes.map { .string($0) }) }
    if let remedy { object["remedy"] = .string(remedy) }
    return .object(object)
  }
}

extension DiagnosableError {
  /// All faults as text, a blank line between them; as ``Diagnosis/text(colored:columns:)`` each.
  public func text(colored: Bool = false, columns: Int? = nil) -> String {
    diagnoses.map { $0.text(colored: colored, columns: columns) }.joined(separator: "\n\n")
  }

  /// The gravest exit code: input/output before bad spec before step failed, as the first error says.
  public var exit: ExitCode { diagnoses.first { $0.severity == .error }?.exit ?? .stepFailed }
}

extension String {
  /// A tab as one space, so that the caret stands under what it means.
  fileprivate var replacingTabs: String { String(map { $0 == "\t" ? " " : $0 }) }

  /// Each control character but tabs and new lines as its picture, which is as wide.
  ///
  /// Bytes of data, or of an archive from elsewhere, may stand in a message; a terminal must not obey them.
  public var showingControls: String {
    guard unicodeScalars.contains(where: Self.isControl) else { return self }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      let picture = scalar.value == 0x7F ? 0x2421 : scalar.value < 0x20 ? 0x2400 + scalar.value : 0xFFFD
      text.append(Self.isControl(scalar) ? Unicode.Scalar(picture) ?? "\u{FFFD}" : scalar)
    }
    return String(text)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
  }
}
