"""Names that somebody may have meant who gave one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final, cast

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

MOST: Final = 3
LOOKED_AT: Final = 1_000
"""Known names that are compared; whoever reads them reads no more."""


def near(name: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names, the nearest first, whatever their capitals."""
    folded = {one.casefold(): one for one in known}
    return [folded[one] for one in get_close_matches(name.casefold(), list(folded)[:LOOKED_AT], MOST)]


def or_near(detail: str, names: Iterable[str]) -> str:
    """The detail of a refusal, with the names that may have been meant."""
    said = ", ".join(names)
    return f"{detail}; near names: {said}" if said else detail


def looked_up(source: str) -> TextClause:
    """The names in `source`, SQL that finds them as `name`, which may be near another: for `near_in`."""
    # The one that is asked for comes first, if it is there.
    return text(f"""
SELECT name FROM ({source}) AS known
WHERE abs(length(name) - length(:wanted)) <= 3 OR starts_with(name, :wanted)
ORDER BY name <> :wanted, name LIMIT {LOOKED_AT}""")  # noqa: S608 - of our own SQL


async def near_in(session: AsyncSession, source: TextClause, name: str) -> list[str] | None:
    """The names in a source that are near one that it does not have; None if it has it."""
    known = [one for (one,) in (await session.exec(cast(Any, source.bindparams(wanted=name)))).all()]
    return None if name in known else near(name, known)
