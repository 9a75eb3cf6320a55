// Which process this is, and whether another one on this machine still lives. Knows nothing of stores.

import Glibc

/// A process, known so well that no later process is taken for it.
public struct ProcessIdentity: Hashable, Sendable {
  /// The host's name, for people.
  public let host: String
  /// What no other running system has: its boot and its namespace of processes; nil if the system does not say.
  public let machine: String?
  /// The process's number there.
  public let number: Int
  /// When it began, in ticks since the boot; numbers are used again, and this tells the uses apart.
  public let born: Int?

  /// Makes an identity.
  public init(host: String, machine: String?, number: Int, born: Int?) {
    self.host = host
    self.machine = machine
    self.number = number
    self.born = born
  }
}

/// What a machine knows of its processes.
public protocol ProcessTable: Sendable {
  /// This process.
  var current: ProcessIdentity { get }
  /// Whether a process lives; nil if it is on another machine, or nobody can tell.
  func isAlive(_ process: ProcessIdentity) -> Bool?
}

/// The processes of this machine, as `/proc` shows them.
public struct SystemProcesses: ProcessTable {
  private let files = StoreFiles(root: "/proc", system: DiskFileSystem(), isReadOnly: true)

  /// Looks at this machine.
  public init() {}

  /// This process.
  public var current: ProcessIdentity {
    let number = Int(getpid())
    return ProcessIdentity(host: Self.hostName, machine: machine, number: number, born: born(number))
  }

  /// Whether a process lives here.
  public func isAlive(_ process: ProcessIdentity) -> Bool? {
    guard let machine, let theirs = process.machine else { return nil }
    guard machine == theirs else { return nil }
    guard let born = process.born else { return nil }
    return self.born(process.number) == born
  }

  private var machine: String? {
    guard let boot = text("sys/kernel/random/boot_id"), let space = Self.target(ofLink: "/proc/self/ns/pid") else {
      return nil
    }
    return "\(boot) \(space)"
  }

  /// The 22nd field of `stat`, counted from behind the name, which may hold anything but a closing parenthesis at its end.
  private func born(_ number: Int) -> Int? {
    guard let text = text("\(number)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    // A process that died and whose parent has not asked yet is still listed.
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return Int(fields[19])
  }

  private func text(_ name: String) -> String? {
    guard let bytes = try? files.read(name) else { return nil }
    return String(decoding: bytes.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  private static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return Self.text(buffer)
  }

  private static func target(ofLink path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    return readlink(path, &buffer, buffer.count - 1) > 0 ? Self.text(buffer) : nil
  }

  private static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
