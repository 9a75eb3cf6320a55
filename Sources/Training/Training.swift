// The loop that turns examples into weights.
