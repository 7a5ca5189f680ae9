"""What the words of answer sheets have in common: words that several wrote, never what one person wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts.matters import Side
from candor.intake.routes import intake_of
from candor.web.http.answers import shown
from candor.web.http.fields import Moment
from candor.web.security.auth import Viewer
from promise_svc.store.tables import LIVING_MATTER

FEWEST: Final = 5
"""Sheets below which a word is not shown, so that nobody is recognised."""
MOST_SHEETS: Final = 2_000
MOST_WORDS: Final = 30
WORDS: Final = (1, 2, 10, 11)
"""What PostgreSQL's parser calls words, and parts of words with a hyphen."""


class ThemeOut(BaseModel):
    """A word, in the form that is written most, that at least five sheets have in one form or another."""

    word: str = Field(description="The word, in the form in which it is written most.")
    sheets: int = Field(description="How many sheets have it, in any form.")


class Themes(BaseModel):
    """What the words of sheets have in common, the most frequent first."""

    sheets: int = Field(description="How many sheets have words about the question; the newest 2,000 are read.")
    items: list[ThemeOut]


EXAMPLE: Final = {"sheets": 12, "items": [{"word": "dates", "sheets": 7}, {"word": "calls", "sheets": 5}]}
router: Final = APIRouter(tags=["matters"])


@router.get(
    "/v1/sheets/themes", responses={200: {"model": Themes, "content": {"application/json": {"example": EXAMPLE}}}}
)
async def themes(
    request: Request,
    _principal: Viewer,
    question: Annotated[Literal["well", "improve", "others", "onward"], Query(description="About which question.")],
    side: Annotated[Side | None, Query(description="Only the sheets of this side.")] = None,
    said_from: Annotated[Moment | None, Query(description="Said at this time or later.")] = None,
) -> Response:
    """Words that at least five answer sheets share, counted by PostgreSQL's English stemmer; without stop words.

    The same sheets always give the same words. Of fewer than five sheets nothing is shown but their number.
    """
    asked: dict[str, datetime | str | None] = {
        "field": f"{question}_words",
        "side": None if side is None else side.value,
        "since": said_from,
    }
    async with intake_of(request).database.reading() as session:
        rows = (await session.exec(cast(Any, _THEMES.bindparams(**asked)))).all()
        number = (await session.exec(cast(Any, _SHEETS.bindparams(**asked)))).one()[0]
    return shown({"sheets": number, "items": [{"word": row.word, "sheets": row.sheets} for row in rows]})


_SAID: Final = f"""
SELECT born, words->>CAST(:field AS text) AS said FROM matter
WHERE kind = 'sheet' AND words->>CAST(:field AS text) IS NOT NULL AND {LIVING_MATTER}
  AND (CAST(:side AS text) IS NULL OR content->>'side' = CAST(:side AS text))
  AND (CAST(:since AS timestamptz) IS NULL OR at >= CAST(:since AS timestamptz))
ORDER BY at DESC, matter_id DESC LIMIT {MOST_SHEETS}"""  # noqa: S608 - constants
_SHEETS: Final = text(f"SELECT count(*)::int FROM ({_SAID}) AS said")  # noqa: S608
_THEMES: Final = text(f"""
SELECT mode() WITHIN GROUP (ORDER BY form) AS word, count(DISTINCT born)::int AS sheets FROM (
  SELECT born, lower(token) AS form, (ts_lexize('english_stem', lower(token)))[1] AS stem
  FROM ({_SAID}) AS one, ts_parse('default', one.said) AS parsed WHERE tokid IN {WORDS}) AS forms
WHERE stem IS NOT NULL
GROUP BY stem HAVING count(DISTINCT born) >= {FEWEST}
ORDER BY count(DISTINCT born) DESC, stem LIMIT {MOST_WORDS}""")  # noqa: S608
