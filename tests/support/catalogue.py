"""Every metric that some process can export, by where it is defined; and the series that Prometheus makes of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "shared").glob("candor/**/*.py"), *(ROOT / "services").glob("*/*_svc/**/*.py")]
ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


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


def exported() -> dict[str, set[str]]:
    """The labels of every series, by its name, those included that a scrape adds."""
    found: dict[str, set[str]] = {}
    for metric in CATALOGUE.values():
        for family in metric.describe():
            labels = {"job", "instance", *metric._labelnames}
            for end in ENDS.get(family.type, ("",)):
                found[family.name + end] = labels | ({"le"} if end == "_bucket" else set())
    return found


def bounds() -> dict[str, set[float]]:
    """The upper bounds of each histogram's buckets, by the name of their series."""
    return {
        f"{metric._name}_bucket": set(metric._upper_bounds)
        for metric in CATALOGUE.values()
        if isinstance(metric, Histogram)
    }
