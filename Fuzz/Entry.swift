// Feeds libFuzzer's bytes to the reader that FUZZ_READER names. `make fuzz` builds and runs it.

import Foundation

let chosen: Reader = {
  let name = ProcessInfo.processInfo.environment["FUZZ_READER"] ?? ""
  guard let reader = readers[name] else {
    fatalError("FUZZ_READER must be one of \(readers.keys.sorted().joined(separator: ", "))")
  }
  return reader
}()

/// What libFuzzer calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  feed(Array(UnsafeBufferPointer(start: data, count: count)), to: chosen)
  return 0
}
