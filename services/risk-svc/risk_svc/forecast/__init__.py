"""The online forecaster: experts that learn from the stream, mixed by their own past loss, published by version."""

from risk_svc.forecast.engine import Engine, Forecast

__all__ = ["Engine", "Forecast"]
