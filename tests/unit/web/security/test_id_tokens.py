"""ID tokens are believed only where signature, issuer, audience, times and nonce all hold."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from candor.web.security.oidc.refusal import RefusedError
from candor.web.security.oidc.tokens import TokenRequirements, UnknownKeyError, verify
from tests.support.identity import new_key, signed

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
EXPECTED = TokenRequirements(
    "https://login.example", "candor", "nonce-of-this-attempt", NOW - timedelta(minutes=2), NOW
)


@cache
def key() -> RSAKey:
    return new_key()


@cache
def other() -> RSAKey:
    return new_key()


def published(*keys: Any) -> list[dict[str, Any]]:
    return [one.as_dict(private=False) for one in (keys or (key(),))]


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims, but for what is changed; None takes one away."""
    good = {
        "iss": EXPECTED.issuer,
        "aud": EXPECTED.client_id,
        "sub": "person-1",
        "nonce": EXPECTED.nonce,
        "iat": int(NOW.timestamp()) - 5,
        "exp": int(NOW.timestamp()) + 300,
        "roles": ["viewer"],
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def seconds(offset: int) -> int:
    return int(NOW.timestamp()) + offset


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def refusal(token: str, keys: list[dict[str, Any]] | None = None) -> str:
    with pytest.raises(RefusedError) as caught:
        verify(token, keys or published(), EXPECTED)
    return caught.value.reason


def test_a_good_token_is_believed() -> None:
    assert verify(signed(claims(), key()), published(), EXPECTED)["roles"] == ["viewer"]


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "PS256"])
def test_every_allowed_algorithm_of_rsa(algorithm: str) -> None:
    assert verify(signed(claims(), key(), alg=algorithm), published(), EXPECTED)


def test_elliptic_curves_serve_as_well() -> None:
    curve = ECKey.generate_key("P-256", {"kid": "ec"})
    token = signed(claims(), curve, alg="ES256")  # type: ignore[arg-type]
    assert verify(token, published(key(), curve), EXPECTED)


@pytest.mark.parametrize(
    "name", ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS1", "dir", None, 1, ["RS256"]]
)
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_no_other_algorithm_whatever_the_signature(name: object, signature: str) -> None:
    header = {"typ": "JWT", "kid": key().kid} | ({} if name is None else {"alg": name})
    token = f"{encoded(header)}.{encoded(claims())}.{signature}"
    assert refusal(token) in ("token_algorithm", "token_unreadable")


def test_our_providers_public_key_is_no_hmac_secret() -> None:
    body = f"{encoded({'alg': 'HS256', 'kid': key().kid})}.{encoded(claims())}"
    for form in (
        key().public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key().public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(published()[0]).encode(),
    ):
        mac = hmac.digest(form, body.encode(), "sha256")
        token = f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        assert refusal(token) == "token_algorithm"


def test_a_shared_secret_among_the_published_keys_verifies_nothing() -> None:
    secret = {"kty": "oct", "k": encoded("x" * 40), "kid": "shared"}
    assert refusal(signed(claims(), key(), kid="shared"), [secret]) == "token_key"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://login.example/"}, "token_claims"),
        ({"iss": "https://evil.example"}, "token_claims"),
        ({"iss": None}, "token_claims"),
        ({"iss": ["https://login.example"]}, "token_claims"),
        ({"aud": "another-client"}, "token_claims"),
        ({"aud": ["another-client"]}, "token_claims"),
        ({"aud": []}, "token_claims"),
        ({"aud": None}, "token_claims"),
        ({"aud": {"candor": 1}}, "token_claims"),
        ({"aud": ["candor", "another"]}, "token_claims"),
        ({"azp": "another"}, "token_claims"),
        ({"aud": ["candor", "another"], "azp": "another"}, "token_claims"),
        ({"sub": None}, "token_claims"),
        ({"sub": ""}, "token_claims"),
        ({"sub": 7}, "token_claims"),
        ({"sub": "ada\x00"}, "token_claims"),
        ({"sub": "ada\ud800"}, "token_claims"),
        ({"sub": "ada\x1b[2J"}, "token_claims"),
        ({"sub": "ada\u202e"}, "token_claims"),
        ({"sub": " ada"}, "token_claims"),
        ({"sub": "a" * 256}, "token_claims"),
        ({"exp": None}, "token_claims"),
        ({"exp": seconds(-61)}, "token_claims"),
        ({"exp": "never"}, "token_claims"),
        ({"exp": True}, "token_claims"),
        ({"exp": float("nan")}, "token_claims"),
        ({"exp": float("inf")}, "token_claims"),
        ({"iat": None}, "token_claims"),
        ({"iat": seconds(61)}, "token_claims"),
        ({"iat": seconds(-181)}, "token_claims"),
        ({"nbf": seconds(61)}, "token_claims"),
        ({"nonce": "another"}, "token_nonce"),
        ({"nonce": None}, "token_nonce"),
        ({"nonce": [EXPECTED.nonce]}, "token_nonce"),
        ({"nonce": "ä"}, "token_nonce"),
    ],
)
def test_each_wrong_claim_alone_is_refused(changed: dict[str, Any], reason: str) -> None:
    assert refusal(signed(claims(**changed), key())) == reason


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["candor"]},
        {"aud": ["candor", "another"], "azp": "candor"},
        {"azp": "candor"},
        {"exp": seconds(-59)},
        {"iat": seconds(59)},
        {"iat": seconds(-179)},
        {"nbf": seconds(-1)},
        {"iat": seconds(-5) + 0.25},
    ],
)
def test_what_the_standard_allows_is_taken(changed: dict[str, Any]) -> None:
    assert verify(signed(claims(**changed), key()), published(), EXPECTED)


