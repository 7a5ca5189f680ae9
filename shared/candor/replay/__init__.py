"""Stream files (JSON lines of events in time order), replayed live to the services or imported as history."""
