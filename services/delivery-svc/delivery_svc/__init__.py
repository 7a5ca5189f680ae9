"""delivery-svc."""
