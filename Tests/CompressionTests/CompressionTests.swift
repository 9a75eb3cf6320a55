// Compression forth and back, against damaged input, and against the zstd and gzip programs.

import Compression
import Diagnostics
import Foundation
import Testing

/// Bytes that compress somewhat, the same at every call.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 60) + 97
  }
}

/// What a program makes of bytes on its standard input.
func run(_ command: String, _ input: [UInt8]) throws -> [UInt8] {
  let folder = FileManager.default.temporaryDirectory.appending(path: "compression-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: "input")
  try Data(input).write(to: file)
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", "\(command) < '\(file.path)' > '\(file.path).out'"]
  try process.run()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0, "`\(command)` failed; are the programs zstd and gzip installed?")
  return Array(try Data(contentsOf: URL(filePath: file.path + ".out")))
}

@Test(arguments: [0, 1, 17, 1000, 131_072, 1 << 20, 1 << 20 + 1, 3 << 20])
func zstdRoundTrip(count: Int) throws {
  let bytes = sample(count)
  let frame = try Compression.zstdCompressed(bytes)
  #expect(try Compression.zstdDecompressed(frame) == bytes)
  #expect(Compression.zstdContentSize(ofPrefix: Array(frame.prefix(Compression.zstdHeaderByteCount))) == count)
  #expect(try Compression.zstdCompressed(bytes) == frame)
  #expect(try run("zstd -dc", frame) == bytes)
  // The frame's descriptor (RFC 8878): bit 2 says that a checksum stands at its end.
  #expect(frame[4] & 4 == 4)
}

@Test func streamedContentGivesTheSameFrame() throws {
  let bytes = sample(2_500_000)
  var encoder = try ZstdEncoder(contentSize: bytes.count)
  var frame: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: Compression.pieceByteCount) {
    let end = min(start + Compression.pieceByteCount, bytes.count)
    try encoder.compress(bytes[start..<end], isLast: end == bytes.count, into: &frame)
  }
  #expect(try frame == Compression.zstdCompressed(bytes))
}

@Test func wrongAnnouncedSizeIsAnError() throws {
  var encoder = try ZstdEncoder(contentSize: 5)
  var frame: [UInt8] = []
  #expect(throws: CompressionError.self) { try encoder.compress([1, 2, 3], isLast: true, into: &frame) }
}

@Test func everyTruncationIsRefused() throws {
  let bytes = sample(700)
  let frame = try Compression.zstdCompressed(bytes)
  for count in 0..<frame.count {
    #expect(throws: CompressionError.truncated(.zstd), "first \(count) bytes") {
      try Compression.zstdDecompressed(Array(frame[..<count]))
    }
  }
  let gzip = try run("gzip -c", bytes)
  for count in 0..<gzip.count {
    #expect(throws: CompressionError.truncated(.gzip), "first \(count) bytes") {
      try Compression.gzipDecompressed(Array(gzip[..<count]))
    }
  }
}

@Test func noFlippedBitGivesOtherBytes() throws {
  let bytes = sample(300)
  let compressed = [
    (try Compression.zstdCompressed(bytes), Compression.Format.zstd), (try run("gzip -nc", bytes), .gzip),
  ]
  for (good, format) in compressed {
    var refused = 0
    for position in good.indices {
      for bit in 0..<8 {
        var bad = good
        bad[position] ^= 1 << bit
        let result = Result {
          switch format {
          case .zstd: try Compression.zstdDecompressed(bad)
          case .gzip: try Compression.gzipDecompressed(bad)
          }
        }
        // Some bits do not matter (an unused flag, gzip's time); none may change the content.
        switch result {
        case .success(let content): #expect(content == bytes, "\(format) byte \(position) bit \(bit)")
        case .failure: refused += 1
        }
      }
    }
    print("\(format.rawValue): \(refused) of \(8 * good.count) flips refused, the others harmless")
    #expect(refused > 7 * good.count)
  }
}

@Test func moreThanAcceptedIsRefused() throws {
  // 64 MiB of zeros in about 2 kB: what is allocated follows what the caller accepts.
  let bomb = try Compression.zstdCompressed([UInt8](repeating: 0, count: 64 << 20))
  #expect(bomb.count < 10_000)
  for frames in [Compression.Frames.one, .many] {
    #expect(throws: CompressionError.tooLarge(.zstd, maximum: 1000)) {
      try Compression.zstdDecompressed(bomb, maximum: 1000, frames: frames)
    }
  }
  let gzip = try run("gzip -c", [UInt8](repeating: 0, count: 1 << 20))
  #expect(throws: CompressionError.tooLarge(.gzip, maximum: 1000)) {
    try Compression.gzipDecompressed(gzip, maximum: 1000)
  }
  #expect(throws: CompressionError.tooLarge(nil, maximum: 2)) {
    try Compression.decompressed(detecting: [1, 2, 3], maximum: 2)
  }
  #expect(try Compression.zstdDecompressed(bomb, maximum: 64 << 20).count == 64 << 20)
}

@Test func declaredSizeIsNotTrusted() throws {
  // A frame header that promises 2^62 bytes, then nothing: refused without allocating them.
  let header: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE4, 0, 0, 0, 0, 0, 0, 0, 0x40]
  #expect(Compression.zstdContentSize(ofPrefix: header) == 1 << 62)
  #expect(throws: CompressionError.self) { try Compression.zstdDecompressed(header + [0, 0, 0, 0, 0, 0]) }
}

@Test func dataFilesAreRecognizedByTheirBytes() throws {
  let bytes = sample(5000)
  #expect(try Compression.decompressed(detecting: bytes) == bytes)
  #expect(try Compression.decompressed(detecting: []) == [])
  #expect(try Compression.decompressed(detecting: try run("zstd -c", bytes)) == bytes)
  #expect(try Compression.decompressed(detecting: try run("gzip -c", bytes)) == bytes)
  // Frames and members one after another are one file.
  #expect(
    try Compression.decompressed(detecting: try run("zstd -c", bytes) + run("zstd -c", [1, 2])) == bytes + [1, 2])
  #expect(
    try Compression.decompressed(detecting: try run("gzip -c", bytes) + run("gzip -c", [1, 2])) == bytes + [1, 2])
  // A skippable frame is zstd too, and no content.
  #expect(
    try Compression.decompressed(detecting: [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9] + run("zstd -c", bytes)) == bytes
  )
}

@Test func bytesAfterTheEndAreRefused() throws {
  let frame = try Compression.zstdCompressed(sample(50))
  #expect(throws: CompressionError.corrupt(.zstd, reason: "more bytes after the frame")) {
    try Compression.zstdDecompressed(frame + [0])
  }
  #expect(throws: CompressionError.corrupt(.gzip, reason: "incorrect header check")) {
    try Compression.gzipDecompressed(try run("gzip -c", sample(50)) + [7, 7, 7])
  }
}

@Test func everyErrorSaysWhatToDo() {
  let errors: [CompressionError] = [
    .truncated(.gzip), .corrupt(.zstd, reason: "Corrupted block detected"), .tooLarge(.zstd, maximum: 5),
    .tooLarge(nil, maximum: 5), .outOfMemory(.zstd),
  ]
  for error in errors {
    for diagnosis in error.diagnoses {
      #expect(diagnosis.remedy?.isEmpty == false && diagnosis.exit == .inputOutput)
    }
  }
  #expect(
    errors[0].text() == """
      error: the gzip data ends in the middle
        → Fetch or copy the file again; this copy is not complete.
      """)
}
