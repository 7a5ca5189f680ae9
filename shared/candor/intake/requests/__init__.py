"""Stored requests: what senders sent, sealed, until it ends; what waits, what was refused, and how it is replayed."""
