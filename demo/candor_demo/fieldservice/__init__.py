"""A simulated field-service company: from parameters and a seed to the events of the public API."""
