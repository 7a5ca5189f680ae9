"""A channel that lives in this file alone, end to end: decided, composed, delivered, with every fate there is."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from candor.contracts import NoticeState
from candor.ops.metrics import REGISTRY
from candor.store.unit_of_work import unit_of_work
from notify_svc.channels import Begin, Fate, Form, Message, Outcome
from notify_svc.delivery import claims, resolve
from notify_svc.delivery.figures import Figures
from notify_svc.domain.facts import Reason
from notify_svc.domain.freshness import Freshness
from notify_svc.domain.identity import delivery_id
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build
from tests.support.notify import LATE, PRIVATE, REACH, Desk, contact, desk, gap, prepare, promise
from tests.support.servers import Databases

UNSENT = (Fate.LATER, Fate.REFUSED, Fate.REFUSED_RECIPIENT)


@dataclass
class Pager:
    """Writes pages to a list; `script` are the fates of the attempts to come, SENT once it is empty."""

    script: list[Fate] = field(default_factory=list)
    pages: list[Message] = field(default_factory=list)
    form: Form = field(default_factory=lambda: Form(subject=False, html=False, longest=2000))
    final_seconds: float = 1
    name: str = "pager"
    address_kind: str = "pager"

    def normalise(self, address: str) -> str | None:
        digits = address.replace(" ", "")
        return digits if digits.isdigit() else None

    async def send(self, message: Message, begin: Begin) -> Outcome:
        fate = self.script.pop(0) if self.script else Fate.SENT
        if fate in UNSENT:
            return Outcome(fate, "dial", "busy", provider_id="dial")
        if not await begin():
            return Outcome(Fate.ABORTED, "final")
        self.pages.append(message)
        return Outcome(fate, "page", "ok", provider_id=f"page-{len(self.pages)}")

    async def check(self) -> None:
        return


@dataclass
class FailingPager(Pager):
    """Raises or hangs, before or after `begin`."""

    after_begin: bool = False
    hangs: bool = False

    async def send(self, message: Message, begin: Begin) -> Outcome:
        if self.after_begin:
            await begin()
        if self.hangs:
            await asyncio.Event().wait()
        raise RuntimeError("the line is dead")


@pytest.fixture
def pager() -> Pager:
    return Pager()


@pytest_asyncio.fixture(loop_scope="session")
async def paged(databases: Databases, tmp_path: Path, pager: Pager) -> AsyncIterator[Desk]:
    """A desk with e-mail and a pager, and a customer who has both and prefers the pager."""
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, channels=[pager]) as found:
        await found.take(promise(), contact(**PAGED), gap(1))
        yield found
    await databases.drop(url)


PAGED: dict[str, Any] = {"addresses": {"pager": "555 01"}, "channels": ["pager", "email"]}


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize(("after_begin", "state"), [(False, "pending"), (True, "unknown")])
async def test_a_channel_that_raises_or_hangs_ends_its_own_attempt_alone(
    databases: Databases, tmp_path: Path, hangs: bool, after_begin: bool, state: str
) -> None:
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, channels=[FailingPager(after_begin=after_begin, hangs=hangs)]) as found:
        found.patience = dataclasses.replace(found.patience, lease=0.5)
        await found.take(promise(), contact(**PAGED), gap(1))
        await found.later(5)
        assert await found.send() == 1
        assert [(channel, one) for channel, one, _ in await deliveries(found)] == [("pager", state)]
    await databases.drop(url)


class WrongPager(Pager):
    """Cannot read an address."""

    def normalise(self, address: str) -> str | None:
        raise LookupError(address)


async def test_a_channel_that_cannot_read_an_address_leaves_it_to_the_next(
    databases: Databases, tmp_path: Path
) -> None:
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, channels=[WrongPager()]) as found:
        with capture_logs() as said:
            await found.take(promise(), contact(**PAGED), gap(1))
            await found.later(5)
            assert await found.send() == 1
        assert [channel for channel, _, _ in await deliveries(found)] == ["email"]
        assert {"event": "address not read", "channel": "pager", "error": "LookupError"}.items() <= said[0].items()
        assert "555" not in str(said)
    await databases.drop(url)


async def deliveries(desk: Desk) -> list[tuple[str, str, str]]:
    rows = await desk.database.pool.fetch("SELECT channel, state, outcome FROM delivery ORDER BY created_at")
    return [tuple(row) for row in rows]


async def test_a_page_goes_out_once_in_the_pagers_form_and_no_mail_does(paged: Desk, pager: Pager) -> None:
    await paged.later(5)
    assert await paged.send() == 1
    assert await paged.send() == 0
    [page] = pager.pages
    [notice] = await paged.notices()
    said = (notice["subject"], notice["body"], notice["html"], notice["reply_to"])
    assert page.delivery_id == delivery_id(notice["notice_id"], "pager", said)
    assert (page.address, page.subject, page.html) == ("55501", "", "")
    assert page.text == notice["body"]
    assert (notice["state"], notice["delivery_state"], notice["html"]) == ("sent", "sent", "")
    assert (notice["provider_code"], notice["provider_id"], notice["phase"]) == ("ok", "page-1", "final")
    assert paged.received() == []
    assert "55501" not in str(notice)


async def test_a_busy_line_is_tried_again_as_the_same_delivery(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.LATER]
    await paged.later(5)
    assert await paged.send() == 1
    assert await paged.states() == [("warning", "pending", "try_later")]
    await paged.retry_now()
    await paged.send()
    [notice] = await paged.notices()
    assert (notice["state"], notice["attempts"]) == ("sent", 2)


async def test_an_unknown_page_is_held_until_a_person_settles_it(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.UNKNOWN]
    await paged.later(5)
    await paged.send()
    assert await paged.states() == [("warning", "unknown", "outcome_unknown")]
    await paged.retry_now()
    await paged.later(20, gap(2, LATE, at=paged.clock.now()))
    assert await paged.send() == 0
    [notice] = await paged.notices()
    async with unit_of_work(paged.database) as uow:
        assert await resolve.resolve(uow, notice["notice_id"], "p1", paged.clock.now(), sent=True)
    assert await deliveries(paged) == [("pager", "sent", "operator_sent")]
    assert len(pager.pages) == 1


ALONE: dict[str, Any] = {"email": "", "addresses": {"pager": "555 01"}, "channels": ["pager"]}


async def test_a_page_refused_for_good_fails_and_is_shown_where_there_is_no_other_channel(
    paged: Desk, pager: Pager
) -> None:
    pager.script = [Fate.REFUSED]
    await paged.take(contact(version=2, **ALONE))
    await paged.later(5)
    await paged.send()
    assert await paged.states() == [("warning", "failed", "refused")]
    assert await deliveries(paged) == [("pager", "failed", "refused")]


async def answer(desk: Desk) -> tuple[str | None, str]:
    """The provider's code and id, as the delivery keeps them."""
    [notice] = await desk.notices()
    return notice["provider_code"], notice["provider_id"]


