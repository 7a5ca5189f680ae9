"""The online forecaster: experts that learn from the stream, weighted by past loss, published as versions."""

from risk_svc.forecast.engine import Engine, Forecast

__all__ = ["Engine", "Forecast"]
