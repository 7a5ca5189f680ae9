"""What mails that come back mean: by status, by mark, and by Message-IDs of ours alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.channels.email.reports import REFERENCES, Report, Said, read
from tests.support.bounces import ADDRESS, OUT_OF_OFFICE, reply, report

NAME = "0f5c9d1e-8a3b-5c6d-9e7f-112233445566"


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [
        ("failed", "5.1.1", Said.GONE),
        ("failed", "5.1.10", Said.GONE),
        ("Failed", "5.2.1 (mailbox disabled)", Said.GONE),
        ("failed", "5.7.1", Said.RETURNED),
        ("failed", "5.0.0", Said.RETURNED),
        ("failed", "4.4.7", Said.RETURNED),
        ("failed", "", Said.RETURNED),
        ("failed", "5.2.2", Said.FULL),
        ("failed", "4.2.2", Said.FULL),
        ("delayed", "4.4.1", Said.DELAYED),
        ("delayed", "5.1.1", Said.DELAYED),
        ("delivered", "2.0.0", Said.ARRIVED),
        ("relayed", "2.1.9", Said.ARRIVED),
    ],
)
def test_a_report_means_what_its_action_and_status_say(action: str, status: str, said: Said) -> None:
    found = read(report(NAME, status, action), "mail.test")
    code = status.split(" ", maxsplit=1)[0]
    assert found == Report(said, (NAME,), code, (ADDRESS,))


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_servers_return_the_whole_mail_or_its_headers(returned: str) -> None:
    found = read(report(NAME, returned=returned), "MAIL.test")
    assert found is not None
    assert found.ids == (NAME,)


def test_the_address_that_the_message_was_sent_to_counts_beside_where_it_ended() -> None:
    raw = report(NAME).replace(
        b"Final-Recipient:", b"Original-Recipient: rfc822; <first@a.example>\r\nFinal-Recipient:"
    )
    found = read(raw, "mail.test")
    assert found is not None
    assert found.addresses == ("first@a.example", ADDRESS)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ((), Said.REPLY),
        (("Auto-Submitted: no",), Said.REPLY),
        (("Precedence: first-class",), Said.REPLY),
        ((OUT_OF_OFFICE,), Said.AUTO_REPLY),
        (("Auto-Submitted: auto-generated",), Said.AUTO_REPLY),
        (("X-Autoreply: yes",), Said.AUTO_REPLY),
        (("Precedence: auto_reply",), Said.AUTO_REPLY),
    ],
)
def test_automatic_replies_are_told_from_peoples(headers: tuple[str, ...], said: Said) -> None:
    assert read(reply(NAME, *headers), "mail.test") == Report(said, (NAME,))


@pytest.mark.parametrize(
    "raw",
    [
        report(NAME, domain="other.example"),
        reply(NAME, domain="mail.test.other.example"),
        report(NAME).replace(b"Action", b"Deed"),
        report(NAME).replace(b"report-type=delivery-status", b"report-type=disposition-notification"),
        b"Subject: hello\r\n\r\nIs anybody there?\r\n",
        b"",
    ],
)
def test_what_names_no_message_of_ours_says_nothing(raw: bytes) -> None:
    assert read(raw, "mail.test") is None


def test_a_thread_of_any_length_is_bounded() -> None:
    many = " ".join(f"<n{number}@mail.test>" for number in range(5_000))
    found = read(reply(NAME, f"References: {many}"), "mail.test")
    assert found is not None
    assert len(found.ids) <= REFERENCES
    assert found.ids[-1] == NAME


@given(st.binary(max_size=200), st.integers(0, 1_200))
def test_whatever_stands_in_a_mail_it_names_ours_or_nothing(noise: bytes, at: int) -> None:
    raw = report(NAME)
    mixed = raw[:at] + noise + raw[at:]
    for found in (read(mixed, "mail.test"), read(noise, "mail.test")):
        assert found is None or all(name for name in found.ids)
