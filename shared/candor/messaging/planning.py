"""Decides, without I/O, what part of a fetched batch is delivered, parked, skipped or fetched again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from candor.contracts import ContractError, Message, Record, decode
from candor.messaging.failures import describe
from candor.messaging.limits import Guard, Limits
from candor.messaging.slices import FetchedRecord, Slice, Verdict
from candor.messaging.suspicion import Suspicion, newer
from candor.records.origin import FOREIGN, MISPLACED, Origins
from candor.records.partitioner import partition_of
from candor.store.dead_letter import BEHIND, DeadLetter, HeldLetters

MANY: Final = 128
NEWER: Final = frozenset({"unknown_type", "unsupported_version", "unknown_value"})
"""Faults of events that most likely a newer release wrote: they wait for it, and make no dead letter by themselves."""

Place = tuple[int, str, int]
"""Partition, topic card and offset of a record."""


class Action(Enum):
    """What to do with a fetched run of records: use it, fetch it again, continue after a hole, or stop."""

    USE = "use"
    AGAIN = "again"
    HOLE = "hole"
    RESET = "reset"


class Continuity:
    """Compares what was fetched with the next offset; a hole counts only when a second fetch confirms it."""

    def __init__(self) -> None:
        self._odd: dict[tuple[str, int], tuple[int, int]] = {}

    def check(self, name: tuple[str, int], first: int, last: int, following: int) -> Action:
        """Check a run of `name` from offset `first` to `last` against the next offset, `following`."""
        if first <= following <= last:
            self._odd.pop(name, None)
            return Action.USE
        if self._odd.get(name) != (following, first):
            self._odd[name] = (following, first)
            return Action.AGAIN
        del self._odd[name]
        return Action.HOLE if first > following else Action.RESET


@dataclass(slots=True, kw_only=True)
class OwnedPartition:
    """A partition this worker owns: the content of its lease row, and what is known of its dead letters.

    While there is a `suspicion` it is handled apart from the others; it is not read while it is `resting`.
    """

    partition: int
    epoch: int
    offsets: dict[str, int]
    held: set[tuple[str, str]] = field(default_factory=set)
    guards: dict[str, Guard] = field(default_factory=dict)
    unresolved: int = 0
    foreign: int = 0
    halted: str = ""
    suspicion: Suspicion | None = None

    @property
    def resting(self) -> bool:
        """Whether others have their turn after an attempt of this one failed."""
        return self.suspicion is not None and self.suspicion.rests_until > 0

    def remember(self, letters: Sequence[HeldLetters], limits: Limits) -> None:
        """Take over this partition's entries of the dead-letter table."""
        self.unresolved = len(letters)
        self.foreign = sum(letter.reason in FOREIGN for letter in letters)
        self.held = {(letter.topic, letter.subject) for letter in letters if letter.subject}
        self.guards = {}
        for card in {letter.topic for letter in letters} | self.offsets.keys():
            mine = [letter for letter in letters if letter.topic == card]
            behind = [letter.offset for letter in mine if letter.reason == BEHIND or letter.reason in FOREIGN]
            dead = [letter.offset for letter in mine if letter.offset not in set(behind)]
            self.guards[card] = Guard(limits, dead, behind, self.offsets.get(card, 0))
        reasons = ((card, guard.exceeded()) for card, guard in self.guards.items())
        stuck = self.suspicion.stuck if self.suspicion is not None else ""
        full = limits.full(self.unresolved - self.foreign)
        self.halted = next((f"{card}: {reason}" for card, reason in reasons if reason), stuck or full)


class Plan(NamedTuple):
    """The plan for a slice: what to deliver, what to bury, the next offset after both, and why the partition stops.

    With `unknown` it stops before an event that this release does not know.
    """

    deliver: list[Message]
    letters: list[DeadLetter]
    following: int
    guard: Guard
    held: set[tuple[str, str]]
    halted: str
    unknown: Suspicion | None = None


class Home(NamedTuple):
    """The partition that records are of, and how many there are."""

    number: int
    partitions: int

    def check(self, key: bytes | None) -> None:
        """Raise ContractError `misplaced` if another partition is the key's."""
        home = partition_of(key or b"", self.partitions)
        if home != self.number:
            raise ContractError(MISPLACED, f"its partition is {home} since the partitions were grown")


