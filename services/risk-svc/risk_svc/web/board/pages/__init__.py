"""The board's pages, one a file."""
