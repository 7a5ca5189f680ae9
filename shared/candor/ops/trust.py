"""Whom we believe about the servers that we call over TLS."""

from __future__ import annotations

import ssl

import certifi


def authorities() -> ssl.SSLContext:
    """The system's authorities and the usual ones: a server inside a company often has one of the company's own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
