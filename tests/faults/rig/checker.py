"""What a run has against the system: pure comparisons of what was accepted with what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from risk_svc.forecasting.snapshots import pseudonym
from tests.faults.rig.arrivals import Arrival
from tests.faults.rig.oracle import Dates, Expected

SHOWN = 5
UNDER_WAY = ("pending", "sending")


class Notice(NamedTuple):
    """A notice as notify-svc has it; `channel` is that of its delivery, if there is one."""

    id: str
    promise_id: str
    state: str
    version: int
    channel: str = "email"


@dataclass
class Effects:
    """What the services, their outboxes and the mail sink hold after a run, as plain records."""

    promises: dict[str, Dates] = field(default_factory=dict)
    changes: dict[str, list[int]] = field(default_factory=dict)
    contacts: dict[str, int] = field(default_factory=dict)
    trail: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    sightings: list[str] = field(default_factory=list)
    incidents: dict[str, int] = field(default_factory=dict)
    published: dict[str, list[str]] = field(default_factory=dict)
    unsent: list[str] = field(default_factory=list)
    folded: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    scored: dict[str, int] = field(default_factory=dict)
    journalled: Counter[str] = field(default_factory=Counter)
    versions: dict[int, bool] = field(default_factory=dict)
    newest: int = 0
    read: dict[str, tuple[int, int]] = field(default_factory=dict)
    seen: dict[tuple[int, str], int] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    arrived: list[Arrival] = field(default_factory=list)
    repeated: Counter[str] = field(default_factory=Counter)
    buried: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class Findings(dict[str, list[str]]):
    """By kind: `lost`, `twice`, `wrong`, `stuck`, `message_lost`, `message_twice`, `message_unaccounted`,
    `unknown_hidden`. Those of messages begin with the channel.
    """

    KINDS = (
        "lost",
        "twice",
        "wrong",
        "stuck",
        "message_lost",
        "message_twice",
        "message_unaccounted",
        "unknown_hidden",
    )

    def __init__(self) -> None:
        super().__init__({kind: [] for kind in self.KINDS})

    @property
    def total(self) -> int:
        return sum(len(found) for found in self.values())

    def text(self) -> str:
        """Counts, and a few of each kind."""
        return "\n".join(
            f"{kind} {len(found)}" + "".join(f"\n    {one}" for one in found[:SHOWN]) for kind, found in self.items()
        )


def judge(expected: Expected, found: Effects, *, partitions: int = 4) -> Findings:
    """Everything at once; empty lists mean that nothing was lost, doubled, or hidden."""
    findings = Findings()
    _numbers(findings, "promise", {k: v.version for k, v in expected.promises.items()}, _versions(found.promises))
    _numbers(findings, "contact", expected.contacts, found.contacts)
    _numbers(findings, "incident", expected.incidents, found.incidents)
    for name, dates in expected.promises.items():
        if found.promises.get(name, dates) != dates:
            findings["wrong"].append(f"promise {name}: {found.promises[name]}, not {dates}")
        if sorted(found.changes.get(name, [])) != list(range(2, dates.version + 1)):
            findings["wrong"].append(f"promise {name}: its changes are {found.changes.get(name, [])}")
    _trail(findings, expected, found)
    _each_once(findings, "sighting", expected.sightings, found.sightings)
    for service, ids in expected.events.items():
        _each_once(findings, f"published by {service}-svc", ids, found.published.get(service, []))
    _risk(findings, expected, found, partitions)
    _read(findings, expected, found)
    _messages(findings, found)
    findings["stuck"] += [*found.unsent, *found.buried, *found.waiting]
    return findings


def _versions(promises: Mapping[str, Dates]) -> dict[str, int]:
    return {name: dates.version for name, dates in promises.items()}


def _numbers(findings: Findings, what: str, expected: Mapping[str, int], found: Mapping[str, int]) -> None:
    """Versions count effects: too low is lost, too high is twice."""
    for name in expected.keys() | found.keys():
        wanted, got = expected.get(name, 0), found.get(name, 0)
        if got != wanted:
            findings["lost" if got < wanted else "twice"].append(f"{what} {name}: version {got}, not {wanted}")


def _each_once(findings: Findings, what: str, expected: Iterable[str], found: Iterable[str]) -> None:
    wanted, got = Counter(expected), Counter(found)
    findings["lost"] += [f"{what}: {name}" for name in wanted - got]
    findings["twice"] += [f"{what}: {name}" for name in got - wanted]


def _trail(findings: Findings, expected: Expected, found: Effects) -> None:
    for name in expected.milestones.keys() | found.trail.keys():
        trail = sorted(found.trail.get(name, []))
        _each_once(findings, f"milestone of {name}", expected.milestones.get(name, []), (event for _, event in trail))
        if [version for version, _ in trail] != list(range(1, len(trail) + 1)):
            findings["wrong"].append(f"milestones of {name}: versions {[version for version, _ in trail]}")


def _risk(findings: Findings, expected: Expected, found: Effects, partitions: int) -> None:
    for name, wanted in expected.folded.items():
        got = found.folded.get(name)
        if got is None:
            findings["lost"].append(f"risk-svc: promise {name}")
            continue
        for what in ("promise_version", "milestone_version"):
            _numbers(findings, f"risk-svc: {what}", {name: wanted[what]}, {name: got[what]})
        differing = sorted(key for key in wanted if got[key] != wanted[key])
        if differing:
            findings["wrong"].append(f"risk-svc: promise {name}: {', '.join(differing)}")
    findings["wrong"] += [f"risk-svc: unknown promise {name}" for name in found.folded.keys() - expected.folded.keys()]
    _learnt(findings, expected, found)
    everywhere = {f"{p}/{name}": v for name, v in expected.incidents.items() for p in range(partitions)}
    _numbers(findings, "risk-svc: incident", everywhere, {f"{p}/{name}": v for (p, name), v in found.seen.items()})


def _learnt(findings: Findings, expected: Expected, found: Effects) -> None:
    """What was said of each promise is in the journal, and each published model is what the journal teaches."""
    for name, wanted in expected.folded.items():
        times = found.journalled[pseudonym(name)]
        if times < wanted["promise_version"]:
            findings["lost"].append(f"risk-svc: promise {name} is {times} times in the journal")
    wrong = [version for version, same in found.versions.items() if not same]
    findings["wrong"] += [f"risk-svc: model version {version} is not what the journal teaches" for version in wrong]
    if found.newest not in found.versions:
        findings["lost"].append(f"risk-svc: the steps that led to model version {found.newest}")


def _read(findings: Findings, expected: Expected, found: Effects) -> None:
    wanted = {name: dates.version for name, dates in expected.promises.items()}
    _numbers(findings, "notify-svc: promise", wanted, {name: version for name, (version, _) in found.read.items()})
    gaps = {name: version for name, (_, version) in found.read.items() if version}
    _numbers(findings, "notify-svc: gap", {name: v for name, v in found.scored.items() if v}, gaps)
    notices: dict[str, set[tuple[str, int]]] = {}
    for notice in found.notices:
        notices.setdefault(notice.promise_id, set()).add((notice.id, notice.version))
    for name, wanted_notices in notices.items():
        told = found.told.get(name, set())
        # risk-svc keeps the newest eight of a promise.
        if not told <= wanted_notices or len(told) != min(8, len(wanted_notices)):
            findings["lost"].append(f"risk-svc: notices of {name}: {sorted(told)} of {sorted(wanted_notices)}")


def _messages(findings: Findings, found: Effects) -> None:
    notices = {notice.id: notice for notice in found.notices}
    times = Counter(one.notice_id for one in found.arrived)
    for channel, name in dict.fromkeys(found.arrived):
        if times[name] > 1:
            findings["message_twice"].append(f"{channel} {name} × {times[name]}")
        if (why := _unaccounted(channel, notices.get(name), found.shown)) is not None:
            findings["message_unaccounted"].append(f"{channel} {name}: {why}")
    there = set(found.arrived)
    findings["message_lost"] += [
        f"{one.channel} {one.id}"
        for one in found.notices
        if one.state == "sent" and Arrival(one.channel, one.id) not in there
    ]
    unknown = {one.id for one in found.notices if one.state == "unknown"}
    findings["unknown_hidden"] += sorted(unknown ^ found.shown)
    findings["stuck"] += [f"notice {one.id}: {one.state}" for one in found.notices if one.state in UNDER_WAY]


def _unaccounted(channel: str, notice: Notice | None, shown: set[str]) -> str | None:
    """Why a message should not be in the sink: whatever nobody calls sent must be held, and shown as held."""
    if notice is None:
        return "no such notice"
    if notice.channel != channel:
        return f"its delivery is by {notice.channel}"
    if notice.state == "sent" or (notice.state == "unknown" and notice.id in shown):
        return None
    return notice.state
