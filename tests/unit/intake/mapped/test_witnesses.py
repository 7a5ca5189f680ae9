"""The systems' own Python packages as witnesses: what they sign we take, what we sign they take, and no byte off."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import pytest
from easypost.errors.general.signature_verification_error import SignatureVerificationError
from easypost.util import validate_webhook
from hubspot.crm.deals import ApiClient, SimplePublicObject
from hubspot.utils.signature import Signature
from hypothesis import given
from hypothesis import strategies as st
from shippo import utils
from shippo.models import components
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError
from svix.webhooks import Webhook as Svix
from tracking.models import Tag, Tracking

from candor.intake.mapped import MappedSource, Offered
from candor.intake.source import Incoming
from candor.web.http.problems import Problem
from candor.web.security.schemes import Scheme, SignedRequest
from candor.web.security.webhooks import Webhook
from delivery_svc.offered import OFFERED as DELIVERY
from promise_svc.offered import OFFERED as PROMISES

URI: Final = "https://hooks.example.com/v1/webhooks/crm"
SECRET: Final = "11112222-3333-4444-5555-666677778888"
WHSEC: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
AT: Final = datetime(2026, 11, 30, tzinfo=UTC)
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def source(offered: Offered, name: str) -> MappedSource:
    return MappedSource(name, offered.presets()[name].shown())


HUBSPOT: Final = source(PROMISES, "hubspot")
EASYPOST: Final = source(DELIVERY, "easypost").schemes[0]
INCIDENT_IO: Final = source(DELIVERY, "incident-io").schemes[0]


def taken(scheme: Scheme, raw: bytes, headers: dict[str, str], secret: str, now: datetime) -> bool:
    try:
        scheme.verify(SignedRequest("POST", URI, headers, raw), [secret], now)
    except Problem as problem:
        assert problem.status == 401
        return False
    return True


def signed(scheme: Scheme, raw: bytes, secret: str, now: datetime) -> dict[str, str]:
    return dict(scheme.sign(SignedRequest("POST", URI, {}, raw), secret, now))


def changed(raw: bytes) -> bytes:
    """The same with one byte more."""
    return raw + b"\n"


@given(TEXTS)
def test_hubspot_v3(text: str) -> None:
    scheme, raw, now = HUBSPOT.schemes[0], text.encode(), datetime.now(UTC)
    time = str(int(now.timestamp() * 1000))
    theirs = Signature.get_signature(SECRET, text, "v3", URI, "POST", time)
    headers = {"x-hubspot-signature-v3": theirs, "x-hubspot-request-timestamp": time}
    assert taken(scheme, raw, headers, SECRET, now)
    assert not taken(scheme, changed(raw), headers, SECRET, now)
    ours = signed(scheme, raw, SECRET, now)
    said = (SECRET, text, URI, "POST", "v3", ours["x-hubspot-request-timestamp"])
    assert Signature.is_valid(ours["x-hubspot-signature-v3"], *said)
    assert not Signature.is_valid(ours["x-hubspot-signature-v3"], SECRET, text + "\n", *said[2:])


@given(TEXTS)
def test_hubspot_v1(text: str) -> None:
    scheme, raw, now = HUBSPOT.schemes[1], text.encode(), datetime.now(UTC)
    headers = {"x-hubspot-signature": Signature.get_signature(SECRET, text, "v1")}
    assert taken(scheme, raw, headers, SECRET, now)
    assert not taken(scheme, changed(raw), headers, SECRET, now)
    ours = signed(scheme, raw, SECRET, now)["x-hubspot-signature"]
    assert Signature.is_valid(ours, SECRET, text, signature_version="v1")
    assert not Signature.is_valid(ours, SECRET, text + "\n", signature_version="v1")


@given(
    st.dictionaries(TEXTS, TEXTS, max_size=3), st.sampled_from([SECRET, "café-20418-of-easypost", "ﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁﬁ"])
)
def test_easypost(body: dict[str, str], secret: str) -> None:
    raw, now = json.dumps(body).encode(), datetime.now(UTC)
    ours = signed(EASYPOST, raw, secret, now)
    theirs = {"X-Hmac-Signature": ours["x-hmac-signature"]}
    assert validate_webhook(raw, theirs, secret) == body
    assert taken(EASYPOST, raw, ours, secret, now)
    assert not taken(EASYPOST, changed(raw), ours, secret, now)
    with pytest.raises(SignatureVerificationError):
        validate_webhook(changed(raw), theirs, secret)


Signing = Callable[[str], Any]


@pytest.mark.parametrize("package", [Standard, Svix])
@given(text=TEXTS)
def test_standard_webhooks_of_two_packages(package: Signing, text: str) -> None:
    raw, now, theirs = text.encode(), datetime.now(UTC), package(WHSEC)
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp}
    headers["webhook-signature"] = theirs.sign("msg_1", now, text)
    assert taken(INCIDENT_IO, raw, headers, WHSEC, now)
    assert not taken(INCIDENT_IO, changed(raw), headers, WHSEC, now)
    ours = signed(INCIDENT_IO, b'{"a":' + json.dumps(text).encode() + b"}", WHSEC, now)
    theirs.verify(b'{"a":' + json.dumps(text).encode() + b"}", ours)
    with pytest.raises(WebhookVerificationError):
        theirs.verify(b'{"b":' + json.dumps(text).encode() + b"}", ours)


def test_a_deal_as_the_package_of_hubspot_writes_it_is_read() -> None:
    raw = files(PROMISES.package).joinpath("samples", "hubspot.json").read_bytes()
    [(key, deal)] = json.loads(raw)["objects"].items()
    theirs = SimplePublicObject(
        id=deal["id"],
        properties=deal["properties"],
        created_at=datetime.fromisoformat(deal["createdAt"]),
        updated_at=datetime.fromisoformat(deal["updatedAt"]),
        archived=False,
    )
    written = ApiClient().sanitize_for_serialization(theirs)
    assert set(deal) <= set(written)
    body = json.dumps({"events": [], "objects": {key: written}}).encode()
    ways = [HUBSPOT.read(Webhook("crm", "", one), tuple(PROMISES.shapes), datetime.now(UTC)) for one in (raw, body)]
    assert [[one.id for one in way if isinstance(one, Incoming)] for way in ways] == [[one.id for one in ways[0]]] * 2


def test_a_shipment_as_the_package_of_shippo_understands_it_is_read() -> None:
    raw = files(DELIVERY.package).joinpath("samples", "shippo.json").read_bytes()
    theirs = utils.unmarshal_json(raw.decode(), components.WebhookPayloadTrack)
    assert theirs.data is not None
    read = source(DELIVERY, "shippo").read
    written = utils.marshal_json(theirs, components.WebhookPayloadTrack).encode()
    ways = [read(Webhook("s", "", one), tuple(DELIVERY.shapes), datetime.now(UTC)) for one in (raw, written)]
    said = [[one.event.data["milestone"] for one in way if isinstance(one, Incoming)] for way in ways]
    assert said[0] == said[1] != []


@pytest.mark.parametrize("tag", [tag.value for tag in Tag])
def test_a_shipment_as_the_package_of_aftership_writes_it_is_read_in_each_of_its_tags(tag: str) -> None:
    body = json.loads(files(DELIVERY.package).joinpath("samples", "aftership.json").read_bytes())
    body["msg"]["tag"] = tag
    # A text in webhooks of 2026-01; an object with its kind in the interface of 2026-07, which the package is of.
    del body["msg"]["order_promised_delivery_date"]
    theirs = Tracking.model_validate(body["msg"])
    written = {**body, "msg": json.loads(theirs.model_dump_json(exclude_none=True))}
    read = source(DELIVERY, "aftership").read
    ways = [read(Webhook("a", "", json.dumps(one).encode()), tuple(DELIVERY.shapes), AT) for one in (body, written)]
    told = [[(one.id, one.event) for one in way if isinstance(one, Incoming)] for way in ways]
    assert [len(one) for one in ways] == [len(one) for one in told]
    assert told[0] == told[1]
    # A tag that no rule knows would be refused; what no carrier has scanned yet says nothing.
    assert bool(told[0]) is (tag != "Pending")
