"""Candor's shared library: contracts, store, messaging, web, operations and the local stack."""

__version__ = "0.1.0"
