"""The measures of insight: pure functions of columns, with no I/O; seeds and moments are arguments."""
