"""One mail as bytes: what a customer's own text can and cannot do to it."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.channels.email import headers
from notify_svc.channels.email.headers import UnsafeHeader
from notify_svc.channels.email.mail import Mail
from tests.support.clocks import NOON

MAIL = Mail(
    message_id="<n1@mail.test>",
    thread=("<root.promise@mail.test>", "<n0@mail.test>"),
    date=NOON,
    sender="promises@mail.test",
    sender_name="Example Promises",
    reply_to="help@mail.test",
    recipient="pat@customer.example",
    name="Pat Doe",
    subject="Probably late: the move",
    text="We are late.\n.\nA line with a dot, and café.\n",
    html="<p>We are late.</p>\n",
)


def parsed(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.render(), policy=default)


def test_it_has_the_headers_of_an_automatic_mail_in_a_thread() -> None:
    found = parsed(MAIL)
    assert found["Message-ID"] == "<n1@mail.test>"
    assert found["In-Reply-To"] == "<n0@mail.test>"
    assert found["References"] == "<root.promise@mail.test> <n0@mail.test>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["From"] == "Example Promises <promises@mail.test>"
    assert found["To"] == "Pat Doe <pat@customer.example>"
    assert found["Reply-To"] == "help@mail.test"
    assert found["Date"] == "Fri, 08 Mar 2013 12:00:00 +0000"


def test_both_parts_arrive_as_written() -> None:
    found = parsed(MAIL)
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n").strip() == MAIL.text.strip()
    assert html.get_content().strip() == MAIL.html.strip()


def test_a_retry_is_the_same_mail_byte_for_byte() -> None:
    assert MAIL.render() == replace(MAIL).render()


def test_lines_are_short_and_end_with_crlf() -> None:
    raw = replace(MAIL, text="word " * 500).render()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert not re.search(rb"[^\r]\n", raw)


@pytest.mark.parametrize("poison", ["\n", "\r", "\r\nBcc: x@evil.example", "\0", "\u2028", "\u202e"])
def test_a_subject_that_could_become_a_header_is_refused(poison: str) -> None:
    with pytest.raises(UnsafeHeader):
        replace(MAIL, subject=f"Late{poison}").render()


@pytest.mark.parametrize(
    "text",
    ["=?utf-8?q?=0ABcc:_x?=", "Is 2 =? 3", "?=", "=?", "x" * 4000, "é" * 2000, "a  b   c", "w" * 61 + " b", "end "],
)
def test_what_a_header_cannot_carry_plainly_arrives_as_it_was(text: str) -> None:
    found = parsed(replace(MAIL, subject=f"Late: {text}", name=f"Pat {text}"))
    assert str(found["Subject"]) == f"Late: {text}"
    assert found["To"].addresses[0].addr_spec == "pat@customer.example"
    assert shown_name(replace(MAIL, name=f"Pat {text}")) == f"Pat {text}"
    assert found["Bcc"] is None
    lines = replace(MAIL, subject=f"Late: {text}", name=f"Pat {text}").render()
    assert all(len(line) <= 998 for line in lines.split(b"\r\n"))


def test_a_name_that_could_become_a_header_is_left_out() -> None:
    found = parsed(replace(MAIL, name="Pat\r\nBcc: x@evil.example"))
    assert found["To"] == "pat@customer.example"
    assert found["Bcc"] is None


@pytest.mark.parametrize("address", ["a@b.example,c@d.example", "a b@c.example", "a@b\n", "", "a@", "a..b@c.example"])
def test_only_one_plain_address_is_a_recipient(address: str) -> None:
    with pytest.raises(UnsafeHeader):
        replace(MAIL, recipient=address, name=None).render()


def test_a_name_with_quotes_stays_one_mailbox() -> None:
    found = parsed(replace(MAIL, name='Pat "x" <evil@evil.example>, Doe \\'))
    assert [address.addr_spec for address in found["To"].addresses] == ["pat@customer.example"]


def test_an_address_never_shows_in_a_repr() -> None:
    assert "customer.example" not in repr(MAIL)
    assert "Pat" not in repr(MAIL)


def shown_name(mail: Mail) -> str:
    """The recipient's name by RFC 2047, which Python's newer parser breaks: it puts a blank between encoded words."""
    name, _ = parseaddr(message_from_bytes(mail.render())["To"].replace("\r\n", ""))
    return str(make_header(decode_header(name)))


printable = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=200)


@given(printable)
def test_any_printable_subject_arrives_as_it_was(subject: str) -> None:
    line = headers.text("Subject", subject)
    assert re.fullmatch(r"[\x20-\x7e]*(\r\n [\x20-\x7e]+)*", line)
    raw = line.encode("ascii") + b"\r\n\r\n"
    found = str(message_from_bytes(raw, policy=default)["Subject"])
    assert found == subject


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_makes_a_second_header(subject: str, name: str) -> None:
    try:
        raw = replace(MAIL, subject=subject, name=name).render()
    except UnsafeHeader:
        return
    head = raw.split(b"\r\n\r\n", 1)[0]
    names = re.findall(rb"(?m)^([A-Za-z-]+):", head)
    assert len(names) == len(set(names)) == 12


def test_a_mail_to_leave_by_says_so_in_two_headers_and_another_has_neither() -> None:
    url = f"https://promises.example.com/p/{'t' * 200}/stop"
    found = parsed(replace(MAIL, leave=url))
    assert found["List-Unsubscribe"] == f"<{url}>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parsed(MAIL)["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "url", ["mailto:x@y.z", "https://x/\r\nBcc: a@b.c", "https://x/> <https://y", "https://x/é", ""]
)
def test_an_address_that_could_be_more_is_no_header(url: str) -> None:
    with pytest.raises(UnsafeHeader):
        headers.link("List-Unsubscribe", url)
