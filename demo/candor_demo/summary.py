"""Computes the figures of a replayed day from plain records and the truth in the stream."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Any, Final

from candor_demo.day import Truth

WARNINGS: Final = frozenset({"warning", "cancelled"})
"""Statements that tell a customer, before it is due, that the promise will not be kept."""


@dataclass(frozen=True)
class SentMessage:
    """One message that was sent: its statement (`warning`, `update`, `cancelled`, `all_clear`) and its time.

    `high` is the later end of the range that it gives, None if it gives none.
    """

    promise_id: str
    statement: str
    at: datetime
    high: datetime | None = None


@dataclass(frozen=True)
class Score:
    """Mean Brier scores of `n` forecasts frozen at one lead, 0 is best (Brier 1950); settled promises only.

    `base`: always forecasting the share late known when each forecast was issued. `hindsight`: always forecasting the
    share late that these promises turned out to have, which nobody could know. `skill` = 1 − brier / base. `by_p80` is
    the share of the completed ones that came by the P80 that was stated, of `completed` forecasts.
    """

    n: int
    brier: float
    base: float
    hindsight: float
    by_p80: float | None = None
    completed: int = 0

    @property
    def skill(self) -> float | None:
        return 1 - self.brier / self.base if self.base else None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Counts are promises unless named otherwise; shares are in [0, 1], or None if the whole is empty."""

    promises: int
    kept: int
    late: int
    cancelled: int
    never_completed: int
    late_warned: int
    late_warned_share: float | None
    lead_median_minutes: float | None
    warned: int
    false_alarms: int
    false_alarm_share: float | None
    all_clears_owed: int
    all_clears_given: int
    late_after_all_clear: int
    messages: int
    messages_mean: float
    messages_max: int
    ranges: int
    ranges_held: int
    without_range: int
    forecast: Score | None
    by_lead: dict[str, Score]

    def as_json(self) -> dict[str, Any]:
        """The figures as plain JSON values, each score with its skill."""
        plain = asdict(self)
        plain["forecast"] = _score_json(self.forecast)
        plain["by_lead"] = {lead: _score_json(score) for lead, score in self.by_lead.items()}
        return plain


def summarise(
    truths: Mapping[str, Truth],
    spoken: Iterable[SentMessage],
    messages: Mapping[str, int],
    scores: Mapping[str, Score],
) -> Summary:
    """Computes the day's figures.

    `messages` counts the messages in each customer's mailbox; `scores` are those of the forecasts by lead, and of all
    leads under the empty name. `lead_median_minutes` is from the first warning to the promised date. A false alarm is
    a promise that was warned about and kept; it requires an all-clear. `ranges` counts messages with a range about
    promises completed since, `ranges_held` those completed by its later end. Records about others are left out.
    """
    said = _by_promise(truths, spoken)
    late = [truth for truth in truths.values() if truth.late]
    first_warning = {
        name: min(s.at for s in what if s.statement in WARNINGS) for name, what in said.items() if _any_warning(what)
    }
    leads = [
        (truth.due - first_warning[truth.promise_id]).total_seconds() / 60
        for truth in late
        if truth.promise_id in first_warning and first_warning[truth.promise_id] < truth.due
    ]
    wrongly = [name for name in first_warning if not truths[name].late]
    told = _ranges(truths, said)
    counts = [messages.get(truth.customer_id.lower(), 0) for truth in truths.values()]
    return Summary(
        promises=len(truths),
        kept=len(truths) - len(late),
        late=len(late),
        cancelled=sum(truth.cancelled for truth in late),
        never_completed=sum(truth.completed_at is None and not truth.cancelled for truth in late),
        late_warned=len(leads),
        late_warned_share=_share(len(leads), len(late)),
        lead_median_minutes=median(leads) if leads else None,
        warned=len(first_warning),
        false_alarms=len(wrongly),
        false_alarm_share=_share(len(wrongly), len(first_warning)),
        all_clears_owed=len(wrongly),
        all_clears_given=sum(any(s.statement == "all_clear" for s in said[name]) for name in wrongly),
        late_after_all_clear=sum(_cleared(said.get(truth.promise_id, []), truth) for truth in late),
        messages=sum(counts),
        messages_mean=fmean(counts) if counts else 0.0,
        messages_max=max(counts, default=0),
        ranges=len(told),
        ranges_held=sum(told),
        without_range=sum(_open(item) and item.high is None for what in said.values() for item in what),
        forecast=scores.get(""),
        by_lead={lead: found for lead, found in scores.items() if lead},
    )


def count_messages(addresses: Iterable[str]) -> Counter[str]:
    """The number of messages to each customer, whose address is `<customer id in lower case>@…`."""
    return Counter(address.partition("@")[0] for address in addresses)


def _by_promise(truths: Mapping[str, Truth], spoken: Iterable[SentMessage]) -> dict[str, list[SentMessage]]:
    said: dict[str, list[SentMessage]] = defaultdict(list)
    for item in sorted(spoken, key=lambda item: item.at):
        if item.promise_id in truths:
            said[item.promise_id].append(item)
    return dict(said)


def _any_warning(said: Iterable[SentMessage]) -> bool:
    return any(item.statement in WARNINGS for item in said)


def _ranges(truths: Mapping[str, Truth], said: Mapping[str, Sequence[SentMessage]]) -> list[bool]:
    """For each range that was given about a promise completed since, whether it was done by the later end."""
    given = [(item.high, truths[name].completed_at) for name, what in said.items() for item in what if _open(item)]
    return [done <= high for high, done in given if high is not None and done is not None]


def _open(item: SentMessage) -> bool:
    """Whether the message may give a range."""
    return item.statement in {"warning", "update"}


def _cleared(said: Sequence[SentMessage], truth: Truth) -> bool:
    """Whether the last message before the date was an all-clear."""
    before = [item for item in said if item.at < truth.due]
    return bool(before) and before[-1].statement == "all_clear"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _score_json(found: Score | None) -> dict[str, Any] | None:
    return {**asdict(found), "skill": found.skill} if found else None
