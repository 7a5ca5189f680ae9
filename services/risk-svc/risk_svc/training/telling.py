"""What the learner says of what it learns from, in metrics and in its log."""

from __future__ import annotations

import math

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


def too_late(course: Timeline, more: int) -> None:
    """Say that promises came that are older than what can be learnt anew."""
    metrics.PROMISES_TOO_LATE.inc(more)
    log.warning(
        "promises imported too late are not learnt from",
        promises=more,
        base=course.base,
        consequence="they are kept, and forecasts learn nothing of them",
        do="nothing, or raise KEPT_ENTRIES and run candor risk rebuild",
    )


def published(course: Timeline, closed: int, late: int, seconds: float) -> None:
    """Say that a version was published after so many boundaries."""
    metrics.VERSION_SECONDS.observe(seconds / closed)
    log.info(
        "model published",
        version=course.version,
        boundaries=closed,
        boundary=course.engine.boundary,
        open=len(course.engine.open),
        waiting=course.waiting,
        late=late,
        seconds=round(seconds, 2),
    )


def waiting(course: Timeline, passed: float) -> float:
    """Measure how far the course is; returns how many boundaries that time has passed are not closed."""
    metrics.MODEL_VERSION.set(course.version)
    if course.engine.boundary > -math.inf:
        metrics.MODEL_BOUNDARY.set(course.engine.boundary)
    found = max(0.0, (passed - course.upcoming) // course.engine.step + 1) if course.upcoming < math.inf else 0.0
    metrics.BOUNDARIES_WAITING.set(found)
    return found


def foreign(error: str) -> None:
    """Say that what was stored is of another release."""
    log.warning(
        "stored model is of another engine version, starting anew",
        error=error,
        consequence="all that is kept is learnt anew; until then forecasts rest on little",
        do="nothing; candor risk rebuild, if what they rest on is then less than it was",
    )
