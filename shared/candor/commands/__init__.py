"""Commands of `candor`; each module adds its own with `register(app)`."""
