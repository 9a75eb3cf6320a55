// Every input that fuzzing found worth keeping, given to its reader again.

import Foundation
import Testing

@Suite struct CorpusTests {
  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Corpus")

  @Test func everyReaderHasACorpus() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
    #expect(folders.sorted() == readers.keys.sorted())
  }

  @Test(arguments: readers.keys.sorted()) func readersTakeOrRefuseTheCorpus(name: String) throws {
    let reader = try #require(readers[name])
    let folder = Self.corpus.appending(path: name)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files { feed(Array(try Data(contentsOf: file)), to: reader) }
  }
}
