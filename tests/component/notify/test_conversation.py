"""A whole conversation with a customer, over real SMTP: few messages, each with news, each once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import msgspec

from candor.contracts import Forecast, Standing
from notify_svc.compose.house import ActionRule, House, Houses
from notify_svc.domain.facts import Rules
from tests.support.clocks import NOON
from tests.support.notify import DUE, FINE, LATE, Desk, contact, gap, promise, revised

WORSE = msgspec.structs.replace(LATE, p50=DUE + timedelta(hours=3), p80=DUE + timedelta(hours=4))


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


async def test_warning_update_and_closing_word_form_one_thread(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    await desk_.later(10, gap(2, WORSE, at=NOON + timedelta(minutes=15)))
    await desk_.send()
    done = DUE + timedelta(hours=6)
    desk_.clock.set(done)
    await desk_.take(gap(3, None, Standing.BROKEN, at=done, completed=done))
    await desk_.send()
    first, second, third = [mail.parsed() for mail in desk_.received()]
    assert second["In-Reply-To"] == first["Message-ID"]
    assert third["In-Reply-To"] == second["Message-ID"]
    assert len({mail["References"].split()[0] for mail in (first, second, third)}) == 1
    assert text(second).startswith("Hello Pat,\r\n\r\nThis takes longer than we last said")
    assert "We last said: between Fri 8 Mar, 13:40 and 14:20." in text(second)
    assert text(third).startswith("Hello Pat,\r\n\r\nWe were late with this")
    await desk_.later(6_000, gap(4, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0


async def test_the_same_gap_again_says_nothing_more(desk_: Desk) -> None:
    same = gap(1)
    await desk_.take(promise(), contact(), same)
    await desk_.later(5)
    for _ in range(5):
        await desk_.later(1, same, promise(), contact())
    await desk_.send()
    assert len(desk_.received()) == 1


async def test_at_the_told_time_the_customer_hears_even_without_news(desk_: Desk) -> None:
    desk_.speaker = replace(desk_.speaker, rules=Rules(update_share=0.2))
    await desk_.warned()
    await desk_.send()
    [notice] = await desk_.notices()
    desk_.clock.set(notice["next_update_by"] - desk_.rules.update_early - timedelta(seconds=1))
    await desk_.take(tick=True)
    assert len(await desk_.states()) == 1
    await desk_.later(1 / 60)
    assert (await desk_.states())[1:] == [("update", "pending", "update_due")]
    await desk_.send()
    assert "Still not done, and we have nothing new to tell" in text(desk_.received()[1].parsed())
    assert (await desk_.notices())[1]["changed_at"] < notice["next_update_by"]


async def test_while_the_date_lies_ahead_every_word_is_announced_by_it_and_comes_by_then(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    [warning] = await desk_.notices()
    assert warning["next_update_by"] == DUE
    desk_.clock.set(DUE - timedelta(seconds=1))
    await desk_.take(tick=True)
    assert len(await desk_.states()) == 1
    await desk_.later(1 / 60)
    await desk_.send()
    _, update = await desk_.notices()
    assert (update["state"], update["spoken_for"], update["changed_at"]) == ("sent", "update_due", DUE)
    assert update["next_update_by"] >= DUE + Rules().update_min
    assert "on time" not in update["body"]


async def test_words_that_would_contradict_the_letter_are_left_out_of_it_and_recorded(desk_: Desk) -> None:
    odds = "there are 49 in 100 that it is still on time."
    careless = House.model_construct(actions=(ActionRule.model_construct(says={"*": odds}),))
    desk_.speaker = replace(desk_.speaker, houses=Houses(house=careless))
    await desk_.warned()
    [notice] = await desk_.notices()
    assert notice["state"] == "pending"
    assert odds not in notice["body"]
    assert f"contradiction: 49 in 100, in '{odds}'" in notice["evidence"]
    assert await desk_.send() == 1


async def test_without_news_and_without_a_time_the_words_come_rarer_up_to_the_longest_wait(desk_: Desk) -> None:
    await desk_.warned(forecast=Forecast(0.9, None, None, None, n=412))
    await desk_.send()
    waits = []
    for number in range(6):
        latest = (await desk_.notices())[number]
        waits.append(latest["next_update_by"] - latest["decided_at"])
        desk_.clock.set(latest["next_update_by"])
        await desk_.take(tick=True)
        assert await desk_.send() == 1
    assert "We cannot give you a time at the moment" in text(desk_.received()[-1].parsed())
    longest = Rules().update_max
    for before, after in itertools.pairwise(waits):
        assert after >= min(2 * before, longest)
    assert longest <= waits[-1] < longest + timedelta(days=1)


async def test_a_warning_still_waiting_gives_way_to_what_is_true_now(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.later(1, gap(2, WORSE, at=desk_.clock.now()))
    assert await desk_.states() == [
        ("warning", "suppressed", "superseded"),
        ("warning", "pending", "slip_held"),
    ]
    await desk_.send()
    [mail] = desk_.received()
    assert text(mail.parsed()).startswith("Hello Pat,\r\n\r\nWe are probably going to be late")


async def test_a_warning_that_never_went_out_needs_no_all_clear(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.later(1, gap(2, FINE, at=desk_.clock.now()))
    assert await desk_.states() == [("warning", "suppressed", "superseded")]
    assert await desk_.send() == 0


async def test_an_all_clear_said_in_place_of_one_taken_back_tells_its_own_range_and_no_other(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    await desk_.later(10, gap(2, FINE, at=desk_.clock.now()))
    assert (await desk_.notices())[1]["told_high"] is not None
    done = DUE - timedelta(minutes=1)
    desk_.clock.set(done)
    await desk_.take(gap(3, None, Standing.KEPT, at=done, completed=done))
    await desk_.send()
    assert (await desk_.states())[1] == ("all_clear", "suppressed", "superseded")
    await desk_.later(0)
    _, kept = await desk_.notices()
    assert (kept["spoken_for"], kept["told_low"], kept["told_high"]) == ("kept", None, None)
    assert await desk_.send() == 1
    assert "Done on time after all" in text(desk_.received()[1].parsed())


async def test_a_second_slip_is_a_second_episode(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    await desk_.later(10, gap(2, FINE, at=desk_.clock.now()))
    await desk_.send()
    await desk_.later(10, gap(3, LATE, at=desk_.clock.now() + timedelta(minutes=10)))
    await desk_.later(5)
    await desk_.send()
    assert [(row["episode"], row["statement"]) for row in await desk_.notices()] == [
        (1, "warning"),
        (1, "all_clear"),
        (2, "warning"),
    ]
    assert len(desk_.received()) == 3


async def test_cancelled_is_told_once_with_options_and_no_range(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, None, Standing.CANCELLED))
    await desk_.send()
    await desk_.later(600, gap(2, None, Standing.CANCELLED, at=desk_.clock.now()))
    await desk_.send()
    [mail] = desk_.received()
    content = text(mail.parsed())
    assert content.startswith("Hello Pat,\r\n\r\nThis is cancelled")
    assert "What you can do:" in content
    assert "between" not in content


async def test_a_gap_before_its_promise_waits_for_it(desk_: Desk) -> None:
    await desk_.take(gap(1))
    await desk_.later(30)
    assert await desk_.states() == []
    await desk_.take(contact(), promise())
    assert await desk_.states() == [("warning", "pending", "slip_held")]


async def test_another_agreed_date_quiets_a_slip_against_the_old_one(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1))
    await desk_.later(6, revised(DUE + timedelta(days=2)))
    assert await desk_.states() == []


async def test_a_backlog_is_not_news(desk_: Desk) -> None:
    desk_.lag = 61.0
    await desk_.warned()
    assert await desk_.states() == []
    desk_.lag = 0.0
    await desk_.later(0)
    assert await desk_.states() == [("warning", "pending", "slip_held")]


async def test_what_waited_too_long_is_not_sent_but_said_afresh(desk_: Desk) -> None:
    await desk_.warned()
    desk_.clock.set((await desk_.notices())[0]["next_update_by"])
    assert await desk_.send() == 1
    assert await desk_.states() == [("warning", "suppressed", "stale")]
    assert desk_.received() == []
    at = desk_.clock.now()
    fresh = msgspec.structs.replace(LATE, p50=at + timedelta(minutes=30), p80=at + timedelta(minutes=90))
    await desk_.later(0, gap(2, fresh, at=at))
    assert (await desk_.states())[-1] == ("warning", "pending", "slip_held")


async def test_many_customers_each_get_their_own_and_only_their_own(desk_: Desk) -> None:
    for number in range(20):
        name, customer = f"p{number}", f"c{number}"
        about = (promise(name, customer), contact(customer, email=f"{customer}@customer.example"))
        await desk_.take(*about, gap(1, name=name, customer=customer))
    await desk_.later(5)
    while await desk_.send():
        pass
    assert sorted(mail.recipients for mail in desk_.received()) == sorted(
        (f"c{number}@customer.example",) for number in range(20)
    )