async def test_an_attempt_keeps_no_answer_of_the_one_before(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.LATER]
    await paged.later(5)
    await paged.send()
    assert await answer(paged) == ("busy", "dial")
    await paged.retry_now()
    async with unit_of_work(paged.database) as uow:
        [held] = await claims.claim(uow, "a", ["pager"], 1, 30, 60, paged.clock.now())
        assert await claims.finalise(uow, [held], 30, 60)
    await paged.leases_run_out()
    async with unit_of_work(paged.database) as uow:
        assert await claims.expire(uow, paged.clock.now(), 30) == 1
    assert await paged.states() == [("warning", "unknown", "outcome_unknown")]
    assert await answer(paged) == (None, "")


async def test_an_attempt_that_ends_without_an_answer_keeps_none(paged: Desk, pager: Pager) -> None:
    await paged.later(5)
    async with unit_of_work(paged.database) as uow:
        [held] = await claims.claim(uow, "a", ["pager"], 1, 30, 60, paged.clock.now())
    await paged.database.pool.execute("UPDATE delivery SET provider_id = 'given on the way'")
    async with unit_of_work(paged.database) as uow:
        lost = Outcome(Fate.LATER, "dial")
        await claims.finish(
            uow, held, NoticeState.PENDING, Reason.TRY_LATER, paged.clock.now(), outcome=lost, recipient="hash"
        )
    assert await answer(paged) == ("", "")


async def test_what_is_queued_again_has_no_answer_yet(paged: Desk, pager: Pager) -> None:
    pager.script = [Fate.REFUSED]
    await paged.take(contact(version=2, **ALONE))
    await paged.later(5)
    await paged.send()
    assert await answer(paged) == ("busy", "dial")
    await paged.take(contact(version=3, **ALONE))
    assert await paged.states() == [("warning", "pending", "slip_held")]
    assert await answer(paged) == (None, "")


