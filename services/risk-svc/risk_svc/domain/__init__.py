"""Pure decisions: no I/O, `now` is an argument."""
