"""Writes stored requests, many with one statement, in the transaction of what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from candor.intake.requests.table import FAILED, MENDED, PROCESSED, REFUSED, WAITING
from candor.store.unit_of_work import UnitOfWork

SEPARATOR: Final = "\x1f"
"""Between whom a request is about: unnest cannot carry an array of arrays."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One request on its way into the table: its state, and whom it is `about`, are found while it is processed.

    `times`: how often it came with this. `known`: it is there already, and nothing is written if it has gone.
    """

    request_id: str
    source: str
    read_as: str
    sealed: bytes
    size: int
    received_at: datetime
    times: int = 1
    known: bool = False
    mended_from: str = ""
    mended_by: str = ""
    state: str = PROCESSED
    reason: str = ""
    about: set[str] = field(default_factory=set)

    def concerns(self, command: Any) -> None:
        """Add whom a command names: its customer and promise, or that promise's name in another system."""
        self.about.update(named(command))

    def customer(self, customer_id: str) -> None:
        """Add a customer; "" is nobody."""
        if customer_id:
            self.about.add(f"customer/{customer_id}")


def named(command: Any) -> Iterator[str]:
    """Whom a command names, as the column `about` has it."""
    for kind in ("customer", "promise"):
        if name := getattr(command, f"{kind}_id", None):
            yield f"{kind}/{name}"
    if isinstance(reference := getattr(command, "reference", None), tuple):
        yield "/".join(("reference", *reference))


async def write(uow: UnitOfWork, requests: Sequence[Request]) -> None:
    """Insert requests, or count those that came again, and say what became of them; one statement for each way."""
    found = _together(requests)
    for statement, some in (
        (_KEEP, [one for one in found if not one.known and one.state != WAITING]),
        (_HOLD, [one for one in found if not one.known and one.state == WAITING]),
    ):
        if some:
            await uow.connection.execute(statement, *_columns([_row(one) for one in some]))
    settled = [(one.request_id, one.state, one.reason, _about(one)) for one in found if one.known]
    if settled:
        await uow.connection.execute(_SETTLE, *_columns(settled))
    taken = [one.request_id for one in found if one.state == PROCESSED and (one.known or one.mended_from)]
    if taken:
        await uow.connection.execute(_MENDED, taken)


async def forget(uow: UnitOfWork, ids: Sequence[str]) -> None:
    """Delete requests."""
    await uow.connection.execute("DELETE FROM request WHERE request_id = ANY($1::text[])", list(ids))


def _together(requests: Sequence[Request]) -> list[Request]:
    """Each request once, in the order in which every process locks them; the newest word counts."""
    found: dict[str, Request] = {}
    for one in requests:
        if (earlier := found.get(one.request_id)) is not None:
            one.times += earlier.times
            one.about |= earlier.about
        found[one.request_id] = one
    return [found[name] for name in sorted(found)]


def _row(one: Request) -> tuple[Any, ...]:
    return (
        *(one.request_id, one.source, one.read_as, one.state, one.reason, one.times, one.size, one.received_at),
        *(_about(one), one.mended_from, one.mended_by, one.sealed),
    )


def _about(one: Request) -> str:
    return SEPARATOR.join(sorted(one.about))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


_NEW: Final = f"""
INSERT INTO request (request_id, source, read_as, state, reason, times, size, received_at, about, mended_from,
  mended_by, sealed, next_at)
SELECT request_id, source, read_as, state, reason, times, size, received_at, string_to_array(about, '{SEPARATOR}'),
  mended_from, mended_by, sealed, CASE WHEN state = '{WAITING}' THEN now() END
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::timestamptz[],
  $9::text[], $10::text[], $11::text[], $12::bytea[]) AS new (request_id, source, read_as, state, reason, times, size,
  received_at, about, mended_from, mended_by, sealed)
ON CONFLICT (request_id) DO UPDATE SET times = request.times + excluded.times"""  # noqa: S608 - constants

# What a person has mended stays so when its sender sends it once more.
_STATE: Final = """CASE WHEN request.state = 'mended' AND {new}.state = 'refused' THEN 'mended' ELSE {new}.state END"""
_ABOUT: Final = """CASE WHEN {new} <@ request.about THEN request.about
    ELSE ARRAY(SELECT DISTINCT unnest(request.about || {new})) END"""

_HOLD: Final = _NEW
"""What came before stays what it was: it waits already, or has been processed."""

_KEEP: Final = f"""{_NEW}, state = {_STATE.format(new="excluded")}, reason = excluded.reason, next_at = NULL,
  about = {_ABOUT.format(new="excluded.about")}"""

_SETTLE: Final = f"""
UPDATE request SET state = {_STATE.format(new="new")}, reason = new.reason, next_at = NULL,
  completed = CASE WHEN new.state = '{PROCESSED}' THEN NULL ELSE completed END,
  about = {_ABOUT.format(new=f"string_to_array(new.about, '{SEPARATOR}')")}
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS new (request_id, state, reason, about)
WHERE request.request_id = new.request_id"""  # noqa: S608 - constants

# In whose place it was made, and what else was made in that one's place: none of them has to be looked at any more.
_MENDED: Final = f"""
WITH RECURSIVE line (request_id, mended_from, taken) AS (
  SELECT request_id, mended_from, request_id FROM request WHERE request_id = ANY($1::text[])
  UNION
  SELECT before.request_id, before.mended_from, line.taken FROM line
  JOIN request AS before ON before.request_id = line.mended_from),
family AS (
  SELECT request_id, taken FROM line
  UNION
  SELECT tried.request_id, line.taken FROM line
  JOIN request AS tried ON tried.mended_from = line.request_id AND tried.mended_from <> ''),
told AS (
  UPDATE request SET state = '{MENDED}', mended_at = now(), mended_to = family.taken FROM family
  WHERE request.request_id = family.request_id AND request.request_id <> family.taken
    AND request.state IN ('{REFUSED}', '{FAILED}'))
UPDATE rejected SET mended_at = now(), mended_to = family.taken FROM family
WHERE rejected.request = family.request_id AND rejected.request <> '' AND rejected.mended_at IS NULL"""  # noqa: S608
