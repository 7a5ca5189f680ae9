"""Logs as JSON lines, one event per line, from all libraries; addresses and secrets are removed."""

from __future__ import annotations

import base64
import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import structlog

from candor.escaping import escaped_json
from candor.ops.repeats import Repeats, kind_of
from candor.ops.tracing import current_trace_id

LONGEST_VALUE: Final = 2000
LONGEST_TRACEBACK: Final = 8000
TALKATIVE: Final = ("aiokafka",)
"""Libraries that log each failed attempt in full: thousands of lines while a broker is away.

They try again by themselves, so none of their lines is an error, which needs a person: what does our own code says.
"""
_secret_name: Final = re.compile(
    r"authorization|cookie|secret|passw|token|api_?key|signature|sealed|e_?mail|recipient", re.IGNORECASE
)
_part: Final = r"[^\s@<>\"',;:()\[\]]{1,64}"
_at: Final = re.compile(rf"{_part}('{_part})?@[A-Za-z0-9-]{{1,63}}(\.[A-Za-z0-9-]{{1,63}})+")
_secret: Final = re.compile(r"(whsec_|candor_|[Bb]earer |v1,)[A-Za-z0-9+/=_.~-]{16,}")
# A password may hold an @ or a slash, which nobody has encoded; a port is followed by the path.
_userinfo: Final = re.compile(r"(://[^:/?#@\[\s]*):(?!\d{1,5}[/?#])[^\s\"<>]+@")
# Of a URL's query, of libpq's `password=…`, of JSON. The names of settings that name a file do not end so.
_named: Final = re.compile(
    r"""((?:passw(?:or)?d|passphrase|pwd|secret|token|api_?key|signature)(?:\s?=\s?|"\s?:\s?))"""
    r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s&;,'"()]+)""",
    re.IGNORECASE,
)
_jwt: Final = re.compile(r"\beyJ[\w-]{5,}(\.[\w-]*){1,4}")
_basic: Final = re.compile(r"\b(basic )([A-Za-z0-9+/]{4,}={0,2})", re.IGNORECASE)
_encoder: Final = msgspec.json.Encoder(enc_hook=str)
Event = MutableMapping[str, Any]


def configure(service: str, level: str = "INFO") -> None:
    """Send lines of structlog and the standard library at `level` and above to standard output as JSON."""
    configure_structlog(service, level)
    root = logging.getLogger()
    root.handlers[:] = [_Handler(service)]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # We log every request already; these libraries log each retry in full.
    for name in ("uvicorn.access", "aiokafka", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def configure_structlog(service: str, level: str = "INFO") -> None:
    """Configure only the structlog part of `configure`."""

    def line(_logger: Any, method: str, event: Event) -> str:
        return render(service, method, event)

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *_: _Writer(),
        cache_logger_on_first_use=False,
    )


def render(service: str, level: str, event: Event) -> str:
    """Return one log line: time, level, service, event, trace id, then the rest, without secrets and addresses."""
    line: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "error" if level == "exception" else level,
        "service": service,
        "event": clean(event.pop("event", "")),
    }
    trace_id = current_trace_id()
    if trace_id:
        line["trace_id"] = trace_id
    failure = event.pop("exc_info", None)
    for name, value in event.items():
        line[name] = "[redacted]" if isinstance(value, str) and _secret_name.search(name) else clean(value)
    if failure:
        # Cut afterwards: half an address or half a password would not be known for what it is.
        line["exception"] = redacted(_formatted(failure)[-2 * LONGEST_TRACEBACK :])[-LONGEST_TRACEBACK:]
    return escaped_json(_encoder.encode(line).decode())


def clean(value: Any) -> Any:
    """Return a value as it may be logged: text without addresses and secrets, and not endless."""
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, dict):
        pairs = [(str(name), item) for name, item in list(value.items())[:50]]
        return {clean(name): "[redacted]" if _secret_name.search(name) else clean(item) for name, item in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item) for item in list(value)[:50]]
    text = value if isinstance(value, str) else str(value)
    found = redacted(text[: 2 * LONGEST_VALUE])
    return found if len(found) <= LONGEST_VALUE and len(text) <= 2 * LONGEST_VALUE else found[:LONGEST_VALUE] + " …"


def redacted(text: str) -> str:
    """Text without addresses and secrets."""
    # Most text contains none of these characters, and looking for one is cheaper than the patterns.
    if "eyJ" in text:
        text = _jwt.sub("[redacted]", text)
    if "@" in text:
        text = _at.sub("[address]", _userinfo.sub(r"\1:[redacted]@", text))
    if "=" in text or '":' in text:
        text = _named.sub(r"\1[redacted]", text)
    if "_" in text or "," in text or "earer" in text:
        text = _secret.sub(r"\1[redacted]", text)
    if "asic " in text:
        text = _basic.sub(_without_password, text)
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def _without_password(found: re.Match[str]) -> str:
    try:
        known = b":" in base64.b64decode(found[2] + "=" * (-len(found[2]) % 4), validate=True)
    except ValueError:
        known = False
    # "Basic authentication" is a word about it.
    return f"{found[1]}[redacted]" if known else found[0]


def _formatted(failure: Any) -> str:
    if failure is True:
        failure = sys.exc_info()
    error = failure if isinstance(failure, BaseException) else failure[1]
    return "".join(traceback.format_exception(error)) if error else ""


class _Writer:
    """Writes lines to the current standard output; a full disk must not fail a request."""

    def msg(self, line: str) -> None:
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = warn = error = exception = critical = fatal = msg


class _Handler(logging.Handler):
    """Writes the standard library's lines in the same form; for a verbose library the first of a kind, then counts."""

    def __init__(self, service: str, repeats: Repeats | None = None) -> None:
        super().__init__()
        self._service = service
        self._writer = _Writer()
        self._repeats = repeats or Repeats()
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text, level = record.getMessage(), record.levelname.lower()
            if record.name == "uvicorn.error" and text.startswith("Traceback "):
                # Of a start that failed: what it could not do is said by us, in one line, or with its traceback.
                return
            if record.name.partition(".")[0] in TALKATIVE:
                level = "warning" if record.levelno >= logging.WARNING else level
                kind = kind_of(record.name, level, record.msg)
                if not self._repeats.admit(kind, text):
                    self._tell_later()
                    return
            event: dict[str, Any] = {"event": text, "logger": record.name}
            if record.exc_info:
                event["exc_info"] = record.exc_info
            self._writer.msg(render(self._service, level, event))
        except Exception:
            self.handleError(record)

    def tell(self, *, all_of_it: bool = False) -> None:
        """Log how often lines that were held back have occurred."""
        self.acquire()
        try:
            for told in self._repeats.due(all_of_it=all_of_it):
                text = (
                    f"has not come again for {self._repeats.every:.0f} s: {told.newest}" if told.over else told.newest
                )
                event = {"event": text, "logger": told.kind.logger, "lines": told.lines, "seconds": round(told.seconds)}
                self._writer.msg(render(self._service, "info" if told.over else told.kind.level, event))
            self._timer = None
            if self._repeats.waiting and not all_of_it:
                self._tell_later()
        finally:
            self.release()

    def close(self) -> None:
        """Log the remaining counts at the end of the process."""
        self.tell(all_of_it=True)
        super().close()

    def _tell_later(self) -> None:
        # A thread's timer: in an outage it is unknown when this process logs again, or whether its loop is running.
        if self._timer is None:
            self._timer = threading.Timer(self._repeats.every, self.tell)
            self._timer.daemon = True
            self._timer.start()
