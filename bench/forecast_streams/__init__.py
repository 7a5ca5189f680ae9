"""Forecasts on recorded streams of any domain, at every moment of all their months."""
