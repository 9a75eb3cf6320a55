// What a host has of what experiments need, looked at one by one.
// Measures nothing; a thing that cannot be asked about is told as such.

import Diagnostics
import FoundationEssentials
import Glibc
import JSON
import Specification
import Storage
import Tensors

/// Looks at the host.
struct HostFindings {
  /// One thing.
  struct Finding {
    /// What is said of it.
    enum State: String {
      case ok
      /// It works without, or with less than all.
      case note
      /// No experiment runs as things are.
      case missing
    }

    let state: State
    let name: String
    let text: String

    var json: JSONValue {
      .members(["name": .string(name), "state": .string(state.rawValue), "text": .string(text)])
    }
  }

  let store: String
  let mirrors: [String]

  var all: [Finding] {
    let openBLAS = openBLAS
    return [program, kernels(beside: openBLAS), memory, openBLAS, storeFolder, disk] + mirrors.map(mirror) + [git]
  }

  private var program: Finding {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return Finding(
      state: .ok, name: "runner", text: "\(Version.text), \(cores) processor\(cores == 1 ? "" : "s"): so many threads")
  }

  /// Without vector instructions models compute by OpenBLAS alone.
  private func kernels(beside openBLAS: Finding) -> Finding {
    switch KernelVariant.best {
    case .avx512: Finding(state: .ok, name: "kernels", text: "AVX-512")
    case .avx2, .wide: Finding(state: .ok, name: "kernels", text: "AVX2; AVX-512 would be faster, with the same bits")
    case .plain:
      Finding(
        state: openBLAS.state == .ok ? .note : .missing, name: "kernels",
        text: ArithmeticError.noFusedMultiplyAdd.diagnoses.first?.message ?? "none")
    }
  }

  private var memory: Finding {
    let text = FileManager.default.contents(atPath: "/proc/meminfo").map { String(decoding: $0, as: UTF8.self) } ?? ""
    func bytes(_ name: String) -> Int? {
      guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    guard let all = bytes("MemTotal:"), let free = bytes("MemAvailable:") else {
      return Finding(state: .note, name: "memory", text: "the system does not say")
    }
    return Finding(
      state: .ok, name: "memory",
      text: "\(ByteCount.text(free)) of \(ByteCount.text(all)) free; `runner plan` says what a spec needs")
  }

  private var openBLAS: Finding {
    let set = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"].compactMap { name in
      ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" }
    }
    let told = set.isEmpty ? "" : " (\(set.joined(separator: ", ")))"
    if let digest = try? Fingerprint.text(of: .openblas) {
      return Finding(state: .ok, name: "OpenBLAS", text: "computes as \(digest.prefix(12))\(told)")
    }
    return Finding(
      state: .note, name: "OpenBLAS",
      text: "cannot be loaded: specs with `arithmetic: openblas` do not run here, all others do")
  }

  private var storeFolder: Finding {
    let folder = existingFolder
    guard Self.canWrite(into: folder) else {
      return Finding(state: .missing, name: "store", text: "\(store): \(folder) cannot be written")
    }
    guard FileManager.default.fileExists(atPath: store) else {
      return Finding(state: .ok, name: "store", text: "\(store) is not there yet, and can be made")
    }
    do {
      let runs = try Store(at: store, mode: .readOnlyIfPresent).runs().count
      let told = "can be written; \(runs) run\(runs == 1 ? "" : "s") so far"
      return Finding(state: .ok, name: "store", text: "\(store): \(told)")
    } catch {
      let reason = error.diagnoses.first?.message ?? "\(error)"
      return Finding(state: .missing, name: "store", text: "\(store): \(reason)")
    }
  }

  /// The store's folder, or the nearest above it that is there.
  private var existingFolder: String {
    var folder = URL(fileURLWithPath: store)
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
    return folder.path
  }

  /// Whether a file can be made there; it is gone again afterwards.
  private static func canWrite(into folder: String) -> Bool {
    let path = "\(folder)/.runner-doctor-\(getpid())"
    let file = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    close(file)
    return unsafe unlink(path) == 0
  }

  private var disk: Finding {
    var facts = statvfs()
    guard unsafe statvfs(existingFolder, &facts) == 0 else {
      return Finding(state: .note, name: "disk", text: "the system does not say how much is free")
    }
    let size = Int(clamping: facts.f_frsize)
    let (bytes, isBeyond) = Int(clamping: facts.f_bavail).multipliedReportingOverflow(by: size)
    let free = isBeyond ? Int.max : bytes
    return Finding(
      state: free < Self.littleDisk ? .note : .ok, name: "disk", text: "\(ByteCount.text(free)) free for the store")
  }

  /// A full fine-tuning's checkpoint of a model of 135M parameters takes more than that.
  private static let littleDisk = 2 << 30

  private func mirror(_ path: String) -> Finding {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return Finding(state: .note, name: "mirror", text: "\(path) cannot be read")
    }
    return Finding(state: .ok, name: "mirror", text: "\(path): \(names.count) entries")
  }

  private var git: Finding {
    GitHistory.isThere
      ? Finding(state: .ok, name: "git", text: "results name the commit of their spec")
      : Finding(state: .note, name: "git", text: "not found: results will not name the commit of their spec")
  }
}
