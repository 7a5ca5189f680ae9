"""HTTP routes of delivery-svc."""
