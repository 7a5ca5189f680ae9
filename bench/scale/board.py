"""Thousands of page views of the board: what the web role keeps of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from bench.scale.promises import live
from bench.scale.scenario import Finding, Scenario, at_most, said
from bench.scale.site import Site
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions

WARM: Final = 50
AT_ONCE: Final = 4
A_WHILE: Final = 60.0
GROWTH: Final = 1.1
PROMISES: Final = 100


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Sign in, view a few pages, then many, then wait for what belongs to gone browsers to go."""
    await live(site, PROMISES)
    await site.feed()
    web = await site.start("risk-web")
    link = Sessions(site.session_secret, secure=False).link_token(Role.VIEWER)
    await site.client.get(f"{web.url}/signin", params={"token": link}, follow_redirects=True)

    async def view(pages: int) -> None:
        for _ in range(pages):
            answer = await site.client.get(f"{web.url}/board/")
            if answer.status_code != 200:
                raise ValueError(f"the board answered {answer.status_code}")

    await asyncio.gather(*(view(max(1, min(WARM, count // 10))) for _ in range(AT_ONCE)))
    before = web.resident()
    await asyncio.gather(*(view(count // AT_ONCE) for _ in range(AT_ONCE)))
    after = web.resident()
    await site.rest(A_WHILE)
    later = web.resident()
    return [
        said("memory before", before, "MiB"),
        said("memory right after", after, "MiB"),
        at_most("memory a minute later", later, before * GROWTH, "MiB"),
    ]


SCENARIOS = (
    Scenario(
        name="board",
        about="page views of the board by browsers that never open a socket",
        things="page views",
        stated=5_200,
        run=run,
        deadline=420,
    ),
)
