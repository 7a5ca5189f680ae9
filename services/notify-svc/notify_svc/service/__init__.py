"""Use cases: what to say about promises that changed."""
