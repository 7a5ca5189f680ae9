"""Use cases: what to tell about promises that changed."""
