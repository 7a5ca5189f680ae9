"""Webhooks of mail providers: proven as they document it, one byte changed is not, and read as what they mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from candor.ops.secret_files import SecretFile
from candor.web.http.problems import Problem
from notify_svc.channels.email.events import MOST, Events, Provider, keys_of
from notify_svc.channels.email.postmark import marks
from notify_svc.channels.email.reports import Report, Said
from notify_svc.channels.email.settings import EmailSettings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NAME = "6f1c0a7e-52b9-5d1d-8f3b-e27f40c9a1b2"
ID, ADDRESS = f"<{NAME}@mail.test>", "pat@customer.example"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
SIGNING = "0123456789abcdef0123456789abcdef"
PRIVATE = ec.derive_private_key(20418, ec.SECP256R1())
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
LOGIN = "candor:0123456789abcdef"
KEYS = {
    **{Provider.STANDARD: SECRET, Provider.MAILGUN: SIGNING},
    **{Provider.SENDGRID: PUBLIC, Provider.POSTMARK: LOGIN},
}
Request = tuple[dict[str, str], bytes]


def events(folder: Path, provider: Provider, key: str = "") -> Events:
    (folder / "keys").write_text(f"{key or KEYS[provider]}\n")
    return Events(provider, SecretFile(folder / "keys", keys_of(provider), name="MAIL_EVENTS_FILE"), "mail.test")


def standard(*said: dict[str, Any], at: datetime = NOW) -> Request:
    """Signed by the specification's own package."""
    raw = msgspec.json.encode({"events": said})
    signed = Webhook(SECRET).sign("m1", at, raw.decode())
    return {"webhook-id": "m1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}, raw


def mailgun(said: Mapping[str, Any], at: datetime = NOW, key: str = SIGNING) -> Request:
    timestamp, token = str(int(at.timestamp())), "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return {}, msgspec.json.encode({"signature": signed, "event-data": said})


def sendgrid(*said: dict[str, Any], at: datetime = NOW) -> Request:
    raw, timestamp = msgspec.json.encode(said), str(int(at.timestamp()))
    signature = base64.b64encode(PRIVATE.sign(timestamp.encode() + raw, ec.ECDSA(SHA256()))).decode()
    name = "x-twilio-email-event-webhook"
    return {f"{name}-signature": signature, f"{name}-timestamp": timestamp}, raw


def postmark(said: Mapping[str, Any], login: str = LOGIN) -> Request:
    """By basic authentication, which is all that Postmark offers."""
    proof = base64.b64encode(login.encode()).decode()
    return {"authorization": f"Basic {proof}"}, msgspec.json.encode(said)


def undelivered(kind: str = "HardBounce", record: str = "Bounce", **more: Any) -> dict[str, Any]:
    """As Postmark's documentation shows its webhooks: the MessageID is its own."""
    return {
        "RecordType": record,
        "ID": 42,
        "Type": kind,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Email": ADDRESS,
        "Metadata": {"candor-id": NAME},
    } | more


def bounced(event: str = "bounce", status: str = "5.1.1", **more: str) -> dict[str, Any]:
    return {
        "event": event,
        "email": ADDRESS,
        "smtp-id": ID,
        "status": status,
        "type": "bounce",
        "sg_event_id": "e1",
    } | more


def failed(event: str = "failed", severity: str = "permanent", code: str = "5.1.1", reason: str = "bounce") -> Any:
    headers = {"message-id": ID.strip("<>")}
    status = {"code": 550, "enhanced-code": code}
    about = {"event": event, "severity": severity, "reason": reason, "recipient": ADDRESS}
    return about | {"message": {"headers": headers}, "delivery-status": status}


def ours(event: str = "gone", code: str = "5.1.1", message_id: str = ID, address: str = ADDRESS) -> dict[str, Any]:
    return {"event": event, "code": code, "message_id": message_id, "address": address}


GOOD: dict[Provider, Request] = {
    Provider.STANDARD: standard(ours()),
    Provider.MAILGUN: mailgun(failed()),
    Provider.SENDGRID: sendgrid(bounced()),
    Provider.POSTMARK: postmark(undelivered()),
}


@pytest.mark.parametrize("provider", Provider)
def test_each_is_read_as_the_same_report(provider: Provider, tmp_path: Path) -> None:
    [heard] = events(tmp_path, provider).read(*GOOD[provider], NOW)
    assert heard.report == Report(Said.GONE, (NAME,), "5.1.1", (ADDRESS,))
    [again] = events(tmp_path, provider).read(*GOOD[provider], NOW)
    assert again == heard and heard.name not in {
        events(tmp_path, other).read(*GOOD[other], NOW)[0].name for other in Provider if other is not provider
    }


def test_sendgrids_own_example_of_a_signature_holds(tmp_path: Path) -> None:
    """The key, signature and body that its libraries are tested with."""
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu"
        "/1FwCM/QmGUhA=="
    )
    name, raw = (
        "x-twilio-email-event-webhook",
        (b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'),
    )
    signature = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
    headers = {f"{name}-signature": signature, f"{name}-timestamp": "1588788367"}
    at = datetime.fromtimestamp(1588788367, UTC)
    assert events(tmp_path, Provider.SENDGRID, key).read(headers, raw, at) == []
    with pytest.raises(Problem, match="signatures"):
        events(tmp_path, Provider.SENDGRID, key).read(headers, raw.replace(b"test", b"Test"), at)


@pytest.mark.parametrize("provider", [Provider.STANDARD, Provider.SENDGRID])
@given(data=st.data())
def test_one_byte_changed_anywhere_is_not_proven(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    headers, raw = GOOD[provider]
    place = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[place]))
    with pytest.raises(Problem, match="signatures"):
        events(tmp_path_factory.mktemp("k"), provider).read(
            headers, raw[:place] + bytes([other]) + raw[place + 1 :], NOW
        )


