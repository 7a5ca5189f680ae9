"""HTTP: everything around a request."""
