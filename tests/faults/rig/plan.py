"""A run in rounds: what is sent in each and what strikes meanwhile. The same seed gives the same plan."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from candor.replay.stream import StreamEvent
from tests.faults.rig.story import CHANNELS, NOWHERE, PlannedEvent, Step, incident, live, past

PROMISE, DELIVERY = "promise-svc", "delivery-svc"
RISK, RISK_2, LEARNER = "risk-worker", "risk-worker-2", "risk-learner"
WEB, NOTIFY = "risk-web", "notify-svc"
KAFKA, POSTGRES, MAIL, HOOKS = "kafka", "postgres", "mail", "hooks"
LONGEST_STORY: Final = 6
MAIL_FAULTS: Final = ("drop_in_data", "drop_before_reply", "refuse_for_now")


class Fault(NamedTuple):
    """Something that strikes `delay` seconds into a round; `amount`: seconds of a stop, messages of a sink's fault."""

    target: str
    kind: str
    delay: float
    amount: float = 0.0


@dataclass(frozen=True)
class Scale:
    """How large a run is: promises of the past and live ones, and strikes a target; `batch` events an import.

    A round takes at least `pace` seconds: what changes all the time is never settled enough to be told to anybody.
    `prefix` keeps the ids of a second run on the same stack apart. `standing` rows, or some
    times as many, are put into each of some tables before.
    """

    rounds: int
    history: int
    live: int
    kills: int
    outages: int
    pauses: int
    mail: int
    batch: int = 500
    pace: float = 0.0
    prefix: str = ""
    standing: int = 0
    targets: tuple[str, ...] = (PROMISE, DELIVERY, RISK, LEARNER, NOTIFY)

    @property
    def least_events(self) -> int:
        """Fewer cannot be accepted: every promise has at least so many."""
        return 3 * self.history + 4 * self.live


SHORT: Final = Scale(
    rounds=10, history=700, live=60, kills=1, outages=1, pauses=1, mail=3, batch=250, pace=2.0, standing=1_000
)
LONG: Final = Scale(
    rounds=64,
    history=14_200,
    live=600,
    kills=20,
    outages=3,
    pauses=3,
    mail=12,
    pace=2.0,
    standing=100_000,
    targets=(*SHORT.targets, WEB),
)


@dataclass
class Round:
    """Sent side by side: history in batches, in order for each service; live events in the order of their lanes."""

    history: dict[str, list[list[StreamEvent]]] = field(default_factory=lambda: {PROMISE: [], DELIVERY: []})
    live: list[PlannedEvent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def plan(seed: int, scale: Scale, base: str = NOWHERE) -> list[Round]:
    """All rounds of a run, with customers on each channel in turn; the sinks are at `base`."""
    rounds = [Round() for _ in range(scale.rounds)]
    rng = random.Random(f"{seed}:story")
    pasts = [past(rng, f"{scale.prefix}h{number}") for number in range(scale.history)]
    for service, events in (
        (PROMISE, [e for one, _ in pasts for e in one]),
        (DELIVERY, [e for _, o in pasts for e in o]),
    ):
        batches = [events[at : at + scale.batch] for at in range(0, len(events), scale.batch)]
        for number, batch in enumerate(batches):
            rounds[number * scale.rounds // len(batches)].history[service].append(batch)
    beginnings = scale.rounds - LONGEST_STORY
    stories = [
        live(rng, f"{scale.prefix}p{number}", CHANNELS[number % len(CHANNELS)], base) for number in range(scale.live)
    ]
    stories += [incident(rng, f"{scale.prefix}i{number}") for number in range(max(2, scale.live // 20))]
    for number, story in enumerate(stories):
        _tell(rounds, number % beginnings, story)
    for fault_round, fault in strikes(seed, scale):
        rounds[fault_round].faults.append(fault)
    return rounds


def strikes(seed: int, scale: Scale) -> list[tuple[int, Fault]]:
    """Every fault with its round. A target is struck at most once a round, each time at a moment of its own."""
    found: list[tuple[int, Fault]] = []
    for target in scale.targets:
        rng = random.Random(f"{seed}:{target}")
        for number, when in enumerate(_rounds(rng, scale, scale.kills)):
            kind = "kill_at_mail" if target == NOTIFY and number % 2 else "kill"
            found.append((when, Fault(target, kind, round(rng.uniform(0, 1.5), 3))))
    for target in (KAFKA, POSTGRES):
        rng = random.Random(f"{seed}:{target}")
        found += [
            (when, Fault(target, "kill", round(rng.uniform(0, 1), 3), round(rng.uniform(0, 3), 2)))
            for when in _rounds(rng, scale, scale.outages)
        ]
    rng = random.Random(f"{seed}:pauses")
    paused = (RISK_2, NOTIFY, PROMISE, DELIVERY)[: max(1, scale.pauses)]
    for target in paused if scale.pauses > 1 else (RISK_2,):
        found += [
            (when, Fault(target, "pause", round(rng.uniform(0, 1), 3), round(rng.uniform(7.5, 10), 2)))
            for when in _rounds(rng, scale, scale.pauses)
        ]
    for target in (MAIL, HOOKS):
        rng = random.Random(f"{seed}:{target}")
        for number, when in enumerate(_rounds(rng, scale, scale.mail, first=3)):
            found.append((when, Fault(target, MAIL_FAULTS[number % 3], 0.0, rng.randrange(1, 4))))
    return sorted(found)


def _rounds(rng: random.Random, scale: Scale, amount: int, *, first: int = 1) -> Sequence[int]:
    # The first round is left in peace, so that something is under way when the first fault comes.
    return sorted(rng.sample(range(first, scale.rounds), amount))


def _tell(rounds: list[Round], first: int, story: Iterable[Step]) -> None:
    for after, event in story:
        rounds[first + after].live.append(event)