def test_another_key_under_a_known_name_is_refused() -> None:
    assert refusal(signed(claims(), other(), kid=key().kid)) == "token_signature"


def test_changed_claims_are_refused() -> None:
    header, _, signature = signed(claims(), key()).split(".")
    assert refusal(f"{header}.{encoded(claims(roles=['admin']))}.{signature}") == "token_signature"


def test_the_key_in_the_tokens_own_header_is_not_asked() -> None:
    own = other().as_dict(private=False)
    for header in ({"jwk": own}, {"jwk": own, "kid": ""}, {"jku": "https://evil.example/keys", "kid": "theirs"}):
        assert refusal(signed(claims(), other(), **header)) in ("token_key", "token_signature", "token_unreadable")


def test_an_unknown_key_is_told_apart() -> None:
    with pytest.raises(UnknownKeyError):
        verify(signed(claims(), other()), published(), EXPECTED)


@pytest.mark.parametrize("changed", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "EC"}, {"kid": "another"}])
def test_a_key_for_something_else_is_no_key(changed: dict[str, str]) -> None:
    assert refusal(signed(claims(), key()), [published()[0] | changed]) == "token_key"


@pytest.mark.parametrize("broken", [{"n": "!"}, {"n": 5}, {"e": ""}, {"n": "AQAB"}])
def test_a_broken_key_verifies_nothing(broken: dict[str, object]) -> None:
    assert refusal(signed(claims(), key()), [published()[0] | broken]) == "token_signature"


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_short_rsa_key_is_not_trusted() -> None:
    short = new_key(1024)
    assert refusal(signed(claims(), short), published(short)) == "token_signature"


def test_a_token_without_a_keys_name_needs_a_provider_with_one_key() -> None:
    nameless = RSAKey.import_key({name: value for name, value in key().as_dict(private=True).items() if name != "kid"})
    token = jwt.encode({"alg": "RS256"}, claims(), nameless)
    assert verify(token, published(), EXPECTED)
    assert refusal(token, published(key(), other())) == "token_key"


@pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"typ": ""}])
def test_other_kinds_of_token_are_refused(header: dict[str, Any]) -> None:
    assert refusal(signed(claims(), key(), **header)) in ("token_kind", "token_unreadable")


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}, {"b64": True}])
def test_extensions_of_the_signature_are_refused(header: dict[str, Any]) -> None:
    token = f"{encoded({'alg': 'RS256', 'kid': key().kid} | header)}.{encoded(claims())}.AAAA"
    assert refusal(token) in ("token_kind", "token_unreadable")


@pytest.mark.parametrize("payload", [[], "text", 5, None])
def test_claims_must_be_an_object(payload: object) -> None:
    token = f"{encoded({'alg': 'RS256', 'kid': key().kid})}.{encoded(payload)}.AAAA"
    assert refusal(token) == "token_signature"


@given(
    st.text(max_size=200)
    | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}", fullmatch=True)
)
def test_any_text_is_refused_and_never_breaks(text: str) -> None:
    assert refusal(text).startswith("token_")


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "x5c"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda s: st.lists(s, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_any_header_is_refused_without_a_signature(header: dict[str, Any]) -> None:
    assert refusal(f"{encoded(header)}.{encoded(claims())}.AAAA").startswith("token_")


def test_a_huge_token_and_a_deep_one_are_refused() -> None:
    assert refusal("a" * 70_000) == "token_unreadable"
    deep = base64.urlsafe_b64encode(b"[" * 12_000).decode().rstrip("=")
    assert refusal(f"{deep}.{deep}.AAAA").startswith("token_")
