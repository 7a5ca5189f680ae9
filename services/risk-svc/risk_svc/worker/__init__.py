"""The role `worker`: events folded, forecast, scored and published, a batch at a time."""
