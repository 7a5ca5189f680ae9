"""HTTP routes of promise-svc."""
