"""delivery-svc: takes reports of steps and incidents, and matches them to promises."""
