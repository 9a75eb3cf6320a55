// The same question again: a plan of which everything was stored, or a run of it, is not planned anew while all that it
// rested on is as it was. Anything else that may have happened makes the command plan, as it would without a memo.

import Digests
import Execution
import FoundationEssentials
import Planning
import Specification
import Storage

/// A command line, asked by this program at this place.
struct CommandMemo {
  private let question: Digest

  /// The question that this process was asked; nil where that cannot be told.
  ///
  /// - Parameter store: The store's folder, which the environment may have named.
  init?(store: String) {
    // Another build of the program may answer otherwise.
    guard let program = FileIdentity(path: "/proc/self/exe") else { return nil }
    let parts =
      [
        Version.text, program.digest.hex, FileManager.default.currentDirectoryPath, store,
        Output.columns.map(String.init) ?? "", Output.colorsText ? "colors" : "",
      ] + CommandLine.arguments.dropFirst()
    question = .sha256(parts.flatMap { Array("\($0.utf8.count) \($0)".utf8) })
  }

  // MARK: Asking

  /// An answer that was noted and still stands, with the text of the specs.
  struct Standing {
    let memo: Memo
    let specs: [String: [UInt8]]
  }

  /// The answer that was noted.
  ///
  /// - Parameters:
  ///   - store: The store.
  ///   - isUse: Whether a run counts on the results, so that collection has to spare them.
  /// - Returns: nil if there is none, or if anything that it rests on has changed or cannot be read.
  func standing(in store: Store, isUse: Bool) -> Standing? {
    guard let memo = store.memo(on: question), memo.left.allSatisfy({ FileIdentity(path: $0.path) == $0.identity }),
      memo.sights.allSatisfy({ DiskFiles().exists($0.path) == $0.isThere }), let specs = Self.specs(memo.texts)
    else { return nil }
    let index = StoreIndex(store, isUse: isUse)
    for file in memo.found {
      guard let object = file.object else { continue }
      guard index.size(ofObject: object) != nil else { return nil }
      switch index.answer(for: file.key) {
      case .complete, .absent: break
      case .incomplete, .damaged: return nil
      }
    }
    let keys = memo.found.filter { $0.object == nil }.map(\.key)
    return store.digest(ofStanding: keys, isUse: isUse) == memo.outputs ? Standing(memo: memo, specs: specs) : nil
  }

  /// The specs by path; nil if a file that was read is not what it was.
  private static func specs(_ texts: [Memo.ReadText]) -> [String: [UInt8]]? {
    var specs: [String: [UInt8]] = [:]
    for text in texts {
      if text.isSpec {
        guard let bytes = try? DiskFiles().bytes(of: text.path), Digest.sha256(bytes) == text.digest else { return nil }
        specs[text.path] = bytes
      } else {
        guard (try? FileDigest.digest(ofFile: text.path)) == text.digest else { return nil }
      }
    }
    return specs
  }

  // MARK: Noting

  /// Notes what was written to standard output, if everything was stored and all that this rests on is known.
  ///
  /// - Parameters:
  ///   - plan: The plan.
  ///   - session: What was read.
  ///   - read: The specs as the journal keeps them.
  ///   - folders: The folders of results that the command wrote or found as they should be.
  ///   - store: A store that can be written.
  func note(_ plan: Plan, _ session: Session, _ read: RunSpecs, folders: [String] = [], in store: Store) {
    // What was chosen is read from an object's content, and only this says that it is whole.
    guard !plan.graph.hasCandidates, let noted = session.basis.noted(specs: Set(read.files.keys)),
      let found = Found(plan), let left = Self.left(folders, now: store.now)
    else { return }
    let memo = Memo(
      texts: noted.texts, sights: noted.sights, left: left, found: found.steps,
      outputs: ResultsDigest.digest(of: found.results), stepCount: plan.stepCount, answer: Output.noted)
    store.note(memo, on: question)
  }

  /// The steps of a plan that needs nothing to run, in the order in which a run tells of them.
  private struct Found {
    var steps: [Memo.Found] = []
    var results: [(step: Digest, outputs: [StepResult.Output])] = []

    init?(_ plan: Plan) {
      var fetched: [Memo.Found] = []
      for planned in plan.steps {
        guard case .cached(let key, let result) = planned.state else { return nil }
        if let foretold = planned.step.foretold {
          fetched.append(Memo.Found(label: planned.step.label, key: key, object: foretold.digest))
          continue
        }
        steps.append(Memo.Found(label: planned.step.label, key: key))
        results.append(
          (
            key,
            result.outputs.map {
              StepResult.Output(
                $0.key, $0.value.digest, byteCount: $0.value.byteCount, recordCount: $0.value.recordCount)
            }
          ))
      }
      steps += fetched
    }
  }

  /// The folders and the files in them; nil if one is not there, or changed only now.
  private static func left(_ folders: [String], now: Int64) -> [Memo.LeftFile]? {
    var left: [Memo.LeftFile] = []
    for folder in folders {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
      for path in [folder] + names.sorted().map({ "\(folder)/\($0)" }) {
        guard let identity = FileIdentity(path: path), identity.isSettled(at: now) else { return nil }
        left.append(Memo.LeftFile(path: path, identity: identity))
      }
    }
    return left
  }
}
