"""The four questions: asked once a promise ended, each field with its label; anything sent is a sheet or a fault."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import AnswerKind as About
from candor.contracts import Beside, SheetGiven
from notify_svc.page import texts
from notify_svc.page.answering import LONGEST, Answer, Fault, answer_of, asked
from notify_svc.page.forms import fault_line
from notify_svc.page.sheets import FIELDS, QUESTIONS, RATINGS, Sheet, questions, sheet_of
from notify_svc.page.view import ENDED, State
from promise_svc.api import answer_page
from tests.unit.notify.page.test_answering import CIVIL, _Form, shown


@pytest.mark.parametrize("state", State)
def test_they_are_asked_once_a_promise_ended_and_not_of_one_that_was_withdrawn(state: State) -> None:
    html = questions(shown(state), CIVIL, "token", {}, due=True)
    assert (About.SHEET in asked(shown(state), questions=True)) == bool(html)
    assert bool(html) == (state in ENDED and state is not State.WITHDRAWN)
    assert questions(shown(state), CIVIL, "token", {}, due=False) == ""
    assert About.SHEET not in asked(shown(state))


def test_every_field_has_its_label_and_an_id_of_its_own() -> None:
    found = _Form()
    found.feed(questions(shown(State.KEPT), CIVIL, "token", {}, due=True))
    assert (found.forms, found.buttons) == (1, 1)
    assert found.inputs == found.inside == len(QUESTIONS) * (len(RATINGS) + 1) + len(Beside)
    assert set(found.ids) == FIELDS and len(found.ids) == len(FIELDS)


def test_what_was_filled_in_stays_and_is_no_markup() -> None:
    filled = {"well": "4", "others_words": "</textarea><script>", "beside": "worse", "about": "sheet"}
    html = questions(shown(State.KEPT), CIVIL, "token", filled, due=True)
    assert 'name="well" value="4" checked' in html and 'value="worse" checked' in html and html.count(" checked") == 2
    assert "&lt;/textarea&gt;&lt;script&gt;" in html and "<script" not in html


def test_the_form_says_what_the_form_for_the_others_says() -> None:
    """What customers, staff and leadership believe is compared: they are asked the same."""
    assert tuple(answer_page.QUESTIONS) == QUESTIONS
    for name, one in answer_page.QUESTIONS.items():
        here = (texts.SHEET_QUESTIONS, texts.SHEET_RATED, texts.SHEET_LOWEST, texts.SHEET_HIGHEST)
        assert tuple(one) == tuple(said[name] for said in here)
    assert answer_page.BESIDE == texts.SHEET_BESIDE and set(texts.SHEET_BESIDE) == {*Beside}
    assert {*SheetGiven.__struct_fields__} - {*Sheet.__struct_fields__} == {"sheet_id", "customer_id", "at"}


def test_a_sheet_is_what_was_rated_and_written() -> None:
    given_ = {"about": "sheet", "well": "5", "others": "2", "beside": "better", "others_words": " cheaper\r\nfaster "}
    said = answer_of({**given_, "words": "not of this form"}, "form")
    assert said == Answer(About.SHEET, "", "")
    assert sheet_of(given_) == Sheet(well=5, others=2, others_words="cheaper\nfaster", beside=Beside.BETTER)


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({}, "well", texts.NOTHING_RATED),
        ({"well_words": "good"}, "well", texts.NOTHING_RATED),
        ({"well": "6"}, "well", texts.NOTHING_RATED),
        ({"well": "٣"}, "well", texts.NOTHING_RATED),
        ({"beside": "better"}, "well", texts.NOTHING_RATED),
        ({"onward": "1", "improve_words": "x" * (LONGEST + 1)}, "improve_words", texts.TOO_LONG),
    ],
)
def test_what_is_wrong_is_said_at_its_field(fields: dict[str, str], field: str, text: str) -> None:
    with pytest.raises(Fault) as fault:
        sheet_of(fields)
    assert (fault.value.field, fault.value.text) == (field, text)
    assert f'href="#{field}"' in fault_line(fault.value, CIVIL)
    assert f'id="{field}"' in questions(shown(State.KEPT), CIVIL, "token", fields, due=True)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.sampled_from([*RATINGS, *Beside, ""]) | st.text(max_size=9)))
def test_whatever_is_sent_is_a_sheet_within_bounds_or_a_fault(fields: dict[str, str]) -> None:
    try:
        found = sheet_of(fields)
    except Fault as fault:
        assert fault.text
        return
    ratings = [getattr(found, name) for name in QUESTIONS]
    assert any(ratings) and all(one is None or str(one) in RATINGS for one in ratings)
    assert found.beside is None or found.beside in Beside
