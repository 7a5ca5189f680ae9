"""Role `insight`: what promises cost, whose gaps they are, what went right; from topics, never while scoring."""
