"""Letters remind of open questions about the need: one sentence, in every language, and never once nothing is open."""

from __future__ import annotations

from typing import Any

import pytest

from candor.contracts import Statement
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.domain.facts import Decision, Kind, Reason
from tests.unit.notify.compose.test_languages import ALL
from tests.unit.notify.facts import snapshot


def letter(asked: int, statement: Statement = Statement.WARNING, **known: Any) -> Letter:
    return compose(
        snapshot(Decision(Kind.SPEAK, Reason.SLIP_HELD, statement), statement, asked=asked, **known), House()
    )


@pytest.mark.parametrize("locale", ALL)
@pytest.mark.parametrize("asked", [1, 4711])
def test_it_is_said_once_and_no_language_has_anything_against_it(locale: str, asked: int) -> None:
    made, bare = letter(asked, locale=locale), letter(0, locale=locale)
    assert made.findings == bare.findings == ()
    [added] = set(made.text.splitlines()) - set(bare.text.splitlines())
    assert ("711" in added if asked > 1 else "1" in added) and added in made.html
    assert locale.startswith("en") or "question is" not in added


def test_how_many_are_open_and_where() -> None:
    assert "We still need an answer from you: 1 question is open on the page behind the link below." in letter(1).text
    assert "answers from you: 1,234 questions are open" in letter(1234).text
