"""The demo: a real bad day, replayed."""
