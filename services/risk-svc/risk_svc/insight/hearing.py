"""Who heard what before they spoke: the path on which each statement about one thing came about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from risk_svc.insight.measures.distortion import Hop, Path, Statement, Thresholds, path

DAY: Final = 86_400.0
Chain = list["Said"]
"""Statements of which each was heard by who made the next."""


class Said(NamedTuple):
    """A statement; times in epoch seconds, None for a slot that it leaves out."""

    statement_id: str
    said_by: str
    said_to: str
    at: float
    due: float | None = None
    scope: frozenset[str] | None = None
    quantity: float | None = None
    certainty: int | None = None
    conditions: frozenset[str] | None = None
    unit: str | None = None


class Passage(NamedTuple):
    """A statement that passes on another one: what was heard, the dates heard and told, and what changed.

    `unlike`: quantities were spoken of whose units cannot be compared.
    """

    statement_id: str
    heard: str
    due_in: float | None
    due_out: float | None
    hop: Hop
    unlike: bool = False


def chains(said: Iterable[Said]) -> dict[str, Chain]:
    """The chain that ends in each statement, by id, whatever the order in which they are given.

    A speaker passes on what they were told last. Where nobody told them, it is what was said last by others whom
    neither they nor their hearer had informed.
    """
    found: dict[str, Chain] = {}
    told: dict[str, Said] = {}
    earlier: list[Said] = []
    for one in sorted(said, key=_when):
        heard = told.get(one.said_by) or _overheard(one, earlier, found)
        found[one.statement_id] = [*(found[heard.statement_id] if heard else ()), one]
        told[one.said_to] = one
        earlier.append(one)
    return found


def main(found: dict[str, Chain]) -> Chain:
    """The chain of the newest statement to whoever the longest chain ends at; empty without statements."""
    if not found:
        return []
    longest = max(found.values(), key=lambda chain: (len(chain), _when(chain[-1])))
    ends = [chain for chain in found.values() if chain[-1].said_to == longest[-1].said_to]
    return max(ends, key=lambda chain: _when(chain[-1]))


def passages(said: Iterable[Said]) -> dict[str, Passage]:
    """What became of the message at each statement that passes one on; on the main path, as a part of all of it."""
    found = chains(said)
    last = {name: passed(chain)[-1] for name, chain in found.items() if len(chain) > 1}
    return last | {one.statement_id: one for one in passed(main(found))}


def passed(chain: Chain) -> list[Passage]:
    """The passages of a chain, in order."""
    dues, found = _carried(chain), path_of(chain)
    return [
        Passage(after.statement_id, before.statement_id, due_in, due_out, hop, bool(found.unlike))
        for (before, after), (due_in, due_out), hop in zip(pairwise(chain), pairwise(dues), found.hops, strict=True)
    ]


def path_of(chain: Chain, thresholds: Thresholds | None = None) -> Path:
    """The measure of a chain."""
    return path([_statement(one) for one in chain], thresholds=thresholds)


def _overheard(one: Said, earlier: Sequence[Said], found: dict[str, Chain]) -> Said | None:
    for other in reversed(earlier):
        speakers = {each.said_by for each in found[other.statement_id]}
        if other.said_to != one.said_to and not speakers & {one.said_by, one.said_to}:
            return other
    return None


def _carried(chain: Chain) -> list[float | None]:
    """The date that stood after each statement: its own, or the last one that was spoken of."""
    dues: list[float | None] = []
    for one in chain:
        dues.append(one.due if one.due is not None or not dues else dues[-1])
    return dues


def _when(one: Said) -> tuple[float, str]:
    return one.at, one.statement_id


def _statement(one: Said) -> Statement:
    date = None if one.due is None else one.due / DAY
    slots = (date, one.scope, one.quantity, one.certainty, one.conditions)
    return Statement(one.said_by, one.said_to, *slots, unit=one.unit)
