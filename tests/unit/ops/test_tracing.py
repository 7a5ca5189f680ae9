"""Traces: text where nobody collects spans, OpenTelemetry's spans where somebody does."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from candor.ops import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.configure("promise-svc", None, 1.0, exporter)
    yield exporter
    tracing.shutdown()


def finished(exporter: InMemorySpanExporter) -> tuple[ReadableSpan, ...]:
    tracing.flush()
    return exporter.get_finished_spans()


def test_outside_of_everything_there_is_no_trace() -> None:
    assert (tracing.current_traceparent(), tracing.current_trace_id()) == ("", "")


def test_a_request_keeps_the_callers_trace_under_a_new_span() -> None:
    with tracing.request_span(PARENT) as span:
        inside = tracing.current_traceparent()
    assert span is None
    assert inside.split("-")[1] == PARENT.split("-")[1]
    assert inside.split("-")[2] != PARENT.split("-")[2]
    assert inside.endswith("-01")
    assert tracing.current_traceparent() == ""


def test_traces_inside_one_another_come_back() -> None:
    with tracing.within(PARENT):
        with tracing.within(UNSAMPLED):
            assert tracing.current_traceparent() == UNSAMPLED
        assert tracing.current_traceparent() == PARENT


def test_a_failure_leaves_no_trace_behind() -> None:
    with pytest.raises(ValueError, match="no"), tracing.request_span(PARENT):
        raise ValueError("no")
    assert tracing.current_traceparent() == ""


@given(
    st.none()
    | st.text(max_size=70)
    | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True)
)
def test_whatever_comes_the_result_is_well_formed(header: str | None) -> None:
    accepted = tracing.accept(header)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", accepted)
    assert accepted.split("-")[1].strip("0")


def test_without_a_collector_a_batch_costs_nothing() -> None:
    with tracing.batch_span("apply", [PARENT]) as span:
        assert span is None
        assert tracing.current_traceparent() == ""


def test_a_request_is_a_span_of_the_callers_trace(spans: InMemorySpanExporter) -> None:
    with tracing.request_span(PARENT):
        inside = tracing.current_traceparent()
    (span,) = finished(spans)
    assert span.parent
    assert f"{span.parent.span_id:016x}" == PARENT.split("-")[2]
    assert inside.split("-")[1] == PARENT.split("-")[1]
    assert span.context
    assert inside.split("-")[2] == f"{span.context.span_id:016x}"


def test_a_caller_that_does_not_record_is_followed(spans: InMemorySpanExporter) -> None:
    with tracing.request_span(UNSAMPLED):
        assert int(tracing.current_traceparent()[-2:], 16) & 1 == 0
    assert finished(spans) == ()


def test_a_batch_is_one_span_linked_to_its_recorded_events(spans: InMemorySpanExporter) -> None:
    with tracing.batch_span("apply", [PARENT, UNSAMPLED, "", "nonsense"], {"messaging.batch.message_count": 4}):
        assert tracing.current_traceparent()
    (span,) = finished(spans)
    assert (span.name, len(span.links)) == ("apply", 1)
    assert span.attributes == {"messaging.batch.message_count": 4}


def test_a_huge_batch_has_few_links(spans: InMemorySpanExporter) -> None:
    with tracing.batch_span("apply", [PARENT] * 5000):
        pass
    (span,) = finished(spans)
    assert len(span.links) == tracing.MAX_LINKS


def test_sampling_follows_the_ratio() -> None:
    exporter = InMemorySpanExporter()
    tracing.configure("promise-svc", None, 0.0, exporter)
    with tracing.request_span(None):
        assert int(tracing.current_traceparent()[-2:], 16) & 1 == 0
    assert finished(exporter) == ()
    tracing.shutdown()
