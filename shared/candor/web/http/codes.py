"""The registry of problem codes that clients may branch on. A published code keeps its meaning."""

from __future__ import annotations

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """HTTP status and one-line title of a code."""

    status: int
    title: str


CODES: Final[dict[str, Kind]] = {
    "malformed_json": Kind(400, "The body is not the JSON that is expected here"),
    "malformed_xml": Kind(400, "The body is not the XML that is expected here"),
    "bad_request": Kind(400, "The request cannot be understood"),
    "bad_host": Kind(400, "This service does not answer for that host"),
    "bad_framing": Kind(400, "The request's length is stated wrongly or twice"),
    "repeated_header": Kind(400, "A header that has one value was given twice"),
    "bad_idempotency_key": Kind(400, "The Idempotency-Key header is not valid"),
    "unauthenticated": Kind(401, "A valid API key is needed"),
    "bad_signature": Kind(401, "The webhook's signature is not valid"),
    "stale": Kind(401, "The webhook was signed too long ago, or in the future"),
    "link_invalid": Kind(401, "The sign-in link has been used, has expired or is not ours"),
    "session_invalid": Kind(401, "The session is over: sign in again"),
    "event_type_not_allowed": Kind(403, "This sender may not send events of this type here"),
    "forbidden": Kind(403, "The key's role or scope does not allow this"),
    "https_required": Kind(403, "This is answered over https only"),
    "cross_site": Kind(403, "Only a page of this service may ask for this"),
    "not_found": Kind(404, "Not found"),
    "unknown_capability": Kind(404, "The register does not know this capability"),
    "method_not_allowed": Kind(405, "The method is not allowed here"),
    "not_acceptable": Kind(406, "None of the accepted media types is available"),
    "request_timeout": Kind(408, "The request came too slowly"),
    "conflict": Kind(409, "The request contradicts what is known"),
    "event_id_reused": Kind(409, "An earlier event with this id had another body"),
    "request_in_flight": Kind(409, "A request with this Idempotency-Key is still running"),
    "already_exists": Kind(409, "It already exists with different content"),
    "promise_closed": Kind(409, "The promise is settled or withdrawn"),
    "already_settled": Kind(409, "The promise has this verdict already"),
    "handoff_open": Kind(409, "Such a hand-off is open already"),
    "not_now": Kind(409, "It does not follow its present state"),
    "milestone_regressed": Kind(409, "A finished milestone cannot become unfinished"),
    "too_many_parked": Kind(409, "Too many reports of this source wait for their promises"),
    "too_many_waiting": Kind(409, "Too many statements of this source wait for their promises"),
    "already_matched": Kind(409, "The event has been matched already"),
    "not_replayable": Kind(409, "It cannot be replayed in its present state"),
    "erased": Kind(409, "The customer has been erased"),
    "version_changed": Kind(412, "It has changed since it was read"),
    "too_large": Kind(413, "The body is too large"),
    "uri_too_long": Kind(414, "The address is too long"),
    "unsupported_media_type": Kind(415, "The body's media type or encoding is not supported"),
    "invalid_field": Kind(422, "A field's value is not allowed"),
    "letter_refused": Kind(422, "A message may not go out in these words"),
    "limit_reached": Kind(422, "There may not be so many of these"),
    "unknown_parameter": Kind(422, "This route does not know a query parameter"),
    "repeated_parameter": Kind(422, "A query parameter was given more than once"),
    "idempotency_key_reused": Kind(422, "An earlier request with this Idempotency-Key had another body"),
    "unknown_type": Kind(422, "The event type is not known here"),
    "unsupported_version": Kind(422, "The schema version is not supported"),
    "url_not_allowed": Kind(422, "The address is not one that this service may call"),
    "rate_limited": Kind(429, "Too many requests"),
    "customer_rate_limited": Kind(429, "Too many events about one customer"),
    "too_many_running": Kind(429, "Too many requests of this caller run at once"),
    "headers_too_large": Kind(431, "The request's headers are too large"),
    "internal": Kind(500, "Something went wrong on our side"),
    "overloaded": Kind(503, "Too much is waiting: try again shortly"),
    "too_many_connections": Kind(503, "Too many connections are open: close some, or try again shortly"),
    "keys_unavailable": Kind(503, "The file of keys has been unreadable for too long: nobody is let in"),
    "source_unavailable": Kind(503, "What this webhook is about cannot be asked of its sender now: try again later"),
    "store_unavailable": Kind(503, "The database cannot be reached: try again shortly"),
    "took_too_long": Kind(503, "The request took too long and was given up"),
    "not_ready": Kind(503, "The service is starting, stopping or cut off"),
}

_BY_STATUS: Final = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    412: "version_changed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_field",
    429: "rate_limited",
    503: "overloaded",
}


def code_of(status: int) -> str:
    """Return the general code of an HTTP status, for errors that a library raised without one."""
    return _BY_STATUS.get(status, "bad_request" if status < 500 else "internal")
