"""Sends each notice with one effect: claims, attempts, outcomes, switches."""
