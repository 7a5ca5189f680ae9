"""HTTP routes of risk-svc."""