# Postmark signs nothing, so that nothing of a request says how old it is.
@pytest.mark.parametrize("provider", [one for one in Provider if one is not Provider.POSTMARK])
@pytest.mark.parametrize("late", [timedelta(days=-1, seconds=-1), timedelta(days=1, seconds=1)])
def test_what_is_forged_or_old_is_not_proven(provider: Provider, late: timedelta, tmp_path: Path) -> None:
    found = events(tmp_path, provider)
    with pytest.raises(Problem):
        found.read(*GOOD[provider], NOW + late)
    headers, raw = GOOD[provider]
    for forged in ({}, dict.fromkeys(headers, ""), dict.fromkeys(headers, "ü")):
        if headers:
            with pytest.raises(Problem, match="signatures"):
                found.read(forged, raw, NOW)
    for body in (b"", b"{}", b"[]", b'{"signature": 1}', b'{"signature": {"token": "x"}}'):
        with pytest.raises(Problem, match="signatures"):
            found.read(headers, body, NOW)


def test_mailguns_other_key_or_time_or_token_is_not_proven(tmp_path: Path) -> None:
    found = events(tmp_path, Provider.MAILGUN)
    with pytest.raises(Problem, match="signatures"):
        found.read(*mailgun(failed(), key=SIGNING[::-1]), NOW)
    _, raw = GOOD[Provider.MAILGUN]
    for part in (b"e0b547", str(int(NOW.timestamp())).encode()):
        with pytest.raises(Problem, match="signatures"):
            found.read({}, raw.replace(part, part[:-1] + b"9"), NOW)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (sendgrid(bounced(status="5.0.0")), Said.GONE),
        (sendgrid(bounced(status="5.7.1", type="blocked")), Said.RETURNED),
        (sendgrid(bounced(status="5.2.2")), Said.FULL),
        (sendgrid(bounced("dropped")), Said.RETURNED),
        (sendgrid(bounced("deferred", "4.4.1")), Said.DELAYED),
        (sendgrid(bounced("delivered")), Said.ARRIVED),
        (sendgrid(bounced("spamreport")), Said.COMPLAINT),
        (sendgrid(bounced("open")), None),
        (mailgun(failed(code="", reason="suppress-bounce")), Said.GONE),
        (mailgun(failed(code="5.7.1", reason="generic")), Said.RETURNED),
        (mailgun(failed(code="5.2.2")), Said.FULL),
        (mailgun(failed(severity="temporary")), Said.DELAYED),
        (mailgun(failed("delivered", "")), Said.ARRIVED),
        (mailgun(failed("complained", "")), Said.COMPLAINT),
        (mailgun(failed("clicked", "")), None),
        (mailgun({}), None),
        *((standard(ours(said.value)), said) for said in Said if said not in (Said.AUTO_REPLY, Said.REPLY)),
        (standard(ours("reply")), None),
        (standard(ours(address="no address")), None),
        (standard(ours(message_id="<n@elsewhere.test>")), None),
        (standard(ours(message_id="")), None),
    ],
)
def test_each_event_means_what_its_provider_says(request_: Request, said: Said | None, tmp_path: Path) -> None:
    headers, raw = request_
    provider = Provider.STANDARD if "webhook-id" in headers else Provider.SENDGRID if headers else Provider.MAILGUN
    [heard] = events(tmp_path, provider).read(headers, raw, NOW)
    assert (heard.report.said if heard.report else None) == said


