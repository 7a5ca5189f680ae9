"""Foreign payloads as neutral events: one source a module, which exports it as SOURCE, and nothing else."""
