"""promise-svc."""
