"""Forecasting in the live service: turns state into features, and stores and follows published models."""
