"""Live promises kept as encoded rows: decoded ones take several times the memory."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from risk_svc.domain.state import PromiseState, View, from_bytes, to_bytes


class Glance(NamedTuple):
    """Whose promise it is, when it was made and is to be reviewed, what it depends on, and of which type it is."""

    customer_id: str
    made: float
    review: float
    depends_on: list[tuple[str, str]]
    kind: str = ""


class Shelf(Mapping[str, PromiseState]):
    """Promises by id; each look decodes one anew, and a changed one must be put back.

    A promise has a slot while it is here, by which other indexes refer to it; a free slot is used again.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._names: list[str] = []
        self._rows: list[bytes] = []
        self._free: list[int] = []
        # By slot. Arrays, because numbers of their own would take four times as much; numpy looks through them.
        self._review = array("d")
        self._made = array("d")
        # A hash of the id: it finds a customer's promises, and now and then another's.
        self._customer = array("q")
        # Of the promise type likewise.
        self._kind = array("q")

    def __getitem__(self, name: str) -> PromiseState:
        return from_bytes(self._rows[self._slots[name]])

    def __contains__(self, name: object) -> bool:
        return name in self._slots

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, name: str, row: bytes, seen: Glance) -> int:
        """Keep a promise's row and what is to be seen in it; returns its slot."""
        slot = self._slots.get(name)
        if slot is None:
            slot = self._new(name)
        self._rows[slot] = row
        self._made[slot] = seen.made
        self._review[slot] = seen.review
        self._customer[slot] = hash(seen.customer_id)
        self._kind[slot] = hash(seen.kind)
        return slot

    def pop(self, name: str) -> tuple[int, bytes] | None:
        """Remove a promise; returns the slot it had and its row, or None if it is not here."""
        slot = self._slots.pop(name, None)
        if slot is None:
            return None
        row, self._rows[slot], self._names[slot] = self._rows[slot], b"", ""
        self._made[slot] = self._review[slot] = math.inf
        self._free.append(slot)
        return slot, row

    def seen(self, name: str) -> Glance:
        """What is to be seen in a promise's row."""
        return glance(self._rows[self._slots[name]])

    def name(self, slot: int) -> str:
        """The promise in a slot; "" if it is free."""
        return self._names[slot]

    def of_customer(self, customer_id: str) -> array[int]:
        """The slots that may hold this customer's promises."""
        if not self._names:
            return array("q")
        return array("q", np.flatnonzero(np.frombuffer(self._customer, np.int64) == hash(customer_id)).tobytes())

    def made_before(self, slots: Iterable[int], at: float) -> bool:
        """Whether any of these promises was made before `at`."""
        return bool((np.frombuffer(self._made)[np.fromiter(slots, np.int64)] < at).any()) if self._names else False

    def due(self, now: float, most: int) -> list[str]:
        """At most `most` promises whose review time has come, first come first; each only once until it is put back."""
        if not self._names:
            return []
        review = np.frombuffer(self._review)
        found = np.flatnonzero(review <= now)
        if len(found) > most:
            found = found[np.argpartition(review[found], most)[:most]]
        found = found[np.argsort(review[found], kind="stable")]
        review[found] = math.inf
        return [self._names[slot] for slot in found]

    def due_again(self, name: str, at: float) -> None:
        """Have a promise reviewed that was due but had to wait."""
        self._review[self._slots[name]] = at

    def overdue(self, now: float) -> int:
        """How many promises wait for their review."""
        return int(np.count_nonzero(np.frombuffer(self._review) <= now)) if self._names else 0

    def look_again(self, now: float) -> None:
        """Have every promise reviewed that has a review time at all."""
        if self._names:
            review = np.frombuffer(self._review)
            review[np.isfinite(review)] = now

    def look_again_at(self, kinds: Iterable[str], now: float) -> None:
        """Have every promise of these types reviewed that has a review time at all."""
        if self._names:
            review = np.frombuffer(self._review)
            of_them = np.isin(np.frombuffer(self._kind, np.int64), np.fromiter(map(hash, kinds), np.int64))
            review[of_them & np.isfinite(review) & (review > now)] = now

    def _new(self, name: str) -> int:
        if self._free:
            slot = self._free.pop()
            self._names[slot] = name
        else:
            slot = len(self._names)
            self._names.append(name)
            self._rows.append(b"")
            self._review.append(math.inf)
            self._made.append(math.inf)
            self._customer.append(0)
            self._kind.append(0)
        self._slots[name] = slot
        return slot


def _glance(kind: type[msgspec.Struct], wanted: Mapping[str, Any], last: str) -> Any:
    """A struct that decodes of an encoded `kind` the fields in `wanted` and steps over the others, up to `last`."""
    names = kind.__struct_fields__[: kind.__struct_fields__.index(last) + 1]
    fields = [(name, *wanted.get(name, (msgspec.Raw, msgspec.Raw()))) for name in names]
    return msgspec.defstruct(f"{kind.__name__}Glance", fields, array_like=True, gc=False)


_View: Final = _glance(View, {"review": (float, 0.0)}, "review")
_State: Final = _glance(
    PromiseState,
    {
        "customer_id": (str, ""),
        "promise_version": (int, 0),
        "kind": (str, ""),
        "made_at": (float, 0.0),
        "depends_on": (list[tuple[str, str]], []),
        "historical": (bool, False),
        "view": (_View, msgspec.field(default_factory=_View)),
    },
    "view",
)
_decoder: Final = msgspec.msgpack.Decoder(_State)


def glance(row: bytes) -> Glance:
    """What is to be seen in a row.

    One that was never scored is due at once; placeholders, which are not scored, never are, and history is only while
    nothing is learnt of it yet.
    """
    seen = _decoder.decode(row)
    due = seen.promise_version and (not seen.historical or seen.view.review > 0)
    review = seen.view.review if due else math.inf
    return Glance(seen.customer_id, seen.made_at, review, seen.depends_on, seen.kind)


def encoded(state: PromiseState) -> bytes:
    """The row of a promise."""
    return to_bytes(state)
