"""Letters: facts into words, in the reader's zone and format."""
