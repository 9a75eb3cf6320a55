// Where two trees of settings differ: as low in them as one word of the language goes.
// Knows nothing of whether a difference means anything.

import JSON
import YAML

/// A step on the way to a setting.
enum SettingStep: Hashable {
  /// A key, or a choice's tag.
  case key(String)
  /// An element's number, counted from 0.
  case index(Int)
}

/// A place at which two trees say something else.
struct RawDifference {
  let path: [SettingStep]
  /// What stands there; nil: nothing.
  let first: SettingTree?
  let second: SettingTree?

  /// All places at which two trees differ, in the order of the language; what only the second has comes last in its mapping.
  ///
  /// Another tag, another number of elements and what only one side has are told as wholes.
  static func all(_ first: SettingTree?, _ second: SettingTree?, at path: [SettingStep] = []) -> [RawDifference] {
    let whole = [RawDifference(path: path, first: first, second: second)]
    guard let first, let second else {
      return (first ?? second).map(\.isEmpty) ?? true ? [] : whole
    }
    if first.isPlain, second.isPlain { return first.json == second.json ? [] : whole }
    switch (first.content, second.content) {
    case (.list(let one), .list(let other)):
      return (0..<max(one.count, other.count)).flatMap { index in
        let (left, right) = (index < one.count ? one[index] : nil, index < other.count ? other[index] : nil)
        return all(left, right, at: path + [.index(index)])
      }
    case (.mapping(let one), .mapping(let other)): return members(one, other, at: path)
    case (.choice(let tag, let one), .choice(let otherTag, let other)) where tag.utf8.elementsEqual(otherTag.utf8):
      return all(one, other, at: path + [.key(tag)])
    default: return whole
    }
  }

  private static func members(
    _ one: [SettingTree.Member], _ other: [SettingTree.Member], at path: [SettingStep]
  ) -> [RawDifference] {
    func find(_ name: String, in members: [SettingTree.Member]) -> SettingTree? {
      members.first { $0.name.utf8.elementsEqual(name.utf8) }?.tree
    }
    let names = one.map(\.name) + other.map(\.name).filter { find($0, in: one) == nil }
    return names.flatMap { all(find($0, in: one), find($0, in: other), at: path + [.key($0)]) }
  }
}

extension Node {
  /// The same tree with something else at a path, or with nothing there.
  func replacing(at path: ArraySlice<SettingStep>, with value: Node?) -> Node? {
    guard let step = path.first else { return value }
    switch step {
    case .index(let index):
      // One thing where several may stand is a list of one.
      let elements = self.elements ?? [self]
      let inner = index < elements.count ? elements[index] : Node(.mapping([]), location: location)
      let new = inner.replacing(at: path.dropFirst(), with: value)
      let after = elements.dropFirst(index + 1)
      return Node(.sequence(Array(elements.prefix(index)) + [new].compactMap { $0 } + after), location: location)
    case .key(let name):
      // A tag that stands alone is a mapping of nothing.
      var entries = self.entries ?? []
      let index = entries.firstIndex { $0.key.text.utf8.elementsEqual(name.utf8) }
      let inner = index.map { entries[$0].value } ?? Node(.mapping([]), location: location)
      guard let new = inner.replacing(at: path.dropFirst(), with: value) else {
        if let index { entries.remove(at: index) }
        return Node(.mapping(entries), location: location)
      }
      let entry = Entry(key: index.map { entries[$0].key } ?? Key(name, location: location), value: new)
      if let index { entries[index] = entry } else { entries.append(entry) }
      return Node(.mapping(entries), location: location)
    }
  }
}
