"""What a customer may answer, and when: anything sent is an answer or a fault in plain words."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import AnswerKind as About
from notify_svc.compose.localize import Localizer
from notify_svc.page import texts
from notify_svc.page.answering import CHOICES, LONGEST, Answer, Fault, answer_of, asked
from notify_svc.page.forms import answered, clarifying, fault_line, forms, stands
from notify_svc.page.view import ENDED, State, View
from notify_svc.store.answers import Given
from notify_svc.store.clarifications import Asked, Unanswered
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, NEW_YORK

CIVIL = Localizer(NEW_YORK, "en_GB", NOON)


def shown(state: State = State.NOTHING, *, passed: bool = False) -> View:
    return View(what="<b>Espresso</b>", first_due=DUE, due=DUE, dates=(), state=state, passed=passed)


class _Form(HTMLParser):
    """The fields of a page's forms, and whether each that can be filled in has its label."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.inputs = self.inside = self.buttons = self.forms = 0
        self.within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.forms += tag == "form" and found == {"method": "post"}
        self.buttons += tag == "button" and found.get("type") == "submit"
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "label":
            self.within = "for" not in found
            self.labelled.add(found.get("for") or "")
        if tag == "textarea" or (tag == "input" and found.get("type") != "hidden"):
            self.inputs += 1
            self.inside += self.within or found.get("id") in self.labelled

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag != "label"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("passed", [False, True])
def test_each_state_asks_what_fits_it_in_forms_whose_fields_have_labels(state: State, passed: bool) -> None:
    view = shown(state, passed=passed)
    about = asked(view)
    assert About.QUESTION in about
    assert (About.READBACK in about) == (state not in ENDED)
    assert (About.VERDICT in about) == ((state in ENDED or passed) and state is not State.WITHDRAWN)
    found = _Form()
    found.feed(forms(view, CIVIL, "token", {}))
    assert found.forms == found.buttons == len(about)
    assert found.inputs == found.inside == sum(len(CHOICES[one]) + 1 for one in about)
    assert len(set(found.ids)) == len(found.ids)


def test_what_was_filled_in_stays_in_its_own_form_and_is_no_markup() -> None:
    filled = {"about": "readback", "choice": "wrong", "words": "</textarea><script>"}
    html = forms(shown(), CIVIL, "token", filled)
    assert html.count("&lt;/textarea&gt;&lt;script&gt;") == 1 and "<script" not in html
    assert 'value="wrong" checked' in html and html.count(" checked") == 1
    assert "&lt;b&gt;Espresso&lt;/b&gt;, by Fri 8 Mar, 13:00. Is that right?" in html
    assert 'href="#readback_words"' in fault_line(Fault("readback_words", texts.WHAT_IS_DIFFERENT), CIVIL)
    assert 'id="readback_words"' in html


def test_the_last_verdict_stands_chosen_and_nothing_else_that_was_said() -> None:
    verdicts = [Given(f"a{number}", "verdict", choice, "", NOON) for number, choice in enumerate(("in_part", "kept"))]
    asked_ = Given("a9", "readback", "right", "", NOON)
    html = forms(shown(State.KEPT), CIVIL, "token", stands([asked_, *verdicts]))
    assert 'value="in_part" checked' in html and html.count(" checked") == 1
    assert stands([asked_]) == stands([]) == {}
    assert " checked" not in forms(shown(), CIVIL, "token", stands([asked_]))


TWO = Unanswered((Asked("CL-1", "How <wide>?"), Asked("CL-2", "Which floor?")), 5)


@pytest.mark.parametrize("state", State)
def test_what_is_asked_about_the_need_has_a_form_each_while_the_promise_is_open(state: State) -> None:
    html = clarifying(TWO, shown(state), CIVIL, "token", {})
    assert (About.CLARIFICATION in asked(shown(state), unanswered=True)) == (state not in ENDED) == bool(html)
    complete = clarifying(Unanswered(), shown(state), CIVIL, "token", {})
    assert complete == ("" if state in ENDED else f"<p>{texts.CLARIFICATIONS_NONE}</p>\n")
    # That nothing is open says no more: what nobody asked is not known to be known.
    assert texts.CLARIFICATIONS_NONE == "No question of ours to you is open."
    if state in ENDED:
        return
    found = _Form()
    found.feed(html)
    assert (found.forms, found.buttons, found.inputs, found.inside) == (2, 2, 2, 2)
    assert found.ids == ["clarification_CL-1", "clarification_CL-2"] and found.labelled == {*found.ids}
    assert "5 questions are still open." in html and "3 more follow once you have answered these." in html
    assert "How &lt;wide&gt;?" in html and "How <" not in html


