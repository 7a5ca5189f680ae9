"""What Prometheus would read from a process, by name and labels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.waiting import until

Page = dict[tuple[str, frozenset[tuple[str, str]]], float]


class ScrapedMetrics:
    """The metrics of one process, read anew with every question."""

    def __init__(self, client: httpx.AsyncClient, path: str = "/metrics") -> None:
        self._client = client
        self._path = path

    async def page(self) -> Page:
        answer = await self._client.get(self._path)
        assert answer.status_code == 200, answer.text
        samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]
        return {(one.name, frozenset(one.labels.items())): one.value for one in samples}

    async def value(self, name: str, **labels: str) -> float:
        """The value of a series; the sum over all with these labels among theirs; 0 where there is none yet."""
        wanted = frozenset(labels.items())
        return sum(value for (found, has), value in (await self.page()).items() if found == name and wanted <= has)

    async def becomes(self, holds: Callable[[float], bool], name: str, **labels: str) -> float:
        """Wait until a value `holds`; that value."""
        last = 0.0

        async def look() -> bool:
            nonlocal last
            last = await self.value(name, **labels)
            return holds(last)

        await until(look, pause=0.05)
        return last


async def grown(
    scraped: ScrapedMetrics, what: Callable[[], Awaitable[object]], amount: float, name: str, **labels: str
) -> None:
    """Do something, and wait until a counter has grown by just `amount`."""
    before = await scraped.value(name, **labels)
    await what()
    await scraped.becomes(lambda value: value >= before + amount, name, **labels)
    assert await scraped.value(name, **labels) == before + amount
