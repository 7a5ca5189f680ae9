"""The customer's page in every language: nothing is left in English, dates, numbers and plurals are the locale's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from candor.contracts import AnswerKind
from notify_svc.compose.localize import Localizer
from notify_svc.domain.facts import DateGiven
from notify_svc.domain.wished import Wished
from notify_svc.page import texts
from notify_svc.page.answering import CHOICES, Fault
from notify_svc.page.forms import answered, clarifying, fault_line, forms
from notify_svc.page.render import content
from notify_svc.page.sheets import questions
from notify_svc.page.view import State
from notify_svc.page.wishing import wished
from notify_svc.store.answers import Given
from notify_svc.store.clarifications import Asked, Unanswered
from notify_svc.store.offers import Offer, Option
from notify_svc.store.updates import Tally
from notify_svc.store.wishes import Unmet
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_languages import ALL, ENGLISH, OTHERS
from tests.unit.notify.facts import DUE, HIGH, LOW, NEW_YORK, minutes
from tests.unit.notify.page.test_render import CIVIL, URL, message, shown

MIDNIGHT = DUE.replace(hour=5, minute=0) + minutes(1440)
"""In New York, on the 9th at 00:00."""
AHEAD = Wished("W:1", "4722", "4723", DUE.date())
PASSED = Wished("W:2", "4724", "", DUE.date() - timedelta(days=9))
FAULTS = [texts.NOT_THE_FORM, texts.NOTHING_CHOSEN, texts.NOTHING_WRITTEN, texts.WHAT_IS_DIFFERENT, texts.NOT_ANY_MORE]
FAULTS.append(texts.NOTHING_RATED)


def page(locale: str, state: State = State.RANGE, due: object = DUE, count: int = 3, kept: int = 1) -> str:
    """All that a page can have, in one language; what others wrote are numbers."""
    civil = replace(CIVIL, locale=locale)
    ranged = state is State.RANGE
    dates = (DateGiven(NOON, DUE, True, "4711"), DateGiven(NOON, HIGH, False))
    ends = {"low": LOW if ranged else None, "high": HIGH if ranged else None}
    view = shown(what="4712", state=state, due=due, dates=dates, said_at=NOON, next_by=DUE, completed_at=NOON, **ends)
    late = replace(view, missed=True, passed=True, dates=(), reason="4713")
    given = [
        Given(f"a{kind}{choice}", kind, choice, "4714", NOON) for kind in AnswerKind for choice in CHOICES[kind][:3]
    ]
    given.append(Given("a", AnswerKind.CLARIFICATION, "", "4714", NOON, question="4721"))
    offers = [Offer("OF", "OF:1", (Option("4715"), Option("4716", HIGH)))]
    parts = [
        part
        for one in (view, late)
        for part in (
            content(one, [message("4717", subject="4718")], count, civil, URL, Tally(kept, 2)),
            content(one, [], 0, civil, URL, Tally(1, 0)),
            forms(one, civil, "4719", {}, offers),
            questions(one, civil, "4719", {}, due=True),
            clarifying(Unanswered((Asked("4720", "4721"),), count), one, civil, "4719", {}),
            clarifying(Unanswered((Asked("4720", "4721"),), 1), one, civil, "4719", {}),
            clarifying(Unanswered(), one, civil, "4719", {}),
            wished(Unmet((AHEAD, PASSED), count + 1), civil),
        )
    ]
    faults = [fault_line(Fault("", one), civil) for one in FAULTS]
    return "".join([*parts, answered(given, civil), *faults])


def words(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", html).replace("New York", "")


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("state", State)
def test_nothing_of_the_page_is_left_in_english(language: str, state: State) -> None:
    found = set(ENGLISH.findall(words(page(language, state)))) - ({"our"} if language == "fr" else set())
    assert not found, found
    assert "%(" not in page(language, state)


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_reads_as_it_does_in_english_but_bare_lines(language: str) -> None:
    civil = replace(CIVIL, locale=language)
    same = [
        text
        for name, text in vars(texts).items()
        if name.isupper() and isinstance(text, str)
        if civil.say(text) == text
    ]
    assert set(same) <= {texts.SAID_ON, texts.SAID_LINE}


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en_GB", "by the end of Fri 8 Mar."),
        ("en_US", "by the end of Fri Mar 8."),
        ("de", "bis Tagesende am Fr., 8. März."),
        ("ja", "3月8日(金)"),
    ],
)
def test_midnight_is_the_end_of_the_day_before(locale: str, said: str) -> None:
    first = words(page(locale, due=MIDNIGHT)).partition("\n")[0]
    assert said in first


@pytest.mark.parametrize("locale", ALL)
def test_an_hour_that_comes_twice_and_another_year_are_told_apart(locale: str) -> None:
    civil = Localizer(NEW_YORK, locale, NOON)
    autumn = NOON.replace(month=11, day=3, hour=5, minute=30)
    twice = {civil.say(texts.PROMISED, due=civil.deadline(at)) for at in (autumn, autumn + minutes(60))}
    assert len(twice) == 2 and all("UTC-0" in one for one in twice)
    assert str(NOON.year + 1) in civil.say(texts.NEXT, by=civil.deadline(NOON.replace(year=NOON.year + 1)))


@pytest.mark.parametrize(
    ("locale", "one", "several"),
    [
        ("en", "1 older message is", "1,234 older messages are"),
        ("de", "1 ältere Nachricht steht", "1.234 ältere Nachrichten stehen"),
        ("fr", "1 message plus ancien n’est", "1\u202f234 messages plus anciens ne sont"),
        ("es", "No se muestra 1 mensaje", "No se muestran 1.234 mensajes"),
        ("pt", "1 mensagem mais antiga", "1.234 mensagens mais antigas"),
        ("ja", "以前のメッセージ1件", "以前のメッセージ1,234件"),
    ],
)
def test_what_is_counted_has_its_plural_and_the_numbers_of_the_locale(locale: str, one: str, several: str) -> None:
    assert one in words(page(locale, count=2))
    assert several in words(page(locale, count=1235))
