"""Commands of `candor`; each module adds its commands with `register(app)`."""
