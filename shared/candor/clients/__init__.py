"""Calls to the interfaces of the systems around us: what changed there since, and what a thin webhook is about.

`calling` is the one place that sends a request, `credentials` reads what proves us, `pages` says what a client gives,
`kinds` makes the client that a configuration names, and there is one module for each system.
"""
