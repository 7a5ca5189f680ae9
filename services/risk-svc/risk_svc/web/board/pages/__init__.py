"""The board's pages, one per file."""
