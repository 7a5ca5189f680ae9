"""Forecasting completion: what scoring gets of a batch, and the online engine that makes it."""
