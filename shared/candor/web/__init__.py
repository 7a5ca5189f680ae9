"""The web layer: the app factory, HTTP handling and security."""
