// Tests of the objectives.
