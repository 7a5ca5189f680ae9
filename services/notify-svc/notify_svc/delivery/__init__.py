"""Sending notices once in effect: claims, attempts, outcomes, switches."""
