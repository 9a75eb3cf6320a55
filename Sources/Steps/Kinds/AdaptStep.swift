// Brings an adapter that PEFT wrote into the form in which results of trainings are kept.
// Knows files and records of steps; PEFT's words are LanguageModel's matter.

import Execution
import LanguageModel
import Planning

enum AdaptStep {
  static func run(_ work: AdaptWork, _ task: StepTask, models: ModelCache) throws -> [ProducedOutput] {
    let configuration = try models.configuration(work.model, for: task)
    let (options, weights) = (try task.input("config"), try task.input("weights"))
    do {
      let adapter = try AdapterImport(
        options: ModelBytes(options, name: "adapter_config.json"),
        weights: ModelBytes(weights, name: "adapter_model.safetensors"))
      return [ProducedOutput("weights", try adapter.trainedWeights(over: configuration))]
    } catch {
      throw WeightsError(
        step: task.step.label, input: error.file == "adapter_config.json" ? "config" : "weights", error: error)
    }
  }
}
