"""A consumer whose effects are never deduped, as handler, process and book, for tests of the delivery loop."""
