"""The figures of all parts: complete, named as Prometheus has it, and free of ids."""

import re
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from candor.ops.metrics import MeasuredGauge
from tests.support.catalogue import CATALOGUE, MODULES, SOURCES

BOUNDED = {
    "band",
    "bin",
    "channel",
    "check",
    "code",
    "file",
    "key",
    "level",
    "method",
    "outcome",
    "part",
    "path",
    "policy",
    "process",
    "reason",
    "route",
    "rule",
    "service",
    "source",
    "standing",
    "state",
    "statement",
    "status",
    "topic",
    "type",
    "version",
}
NEEDED = [
    "candor_accepted_total",
    "candor_parked_events",
    "candor_dead_lettered_total",
    "candor_dead_letters",
    "candor_outbox_oldest_age_seconds",
    "candor_consumer_lag_seconds",
    "candor_batch_seconds",
    "candor_notices_in_state",
    "candor_notice_unknown_oldest_age_seconds",
    "candor_deliveries_without_channel",
    "candor_notice_unsent_oldest_age_seconds",
    "candor_kill_switch_engaged",
    "candor_facts_age_seconds",
    "candor_mass_held_customers",
    "candor_approvals_waiting",
    "candor_approvals_overdue",
    "candor_templates_failing",
    "candor_upstream_age_seconds",
    "candor_notices_waiting_for_facts",
    "candor_source_last_event_timestamp_seconds",
    "candor_source_stale",
    "candor_reconciled_total",
    "candor_poll_failed_total",
    "candor_certificate_expires_timestamp_seconds",
    "candor_api_key_expires_timestamp_seconds",
    "candor_disk_free_bytes",
    "candor_part_stopped",
    "candor_promises_in_memory",
    "candor_promises_open",
    "candor_promises_slipping",
    "candor_forecast_predicted_ratio",
    "candor_forecast_observed_ratio",
    "candor_forecast_brier_ratio",
    "candor_forecast_calibration_error_ratio",
    "candor_forecast_covered_ratio",
    "candor_forecast_miscalibrated",
]


def described() -> Iterator[tuple[str, str, str]]:
    for metric in CATALOGUE.values():
        for family in metric.describe():
            yield family.name + ("_total" if family.type == "counter" else ""), family.type, family.documentation


@pytest.mark.parametrize("name", NEEDED)
def test_what_operations_need_is_there(name: str) -> None:
    assert name in {found for found, _, _ in described()}


@pytest.mark.parametrize(("name", "kind", "text"), list(described()))
def test_names_and_help_follow_the_rules(name: str, kind: str, text: str) -> None:
    assert re.fullmatch(r"candor_[a-z]+(_[a-z]+)*", name)
    assert text.endswith(".")
    assert not re.search(r"_(ms|millis|minutes|percent|count|sum|bucket)$", name)
    if kind == "histogram":
        assert re.search(r"_(seconds|events|requests)$", name)


@pytest.mark.parametrize("metric", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_labels_come_from_small_sets(metric: Counter | Gauge | Histogram) -> None:
    assert set(metric._labelnames) <= BOUNDED


def test_names_of_the_catalogue_are_constants() -> None:
    assert all(name.rpartition(".")[2].isupper() for name in CATALOGUE)


def test_parts_and_services_have_figures_of_their_own_and_none_has_anothers() -> None:
    assert {"candor.ops.metrics", "candor.messaging.metrics", "risk_svc.metrics", "notify_svc.metrics"} < set(MODULES)
    assert len({id(metric) for metric in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_figure_of_the_catalogue_is_used_by_somebody(name: str) -> None:
    """A figure that nobody sets stays empty, which looks like calm."""
    module, _, constant = name.rpartition(".")
    room = module.removesuffix(".metrics")
    taken = re.compile(rf"^from {room} import .*\bmetrics\b|^from {module} import .*\b{constant}\b", re.MULTILINE)
    said = re.compile(rf"\bmetrics\.{constant}\b|^from {module} import .*\b{constant}\b", re.MULTILINE)
    texts = [path.read_text() for path in SOURCES]
    assert any(taken.search(text) and said.search(text) for text in texts)


def test_every_gauge_is_absent_until_somebody_measures_it() -> None:
    """A 0 of a process that does not measure it would look like calm, and would hide that nobody does."""
    gauges = {name: metric for name, metric in CATALOGUE.items() if isinstance(metric, Gauge)}
    assert len(gauges) > 20
    assert {name for name, metric in gauges.items() if not isinstance(metric, MeasuredGauge)} == set()


def samples(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_a_gauge_is_there_from_its_first_value_until_it_is_cleared() -> None:
    registry = CollectorRegistry()
    one = MeasuredGauge("waiting", "Rows that wait.", registry=registry)
    assert samples(registry) == []
    one.set(0)
    assert samples(registry) == ["waiting 0.0"]
    one.clear()
    assert samples(registry) == []
    one.inc(2)
    assert samples(registry) == ["waiting 2.0"]
    one.clear()
    one.dec(2)
    assert samples(registry) == ["waiting 0.0"]


def test_a_labelled_gauge_has_the_series_that_were_set() -> None:
    registry = CollectorRegistry()
    gauge = MeasuredGauge("waiting", "Rows that wait.", ("topic",), registry=registry)
    gauge.labels("promises")
    assert samples(registry) == []
    gauge.labels("promises").set(3)
    gauge.labels("gaps").set(4)
    gauge.labels("gaps").clear()
    assert samples(registry) == ['waiting{topic="promises"} 3.0']
    gauge.clear()
    assert samples(registry) == []
