"""What the learner says of what it learns from, in metrics and in its log."""

from __future__ import annotations

import structlog

from risk_svc import metrics
from risk_svc.training.timeline import Timeline

log = structlog.get_logger("risk.learner")


def sample(course: Timeline, before: float) -> float:
    """Say when another share of the promises is learnt from than `before`; returns the share."""
    share = course.sample.share
    metrics.SAMPLE_SHARE.set(share)
    if share == 1 != before:
        log.info("learning from all promises again", boundary=course.engine.boundary)
    elif share != before:
        log.warning(
            "learning from a sample of promises",
            share=share,
            waiting=course.waiting,
            open=len(course.engine.open),
            most_entries=course.most,
            consequence="forecasts go on and rest on fewer promises; the share rises again when fewer come",
            do="nothing if it passes; else raise MOST_ENTRIES and the memory of this process",
        )
    return share


def lost(until: float) -> None:
    """Say that rows of the journal went before they were read."""
    log.warning(
        "part of the journal was deleted unread",
        until=until,
        consequence="promises made before then are not learnt from; later ones are",
        do="nothing now; keep the learner running, or raise JOURNAL_MOST_BYTES and JOURNAL_MOST_ROWS",
    )