def test_a_request_is_bounded_and_what_is_no_event_is_passed_over(tmp_path: Path) -> None:
    assert len(events(tmp_path, Provider.SENDGRID).read(*sendgrid(*[bounced()] * MOST), NOW)) == MOST
    with pytest.raises(Problem, match="at once"):
        events(tmp_path, Provider.SENDGRID).read(*sendgrid(*[bounced()] * (MOST + 1)), NOW)
    found = events(tmp_path, Provider.STANDARD)
    assert found.read(*standard(), NOW) == [] and len(found.read(*standard(1, ours()), NOW)) == 1  # type: ignore[arg-type]
    for body in (b"{", b"{}", b"7", b'{"events": 7}'):
        signed = Webhook(SECRET).sign("m1", NOW, body.decode())
        headers = {"webhook-id": "m1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signed}
        with pytest.raises(Problem, match="no report"):
            found.read(headers, body, NOW)


@pytest.mark.parametrize("provider", Provider)
def test_a_key_that_proves_nothing_ends_the_start(provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("short\n")
    with pytest.raises(ValueError, match="MAIL_EVENTS_FILE"):
        EmailSettings(mail_events=provider, mail_events_file=tmp_path / "keys").events()
    with pytest.raises(ValueError, match="MAIL_EVENTS_FILE"):
        EmailSettings(mail_events=provider).events()
    assert EmailSettings().events() is None


@pytest.mark.parametrize(
    ("event", "said", "code"),
    [
        (undelivered(Details="no status"), Said.GONE, ""),
        (undelivered("BadEmailAddress", Details=""), Said.GONE, ""),
        (undelivered("SoftBounce", Details="smtp;452 4.2.2 over quota"), Said.FULL, "4.2.2"),
        (undelivered("SoftBounce", Details="smtp;554 5.7.1 no"), Said.RETURNED, "5.7.1"),
        (undelivered("Blocked", Details=""), Said.RETURNED, ""),
        (undelivered("Transient", Details="smtp;421 4.4.1 later"), Said.DELAYED, "4.4.1"),
        (undelivered("AutoResponder", Details=""), Said.AUTO_REPLY, ""),
        (undelivered("SpamComplaint", "SpamComplaint"), Said.COMPLAINT, ""),
        (undelivered("", "Delivery", Email="", Recipient=ADDRESS, Details=""), Said.ARRIVED, ""),
    ],
)
def test_what_postmark_tells_is_read_as_what_it_means(
    event: dict[str, Any], said: Said, code: str, tmp_path: Path
) -> None:
    [heard] = events(tmp_path, Provider.POSTMARK).read(*postmark(event), NOW)
    assert heard.report == Report(said, (NAME,), code, (ADDRESS,))


@pytest.mark.parametrize(
    "event",
    [
        undelivered("Subscribe"),
        undelivered(record="Open"),
        undelivered(Metadata={}),
        undelivered(Metadata="x"),
        undelivered(Metadata={"candor-id": f"{NAME}@other.test"}),
        undelivered(Email="x"),
    ],
)
def test_what_postmark_tells_of_no_mail_of_ours_is_passed_over(event: dict[str, Any], tmp_path: Path) -> None:
    [heard] = events(tmp_path, Provider.POSTMARK).read(*postmark(event), NOW)
    assert heard.report is None


@pytest.mark.parametrize("login", ["candor:0123456789abcdeF", "other:0123456789abcdef", "", ":"])
def test_without_the_login_postmark_is_not_believed(login: str, tmp_path: Path) -> None:
    found = events(tmp_path, Provider.POSTMARK)
    with pytest.raises(Problem) as refused:
        found.read(*postmark(undelivered(), login), NOW)
    assert refused.value.code == "bad_signature"
    with pytest.raises(Problem):
        found.read({}, msgspec.json.encode(undelivered()), NOW)


def test_a_mail_by_postmark_carries_what_its_webhooks_give_back() -> None:
    assert marks(ID) == ("X-PM-KeepID: true", f"X-PM-Metadata-candor-id: {NAME}")
