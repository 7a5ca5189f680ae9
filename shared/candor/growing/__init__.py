"""`candor partitions grow`: more partitions for an installation that runs, step by step."""
