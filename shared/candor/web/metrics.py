"""Metrics of HTTP: what was answered, and who was refused."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import FAST, counter, gauge, histogram

REQUESTS: Final = counter("http_requests_total", "HTTP requests answered.", "method", "route", "status")
REQUEST_SECONDS: Final = histogram("http_request_seconds", "Time to answer an HTTP request.", FAST, "method", "route")
REQUESTS_RUNNING: Final = gauge("http_requests_running", "HTTP requests being answered.")
AUTH_FAILURES: Final = counter("auth_failures_total", "Callers refused for their key, role or signature.", "reason")
WEBHOOKS_REFUSED: Final = counter("webhooks_refused_total", "Webhooks whose signature did not hold.", "code")
API_KEY_EXPIRES: Final = gauge("api_key_expires_timestamp_seconds", "When this API key expires, if it does.", "key")
RATE_LIMITED: Final = counter("rate_limited_total", "Requests refused for coming too fast, by policy.", "policy")
RATES_ALONE: Final = gauge("rate_limits_alone", "1 while this process limits callers by itself, without its database.")
CONNECTIONS: Final = gauge("http_connections", "Connections that callers have open.")
CONNECTIONS_CUT: Final = counter(
    "http_connections_cut_total", "Connections that were ended for what their caller did not do.", "reason"
)
CONNECTIONS_REFUSED: Final = counter("http_connections_refused_total", "Connections refused, by limit.", "reason")
