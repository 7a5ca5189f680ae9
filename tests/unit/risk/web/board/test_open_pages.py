"""How many pages and sockets of the board there may be, by session and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from starlette.types import Message, Receive, Scope, Send

from risk_svc.web.board.access import SESSION
from risk_svc.web.board.open_pages import GONE, OpenPages, Page, PagesMiddleware, Tidying


@dataclass
class Made:
    """A page in memory, gone once it is deleted."""

    id: str
    session: str
    created: float
    among: dict[str, Made] = field(repr=False)

    def delete(self) -> None:
        del self.among[self.id]


@dataclass
class Site:
    """A process's pages; `opens` opens one, if it may."""

    held: OpenPages
    there: dict[str, Made]
    number: int = 0

    @classmethod
    def of(cls, most: int, most_a_session: int) -> Site:
        there: dict[str, Made] = {}

        def owner(page: Page) -> str:
            return there[page.id].session

        return cls(OpenPages(most, most_a_session, there.values, owner), there)

    def opens(self, session: str, *, socket: bool = False) -> bool:
        if not self.held.make_room(session):
            return False
        self.number += 1
        page = self.there[str(self.number)] = Made(str(self.number), session, self.number, self.there)
        if socket:
            self.held.connected(page)
        return True

    def open(self) -> list[str]:
        return list(self.there)


def test_the_oldest_page_without_a_socket_makes_room_in_its_session() -> None:
    site = Site.of(most=100, most_a_session=3)
    assert site.opens("ada", socket=True)
    assert [site.opens("ada") for _ in range(50)] == [True] * 50
    assert site.open() == ["1", "50", "51"]
    assert site.opens("bo")


def test_a_session_whose_pages_all_have_a_socket_gets_no_other_one_until_it_closes_one() -> None:
    site = Site.of(most=100, most_a_session=2)
    assert [site.opens("ada", socket=True) for _ in range(3)] == [True, True, False]
    site.there["1"].delete()
    assert site.opens("ada", socket=True)


def test_in_all_whoever_holds_most_makes_room_first() -> None:
    site = Site.of(most=4, most_a_session=100)
    assert site.opens("bo")
    assert [site.opens("ada") for _ in range(3)] == [True] * 3
    assert site.opens("cy")
    assert site.open() == ["1", "3", "4", "5"]


async def through(held: OpenPages, kind: str, path: str = "/board/") -> Sequence[Message]:
    sent: list[Message] = []

    async def inside(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "reached"})
        if kind == "websocket" and len(sent) < 3:
            # Another socket of the same session while this one is open.
            sent.extend(await through(held, kind))

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": kind, "path": path, "state": {SESSION: "ada"}, "headers": [], "method": "GET"}
    await PagesMiddleware(inside, held)(scope, receive, send)
    return sent


async def test_one_page_too_many_is_a_page_that_says_so() -> None:
    site = Site.of(most=100, most_a_session=1)
    assert [one["type"] for one in await through(site.held, "http")] == ["reached"]
    site.opens("ada", socket=True)
    [start, body] = await through(site.held, "http")
    assert (start["status"], b"Too many pages" in body["body"]) == (429, True)
    # What an open page goes on to fetch is no page.
    assert [one["type"] for one in await through(site.held, "http", "/board/_nicegui/x.js")] == ["reached"]
    # Nor is a file.
    assert [one["type"] for one in await through(site.held, "http", "/board/accounts.csv")] == ["reached"]


async def test_sockets_of_a_session_are_bounded_and_counted_down() -> None:
    held = OpenPages(100, 2, list, str)
    for _ in range(2):
        sent = await through(held, "websocket")
        assert [one["type"] for one in sent] == ["reached", "reached", "websocket.close"]


@pytest.mark.parametrize(("gone", "looks", "collected"), [(GONE - 1, 1, 0), (GONE, 1, 1), (1, 2, 1), (0, 2, 0)])
def test_memory_is_given_back_once_many_pages_are_gone_or_some_in_a_quiet_moment(
    gone: int, looks: int, collected: int
) -> None:
    done: list[int] = []

    class Garbage:
        def collect(self) -> bool:
            done.append(1)
            return True

    held = OpenPages(100, 100, list, str)
    for number in range(gone):
        held.deleted(Made(str(number), "ada", 0, {}))
    tidying = Tidying(held, Garbage())
    for _ in range(looks):
        tidying.look()
    assert (len(done), held.gone) == (collected, 0 if collected else gone)
