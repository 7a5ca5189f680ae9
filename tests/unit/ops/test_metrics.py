"""The figures of all parts: complete, named as Prometheus has it, and free of ids."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "shared").glob("candor/**/*.py"), *(ROOT / "services").glob("*/*_svc/**/*.py")]


def module_of(path: Path) -> str:
    """The dotted name of a source file."""
    start = next(place for place, part in enumerate(path.parts) if part == "candor" or part.endswith("_svc"))
    return ".".join(path.with_suffix("").parts[start:])


MODULES = sorted(module_of(path) for path in SOURCES if path.name == "metrics.py")
CATALOGUE = {
    f"{module}.{name}": value
    for module in MODULES
    for name, value in vars(import_module(module)).items()
    if isinstance(value, Counter | Gauge | Histogram)
}
BOUNDED = {
    "band",
    "bin",
    "channel",
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
    "candor_deliveries_without_channel",
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
