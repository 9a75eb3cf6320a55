// Digests against the standard's own vectors; manifests against bytes written out by hand.

import Digests
import Testing

@Suite struct Digesting {
  // FIPS 180-4, examples of SHA-256.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func knownVectors(text: String, hex: String) {
    #expect(Digest.sha256(text).hex == hex)
  }

  @Test func piecesGiveTheSameDigest() {
    var hasher = DigestHasher()
    hasher.update(Array("a".utf8))
    hasher.update(Array("bc".utf8))
    #expect(hasher.finalize() == .sha256("abc"))
  }

  @Test(arguments: ["", "ab", String(repeating: "g", count: 64), String(repeating: "a", count: 63)])
  func refusesWhatIsNoDigest(text: String) {
    #expect(Digest(hex: text) == nil)
  }

  @Test func readsUpperCase() {
    let digest = Digest.sha256("abc")
    #expect(Digest(hex: digest.hex.uppercased()) == digest)
  }
}

@Suite struct Manifests {
  private var manifest: Manifest {
    var manifest = Manifest()
    manifest.set("options/temperature", .number(0.7))
    manifest.set("kind", .text("generate"))
    manifest.set("options/stop", .none)
    manifest.set("options/samples", .integer(4))
    manifest.set("options/distinct", .flag(false))
    manifest.set("inputs/model", .digest(.sha256("abc")))
    return manifest
  }

  @Test func bytesAreSortedAndFramed() {
    #expect(
      String(decoding: manifest.bytes, as: UTF8.self) == """
        12:inputs/model d 64:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
        4:kind t 8:generate
        16:options/distinct b 5:false
        15:options/samples i 1:4
        12:options/stop z 0:
        19:options/temperature f 3:0.7

        """)
  }

  @Test func readsItself() {
    #expect(Manifest(parsing: manifest.bytes) == manifest)
  }

  @Test func refusesEveryTruncationAndReorderings() {
    let bytes = manifest.bytes
    for length in 1..<bytes.count where bytes[length - 1] != UInt8(ascii: "\n") {
      #expect(Manifest(parsing: Array(bytes[..<length])) == nil, "length \(length)")
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    let swapped = [lines[1], lines[0]].flatMap { Array($0) + [UInt8(ascii: "\n")] }
    #expect(Manifest(parsing: swapped) == nil)
  }

  @Test(arguments: [
    "1:a b 4:True\n", "1:a b 1:1\n", "1:a i 2:+1\n", "1:a i 2:01\n", "1:a i 2:-0\n", "1:a f 3:nan\n", "1:a f 3:inf\n",
    "1:a f 4:1e-0\n", "1:a f 4:-0.0\n", "1:a f 1:1\n", "1:a z 1:x\n", "+1:a t 1:x\n", "01:a t 1:x\n", "1:a t 02:xy\n",
    "1:a q 1:x\n", "1:a t -1:\n",
  ])
  func refusesWhatNoManifestWrites(text: String) {
    #expect(Manifest(parsing: Array(text.utf8)) == nil)
  }

  @Test func aTextThatLooksLikeTwoLeavesIsOne() {
    var one = Manifest()
    one.set("a", .text("1\n1:b t 1:2"))
    var two = Manifest()
    two.set("a", .text("1"))
    two.set("b", .text("2"))
    #expect(one.key != two.key)
    #expect(Manifest(parsing: one.bytes) == one)
  }

  @Test func typesAreApart() {
    func key(_ value: ManifestValue) -> Digest {
      var manifest = Manifest()
      manifest.set("a", value)
      return manifest.key
    }
    #expect(Set([key(.text("1")), key(.integer(1)), key(.number(1)), key(.none), key(.flag(true))]).count == 5)
    #expect(key(.number(0)) == key(.number(-0.0)))
  }

  @Test func changesNameEveryLeafOnce() {
    var other = manifest
    other.set("options/temperature", .number(1))
    other.set("options/top-p", .number(0.9))
    #expect(
      manifest.changes(to: other) == [
        ManifestChange(name: "options/temperature", old: .number(0.7), new: .number(1)),
        ManifestChange(name: "options/top-p", old: nil, new: .number(0.9)),
      ])
    #expect(manifest.changes(to: manifest).isEmpty)
  }
}
