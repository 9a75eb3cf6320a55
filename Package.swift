// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of this package is held to.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .treatWarning("ExplicitSendable", as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // So that the linker can put side by side what a start calls.
  .unsafeFlags(["-Xfrontend", "-function-sections"]),
]

/// For targets that never touch a raw pointer.
let safe: [SwiftSetting] = strict + [.strictMemorySafety()]

/// The same bits on every host: no contraction, no reassociation, in every configuration.
let exact: [CSetting] = [
  .unsafeFlags(["-O3", "-ffp-contract=off", "-fno-fast-math", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"])
]

/// Swift's libraries within the program, and that at a fixed address.
///
/// Loading the libraries cost every start some twenty milliseconds; elsewhere a hundred thousand addresses would have to be
/// written at every start, into four megabytes.
///
/// Tests link them as ever, so no test target may depend on the target `runner`.
let oneFile: [LinkerSetting] = [
  .unsafeFlags([
    "-Xclang-linker", "-no-pie", "-static-stdlib", "-lFoundationEssentials", "-l_FoundationCShims",
    "-l_FoundationCollections", "-lswiftSynchronization", "-lstdc++", "-lm",
    // The functions of a start, by Benchmarks/start_order.py: a fifth less memory. The toolchain's own linker knows of such lists.
    "-use-ld=lld", "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/Sources/runner/start.order",
    "-Xlinker", "--no-warn-symbol-ordering",
  ])
]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], pointers: Bool = false
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: pointers ? strict : safe)
}

