"""Stream files, JSON lines of events in time order, and their way to the services: replayed live or imported."""
