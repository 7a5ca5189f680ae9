"""A letter on a channel that takes no reply asks nobody to reply to it: only e-mail brings an answer to a person."""

from __future__ import annotations

import re

import pytest

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.channels.slack import FORM as SLACK
from notify_svc.channels.sms.channel import SmsChannel
from notify_svc.channels.teams import FORM as TEAMS
from notify_svc.channels.webhook.channel import WebhookChannel
from notify_svc.compose.house import parse
from notify_svc.compose.letter import compose
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.domain.offered import Offered
from tests.unit.notify.compose.test_asking import made
from tests.unit.notify.compose.test_languages import ALL, ENGLISH, every_letter
from tests.unit.notify.facts import DUE, minutes, snapshot

ASKS = {
    "de": re.compile(r"Antworten Sie|antworten Sie auf"),
    "en": re.compile(r"\b[Rr]eply\b"),
    "es": re.compile(r"[Rr]esponda (?:a|que)\b|responda,"),
    "fr": re.compile(r"[Rr]épond(?:ez|re) (?:à|que)\b|répondez,"),
    "ja": re.compile(r"返信(?!がない限り)|メール"),
    "pt": re.compile(r"[Rr]esponda (?:a|que)\b|responda,"),
}
"""How each language asks for a reply; that a letter is the last one unless they answer asks for none."""
SILENT = {"slack": SLACK, "teams": TEAMS, "webhook": WebhookChannel.form, "sms": SmsChannel.form}
MAIL = EmailChannel.form
HOUSE = parse(b"company: '4713'\nreach: '4714'\n")
OFFERED = (Offered("OF-1:1", "4711"), Offered("OF-1:2", "4712", DUE + minutes(90)))


def offering(locale: str, form: Form) -> str:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    found = compose(snapshot(decision, offered=OFFERED, locale=locale), HOUSE, form)
    assert found.findings == ()
    return found.text


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("form", SILENT.values(), ids=SILENT)
def test_nobody_is_asked_to_reply_where_no_reply_arrives(language: str, form: Form) -> None:
    for letter in every_letter(language, form):
        assert letter.findings == (), letter.text
        assert not (found := ASKS[language].findall(letter.text)), (found, letter.text)
        words = re.sub("New York|ニューヨーク", "", letter.text)
        assert language in ("en", "fr") or not ENGLISH.findall(words), letter.text
    assert not ASKS[language].findall(offering(language, form))
    assert not ASKS[language].findall(made(language, form, linked=False).text)


@pytest.mark.parametrize("language", ALL)
def test_a_mail_asks_for_a_reply(language: str) -> None:
    assert all(ASKS[language].search(letter.text) for letter in every_letter(language, MAIL))
    assert len(ASKS[language].findall(offering(language, MAIL))) >= 5
    assert ASKS[language].search(made(language, MAIL, linked=False).text)


def test_it_reads_so() -> None:
    text = offering("en_GB", SLACK)
    assert "- Another date: tell us, and we agree on one with you.\n" in text
    assert "- 4711: tell us that you take it.\n" in text
    assert "To reach us: 4714.\n4713\n" in text
