// How the learning rate moves from one optimizer step to the next.
// Knows nothing of weights, and calls no libm: the rates are the same bits on every host.

import CKernels

/// The shape of the learning rate after warm-up.
public enum LearningRateShape: Hashable, Sendable {
  /// The highest rate throughout.
  case constant
  /// Straight down, from the highest rate to `floor` (0...1) times the highest.
  case linear(floor: Double)
  /// Down along half a cosine, from the highest rate to `floor` (0...1) times the highest.
  case cosine(floor: Double)
}

/// How long the learning rate rises.
public enum WarmupLength: Hashable, Sendable {
  /// Not at all.
  case none
  /// For so many optimizer steps, at least 0.
  case steps(Int)
  /// For this share (0...1) of all steps, rounded up.
  case fraction(Double)
}

/// The learning rate of every optimizer step.
///
/// With W steps of warm-up out of N, step s (from 0) has the highest rate times
///
/// ```
/// s / W                                     while s < W: the first step of a warm-up has rate 0
/// 1                                         constant
/// f + (1 - f) · (N - s) / (N - W)           linear
/// f + (1 - f) · ½ (1 + cos(π (s - W) / (N - W)))   cosine
/// ```
///
/// These are the conventions of Transformers 5.23: `get_constant_schedule_with_warmup`,
/// `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup` and, with a floor,
/// `get_cosine_with_min_lr_schedule_with_warmup`. It has no linear schedule with a floor.
public struct LearningRateSchedule: Hashable, Sendable {
  /// The rate at the end of warm-up; finite, at least 0.
  public let highest: Double
  /// The shape after warm-up.
  public let shape: LearningRateShape
  /// W: for how many optimizer steps the rate rises; may exceed ``steps``.
  public let warmupSteps: Int
  /// N: how many optimizer steps the training has.
  public let steps: Int

  /// Makes a schedule.
  ///
  /// - Parameters:
  ///   - highest: the rate at the end of warm-up; finite, at least 0.
  ///   - shape: the shape after warm-up.
  ///   - warmup: how long the rate rises. A fraction is multiplied with `steps` in double precision and rounded up, as
  ///     Transformers does: 0.07 of 100 is 8 because the product is a little more than 7.
  ///   - steps: how many optimizer steps the training has; at least 0.
  public init(highest: Double, shape: LearningRateShape, warmup: WarmupLength, steps: Int) {
    precondition(highest >= 0 && highest.isFinite, "a learning rate is finite and at least 0")
    precondition(steps >= 0, "a training has no negative number of steps")
    self.highest = highest
    self.shape = shape
    self.steps = steps
    switch warmup {
    case .none: warmupSteps = 0
    case .steps(let count):
      precondition(count >= 0, "a warm-up has no negative number of steps")
      warmupSteps = count
    case .fraction(let share):
      precondition((0...1).contains(share), "a fraction lies in 0...1")
      warmupSteps = Int((Double(steps) * share).rounded(.up))
    }
    switch shape {
    case .constant: break
    case .linear(let floor), .cosine(let floor): precondition((0...1).contains(floor), "a floor lies in 0...1")
    }
  }

  /// Whether the highest rate is never reached: the warm-up is as long as the training or longer.
  public var neverEndsWarmup: Bool { warmupSteps > 0 && warmupSteps >= steps }

  /// The rate of an optimizer step.
  ///
  /// - Parameter step: counted from 0; from ``steps`` on the rate stays where the schedule ends.
  /// - Returns: the rate, in 0...``highest``.
  public func rate(at step: Int) -> Double {
    precondition(step >= 0, "steps are counted from 0")
    return highest * factor(at: step)
  }

  private func factor(at step: Int) -> Double {
    guard step >= warmupSteps else { return Double(step) / Double(max(1, warmupSteps)) }
    switch shape {
    case .constant: return 1
    case .linear(let floor):
      return raised(Double(max(0, steps - step)) / afterWarmup, above: floor)
    case .cosine(let floor):
      let progress = min(1, Double(step - warmupSteps) / afterWarmup)
      return raised(0.5 * (1 + cosine(.pi * progress)), above: floor)
    }
  }

  private var afterWarmup: Double { Double(max(1, steps - warmupSteps)) }

  private func raised(_ share: Double, above floor: Double) -> Double { share * (1 - floor) + floor }

  private func cosine(_ angle: Double) -> Double {
    var sine = 0.0
    var cosine = 0.0
    ck_sine_cosine(angle, &sine, &cosine)
    return cosine
  }
}
