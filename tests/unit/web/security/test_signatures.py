"""Standard Webhooks: what is genuine, what is stale, and that nothing a stranger sends becomes an error of ours."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.problems import Problem
from candor.web.security.signatures import secret_bytes, sign, signed_headers, verify

# The vector that the public reference libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
RAW = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

OTHER = "whsec_" + base64.b64encode(b"another secret of ours, 32 bytes").decode()


def headers(**changed: str) -> dict[str, str]:
    return signed_headers(SECRET, ID, AT, RAW) | {f"webhook-{name}": value for name, value in changed.items()}


def code(sent: Mapping[str, str], raw: bytes = RAW, secrets: tuple[str, ...] = (SECRET,), now: datetime = AT) -> str:
    try:
        return "ok " + verify(sent, raw, secrets, now)
    except Problem as problem:
        assert problem.status == 401
        return problem.code


def test_the_public_vector_holds() -> None:
    assert sign(SECRET, ID, 1614265330, RAW) == SIGNATURE
    assert code(headers(signature=SIGNATURE)) == f"ok {ID}"


def test_aware_times_of_any_zone_sign_alike() -> None:
    assert sign(SECRET, ID, AT.astimezone(), RAW) == SIGNATURE


def test_any_live_secret_and_any_offered_signature_will_do() -> None:
    both = f"{sign(OTHER, ID, AT, RAW)} {SIGNATURE}"
    assert code(headers(signature=both)) == f"ok {ID}"
    assert code(headers(), secrets=(OTHER, SECRET)) == f"ok {ID}"
    assert code(headers(), secrets=(SECRET, OTHER)) == f"ok {ID}"
    assert code(headers(signature=f"{SIGNATURE} v1,AAAA")) == f"ok {ID}"
    assert code(headers(signature=f"v1a,AAAA {SIGNATURE}")) == f"ok {ID}"


@pytest.mark.parametrize("name", ["partition:1/offset:24", "a b", "x" * 129])
def test_a_true_signature_is_true_whatever_the_id(name: str) -> None:
    assert code(signed_headers(SECRET, name, AT, RAW)) == f"ok {name}"


def test_an_id_is_read_as_its_sender_wrote_it() -> None:
    name = "Auftrag-Ä/日本"
    sent = signed_headers(SECRET, name, AT, RAW)
    # Servers hand on a header's bytes as Latin-1.
    assert code(sent | {"webhook-id": name.encode().decode("latin-1")}) == f"ok {name}"


@pytest.mark.parametrize("timestamp", ["1614265330000", "1614265330.5", "2021-02-25T15:02:10Z", ""])
def test_a_true_signature_at_a_time_in_another_form_is_not_called_a_bad_one(timestamp: str) -> None:
    digest = hmac.digest(secret_bytes(SECRET), f"{ID}.{timestamp}.".encode() + RAW, "sha256")
    sent = {"webhook-id": ID, "webhook-timestamp": timestamp}
    assert code(sent | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}) == "stale"


def test_a_source_without_secrets_lets_nothing_in() -> None:
    assert code(headers(), secrets=()) == "bad_signature"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_allowed(seconds: int) -> None:
    assert code(headers(), now=AT + timedelta(seconds=seconds)) == f"ok {ID}"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_beyond_five_minutes_a_true_signature_is_stale(seconds: int) -> None:
    assert code(headers(), now=AT + timedelta(seconds=seconds)) == "stale"


def test_a_false_signature_is_never_called_stale() -> None:
    assert code(headers(signature=sign(OTHER, ID, AT, RAW)), now=AT + timedelta(days=1)) == "bad_signature"


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "msg_other"},
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 129},
        {"timestamp": "1614265331"},
        {"timestamp": ""},
        {"timestamp": "1614265330.0"},
        {"timestamp": "-1614265330"},
        {"timestamp": "٣"},
        {"timestamp": "9" * 5000},
        {"timestamp": "0x1"},
        {"signature": ""},
        {"signature": "v1"},
        {"signature": "v1,"},
        {"signature": "v1,,"},
        {"signature": "  "},
        {"signature": "v1,not base64!"},
        {"signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="},
        {"signature": SIGNATURE.replace("v1,", "v2,")},
        {"signature": SIGNATURE.replace("v1,", "v1a,")},
        {"signature": SIGNATURE[:-4]},
        {"signature": "é,é"},
    ],
)
def test_whatever_is_wrong_gets_the_same_answer(changed: dict[str, str]) -> None:
    assert code(headers(**changed)) == "bad_signature"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_gets_the_same_answer(missing: str) -> None:
    sent = headers()
    del sent[missing]
    assert code(sent) == "bad_signature"


def test_one_changed_byte_breaks_the_signature() -> None:
    for place in range(len(RAW)):
        changed = RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :]
        assert code(headers(), changed) == "bad_signature"


def test_a_body_that_is_not_text_is_signed_like_any_other() -> None:
    raw = b"\xff\xfe\x00"
    assert code(signed_headers(SECRET, ID, AT, raw), raw) == f"ok {ID}"


def test_only_so_many_signatures_are_tried() -> None:
    assert code(headers(signature="v1,AAAA " * 100 + SIGNATURE)) == "bad_signature"


@given(
    st.fixed_dictionaries(
        {},
        optional={f"webhook-{name}": st.text(max_size=80) for name in ("id", "timestamp", "signature")},
    ),
    st.binary(max_size=50),
)
def test_strangers_headers_are_refused_and_nothing_worse(sent: dict[str, str], raw: bytes) -> None:
    assert code(sent, raw) == "bad_signature"


parts = st.lists(
    st.sampled_from(["v1,", "v1", ",", " ", "  ", "=", "AAAA", SIGNATURE, "v1a,", "whsec_", "\t"]), max_size=8
)


@given(parts)
def test_odd_signature_lists_hold_only_with_a_true_one_in_them(pieces: list[str]) -> None:
    text = "".join(pieces)
    expected = f"ok {ID}" if SIGNATURE in text.split(" ") else "bad_signature"
    assert code(headers(signature=text)) == expected


@given(st.from_regex(r"[A-Za-z0-9._:-]{1,128}", fullmatch=True), st.binary(max_size=200), st.integers(0, 10**10))
def test_what_is_signed_is_verified(webhook_id: str, raw: bytes, seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert code(signed_headers(OTHER, webhook_id, at, raw), raw, (OTHER,), at) == f"ok {webhook_id}"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "not base64 !", "whsec_" + "A" * 100, "whsec_é"])
def test_a_secret_that_is_none_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as caught:
        secret_bytes(secret)
    shown: Any = str(caught.value)
    assert not secret.removeprefix("whsec_") or secret.removeprefix("whsec_") not in shown
