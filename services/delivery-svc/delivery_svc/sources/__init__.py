"""Foreign payloads as our commands."""
