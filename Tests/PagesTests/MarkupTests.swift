// No text of a record becomes markup, and what cannot be seen can be.

import Pages
import Testing

@Suite struct Markups {
  @Test(arguments: [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("</style> & \"it\" 'is'", "&lt;/style&gt; &amp; &quot;it&quot; &#39;is&#39;"),
    ("a\u{0}b\u{1B}[31m\u{7F}\u{9B}", "a␀b␛[31m␡\u{FFFD}"),
    ("one\r\n\ttwo", "one␍\n\ttwo"),
    ("left \u{202E}thgir\u{2069}", "left ⟨U+202E⟩thgir⟨U+2069⟩"),
    ("\u{FFFF}", "⟨U+FFFF⟩"),
    ("größer → 数 🙂", "größer → 数 🙂"),
  ])
  func textIsEscaped(text: String, shown: String) {
    #expect(PageText.escaped(text) == shown)
    #expect(Markup.tag("p", text: text).html == "<p>\(shown)</p>")
  }

  @Test func valuesOfAttributesAreEscapedAndThoseThatAreNilAreLeftOut() {
    let markup = Markup.tag("td", ["title": "\"><script>", "class": nil])
    #expect(markup.html == "<td title=\"&quot;&gt;&lt;script&gt;\"></td>")
  }

  @Test func elementsWithoutContentHaveNoEnd() {
    #expect(Markup.tag("p", [:], [.text("a"), .tag("br"), .text("b")]).html == "<p>a<br/>b</p>")
  }
}
