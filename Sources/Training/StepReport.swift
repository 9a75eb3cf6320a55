// What one optimizer step did, in numbers.
// Knows nothing of how they are shown.

public import Digests
public import Objectives

/// One optimizer step.
public struct StepReport: Hashable, Sendable {
  /// Which step, counted from 1.
  public var step: Int
  /// The batch's loss.
  public var loss: Double
  /// The learning rate.
  public var learningRate: Double
  /// The gradient's length before clipping.
  public var gradientNorm: Double
  /// Tokens that the loss looked at.
  public var tokens: Int
  /// The mean of ln p(policy) - ln p(reference) of better responses, in nats; nil where there are none.
  public var chosenLogRatio: Double?
  /// The same of worse responses.
  public var rejectedLogRatio: Double?
  /// The share of pairs whose better response has the larger log-ratio, equal ones counting half; nil without pairs.
  public var accuracy: Double?
  /// KTO's reference point in nats; nil for other objectives.
  public var referencePoint: Double?
  /// What the objective tells beside the loss, summed over the batch; empty for most objectives.
  public var metrics: [ObjectiveMetric] = []
  /// What the trained numbers are after the step; nil in reports of earlier versions.
  public var weights: Digest?

  /// The mean difference of log-ratios, in nats; nil without pairs.
  public var margin: Double? {
    guard let chosenLogRatio, let rejectedLogRatio, accuracy != nil else { return nil }
    return chosenLogRatio - rejectedLogRatio
  }

  /// Makes a report.
  public init(
    step: Int, loss: Double, learningRate: Double, gradientNorm: Double, tokens: Int, chosenLogRatio: Double? = nil,
    rejectedLogRatio: Double? = nil, accuracy: Double? = nil, referencePoint: Double? = nil
  ) {
    self.step = step
    self.loss = loss
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.tokens = tokens
    self.chosenLogRatio = chosenLogRatio
    self.rejectedLogRatio = rejectedLogRatio
    self.accuracy = accuracy
    self.referencePoint = referencePoint
  }
}

/// Sums over a batch from which a report is made.
struct StepTally {
  var loss = 0.0
  private var chosen = (sum: 0.0, count: 0)
  private var rejected = (sum: 0.0, count: 0)
  private var pairs = (right: 0.0, count: 0)
  private var metrics: [ObjectiveMetric] = []

  /// Adds an example's metrics to those of the same names.
  mutating func add(_ own: [ObjectiveMetric]) {
    for metric in own {
      if let index = metrics.firstIndex(where: { $0.name == metric.name }) {
        metrics[index] = ObjectiveMetric(metric.name, metrics[index].value + metric.value)
      } else {
        metrics.append(metric)
      }
    }
  }

  mutating func add(_ feedback: TrainingExample.Feedback, _ logRatios: [Double]) {
    switch (feedback, logRatios.count) {
    case (.pair, 2):
      chosen = (chosen.sum + logRatios[0], chosen.count + 1)
      rejected = (rejected.sum + logRatios[1], rejected.count + 1)
      let right = logRatios[0] > logRatios[1] ? 1 : logRatios[0] == logRatios[1] ? 0.5 : 0
      pairs = (pairs.right + right, pairs.count + 1)
    case (.judged(acceptable: false), 1): rejected = (rejected.sum + logRatios[0], rejected.count + 1)
    case (_, 1): chosen = (chosen.sum + logRatios[0], chosen.count + 1)
    default: break
    }
  }

  func report(step: Int, learningRate: Double, gradientNorm: Double, tokens: Int, referencePoint: Double?) -> StepReport
  {
    var report = StepReport(
      step: step, loss: loss, learningRate: learningRate, gradientNorm: gradientNorm, tokens: tokens,
      chosenLogRatio: chosen.count > 0 ? chosen.sum / Double(chosen.count) : nil,
      rejectedLogRatio: rejected.count > 0 ? rejected.sum / Double(rejected.count) : nil,
      accuracy: pairs.count > 0 ? pairs.right / Double(pairs.count) : nil, referencePoint: referencePoint)
    // As the log has them, so that a report is the same before and after a checkpoint.
    report.metrics = metrics.sorted { $0.name < $1.name }
    return report
  }
}
