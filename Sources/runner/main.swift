// The entry point. Everything it does is in RunnerCommands.

import RunnerCommands

runCommandLine()
