"""Figures of risk-svc alone, beside the common catalogue."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

from candor.ops.metrics import REGISTRY

PUBLISHED: Final = Counter("candor_gaps_published_total", "Gaps published, by why.", ("reason",), registry=REGISTRY)
LEARNED: Final = Gauge("candor_outcomes_learned", "Settled promises that the model rests on.", registry=REGISTRY)
CLASSES: Final = Gauge("candor_reference_classes", "Reference classes that the model keeps.", registry=REGISTRY)
HOT: Final = Gauge("candor_promises_in_memory", "Live promises in this worker's memory.", registry=REGISTRY)
