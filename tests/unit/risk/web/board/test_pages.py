"""The words of a page of the board, and how a search goes about upper and lower case."""

from __future__ import annotations

from types import SimpleNamespace

from candor.store.errors import StoreUnavailable
from candor.web.http.listings import Total
from risk_svc.store.search import starts
from risk_svc.web.board.frame import turn
from risk_svc.web.board.style import page_words


def test_an_id_is_looked_up_in_each_way_to_write_its_first_letters() -> None:
    assert starts("a-1") == ["a-1", "A-1"]
    assert starts("7") == ["7"]
    assert len(starts("abcdefgh")) == 16
    assert starts("ab1cdef")[0] == "ab1cd"


def test_a_page_says_which_of_how_many() -> None:
    assert page_words(2, 25, Total(10_002, True)) == "26–50 of 10,002 promises"
    assert page_words(1, 1, Total(1, True)) == "1–1 of 1 promise"
    assert page_words(1, 25, Total(100_000, False)) == "1–25 of more than 100,000 promises"
    assert page_words(1, 0, Total(0, True)) == "no promises"
    assert page_words(1, 2, Total(2, True), "account") == "1–2 of 2 accounts"


async def test_a_page_is_refreshed_while_its_browser_is_there_and_tells_whether_it_could_read() -> None:
    done, told = [], []
    page = SimpleNamespace(has_socket_connection=False)

    async def refresh() -> None:
        done.append(1)
        if len(done) > 1:
            raise StoreUnavailable("the database does not answer")

    once = turn(page, lambda _began, *, failed: told.append(failed), refresh)
    await once()
    assert (done, told) == ([], [])
    page.has_socket_connection = True
    await once()
    await once()
    assert (len(done), told) == (2, [False, True])
