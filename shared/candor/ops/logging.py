"""Logs as JSON lines, one event per line, from all libraries; addresses and secrets are removed."""

from __future__ import annotations

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

from candor.ops.repeats import Repeats, kind_of
from candor.ops.tracing import current_trace_id

LONGEST_VALUE: Final = 2000
LONGEST_TRACEBACK: Final = 8000
TALKATIVE: Final = ("aiokafka",)
"""Libraries that log each failed attempt in full: thousands of lines while a broker is away."""
_secret_name: Final = re.compile(
    r"authorization|cookie|secret|passw|token|api_?key|signature|sealed|e_?mail|recipient", re.IGNORECASE
)
_part: Final = r"[^\s@<>\"',;:()\[\]]{1,64}"
_at: Final = re.compile(rf"{_part}('{_part})?@[A-Za-z0-9-]{{1,63}}(\.[A-Za-z0-9-]{{1,63}})+")
_secret: Final = re.compile(r"(whsec_|candor_|[Bb]earer |v1,)[A-Za-z0-9+/=_-]{16,}")
_userinfo: Final = re.compile(r"(://[^:/?#@\s]*):[^@/\s]+@")
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
        line["exception"] = clean(_formatted(failure)[-LONGEST_TRACEBACK:], LONGEST_TRACEBACK)
    return _encoder.encode(line).decode()


def clean(value: Any, longest: int = LONGEST_VALUE) -> Any:
    """Return a value as it may be logged: text without addresses and secrets, cut at `longest` characters."""
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, dict):
        return {str(k): "[redacted]" if _secret_name.search(str(k)) else clean(v) for k, v in list(value.items())[:50]}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item) for item in list(value)[:50]]
    text = value if isinstance(value, str) else str(value)
    if len(text) > longest:
        text = text[:longest] + " …"
    # Most text contains none of these characters, and looking for one is cheaper than three patterns.
    if "@" in text:
        text = _at.sub("[address]", _userinfo.sub(r"\1:[redacted]@", text))
    if "_" in text or "," in text or "earer" in text:
        text = _secret.sub(r"\1[redacted]", text)
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


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
            text = record.getMessage()
            if record.name.partition(".")[0] in TALKATIVE:
                kind = kind_of(record.name, record.levelname.lower(), record.msg)
                if not self._repeats.admit(kind, text):
                    self._tell_later()
                    return
            event: dict[str, Any] = {"event": text, "logger": record.name}
            if record.exc_info:
                event["exc_info"] = record.exc_info
            self._writer.msg(render(self._service, record.levelname.lower(), event))
        except Exception:
            self.handleError(record)

    def tell(self, *, all_of_it: bool = False) -> None:
        """Log how often lines that were held back have occurred."""
        self.acquire()
        try:
            for told in self._repeats.due(all_of_it=all_of_it):
                text = f"not said for {self._repeats.every:.0f} s now: {told.newest}" if told.over else told.newest
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
