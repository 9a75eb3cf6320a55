// The sentences about files that could not be had: what was tried, why it failed, and what to do next.

public import Diagnostics
import Digests

extension FetchError: DiagnosableError {
  /// One diagnosis that lists every place that was tried.
  public var diagnoses: [Diagnosis] {
    let what = digest.map { "the file with SHA-256 \($0.short)…" } ?? "the file"
    let reachedBytes = attempts.contains { if case .wrongDigest = $0.failure { true } else { false } }
    let notes = attempts.map { "tried \($0.place): \($0.failure.message)" }
    let code = reachedBytes ? "fetch.wrong-digest" : "fetch.unavailable"
    let message = attempts.isEmpty ? "\(what) has no place where it can be had" : "\(what) could not be had"
    return [Diagnosis(code, message, notes: notes, remedy: remedy, exit: .inputOutput)]
  }

  /// The remedies of the failures, each once, in the order of the attempts.
  private var remedy: String {
    var remedies: [String] = []
    for attempt in attempts {
      if let remedy = attempt.failure.remedy, !remedies.contains(remedy) { remedies.append(remedy) }
    }
    return remedies.isEmpty ? "Name a place, or a mirror folder with --mirror." : remedies.joined(separator: " ")
  }
}

extension FetchFailure {
  /// What went wrong, in words and without a full stop at the end.
  public var message: String {
    switch self {
    case .noFile(let path): "\(path) does not exist"
    case .notAFile(let path): "\(path) is not a plain file"
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
    case .wrongDigest(let expected, let found): "its SHA-256 is \(found.hex), expected \(expected.hex)"
    case .notInMirror(let files): "none of its \(files) files has that SHA-256"
    case .offline: "not asked, because the network is forbidden here"
    case .badAddress(let address): "\"\(address)\" is not an address that can be asked"
    case .unprotected: "plain http without a digest to check the bytes"
    case .status(let status): "the server answered with status \(status)\(Self.meaning(of: status))"
    case .network(let reason): "no connection: \(reason)"
    case .noPython: "python3 is not on the path"
    case .noPip: "python3 has no pip"
    case .noPackage(let reason), .python(let reason): reason
    case .badRequirement(let text): "\"\(text)\" is not a package name or version"
    case .noMember(let name?, let members): "the package has no file \"\(name)\", only \(Self.list(members))"
    case .noMember(nil, let members): "no file of the package is the one, only \(Self.list(members))"
    case .severalMembers(let members): "the package has several weights files: \(Self.list(members))"
    case .cancelled: "cancelled"
    }
  }

  var remedy: String? {
    switch self {
    case .noFile, .notAFile: "Correct the path, or name a folder with --mirror that has the file, under whatever name."
    case .unreadable: "Make the file readable."
    case .unwritable: "Free disk space, or name another folder that can be written."
    case .wrongDigest: "Make sure that this is the file that is meant, then correct the digest or the place."
    case .notInMirror: nil
    case .offline: "Allow the network, or name a mirror folder with --mirror."
    case .badAddress: "Correct the address."
    case .unprotected: "Use https, or state the SHA-256."
    case .status(401), .status(403): "Set HF_TOKEN to a token that may read the file."
    case .status: "Correct the address, or name a mirror folder with --mirror."
    case .network: "Check the network and its proxy settings, or name a mirror folder with --mirror."
    case .noPython, .noPip: "Install python3 and python3-pip, or name a mirror folder with --mirror."
    case .noPackage:
      "Correct the package and its version, check the network and pip's index, or name a mirror folder with --mirror."
    case .python: "Run the same pip command by hand to see more, or name a mirror folder with --mirror."
    case .badRequirement: "Correct the package and its version."
    case .noMember, .severalMembers: "Name the file inside the package."
    case .cancelled: nil
    }
  }

  private static func list(_ names: [String]) -> String {
    if names.isEmpty { return "no files" }
    let shown = names.prefix(6).joined(separator: ", ")
    return names.count > 6 ? shown + " and \(names.count - 6) more" : shown
  }

  private static func meaning(of status: Int) -> String {
    switch status {
    case 401, 403: " (not allowed)"
    case 404: " (not found)"
    case 429: " (too many requests)"
    case 500...599: " (the server's own fault)"
    default: ""
    }
  }
}
