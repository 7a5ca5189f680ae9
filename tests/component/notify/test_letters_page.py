"""docs/letters.md: twenty letters, each of a run through the real decisions, database and mail server."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from notify_svc.compose.house import Houses, parse
from tests.component.notify.letter_stories import HOUSE, STORIES
from tests.support.notify import Desk

PAGE = Path(__file__).parents[3] / "docs/letters.md"
INTRODUCTION = f"""# Twenty letters

What customers read, as it arrived in a mailbox: each letter here ends a story of events that ran through
notify-svc, its database and a mail server, with the `LETTERS_FILE` below. `make letters` runs them all and writes
this page; a test compares. HTML has the same sentences, with the options as a table.

What to look for when a template changes, reading aloud: does the bad news come first; is it clear who writes, what
happened, what it means, what is done and what one may choose; is anything said twice; would you send it to somebody
whom you want to keep as a customer?

```yaml
{HOUSE}```
"""


async def page(desk: Desk) -> str:
    """The page, with every letter as it arrived."""
    desk.speaker = replace(desk.speaker, houses=Houses(house=parse(HOUSE.encode())))
    found = [INTRODUCTION]
    for number, told in enumerate(STORIES, 1):
        found.append(f"## {number}. {told.title}\n\n```text\n{await told.run(desk, number)}```\n")
    return "\n".join(found)


async def test_the_page_has_the_letters_as_they_arrive(desk_: Desk) -> None:
    made = await page(desk_)
    if os.environ.get("LETTERS") == "write":
        PAGE.write_text(made)
    assert len(STORIES) == 20
    assert made == PAGE.read_text(), "run: make letters, and read what changed aloud"


async def test_no_letter_of_the_page_was_held_and_none_came_twice(desk_: Desk) -> None:
    await page(desk_)
    states = {state for _, state, _ in await desk_.states()}
    assert states <= {"sent", "suppressed"}
    bodies = [str(mail.parsed().get_body(("plain",)).get_content()) for mail in desk_.received()]  # type: ignore[union-attr]
    mails = list(zip((mail.recipients for mail in desk_.received()), bodies, strict=True))
    assert len(mails) == len(set(mails)) > 60
