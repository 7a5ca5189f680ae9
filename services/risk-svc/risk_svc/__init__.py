"""risk-svc."""
