"""HTTP routes of notify-svc."""