def read(
    card: str, records: Sequence[FetchedRecord], origins: Origins | None = None, home: Home | None = None
) -> Slice:
    """Decode `records`, and check who signed what needs it; an error in one record does not affect the others.

    `home`: check where they lie as well. A relay that was paused while the partitions were grown repeats there, when it
    wakes, what has long been sent to the new ones.
    """
    messages: list[Message | None] = []
    faults: dict[int, Verdict] = {}
    append = messages.append
    for record in records:
        try:
            message = decode(card, record.headers, record.value)
            if home is not None:
                home.check(record.key)
            if origins is not None and message.data.SIGNED:
                origins.check(card, record.key, record.headers, record.value)
            append(message)
        except ContractError as error:
            faults[len(messages)] = (error.reason, error.detail)
            append(None)
        except Exception as error:
            # A codec that fails on an odd record must not stop its partition for ever.
            faults[len(messages)] = ("undecodable", describe(error))
            append(None)
    return Slice(card, records, messages, faults)


def private(piece: Slice) -> Slice:
    """Return the same records with message objects of their own."""
    return piece._replace(messages=[item and Message(item.envelope, item.data) for item in piece.messages])


def plan(group: str, own: OwnedPartition, piece: Slice, known: Mapping[Place, Verdict], limits: Limits) -> Plan:
    """Split `piece` into delivered and buried; `known` are records that an earlier attempt found unusable.

    Records behind a held (topic, subject) are buried too. If a limit is exceeded, the slice ends right after the dead
    letter that exceeded it.
    """
    following = piece.records[-1].offset + 1
    guard = own.guards.get(piece.card) or Guard(limits)
    if not piece.faults and not known and not own.held:
        return Plan(piece.messages, [], following, guard, own.held, "")  # type: ignore[arg-type]
    guard, held = guard.copy(), set(own.held)
    deliver: list[Message] = []
    letters: list[DeadLetter] = []
    foreign = 0
    for index, (record, message) in enumerate(zip(piece.records, piece.messages, strict=True)):
        fault = piece.faults.get(index)
        if fault is not None and fault[0] in FOREIGN:
            # It may name anybody as its subject, whose own events must not wait for it.
            guard.foreign(record.offset)
            if not limits.full(own.foreign + foreign):
                # Whoever forges records must not halt a partition with them; Kafka keeps those that are left out.
                foreign += 1
                letters.append(letter(group, own.partition, piece.card, record, "", *fault))
            continue
        subject = message.envelope.subject if message is not None else _header(record, "ce_subject")
        waits = fault is not None and fault[0] in NEWER and (own.partition, piece.card, record.offset) not in known
        if fault is not None and waits and (piece.card, subject) not in held:
            unknown = newer(piece.card, record.offset, *fault)
            return Plan(deliver, letters, record.offset, guard, held, unknown.stuck, unknown)
        verdict = _verdict(own.partition, piece, index, subject, held, known)
        if verdict is None and message is not None:
            deliver.append(message)
            guard.passed(record.offset)
            continue
        reason, detail = verdict or ("undecodable", "")
        letters.append(letter(group, own.partition, piece.card, record, subject, reason, detail))
        guard.buried(record.offset, reason)
        if subject:
            held.add((piece.card, subject))
        if halted := guard.exceeded() or limits.full(own.unresolved - own.foreign + len(letters) - foreign):
            return Plan(deliver, letters, record.offset + 1, guard, held, f"{piece.card}: {halted}")
    return Plan(deliver, letters, following, guard, held, "")


def letter(
    group: str, partition: int, card: str, record: FetchedRecord, subject: str, reason: str, detail: str
) -> DeadLetter:
    """Return the dead letter of a record, with bytes and headers as received."""
    headers = [(name, value or b"") for name, value in record.headers or ()]
    kept = Record(record.key or b"", record.value or b"", headers)
    key = (record.key or b"").decode(errors="replace")[:MANY]
    return DeadLetter(group, partition, card, record.offset, key, subject[:MANY], reason, detail, kept)


def _verdict(
    partition: int,
    piece: Slice,
    index: int,
    subject: str,
    held: set[tuple[str, str]],
    known: Mapping[Place, Verdict],
) -> Verdict | None:
    if subject and (piece.card, subject) in held:
        return BEHIND, "an earlier event of this subject is a dead letter"
    return piece.faults.get(index) or known.get((partition, piece.card, piece.records[index].offset))


def _header(record: FetchedRecord, wanted: str) -> str:
    for name, value in record.headers or ():
        if name == wanted and value:
            return bytes(value).decode(errors="replace")[:MANY]
    return ""
