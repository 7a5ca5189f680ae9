"""notify-svc: decides what to tell customers and owners about promises, and delivers it."""
