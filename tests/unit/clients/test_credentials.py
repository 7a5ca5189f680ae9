"""What proves us to another system, as it is at each use."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from candor.clients.calling import CallError, Calling, DeniedError, RefusedError
from candor.clients.credentials import ClientCredentials, Fixed, Secret
from candor.clients.pages import proven
from tests.support.stand_in import StandIn, standing_in, status


async def test_a_changed_file_counts_from_the_next_use_on(tmp_path: Path) -> None:
    file = tmp_path / "token"
    fixed = Fixed(Secret(file, ""))
    file.write_text("first\n")
    assert await fixed.token() == "first"
    file.write_text("second")
    assert await fixed.token() == "second"
    file.unlink()
    with pytest.raises(RefusedError, match="token: No such file"):
        await fixed.token()
    file.write_text("two\nlines")
    with pytest.raises(RefusedError, match="must hold one line") as caught:
        await fixed.token()
    assert "two" not in caught.value.words


async def test_a_variable_is_read_at_each_use(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = Fixed(Secret(None, "CRM_TOKEN"))
    with pytest.raises(RefusedError, match="the environment has no CRM_TOKEN"):
        await fixed.token()
    monkeypatch.setenv("CRM_TOKEN", " word ")
    assert await fixed.token() == "word"


class Tokens:
    """An OAuth server that gives t1, t2 … for the right secret."""

    def __init__(self, **more: Any) -> None:
        self.given = 0
        self.more = {"expires_in": 3_600, **more}

    def answer(self, _request: Request, raw: bytes) -> Response:
        form = parse_qs(raw.decode())
        if form.get("client_secret") != ["a secret"]:
            return JSONResponse({"error": "invalid_client"}, 401)
        assert (form["grant_type"], form["client_id"]) == (["client_credentials"], ["candor"])
        self.given += 1
        return JSONResponse({"access_token": f"t{self.given}", "token_type": "Bearer", **self.more})


class Seconds:
    """A monotonic clock that stands still."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def server(tokens: Tokens) -> StandIn:
    return StandIn(tokens.answer)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Secret:
    monkeypatch.setenv("CRM_SECRET", "a secret")
    return Secret(None, "CRM_SECRET")


def credentials(stand_in: StandIn, secret: Secret, clock: Seconds) -> ClientCredentials:
    return ClientCredentials(Calling(f"{stand_in.base}/token"), "candor", secret, "read", clock)


async def test_a_token_is_kept_until_a_minute_before_its_end(secret: Secret) -> None:
    clock, stand_in = Seconds(), server(Tokens())
    async with standing_in(stand_in):
        found = credentials(stand_in, secret, clock)
        assert [await found.token(), await found.token()] == ["t1", "t1"]
        clock.now += 3_539
        assert await found.token() == "t1"
        clock.now += 1
        assert await found.token() == "t2"
        assert b"scope=read" in stand_in.asked[0][3]


async def test_a_token_that_is_refused_is_fetched_anew_once(secret: Secret) -> None:
    stand_in = server(Tokens())
    async with standing_in(stand_in):
        found = credentials(stand_in, secret, Seconds())
        used = []

        async def send(token: str) -> Any:
            used.append(token)
            if token != "t2":
                raise DeniedError("status 401")
            return token

        said: Any = await proven(found, send)
        assert said == "t2"
        assert used == ["t1", "t2"]

        async def never(token: str) -> Any:
            raise DeniedError("status 401")

        with pytest.raises(DeniedError):
            await proven(found, never)
        assert len(stand_in.asked) == 3


@pytest.mark.parametrize("more", [{"access_token": 7}, {"access_token": "two\r\nlines"}, {"access_token": None}])
async def test_what_is_no_token_is_none(secret: Secret, more: dict[str, Any]) -> None:
    stand_in = server(Tokens(**more))
    async with standing_in(stand_in):
        with pytest.raises(RefusedError, match="no access_token"):
            await credentials(stand_in, secret, Seconds()).token()


@pytest.mark.parametrize("seconds", ["soon", True, -5, None])
async def test_a_strange_end_is_a_short_one(secret: Secret, seconds: Any) -> None:
    clock, stand_in = Seconds(), server(Tokens(expires_in=seconds))
    async with standing_in(stand_in):
        found = credentials(stand_in, secret, clock)
        await found.token()
        clock.now += 600
        assert await found.token() == "t2"


async def test_a_wrong_secret_is_said_with_its_place_and_not_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", "wrong word")
    stand_in = server(Tokens())
    async with standing_in(stand_in):
        found = credentials(stand_in, Secret(None, "CRM_SECRET"), Seconds())
        with pytest.raises(DeniedError, match="token address: status 401") as caught:
            await found.token()
        stand_in.faults.append(status(503))
        with pytest.raises(CallError):
            await found.token()
    assert "wrong" not in caught.value.words
