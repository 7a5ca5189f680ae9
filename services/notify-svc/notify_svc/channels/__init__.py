"""Ways to a customer; each says what became of one message."""
