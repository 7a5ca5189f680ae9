"""Mails that come back: reports as mail servers write them (RFC 3464), automatic replies, people's replies."""

from __future__ import annotations

ADDRESS = "pat@customer.example"

REPORT = """\
From: MAILER-DAEMON@relay.example
To: promises@mail.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

This is the mail system at host relay.example. I'm sorry to have to inform you.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
X-Postfix-Queue-ID: 4F1A2

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <{address}>: Recipient address rejected

--B
Content-Type: {returned}

Message-ID: <{name}@{domain}>
From: promises@mail.test
To: {address}
Subject: Probably late

--B--
"""


def report(
    name: str,
    status: str = "5.1.1",
    action: str = "failed",
    *,
    address: str = ADDRESS,
    domain: str = "mail.test",
    returned: str = "message/rfc822",
) -> bytes:
    """A report about the message with this id."""
    text = REPORT.format(name=name, status=status, action=action, address=address, domain=domain, returned=returned)
    return text.replace("\n", "\r\n").encode()


def reply(name: str, *headers: str, domain: str = "mail.test") -> bytes:
    """A reply to the message with this id; by a person unless `headers` say otherwise."""
    lines = [f"From: {ADDRESS}", "To: promises@mail.test", "Subject: Re: Probably late"]
    lines += [f"In-Reply-To: <{name}@{domain}>", *headers, "", "Thank you.", ""]
    return "\r\n".join(lines).encode()


OUT_OF_OFFICE = "Auto-Submitted: auto-replied (vacation)"
