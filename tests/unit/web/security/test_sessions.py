"""Sign-in of staff: one-use links and cookies that end by themselves."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer
from starlette.responses import Response

from candor.web.http.problems import Problem
from candor.web.security.auth import Role
from candor.web.security.sessions import ABSOLUTE, IDLE, LINK_AGE, MemoryNonces, Session, Sessions
from candor.web.security.signing import SIGNED_BY
from tests.support.clocks import ManualClock

SECRET = "b1c7f7d0a4e24d1f9a3c5e6b8d2f4a60"
NONCE = "0123456789abcdef0123"


def started() -> tuple[Sessions, ManualClock]:
    # The links' own signatures carry the machine's time, so the hand-moved clock starts there.
    clock = ManualClock(datetime.now(UTC).replace(microsecond=0))
    return Sessions(SECRET, secure=True, clock=clock), clock


def link(payload: object, secret: str = SECRET, salt: str = "candor-signin") -> str:
    return str(URLSafeTimedSerializer(secret, salt=salt, signer_kwargs=SIGNED_BY).dumps(payload))


async def test_a_link_opens_one_session_with_its_role() -> None:
    sessions, clock = started()
    session = await sessions.sign_in(sessions.link_token(Role.OPERATOR), MemoryNonces())
    assert (session.role, session.began, session.seen) == (Role.OPERATOR, clock.now(), clock.now())


async def test_a_link_made_elsewhere_with_the_secret_is_taken() -> None:
    sessions, _ = started()
    session = await sessions.sign_in(link({"role": "admin", "nonce": NONCE}), MemoryNonces())
    assert session.role is Role.ADMIN


async def test_a_link_works_once() -> None:
    sessions, _ = started()
    token, nonces = sessions.link_token(Role.VIEWER), MemoryNonces()
    await sessions.sign_in(token, nonces)
    with pytest.raises(Problem) as caught:
        await sessions.sign_in(token, nonces)
    assert (caught.value.status, caught.value.code) == (401, "link_invalid")


@pytest.mark.parametrize("age", [LINK_AGE + timedelta(seconds=2), -LINK_AGE - timedelta(seconds=2)])
async def test_a_link_is_good_for_ten_minutes(age: timedelta) -> None:
    sessions, clock = started()
    token = sessions.link_token(Role.VIEWER)
    clock.advance(age)
    with pytest.raises(Problem, match="link_invalid"):
        await sessions.sign_in(token, MemoryNonces())


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        link({"role": "admin", "nonce": NONCE}, secret="another secret of at least thirty-two characters"),
        link({"role": "admin", "nonce": NONCE}, salt="candor-session"),
        link({"role": "owner", "nonce": NONCE}),
        link({"role": "admin"}),
        link({"nonce": NONCE}),
        link({"role": 4, "nonce": NONCE}),
        link({"role": "admin", "nonce": 1}),
        link({"role": "admin", "nonce": "short"}),
        link({"role": "admin", "nonce": "x" * 129}),
        link(["admin", NONCE]),
        link("admin"),
        str(URLSafeSerializer(SECRET, salt="candor-signin").dumps({"role": "admin", "nonce": NONCE})),
    ],
    ids=range(15),
)
async def test_every_other_link_gets_the_same_answer(token: str) -> None:
    sessions, _ = started()
    with pytest.raises(Problem) as caught:
        await sessions.sign_in(token, MemoryNonces())
    assert caught.value.code == "link_invalid"


def session_of(clock: ManualClock, role: Role = Role.OPERATOR) -> Session:
    return Session("s-1", role, clock.now(), clock.now(), "robin")


def test_a_cookie_is_read_back() -> None:
    sessions, clock = started()
    assert sessions.read(sessions.encode(session_of(clock))) == session_of(clock)


def test_a_session_ends_when_nobody_uses_it() -> None:
    sessions, clock = started()
    cookie = sessions.encode(session_of(clock))
    clock.advance(IDLE)
    assert sessions.read(cookie)
    clock.advance(timedelta(seconds=1))
    assert sessions.read(cookie) is None


def test_a_session_ends_even_in_use() -> None:
    sessions, clock = started()
    session = session_of(clock)
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        clock.advance(timedelta(minutes=20))
        session = session._replace(seen=clock.now())
        assert sessions.read(sessions.encode(session)) == session
    clock.advance(timedelta(seconds=1))
    assert sessions.read(sessions.encode(session._replace(seen=clock.now()))) is None


def test_a_cookie_is_renewed_now_and_then() -> None:
    sessions, clock = started()
    session = session_of(clock)
    assert not sessions.due(session)
    clock.advance(timedelta(minutes=1))
    assert sessions.due(session)


def test_the_cookie_is_hidden_from_scripts_and_other_sites() -> None:
    sessions, clock = started()
    response = Response()
    sessions.set_cookie(response, session_of(clock))
    name, _, rest = response.headers["set-cookie"].partition("=")
    assert name == "__Host-candor-session"
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert attributes == {"httponly", "samesite=lax", "secure", "path=/"}


def test_signing_out_takes_the_cookie_away() -> None:
    sessions, _ = started()
    response = Response()
    sessions.end(response)
    assert "Max-Age=0" in response.headers["set-cookie"]


@pytest.mark.parametrize(
    ("secure", "prefix", "cleared"), [(True, "", '"cache", "storage"'), (True, "/candor", '"cache"'), (False, "", None)]
)
def test_signing_out_clears_what_the_browser_keeps_and_nothing_of_the_neighbours(
    secure: bool, prefix: str, cleared: str | None
) -> None:
    response = Response()
    Sessions(SECRET, secure=secure, prefix=prefix).end(response)
    assert response.headers.get("clear-site-data") == cleared


def test_a_page_may_ask_for_a_role() -> None:
    sessions, clock = started()
    cookie = sessions.encode(session_of(clock, Role.OPERATOR))
    assert sessions.require(cookie, Role.OPERATOR)
    with pytest.raises(Problem) as caught:
        sessions.require(cookie, Role.ADMIN)
    assert caught.value.status == 403
    with pytest.raises(Problem) as caught:
        sessions.require(None)
    assert (caught.value.status, caught.value.code) == (401, "session_invalid")


def test_a_link_is_no_cookie_and_another_secrets_cookie_neither() -> None:
    sessions, clock = started()
    other = Sessions("another secret of at least thirty-two characters", secure=True, clock=clock)
    assert sessions.read(sessions.link_token(Role.ADMIN)) is None
    assert sessions.read(other.encode(session_of(clock))) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        [],
        {"id": "a", "role": "admin", "began": "x", "seen": 0},
        {"id": "a", "role": "admin", "began": 1e300, "seen": 1e300},
        {"id": "a", "role": "admin", "began": None, "seen": None},
        {"id": "a", "role": None, "began": 0, "seen": 0},
    ],
)
def test_a_signed_cookie_of_another_shape_is_none(fields: object) -> None:
    sessions, _ = started()
    assert (
        sessions.read(str(URLSafeSerializer(SECRET, salt="candor-session", signer_kwargs=SIGNED_BY).dumps(fields)))
        is None
    )


@given(st.text(max_size=80))
def test_any_text_is_no_cookie(text: str) -> None:
    assert started()[0].read(text) is None


def test_a_new_secret_signs_while_the_one_before_it_still_verifies() -> None:
    clock = ManualClock(datetime.now(UTC).replace(microsecond=0))
    live = [SECRET]
    sessions = Sessions(lambda: tuple(live), secure=True, clock=clock)
    before = sessions.encode(session_of(clock))
    live.insert(0, "5fd924625f6ab16a19cc9807c7c506ae")
    after = sessions.encode(session_of(clock))
    assert sessions.read(before)
    assert sessions.read(after)
    live.pop()
    assert sessions.read(before) is None
    assert sessions.read(after)


def test_nothing_is_signed_with_sha_1() -> None:
    sessions, clock = started()
    text, _, signature = sessions.encode(session_of(clock)).rpartition(".")
    digest = hmac.new(hmac.new(SECRET.encode(), b"candor-session", hashlib.sha256).digest(), text.encode(), "sha256")
    assert base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode() == signature
