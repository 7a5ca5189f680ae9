"""Scenarios of things that grow, each at a stated size and with a limit: `python -m bench.scale --help`."""
