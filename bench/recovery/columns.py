"""Folds a stream of events into the columns that the measures of insight read, as any reader of the API could."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice.params import QUESTIONS
from risk_svc.insight.measures.bias import Completed
from risk_svc.insight.measures.distortion import Path, Statement, path
from risk_svc.insight.measures.factors import Judged
from risk_svc.insight.measures.hop_records import Passed
from risk_svc.insight.measures.perception import Sheets
from risk_svc.insight.measures.punctuality import Settled
from risk_svc.insight.measures.reputation import Outcomes

NEVER: Final = float("nan")
DAY: Final = timedelta(days=1)


@dataclass(kw_only=True)
class Promise:
    """What the stream said of a promise; `held` is the date that the customer holds."""

    kind: str
    maker: str
    deliverer: str
    accepted: bool
    made: datetime
    due: datetime
    held: datetime
    tolerance: timedelta
    labels: Mapping[str, Any]
    requested: datetime | None = None
    latest: datetime
    ours: int = 0
    agreed: int = 0
    done: datetime | None = None
    withdrawn: bool = False
    statements: list[Mapping[str, Any]] = field(default_factory=list)

    def move(self, said: Mapping[str, Any]) -> None:
        """Take in a new date."""
        company, agreed = said["asked_by"] == "company", bool(said.get("agreed"))
        self.latest = moment(said["due"])
        self.ours += company
        self.agreed += company and agreed
        if agreed or not company:
            self.held = self.latest

    @property
    def kept(self) -> bool:
        return self.done is not None and self.done <= self.held + self.tolerance


class Columns:
    """All that a stream said, and by when. Promises that were withdrawn are left out.

    What is not done at `now`, the time of the last event, is open.
    """

    def __init__(self, events: Iterable[StreamEvent]) -> None:
        self.made: dict[str, Promise] = {}
        self.now = datetime.min.replace(tzinfo=UTC)
        self.claims: dict[str, Mapping[str, Any]] = {}
        self.register: dict[str, str] = {}
        self.answers: list[tuple[str, str, int, int, float]] = []
        said: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for event in events:
            self.now = event.time
            if event.type == "statement.made":
                said[event.data["promise_id"]].append(event.data)
            else:
                self._take(event)
        for name, statements in said.items():
            self.made[name].statements = statements
        self.done = [one for one in self.made.values() if one.done is not None]
        self.open = [one for one in self.made.values() if one.done is None and not one.withdrawn]
        self.overdue = [one for one in self.open if one.held + one.tolerance < self.now]

    def _take(self, event: StreamEvent) -> None:
        data = event.data
        match event.type:
            case "promise.made":
                self.made[data["promise_id"]] = _made(event)
            case "promise.revised":
                self.made[data["promise_id"]].move(data)
            case "promise.withdrawn":
                self.made[data["promise_id"]].withdrawn = True
            case "milestone.reported" if data.get("final"):
                self.made[data["promise_id"]].done = moment(data["at"])
            case "claim.made":
                self.claims[data["claim_id"]] = data
            case "sheet.answered":
                at = event.time.timestamp()
                self.answers += [
                    (data["side"], name, data[name], data["people"], at) for name in QUESTIONS if name in data
                ]
            case "capability.set":
                self.register[data["capability_id"]] = data["statuses"][0]["status"]

    def completed(self) -> Completed:
        """Promised and actual durations, in days; of open promises so far."""
        rows = [*self.done, *self.open]
        return Completed(
            [one.kind for one in rows],
            [one.maker for one in rows],
            [one.deliverer for one in rows],
            np.array([(one.due - one.made) / DAY for one in rows]),
            np.array([((one.done or self.now) - one.made) / DAY for one in rows]),
            np.array([one.done is None for one in rows], np.bool_),
            np.array([one.made.timestamp() / 86_400 for one in rows]),
        )

    def judged(self, names: list[str]) -> Judged:
        """Promises kept, broken or overdue, with each of the factors that are called so."""
        rows = [*self.done, *self.overdue]
        return Judged(
            [one.kind for one in rows],
            np.array([(one.due - one.made) / DAY for one in rows]),
            np.array([one.kept for one in rows], np.bool_),
            np.array([one.made.timestamp() for one in rows]),
            np.array([(one.done or one.held + one.tolerance).timestamp() for one in rows]),
            names,
            np.array([[bool(one.labels[name]) for name in names] for one in rows], np.bool_).reshape(
                len(rows), len(names)
            ),
            np.array([one.done is None for one in rows], np.bool_),
        )

    def settled(self) -> Settled:
        """Dates three ways of all of them together."""
        rows = [*self.done, *self.open]
        return Settled(
            [""] * len(rows),
            np.array([NEVER if one.requested is None else one.requested.timestamp() for one in rows]),
            np.array([one.due.timestamp() for one in rows]),
            np.array([one.latest.timestamp() for one in rows]),
            np.array([one.tolerance.total_seconds() for one in rows]),
            np.array([one.done.timestamp() if one.done else NEVER for one in rows]),
            np.full(len(rows), NEVER),
            np.array([one.ours for one in rows], np.int64),
            np.array([one.agreed for one in rows], np.int64),
            np.array([NEVER if one.done else self.now.timestamp() for one in rows]),
        )

    def outcomes(self) -> Outcomes:
        """Who kept, and how many days before the last event."""
        rows = [one for one in (*self.done, *self.overdue) if one.maker]
        age = np.array([(self.now - (one.done or self.now)) / DAY for one in rows])
        kept = np.array([one.kept for one in rows], np.float64)
        return Outcomes([one.maker for one in rows], kept, age, np.array([one.done is None for one in rows], np.bool_))

    def sheets(self) -> Sheets:
        """Answers by group and question."""
        rows = self.answers
        return Sheets(
            [side for side, *_ in rows],
            [name for _, name, *_ in rows],
            np.array([rating for _, _, rating, *_ in rows], np.int64),
            np.array([people for *_, people, _ in rows], np.int64),
            np.array([at for *_, at in rows], np.float64),
        )

    def passed(self) -> Passed:
        """Statements that were passed on, by who passed them on."""
        hops = [
            (later["said_by"], _days(one, earlier["due"]), _days(one, later["due"]))
            for one in self.made.values()
            for earlier, later in zip(one.statements[:-1], one.statements[1:], strict=True)
        ]
        before, after = (np.array([hop[at] for hop in hops], np.float64) for at in (1, 2))
        signed = np.clip((before - after) / 30, -1, 1)
        return Passed([hop[0] for hop in hops], signed, before, after, np.zeros(len(hops)))

    def paths(self) -> list[Path]:
        """The way of each promise's date from hop to hop."""
        return [
            path([_statement(one, said) for said in one.statements]) for one in self.made.values() if one.statements
        ]


def moment(text: str) -> datetime:
    """A time of an event."""
    return datetime.fromisoformat(text)


def _made(event: StreamEvent) -> Promise:
    data = event.data
    due = moment(data["due"])
    return Promise(
        kind=data["kind"],
        maker=data.get("department", ""),
        deliverer=data.get("deliverer", ""),
        accepted=data["accepted"],
        made=event.time,
        due=due,
        held=due,
        latest=due,
        requested=moment(data["requested_due"]) if "requested_due" in data else None,
        tolerance=timedelta(seconds=data["tolerance_s"]),
        labels=data["labels"],
    )


def _days(promise: Promise, text: str) -> float:
    return (moment(text) - promise.made) / DAY


def _statement(promise: Promise, said: Mapping[str, Any]) -> Statement:
    return Statement(
        said["said_by"],
        said["said_to"],
        _days(promise, said["due"]),
        frozenset(said["scope"]) if "scope" in said else None,
        None,
        said["certainty"],
        frozenset(said["conditions"]),
    )
