"""The mail to an owner that a customer answered: what it says, and that it holds no words itself."""

from __future__ import annotations

import pytest

from candor.contracts import AnswerKind
from notify_svc.briefs import owners
from notify_svc.briefs.kept import Brief
from notify_svc.briefs.letter import owners_letter
from tests.support.clocks import NOON


def mail(kind: AnswerKind = AnswerKind.QUESTION) -> Brief:
    return owners.told("a1", "anna", "PR-1", "acme", kind, NOON)


@pytest.mark.parametrize("kind", AnswerKind)
def test_every_kind_of_answer_has_its_words(kind: AnswerKind) -> None:
    brief = mail(kind)
    assert owners.is_owners(brief) and brief.department == "staff/anna"
    letter = owners_letter(brief, ["as <b>we</b> said"], "https://candor.example.com/")
    assert letter.subject.startswith("Your customer ")
    assert "Customer acme" in letter.text and "PR-1" in letter.text
    assert "as <b>we</b> said" in letter.text and "as &lt;b&gt;we&lt;/b&gt; said" in letter.html
    for text in (letter.text, letter.html):
        assert "https://candor.example.com/board/promises/PR-1" in text


def test_without_a_board_or_words_it_says_so_much_the_less() -> None:
    letter = owners_letter(mail(), [], "")
    assert "/board" not in letter.text + letter.html
    assert letter.text.splitlines()[0] == "Customer acme asked a question about the promise PR-1."
    assert "\n\n\n\n" not in letter.text


@pytest.mark.parametrize(
    ("brief_id", "department"), [("answer:a1", None), ("answer:a1", "sales"), ("2026-W10", "staff/anna")]
)
def test_a_weekly_brief_is_no_such_mail(brief_id: str, department: str | None) -> None:
    assert not owners.is_owners(mail()._replace(brief_id=brief_id, department=department))
