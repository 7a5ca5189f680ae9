"""Role `insight`: what promises cost, whose gaps they are, and what went right; read from topics, never while scoring."""
