"""HTTP: the app factory and everything around a request."""
