// Templates: what they mean and what they refuse.

import Specification
import Testing

@Suite struct TemplateTests {
  private static let fields = ["name": "Ada", "empty": "", "brace": "{x}", "a b": "spaced"]

  @Test(arguments: [
    ("plain", "plain"), ("Hello {name}!", "Hello Ada!"), ("{{name}}", "{name}}"), ("{{{name}", "{Ada"),
    ("}", "}"), ("{#name}<{name}>{/name}", "<Ada>"), ("{#empty}no{/empty}", ""), ("{#none}{none}{/none}-", "-"),
    ("{brace}", "{x}"), ("{a b}", "spaced"), ("{#name}{#empty}x{/empty}y{/name}", "y"), ("", ""),
    ("{{\"a\": 1}", "{\"a\": 1}"),
  ])
  func renders(_ source: String, _ expected: String) throws {
    #expect(try Template(source).render { Self.fields[$0] } == expected)
  }

  @Test func namesItsFields() throws {
    let template = try Template("{b}{#a}{a}{c}{/a}{b}{#d}{/d}")
    #expect(template.fields == ["b", "a", "c", "d"])
    #expect(template.requiredFields == ["b", "c"])
  }

  @Test func missesAField() throws {
    let template = try Template("{name}{none}")
    do throws(MissingField) {
      _ = try template.render { Self.fields[$0] }
      Issue.record("rendered without a field")
    } catch {
      #expect(error.name == "none")
    }
  }

  @Test(arguments: [
    ("a {b", TemplateFault.Kind.openBrace, 2), ("{a{b}", .openBrace, 0), ("{a\n}", .openBrace, 0),
    ("{}", .badName(""), 0), ("{ a}", .badName(" a"), 0), ("x{#a}y", .unclosedSection("a"), 1),
    ("{/a}", .unexpectedClose("a", open: nil), 0), ("{#a}{/b}", .unexpectedClose("b", open: "a"), 4),
    (String(repeating: "{#a}", count: 40), .tooDeep, 128),
  ])
  func refuses(_ source: String, _ kind: TemplateFault.Kind, _ offset: Int) {
    do throws(TemplateFault) {
      _ = try Template(source)
      Issue.record("\(source) is no template")
    } catch {
      #expect(error.kind == kind && error.offset == offset)
    }
  }

  @Test func comparesBytes() throws {
    #expect(try Template("\u{E9}") != Template("e\u{301}"))
    #expect(try Template("a") == Template("a"))
  }
}
