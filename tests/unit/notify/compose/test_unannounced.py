"""A letter to somebody who wants no updates: it announces none, and says when they hear from us again."""

from __future__ import annotations

from typing import Any

import pytest

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.letter import LETTER, Letter, compose
from notify_svc.compose.words import languages, locale_of, translations
from notify_svc.domain.facts import Decision, Gap, Kind, Reason
from notify_svc.domain.lint import Rule
from tests.unit.notify.facts import gap, snapshot, told

AGAIN = "We write again when something changes."
SHORT = Form(longest=480)
OPEN = [
    (Statement.WARNING, Reason.SLIP_HELD, {}),
    (Statement.WARNING, Reason.SLIP_HELD, {"low": None, "high": None, "gap": gap(0.99, p50=None, p80=None)}),
    (Statement.UPDATE, Reason.RANGE_LEFT, {"earlier": told()}),
]


def letter(statement: Statement, reason: Reason, form: Form = LETTER, locale: str = "en_GB", **facts: Any) -> Letter:
    about = {"announces": False, "next_update_by": None, "locale": locale} | facts
    return compose(snapshot(Decision(Kind.SPEAK, reason, statement), statement, **about), House(), form)


@pytest.mark.parametrize("form", [LETTER, SHORT], ids=["letter", "short"])
@pytest.mark.parametrize(("statement", "reason", "facts"), OPEN)
def test_it_says_that_we_write_again_and_names_no_time(
    statement: Statement, reason: Reason, facts: dict[str, Any], form: Form
) -> None:
    made = letter(statement, reason, form, **facts)
    assert made.findings == ()
    assert AGAIN in made.text
    assert "Next update" not in made.text
    assert "last message" not in made.text
    assert AGAIN in made.html


@pytest.mark.parametrize("language", languages())
def test_it_says_so_in_every_language(language: str) -> None:
    made = letter(Statement.WARNING, Reason.SLIP_HELD, locale=locale_of(language, "en"))
    assert made.findings == ()
    assert translations(language).gettext(AGAIN) in made.text


def test_who_wants_updates_is_never_left_without_a_time() -> None:
    made = letter(Statement.WARNING, Reason.SLIP_HELD, announces=True)
    assert [finding.rule for finding in made.findings] == [Rule.NEXT_UPDATE]


@pytest.mark.parametrize("at", [gap(0.2)])
def test_an_all_clear_ends_as_it_does_for_everybody(at: Gap) -> None:
    facts: dict[str, Any] = {"gap": at, "low": None, "high": None, "earlier": told()}
    made = letter(Statement.ALL_CLEAR, Reason.RECOVERED, **facts)
    assert made.findings == ()
    assert AGAIN not in made.text
    assert made.text == letter(Statement.ALL_CLEAR, Reason.RECOVERED, announces=True, **facts).text
