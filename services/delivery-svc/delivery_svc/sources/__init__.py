"""Turns foreign payloads into neutral events: one source per module, exported as SOURCE, and nothing else."""
