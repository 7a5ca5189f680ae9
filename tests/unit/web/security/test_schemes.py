"""Every scheme: what its senders sign holds, and whatever else comes is one and the same refusal."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.problems import Problem
from candor.web.security.schemes import (
    Basic,
    Bearer,
    HmacSignature,
    PathToken,
    Scheme,
    SecretHash,
    SignedRequest,
    StandardWebhooks,
)

AT = datetime.fromtimestamp(1531420618, UTC)
SECRET, OTHER = "a secret of the sender", "another secret, live too"
TOKEN = "0123456789abcdef-0123456789abcdef"
RAW = b'[{"a": "\xc3\xa9"}]'
URI = "https://candor.example/v1/webhooks/crm"


def request(raw: bytes = RAW, token: str = "", **headers: str) -> SignedRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SignedRequest("POST", URI, named, raw, token)


def verdict(scheme: Scheme, sent: SignedRequest, secrets: Sequence[str] = (SECRET,), now: datetime = AT) -> str:
    try:
        return "ok " + scheme.verify(sent, secrets, now)
    except Problem as problem:
        assert problem.status == 401
        return problem.code


def signature(text: bytes, secret: bytes = SECRET.encode(), algorithm: str = "sha256") -> bytes:
    return hmac.new(secret, text, algorithm).digest()


SLACK = HmacSignature(
    header="x-slack-signature",
    prefix="v0=",
    signed="v0:{timestamp}:{body}",
    timestamp_header="x-slack-request-timestamp",
)
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def slack(signed: str = SLACK_SIGNATURE, timestamp: str = "1531420618") -> SignedRequest:
    return request(SLACK_BODY, x_slack_signature=signed, x_slack_request_timestamp=timestamp)


def test_published_vectors_hold() -> None:
    github = HmacSignature(header="x-hub-signature-256", prefix="sha256=")
    said = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    sent = request(b"Hello, World!", x_hub_signature_256=said)
    assert verdict(github, sent, ["It's a Secret to Everybody"]) == "ok "
    assert verdict(SLACK, slack(), [SLACK_SECRET]) == "ok "


def test_method_uri_body_and_milliseconds_in_base64() -> None:
    scheme = HmacSignature(
        header="x-signature-v3",
        encoding="base64",
        signed="{method}{uri}{body}{timestamp}",
        timestamp_header="x-timestamp",
        timestamp_unit="milliseconds",
        uri=lambda uri: uri.replace("%3A", ":"),
    )
    said = base64.b64encode(signature(b"POST" + URI.encode() + RAW + b"1531420618001")).decode()
    sent = request(x_signature_v3=said, x_timestamp="1531420618001")
    assert verdict(scheme, sent) == "ok "
    assert verdict(scheme, sent._replace(uri=URI.replace(":", "%3A"))) == "ok "
    assert verdict(scheme, sent._replace(uri=URI + "?a=1")) == "bad_signature"
    assert verdict(scheme, sent._replace(method="PUT")) == "bad_signature"


def test_one_of_several_signatures_under_one_of_several_secrets() -> None:
    scheme = HmacSignature(
        header="x-pager", prefix="v1=", separator=",", signed="{id}.{body}", id_header="x-webhook-id"
    )
    said = ",".join(f"v1={signature(b'w-1.' + RAW, secret.encode()).hex()}" for secret in ("an old secret", SECRET))
    sent = request(x_pager=said, x_webhook_id="w-1")
    assert verdict(scheme, sent, [OTHER, SECRET]) == "ok w-1"
    odd = request(x_pager="v1=" + signature(b"w/1 x." + RAW).hex(), x_webhook_id="w/1 x")
    assert verdict(scheme, odd, [SECRET]) == "ok w/1 x"
    assert verdict(scheme, sent, [OTHER]) == "bad_signature"
    assert verdict(scheme, request(x_pager=said), [SECRET]) == "bad_signature"
    assert verdict(scheme, request(x_pager=said, x_webhook_id="w-2"), [SECRET]) == "bad_signature"
    assert verdict(replace(scheme, separator=""), sent, [SECRET]) == "bad_signature"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_algorithms_and_keys_of_their_own(algorithm: Any) -> None:
    def key(secret: str) -> bytes:
        return unicodedata.normalize("NFKD", secret).encode()

    scheme = HmacSignature(header="x-hmac", algorithm=algorithm, key=key)
    said = signature(RAW, key("caf\u00e9 au lait, deux"), algorithm).hex()
    for text in (said, said.upper()):
        assert verdict(scheme, request(x_hmac=text), ["caf\u00e9 au lait, deux"]) == "ok "


def test_an_iso_timestamp_and_an_empty_body() -> None:
    scheme = HmacSignature(header="x-sig", signed="{timestamp}{body}", timestamp_header="x-at", timestamp_unit="iso")
    at = AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert verdict(scheme, request(b"", x_sig=signature(at.encode()).hex(), x_at=at)) == "ok "
    for odd in ("", "yesterday", "2018-07-12T18:36:58"):
        sent = request(b"", x_sig=signature(odd.encode()).hex(), x_at=odd)
        assert verdict(scheme, sent) == "stale"


@pytest.mark.parametrize(("seconds", "said"), [(-301, "stale"), (-300, "ok "), (300, "ok "), (301, "stale")])
def test_a_true_signature_may_be_five_minutes_old(seconds: int, said: str) -> None:
    assert verdict(SLACK, slack(), [SLACK_SECRET], AT + timedelta(seconds=seconds)) == said
    assert verdict(SLACK, slack(), [SECRET], AT + timedelta(seconds=seconds)) == "bad_signature"


@pytest.mark.parametrize("timestamp", ["", "1531420619", "-1531420618", "1531420618.0", "\u0663", "9" * 99])
def test_another_timestamp_breaks_the_signature(timestamp: str) -> None:
    assert verdict(SLACK, slack(timestamp=timestamp), [SLACK_SECRET]) == "bad_signature"


def test_one_changed_byte_breaks_the_signature() -> None:
    for place in range(len(SLACK_BODY)):
        raw = SLACK_BODY[:place] + bytes([SLACK_BODY[place] ^ 1]) + SLACK_BODY[place + 1 :]
        assert verdict(SLACK, slack()._replace(raw=raw), [SLACK_SECRET]) == "bad_signature"


def test_a_body_that_looks_like_a_part_is_a_body() -> None:
    scheme = HmacSignature(header="x-sig", signed="{uri}.{body}.{method}")
    raw = b"{method}{body}\xff"
    said = signature(URI.encode() + b"." + raw + b".POST").hex()
    assert verdict(scheme, request(raw, x_sig=said)) == "ok "


@pytest.mark.parametrize(
    "fields",
    [
        {"signed": "{timestamp}"},
        {"signed": "{body}{time}"},
        {"signed": "{timestamp}{body}"},
        {"signed": "{id}{body}"},
        {"timestamp_header": "x-at"},
        {"id_header": "x-id"},
        {"signed": "{timestamp}{body}", "timestamp_header": "x-at", "id_header": "x-id"},
    ],
)
def test_a_template_that_cannot_be_signed_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"sign|HMAC"):
        HmacSignature(header="x-sig", **fields)  # type: ignore[arg-type]


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_bearer() -> None:
    assert verdict(Bearer(), request(authorization=f"bearer  {TOKEN}"), [OTHER, TOKEN]) == "ok "
    assert verdict(Bearer("x-key"), request(x_key=TOKEN), [TOKEN]) == "ok "
    for wrong in ("", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"):
        assert verdict(Bearer(), request(authorization=wrong), [TOKEN]) == "bad_signature"


def test_basic() -> None:
    pair = "crm:p\u00e4ss:word of sixteen"
    assert verdict(Basic(), request(authorization=basic(pair)), [pair]) == "ok "
    for wrong in ("", "Basic", "Basic ???", "Basic /w==", basic("crm:"), basic(pair + "x"), pair):
        assert verdict(Basic(), request(authorization=wrong), [pair]) == "bad_signature"


def test_path_token() -> None:
    assert verdict(PathToken(), request(token=TOKEN), [OTHER, TOKEN]) == "ok "
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "\udcff"):
        assert verdict(PathToken(), request(token=wrong), [TOKEN]) == "bad_signature"


HASH = SecretHash("x-sig")


@pytest.mark.parametrize("signed", ["{secret}{body}", "{secret}{method}{uri}{body}"])
def test_a_hash_of_secret_and_request(signed: str) -> None:
    scheme = SecretHash("x-sig", signed)
    before = SECRET + ("POST" + URI if "uri" in signed else "")
    wanted = hashlib.sha256(before.encode() + RAW).hexdigest()
    sent = request(x_sig=wanted.upper())
    assert dict(scheme.sign(request(), SECRET, AT)) == {"x-sig": wanted}
    assert verdict(scheme, sent, [OTHER, SECRET]) == "ok "
    for wrong in (wanted[:-1], wanted + "0", "", wanted[::-1]):
        assert verdict(scheme, request(x_sig=wrong)) == "bad_signature"
    assert verdict(scheme, sent._replace(raw=RAW + b" ")) == "bad_signature"
    assert verdict(scheme, sent._replace(method="PUT")) == ("bad_signature" if "uri" in signed else "ok ")


@pytest.mark.parametrize("signed", ["{body}", "{body}{secret}", "{secret}", "{secret}{body}.", "{secret}{nonce}{body}"])
def test_a_hash_over_too_little_is_no_scheme(signed: str) -> None:
    with pytest.raises(ValueError, match=r"a hash begins|nothing may follow"):
        SecretHash("x-sig", signed)


SCHEMES: list[Scheme] = [
    *(Bearer(), Basic(), PathToken(), HmacSignature(header="x-sig"), SLACK, HASH),
    StandardWebhooks(),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: str(scheme.name))
def test_without_secrets_nothing_comes_in_and_an_empty_one_is_no_secret(scheme: Scheme) -> None:
    assert verdict(scheme, request(), []) == "bad_signature"
    with pytest.raises(ValueError, match=r"secret|token"):
        scheme.check("")


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        (Bearer(), "short-but-secret"),
        (Basic(), "no-colon-in-here-at-all"),
        (Basic(), "crm:short-secret"),
        (PathToken(), "a token/with a slash in it, long"),
        (HmacSignature(header="x-sig"), "short-secret"),
        (HASH, "short-secret"),
        (StandardWebhooks(), "whsec_c2hvcnQ="),
    ],
)
def test_a_secret_that_is_none_is_refused_without_showing_it(scheme: Scheme, secret: str) -> None:
    with pytest.raises(ValueError, match="must") as caught:
        scheme.check(secret)
    assert secret not in str(caught.value)


@pytest.mark.parametrize("scheme", SCHEMES[:6], ids=lambda scheme: str(scheme.name))
@given(
    texts=st.dictionaries(
        st.sampled_from(["authorization", "x-sig", "x-slack-signature", "x-slack-request-timestamp"]),
        st.text(max_size=60),
    ),
    raw=st.binary(max_size=40),
    token=st.text(max_size=40),
)
def test_strangers_are_refused_and_nothing_worse(scheme: Scheme, texts: dict[str, str], raw: bytes, token: str) -> None:
    secret = hashlib.sha256(b"of nobody").hexdigest()
    assert verdict(scheme, SignedRequest("POST", URI, texts, raw, token), [f"crm:{secret}"]) == "bad_signature"
