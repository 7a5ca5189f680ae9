"""Composes letters from facts, in the reader's time zone and format."""
