"""Pure decisions: no I/O, and the time is passed in as `now`."""
