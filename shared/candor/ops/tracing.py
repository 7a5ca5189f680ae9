"""Traces: W3C trace context kept as text, which costs nothing when nobody collects spans.

Even without an OTLP endpoint the trace id travels from a request through its events to the logs of their consumers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, set_span_in_context

MAX_LINKS: Final = 32
_wellformed: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_current: Final[ContextVar[str]] = ContextVar("candor_traceparent", default="")
_provider: TracerProvider | None = None


def configure(service: str, endpoint: str | None, ratio: float = 0.01, exporter: SpanExporter | None = None) -> None:
    """Start sending spans to an OTLP/HTTP endpoint such as `http://collector:4318`; without one, spans are off.

    `ratio`: the share of traces begun here that are recorded; a caller's own decision is followed.
    """
    global _provider  # noqa: PLW0603 - one provider a process, as OpenTelemetry has it
    shutdown()
    if not endpoint and exporter is None:
        return
    # Imported here because it takes a sixth of a second, which only processes that send spans should spend.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), sampler=ParentBased(TraceIdRatioBased(ratio))
    )
    target = exporter or OTLPSpanExporter(endpoint=f"{str(endpoint).rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(target))
    _provider = provider


def shutdown() -> None:
    """Send the remaining spans and stop."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        provider.shutdown()


def flush() -> None:
    """Send the waiting spans."""
    if _provider is not None:
        _provider.force_flush()


def current_traceparent() -> str:
    """Return the `traceparent` of the current task; empty outside any request or batch."""
    return _current.get()


def current_trace_id() -> str:
    """Return the 32 hexadecimal digits that logs carry; empty outside any trace."""
    return _current.get()[3:35]


def accept(header: str | None) -> str:
    """Return the caller's traceparent with a new span id, or a new trace if it is absent or malformed."""
    fresh = os.urandom(24).hex()
    found = _wellformed.fullmatch(header) if header else None
    if found is None or not found[1].strip("0") or not found[2].strip("0"):
        return f"00-{fresh[:32]}-{fresh[32:]}-00"
    return f"00-{found[1]}-{fresh[32:]}-{found[3]}"


@contextmanager
def within(traceparent: str) -> Iterator[None]:
    """Make `traceparent` the current one inside the block."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def request_span(header: str | None) -> Iterator[Span | None]:
    """The trace of one HTTP request; yields its span if spans are recorded."""
    if _provider is None:
        with within(accept(header)):
            yield None
        return
    parent = _context(header or "")
    with _span("HTTP", SpanKind.SERVER, (), {}, parent) as span:
        yield span


@contextmanager
def batch_span(
    name: str, traceparents: Iterable[str] = (), attributes: Mapping[str, str | int] | None = None
) -> Iterator[Span | None]:
    """One span for a whole batch, linked to at most 32 of its recorded events; nothing where spans are off."""
    if _provider is None:
        yield None
        return
    links: list[Link] = []
    for traceparent in traceparents:
        if len(links) == MAX_LINKS:
            break
        context = _context(traceparent)
        if context is not None and context.trace_flags.sampled:
            links.append(Link(context))
    with _span(name, SpanKind.CONSUMER, links, attributes or {}, None) as span:
        yield span


@contextmanager
def _span(
    name: str,
    kind: SpanKind,
    links: Iterable[Link],
    attributes: Mapping[str, str | int],
    parent: SpanContext | None,
) -> Iterator[Span]:
    context = set_span_in_context(NonRecordingSpan(parent)) if parent else None
    tracer = (_provider or trace.get_tracer_provider()).get_tracer("candor")
    with (
        tracer.start_as_current_span(name, context, kind, attributes=attributes, links=list(links)) as span,
        within(_text(span.get_span_context())),
    ):
        yield span


def _context(traceparent: str) -> SpanContext | None:
    found = _wellformed.fullmatch(traceparent)
    if found is None:
        return None
    context = SpanContext(int(found[1], 16), int(found[2], 16), True, TraceFlags(int(found[3], 16)))
    return context if context.is_valid else None


def _text(context: SpanContext) -> str:
    trace_id, span_id = trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)
    return f"00-{trace_id}-{span_id}-{context.trace_flags:02x}"
