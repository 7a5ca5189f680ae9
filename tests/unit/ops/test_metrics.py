"""The metric catalogue: complete, named as Prometheus has it, and free of ids."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from candor.ops import metrics

CATALOGUE = {name: value for name, value in vars(metrics).items() if isinstance(value, Counter | Gauge | Histogram)}
BOUNDED = {
    "band",
    "bin",
    "code",
    "level",
    "method",
    "reason",
    "route",
    "service",
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
    assert all(name.isupper() for name in CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_figure_of_the_catalogue_is_used_by_somebody(name: str) -> None:
    """A figure that nobody sets stays empty, which looks like calm."""
    root = Path(__file__).parents[3]
    files = [*(root / "shared").rglob("*.py"), *(root / "services").rglob("*.py")]
    said = re.compile(rf"\bmetrics\.{name}\b|^from candor\.ops\.metrics import .*\b{name}\b", re.MULTILINE)
    assert any(said.search(path.read_text()) for path in files)
