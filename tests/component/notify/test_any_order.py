"""Whatever order events come in, however often, and whatever the mail server does: the promises of the README hold."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from candor.contracts import Message, Standing
from tests.support.clocks import NOON
from tests.support.notify import DUE, FINE, LATE, Desk, contact, gap, promise, withdrawn

FATES = ["none", "drop_in_data", "drop_before_reply", "refuse_for_now"]


def story(chance: random.Random, name: str) -> list[Message]:
    """A promise's life: gaps that rise and fall, maybe a withdrawal, an end."""
    events = [promise(name, name), contact(name, email=f"{name}@customer.example")]
    at = NOON
    for version in range(1, chance.randint(4, 9)):
        at += timedelta(minutes=chance.randint(1, 90))
        shift = timedelta(minutes=chance.randint(-20, 240))
        late = msgspec.structs.replace(
            LATE, p_slip=chance.random(), p50=DUE + shift, p80=DUE + shift + timedelta(minutes=40)
        )
        events.append(gap(version, chance.choice([late, LATE, FINE]), name=name, customer=name, at=at))
    if chance.random() < 0.3:
        events.append(withdrawn(name, name))
    standing = chance.choice([Standing.KEPT, Standing.BROKEN, Standing.CANCELLED, Standing.OPEN])
    done = at + timedelta(minutes=30) if standing in (Standing.KEPT, Standing.BROKEN) else None
    events.append(gap(20, None, standing, name=name, customer=name, at=at + timedelta(minutes=30), completed=done))
    return events


@pytest.mark.parametrize("trial", range(4))
async def test_messages_are_never_doubled_and_unknown_ones_are_held(
    desk_: Desk, seeded: random.Random, trial: int
) -> None:
    names = [f"p{number}" for number in range(6)]
    stories = {name: story(seeded, name) for name in names}
    sent: list[Message] = []
    while any(stories.values()):
        name = seeded.choice([name for name in names if stories[name]])
        batch = [stories[name].pop(0)]
        sent += batch
        if seeded.random() < 0.5:
            batch += seeded.sample(sent, min(3, len(sent)))
        await desk_.later(seeded.randint(0, 20), *batch)
        if seeded.random() < 0.6:
            await desk_.database.pool.execute("UPDATE delivery SET next_at = now() WHERE state = 'pending'")
            desk_.faults.kind, desk_.faults.left = type(desk_.faults.kind)(seeded.choice(FATES)), seeded.randint(0, 1)
            await desk_.send()
            desk_.faults.left = 0
    notices = await desk_.notices()
    ids = Counter(str(mail.parsed()["Message-ID"]) for mail in desk_.received())
    assert set(ids.values()) <= {1}
    states = {f"<{row['notice_id']}@mail.test>": row["state"] for row in notices}
    assert {states[name] for name in ids} <= {"sent", "unknown"}
    assert {name for name, state in states.items() if state == "sent"} <= set(ids)
    once = Counter((row["promise_id"], row["episode"], row["statement"]) for row in notices if row["state"] == "sent")
    assert all(count == 1 for (_, _, statement), count in once.items() if statement != "update")
    for row in notices:
        assert (row["told_low"] is None) == (row["told_high"] is None)
        assert row["state"] == "suppressed" or row["body"]
    # What was withheld at the end of the last turn is decided upon afresh at the next tick, repeats or not.
    await desk_.later(0)
    history = await desk_.states()
    # No time passes meanwhile: an update that comes due by the clock would be none of the repeats' doing.
    await desk_.later(0, *sent)
    assert [state for state in await desk_.states() if state not in history] == []
