"""The role `worker`: folds events and forecasts, scores and publishes promises, batch by batch."""