/// A test target; `files` are its folders of goldens and fixtures.
func tests(
  of name: String, _ dependencies: [Target.Dependency] = [], files: [String] = [], pointers: Bool = false
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: files,
    swiftSettings: pointers ? strict : safe)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let files = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let processes = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
  name: "runner",
  products: [.executable(name: "runner", targets: ["runner"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    // Without its trait, which would bring in all of Foundation.
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
  ],
  targets: [
    // System libraries: one importer each.
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCSV", providers: [.apt(["libcsv-dev"])]),

    // Both sides stand on these.
    library("JSON"),
    library("Diagnostics", ["JSON", files]),
    library("Digests", ["Diagnostics", crypto, files]),
    library("Randomness"),
    library("Compression", ["CZstd", "CZlib", "Diagnostics"], pointers: true),

    // The text side: from YAML to a plan that runs.
    library("Records", ["JSON", "Digests", "Diagnostics"]),
    library("YAML", ["CYAML", "Diagnostics"], pointers: true),
    .target(name: "CFlush", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])]),
    library("Storage", ["CFlush", "Compression", "JSON", "Digests", "Diagnostics"], pointers: true),
    library("Specification", ["YAML", "JSON", "Diagnostics"]),
    library("Planning", ["Specification", "YAML", "Records", "JSON", "Digests", "Diagnostics"]),
    library("Execution", ["Planning", "Storage", "JSON", "Digests", "Diagnostics"]),
    library("Ingestion", ["CCSV", "Compression", "Randomness", "JSON", "Diagnostics"]),
    .target(name: "CTransfer", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])]),
    library("Fetching", ["CTransfer", "Digests", "Diagnostics", files, processes], pointers: true),
    library("Verification", ["JSON", "Diagnostics"]),

    // The number side: from bytes of weights to text and log-probabilities.
    .target(name: "CKernels", cSettings: exact),
    library("Tensors", ["CKernels", "Randomness", "Diagnostics"], pointers: true),
    library("LanguageModel", ["Tensors", "CKernels", "Randomness", "JSON", "Diagnostics"], pointers: true),
    library("Objectives", ["CKernels"], pointers: true),
    library(
      "Training",
      ["Objectives", "LanguageModel", "Tensors", "CKernels", "Randomness", "JSON", "Digests", "Diagnostics"],
      pointers: true),

    // What a difference is worth.
    library("Statistics", ["CKernels", "Randomness"]),

    // Where both sides meet.
    library(
      "Steps",
      [
        "Execution", "Planning", "Storage", "Specification", "Records", "Ingestion", "Fetching", "Verification",
        "Training", "Objectives", "LanguageModel", "Tensors", "Randomness", "JSON", "Digests", "Diagnostics",
      ]),
    library(
      "Reporting",
      [
        "Planning", "Specification", "Statistics", "Storage", "Records", "Randomness", "JSON", "Digests", "Diagnostics",
      ]),
    library("Pages", ["Reporting", "Statistics", "Records", "Diagnostics"]),
    library(
      "RunnerCommands",
      [
        "Steps", "Pages", "Reporting", "Statistics", "Execution", "Planning", "Storage", "Specification", "Fetching",
        "Records",
        "Randomness", "LanguageModel", "Training", "Objectives", "YAML", "Compression",
        "Tensors", "JSON", "Digests", "Diagnostics", arguments, files, processes,
      ]),
    .executableTarget(
      name: "runner", dependencies: ["RunnerCommands", arguments], exclude: ["start.order"], swiftSettings: safe,
      linkerSettings: oneFile),

    tests(of: "JSON"),
    tests(of: "Diagnostics", ["JSON"]),
    tests(of: "Records", ["Digests", "JSON"], files: ["Fixtures"]),
    tests(of: "Digests"),
    tests(of: "Randomness"),
    tests(of: "Compression", ["Diagnostics"], pointers: true),
    tests(of: "Storage", ["Compression", "JSON", "Digests", "Diagnostics"], pointers: true),
    tests(of: "YAML", ["Diagnostics"]),
    tests(of: "Specification", ["YAML", "JSON", "Diagnostics"], files: ["Fixtures", "Golden"]),
    tests(of: "Fetching", ["Digests", "Diagnostics"]),
    tests(of: "Ingestion", ["Compression", "JSON", "Diagnostics"], files: ["Golden"]),
    tests(of: "Verification", ["Randomness", "Diagnostics"]),
    tests(of: "Statistics", ["JSON"], files: ["Golden"]),
    tests(of: "Tensors", ["CKernels", "Randomness", "Diagnostics"], pointers: true),
    tests(of: "LanguageModel", ["Tensors", "Randomness", "JSON", "Diagnostics"], files: ["Fixtures"], pointers: true),
    tests(of: "Objectives", ["JSON"], files: ["Golden"]),
    tests(
      of: "Training", ["Objectives", "LanguageModel", "Tensors", "Randomness", "JSON", "Diagnostics"],
      files: ["Fixtures"], pointers: true),
    tests(
      of: "Execution", ["Planning", "Storage", "Specification", "Records", "JSON", "Digests", "Diagnostics"]),
    tests(
      of: "Steps",
      [
        "Execution", "Planning", "Storage", "Specification", "Records", "Verification", "LanguageModel", "Tensors",
        "Objectives", "Randomness", "JSON", "Digests", "Diagnostics",
      ]),
    tests(
      of: "Reporting", ["Planning", "Specification", "Statistics", "Records", "JSON", "Digests", "Diagnostics"],
      files: ["Fixtures"]),
    tests(of: "RunnerCommands", [arguments]),
    tests(of: "Pages", ["Reporting", "Records", "Specification", "Digests", "JSON"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["Storage", "JSON", "Digests", "Diagnostics"],
      exclude: ["Golden", "Fixtures"], swiftSettings: strict),
    tests(of: "Planning", ["Specification", "Digests", "Diagnostics"], files: ["Golden"]),
  ]
)

// The readers of what comes from outside: `make fuzz` gives them libFuzzer's inputs, in a build of its own; the tests give
// them the corpus that came of it.
let read: [Target.Dependency] = [
  "Steps", "Planning", "Specification", "YAML", "Storage", "Ingestion", "Fetching", "Compression", "Training",
  "Objectives", "LanguageModel", "Tensors", "JSON", "Digests", "Diagnostics",
]
let notSources = ["Corpus", "README.md", "fuzz.sh"]
package.targets.append(
  Context.environment["RUNNER_FUZZ"] == "1"
    ? .executableTarget(
      name: "Fuzz", dependencies: read, path: "Fuzz", exclude: notSources + ["Tests"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    : .testTarget(
      name: "FuzzTests", dependencies: read, path: "Fuzz", exclude: notSources + ["Entry.swift"], swiftSettings: strict)
)
