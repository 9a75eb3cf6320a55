// Whether markup is well-formed: every element that begins ends, in order, and every attribute has a quoted value.

import Testing

/// What is wrong with a page's markup; nothing where it is well-formed.
func faults(in html: String) -> [String] {
  var open: [String] = []
  var faults: [String] = []
  var rest = html[...].dropFirst(html.hasPrefix("<!DOCTYPE html>") ? "<!DOCTYPE html>".count : 0)
  while let start = rest.firstIndex(of: "<") {
    guard let end = rest[start...].firstIndex(of: ">") else { return faults + ["a tag that does not end"] }
    let tag = rest[rest.index(after: start)..<end]
    rest = rest[rest.index(after: end)...]
    if tag.hasPrefix("/") {
      let last = open.popLast() ?? ""
      if last != tag.dropFirst() { faults.append("</\(tag.dropFirst())> ends <\(last)>") }
      continue
    }
    let name = String(tag.prefix { $0.isLetter || $0.isNumber })
    if name.isEmpty { faults.append("<\(tag)> is no tag") }
    let attributes = tag.dropFirst(name.count).drop { $0 == " " }
    if attributes.wholeMatch(of: /([a-zA-Z0-9:-]+="[^"<]*" *)*\/?/) == nil { faults.append("<\(tag)>") }
    if !tag.hasSuffix("/") { open.append(name) }
  }
  return faults + open.map { "<\($0)> does not end" }
}

@Suite struct TagBalances {
  @Test func theCheckItselfFindsFaults() {
    #expect(faults(in: "<p class=\"a\">b<br/></p>") == [])
    #expect(faults(in: "<p><b></p></b>").count == 2)
    #expect(faults(in: "<p class=a></p>").count == 1)
    #expect(faults(in: "<p>") == ["<p> does not end"])
  }
}