def test_a_fault_leads_to_the_question_that_it_is_about_and_its_words_stay() -> None:
    given_ = {"about": "clarification", "clarification": "CL-2", "words": "x" * (LONGEST + 1)}
    with pytest.raises(Fault) as fault:
        answer_of(given_, "form")
    html = clarifying(TWO, shown(), CIVIL, "token", given_)
    assert fault.value.field == "clarification_CL-2" and f'id="{fault.value.field}"' in html
    assert html.count("x" * 100) == (LONGEST + 1) // 100 and html.index("CL-2") < html.index("xxx")


def test_what_is_said_of_something_else_answers_no_question_of_ours() -> None:
    said = answer_of({"about": "question", "clarification": "CL-1", "words": "when?"}, "form")
    assert said == Answer(About.QUESTION, "", "when?")


def test_answers_are_shown_to_the_word() -> None:
    given_ = [
        Given("a2", "verdict", "in_part", "one <b>part</b> is missing", NOON),
        Given("a1", "question", "", "", NOON),
    ]
    html = answered(given_, CIVIL)
    assert "Fri 8 Mar, 07:00: Your verdict" in html and texts.CHOICES["in_part"] in html
    assert "one &lt;b&gt;part&lt;/b&gt; is missing" in html
    assert answered([], CIVIL) == ""


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({}, "", texts.NOT_THE_FORM),
        ({"about": "weather"}, "", texts.NOT_THE_FORM),
        ({"about": "question"}, "question_words", texts.NOTHING_WRITTEN),
        ({"about": "question", "words": " \n"}, "question_words", texts.NOTHING_WRITTEN),
        ({"about": "question", "choice": "kept", "words": "x"}, "question_choice", texts.NOTHING_CHOSEN),
        ({"about": "clarification", "clarification": "a"}, "clarification_a", texts.NOTHING_WRITTEN),
        ({"about": "clarification", "choice": "0", "words": "x"}, "clarification_choice", texts.NOTHING_CHOSEN),
        ({"about": "readback"}, "readback_choice", texts.NOTHING_CHOSEN),
        ({"about": "readback", "choice": "kept"}, "readback_choice", texts.NOTHING_CHOSEN),
        ({"about": "readback", "choice": "wrong"}, "readback_words", texts.WHAT_IS_DIFFERENT),
        ({"about": "verdict", "choice": "right"}, "verdict_choice", texts.NOTHING_CHOSEN),
        (
            {"about": "question", "words": "x" * (LONGEST + 1)},
            "question_words",
            texts.TOO_LONG,
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields: dict[str, str], field: str, text: str) -> None:
    with pytest.raises(Fault) as fault:
        answer_of(fields, "form")
    assert (fault.value.field, fault.value.text) == (field, text)


@pytest.mark.parametrize(
    ("locale", "number"), [("en_GB", "2,000"), ("de", "2.000"), ("fr", "2\u202f000"), ("ja", "2,000")]
)
def test_a_fault_is_said_in_the_customers_language_and_numbers(locale: str, number: str) -> None:
    line = fault_line(Fault("question_words", texts.TOO_LONG, longest=LONGEST), replace(CIVIL, locale=locale))
    assert number in line and ("plain text" in line) == (locale == "en_GB")


def test_a_form_of_another_page_is_none() -> None:
    with pytest.raises(Fault, match="not one of this page"):
        answer_of({"about": "question", "words": "when?"}, "")


@settings(max_examples=500, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "about": st.sampled_from(About) | st.text(max_size=20),
            "choice": st.sampled_from([*texts.CHOICES, ""]) | st.text(max_size=20),
            "words": st.text(max_size=2100),
        },
    )
)
def test_whatever_is_sent_is_an_answer_within_bounds_or_a_fault(fields: dict[str, Any]) -> None:
    try:
        found = answer_of({name: str(value) for name, value in fields.items()}, "form")
    except Fault as fault:
        assert fault.text
        return
    assert isinstance(found, Answer) and len(found.words) <= LONGEST
    assert (
        found.choice in (*CHOICES[found.about], "")
        and len(found.offer) <= 256
        and (found.choice or not CHOICES[found.about])
    )
