"""The mail to staff of a letter that waits too long: whom it goes to, and that it holds no words of the letter."""

from __future__ import annotations

from notify_svc.briefs import approvals, owners
from notify_svc.briefs.letter import owners_letter
from tests.support.clocks import NOON


def test_the_first_goes_to_the_owner_and_the_second_to_the_escalation() -> None:
    first = approvals.told("n1", "PR-1", "acme", "anna", 1, NOON)
    second = approvals.told("n1", "PR-1", "acme", "anna", 2, NOON)
    assert first is not None and second is not None
    assert (first.department, second.department) == ("staff/anna", approvals.ESCALATION)
    assert first.brief_id != second.brief_id
    assert owners.is_owners(first) and not owners.is_owners(second)
    assert approvals.is_about_waiting(first) and approvals.is_about_waiting(second)


def test_without_an_owner_the_first_goes_to_nobody() -> None:
    assert approvals.told("n1", "PR-1", "acme", None, 1, NOON) is None
    assert approvals.told("n1", "PR-1", "acme", None, 2, NOON) is not None


def test_it_leads_to_the_inbox_and_says_why_one_gets_it() -> None:
    for step, why in ((1, "the promise is yours"), (2, "APPROVAL_ESCALATION names you")):
        brief = approvals.told("n1", "PR-1", "acme", "anna", step, NOON)
        assert brief is not None
        letter = owners_letter(brief, ["The customer has not been told."], "https://candor.example.com/")
        assert letter.subject == "A message to a customer waits for approval"
        for text in (letter.text, letter.html):
            assert "https://candor.example.com/board/inbox" in text and why in text and "PR-1" in text
