// A value that is made when it is first asked for.

import Synchronization

/// What a description of the language says only where someone looks: a run that has nothing to do reads few of its keys.
///
/// `@unchecked Sendable` because it is made once, under a lock, by what captures only constants of the language.
final class Lazy<Value: Sendable>: @unchecked Sendable {
  private let made = Mutex<Value?>(nil)
  private let make: () -> Value

  init(_ make: @escaping () -> Value) {
    self.make = make
  }

  var value: Value {
    made.withLock { made in
      if let made { return made }
      let value = make()
      made = value
      return value
    }
  }
}
