"""HTTP: routes, request and response bodies, and presenters."""
