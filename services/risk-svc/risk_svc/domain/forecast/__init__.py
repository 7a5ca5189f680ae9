"""Forecasting completion: a small interface, and the first model behind it."""

from risk_svc.domain.forecast.base import Case, Forecaster, Outcome, Predictions
from risk_svc.domain.forecast.reference import ReferenceClasses

__all__ = ["Case", "Forecaster", "Outcome", "Predictions", "ReferenceClasses"]
