"""Registers metrics and defines those of every process; a part's own metrics are in the `metrics.py` beside it.

Each metric has its unit, its help and the only labels it may carry. Names follow Prometheus: prefix `candor_`, base
units, `_total` for counters. No label ever contains the id of a promise, a customer or a notice: the number of series
would grow without bound, and ids do not belong in a metric.

A gauge is on a process's page only if that process measures it. A counter of 0 may be there all the same: that nothing
was counted is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.samples import Sample

REGISTRY: Final = CollectorRegistry()
FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

# Otherwise there is a second series per counter and label set, which none of our tools reads.
disable_created_metrics()  # type: ignore[no-untyped-call]


class MeasuredGauge(Gauge):
    """A gauge that is absent until it is set, and again once cleared: a 0 that nobody measured would look like calm."""

    _measured = False

    def set(self, value: float) -> None:
        super().set(value)
        self._measured = True

    def inc(self, amount: float = 1) -> None:
        super().inc(amount)
        self._measured = True

    def dec(self, amount: float = 1) -> None:
        super().dec(amount)
        self._measured = True

    def clear(self) -> None:
        """Take it off the page: all its series if it has labels, else the one there is."""
        if self._labelnames and not self._labelvalues:
            super().clear()
        self._measured = False

    def _child_samples(self) -> Iterable[Sample]:
        return super()._child_samples() if self._measured else ()


def counter(name: str, text: str, *labels: str) -> Counter:
    """Return a registered counter, `candor_<name>`; `name` ends with `_total`."""
    return Counter(f"candor_{name}", text, labels, registry=REGISTRY)


def gauge(name: str, text: str, *labels: str) -> MeasuredGauge:
    """Return a registered gauge, `candor_<name>`, absent until it is set."""
    return MeasuredGauge(f"candor_{name}", text, labels, registry=REGISTRY)


def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    """Return a registered histogram, `candor_<name>`, with the given upper bounds; `name` ends with its unit."""
    return Histogram(f"candor_{name}", text, labels, buckets=buckets, registry=REGISTRY)


INFO: Final = gauge("build_info", "Always 1; what runs.", "service", "version")
READY: Final = gauge("ready", "1 while the service says that it is ready.")
CHECK_FAILED: Final = gauge("check_failed", "1 while this check of what the process needs fails.", "check")
LOOP_LAG_SECONDS: Final = gauge("event_loop_lag_seconds", "How late the event loop ran its last timer.")
DISK_FREE_BYTES: Final = gauge("disk_free_bytes", "Space that is left on the file system of a watched path.", "path")
DISK_SIZE_BYTES: Final = gauge("disk_size_bytes", "Size of the file system of a watched path.", "path")
CERTIFICATE_EXPIRES: Final = gauge(
    "certificate_expires_timestamp_seconds", "When the first certificate in a watched file expires.", "file"
)
FILE_UNREADABLE: Final = gauge(
    "mounted_file_unreadable",
    "1 while a mounted file of keys, secrets or certificates, or an entry of it, cannot be read.",
    "file",
)