async def test_a_letter_too_long_for_the_pager_is_held_with_the_reason(paged: Desk, pager: Pager) -> None:
    pager.form = dataclasses.replace(pager.form, longest=40)
    await paged.later(5)
    assert await paged.states() == [("warning", "held", "lint")]
    assert await deliveries(paged) == []
    findings = (await paged.notices())[0]["findings"]
    assert "too_long" in findings


async def test_a_sender_without_the_pager_leaves_pages_to_one_that_has_it(paged: Desk, pager: Pager) -> None:
    await paged.later(5)
    assert await paged.send(port=1) == 0
    assert await paged.states() == [("warning", "pending", "slip_held")]
    assert await paged.send() == 1


async def waited_in_vain(desk: Desk) -> None:
    await desk.database.pool.execute("UPDATE delivery SET next_at = now() - interval '1 hour' WHERE state = 'pending'")


async def test_a_page_whose_channel_was_taken_away_is_counted_at_once_and_told_by_mail_after_an_hour(
    paged: Desk, pager: Pager
) -> None:
    await paged.later(5)
    paged.speaker = dataclasses.replace(paged.speaker, reach=REACH)
    assert await paged.send(port=1) == 0
    with capture_logs() as said:
        await Figures(paged.database, ["email"], Freshness((), 60)).measure()
    assert [
        (line["channel"], line["waiting"])
        for line in said
        if line["event"] == "deliveries wait for a channel that is not configured"
    ] == [("pager", 1)]
    assert REGISTRY.get_sample_value("candor_deliveries_without_channel", {"channel": "pager"}) == 1
    await waited_in_vain(paged)
    assert await paged.send(port=1) == 1
    assert await paged.states() == [("warning", "suppressed", "channel_gone")]
    await paged.later(0)
    assert await paged.send(seconds=2) == 1
    assert await deliveries(paged) == [("pager", "suppressed", "channel_gone"), ("email", "sent", "delivered")]
    assert (pager.pages, len(paged.received())) == ([], 1)


async def test_who_has_no_other_address_is_shown_as_not_reached(paged: Desk) -> None:
    await paged.take(contact(version=2, addresses={"pager": "555 01"}, channels=["pager"]))
    await paged.later(5)
    paged.speaker = dataclasses.replace(paged.speaker, reach=REACH)
    await waited_in_vain(paged)
    assert await paged.send() == 1
    await paged.later(0)
    assert [reason for _, _, reason in await paged.states()] == ["channel_gone", "bad_contact"]


async def test_a_page_goes_out_if_its_channel_comes_back_however_late(paged: Desk, pager: Pager) -> None:
    await paged.later(5)
    assert await paged.send(port=1) == 0
    await waited_in_vain(paged)
    assert await paged.send() == 1
    assert (await paged.states(), len(pager.pages)) == ([("warning", "sent", "delivered")], 1)


async def test_a_new_contact_that_prefers_mail_is_told_by_mail_and_by_nothing_else(paged: Desk, pager: Pager) -> None:
    await paged.later(5)
    await paged.take(contact(version=2, addresses={"pager": "555 01"}, channels=["email"]), tick=True)
    assert await paged.send() == 1
    assert await paged.states() == [("warning", "suppressed", "superseded")]
    await paged.later(0)
    assert await paged.send() == 1
    assert [channel for channel, state, _ in await deliveries(paged) if state == "sent"] == ["email"]
    assert pager.pages == []
    assert len(paged.received()) == 1


@pytest.mark.parametrize("fate", [Fate.SENT, Fate.UNKNOWN])
async def test_the_database_allows_no_second_channel_to_what_went_out_or_may_have(
    paged: Desk, pager: Pager, fate: Fate
) -> None:
    pager.script = [fate]
    await paged.later(5)
    await paged.send()
    with pytest.raises(asyncpg.UniqueViolationError):
        await paged.database.pool.execute(
            "INSERT INTO delivery (delivery_id, notice_id, channel, recipient, state, outcome, changed_at) "
            "SELECT 'other', notice_id, 'email', 'hash', 'pending', 'slip_held', now() FROM notice"
        )


def test_the_service_takes_one_more_channel_and_refuses_one_that_outlasts_a_claim(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(PRIVATE)
    settings = NotifySettings(contact_private_key_file=key)
    assert build(settings, channels=[Pager()])
    assert sorted(settings.channels([Pager()])) == ["email", "pager"]
    with pytest.raises(ValueError, match="CLAIM_SECONDS must be longer than the 90 s that one message by pager"):
        build(settings, channels=[Pager(final_seconds=90)])
