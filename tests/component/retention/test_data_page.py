"""docs/operations/data.md names every table and topic there is, and says of each what is really done to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from candor.contracts.topics import CARDS
from candor.ops.retention_settings import RetentionSettings
from tests.component.retention.schemas import SERVICES, retention_of, schema_of
from tests.support.servers import Databases

PAGE: Final = (Path(__file__).parents[3] / "docs/operations/data.md").read_text()
COLUMNS: Final = ["holds", "whose words", "kept", "who can read it", "an erasure"]
BY_ITSELF: Final = (
    r"until |replaced by |for as long as |a day after |the newest few|words for |text for |one row$|a row for each "
)
FOR_A_REASON: Final = r"(always|for ever)(: .{10,}|, one row)$"
TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# A time of its own for each setting, so that a rule shows which one it follows.
DAYS: Final[dict[str, Any]] = {name: 61.0 + number for number, name in enumerate(RetentionSettings.model_fields)}


def section(title: str) -> dict[str, list[str]]:
    """The rows of one section's table, by their first cell."""
    (text,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    assert rows[0][1:] == COLUMNS
    names = [row[0] for row in rows[2:]]
    assert len(names) == len(set(names))
    return {row[0]: row[1:] for row in rows[2:]}


def rows_of(service: str) -> dict[str, list[str]]:
    return section("Every service") | section(service)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_is_on_the_page_and_nothing_else(service: str, databases: Databases) -> None:
    async with schema_of(service, databases) as database:
        there = {row["tablename"] for row in await database.pool.fetch(TABLES)}
    assert rows_of(service).keys() == there
    assert not section("Every service").keys() & section(service).keys()


@pytest.mark.parametrize("service", SERVICES)
async def test_each_table_names_the_settings_that_its_rules_follow(service: str, databases: Databases) -> None:
    async with schema_of(service, databases) as database:
        rules = retention_of(service, database, **DAYS).rules
    followed: dict[str, set[str]] = {}
    for rule in rules:
        followed.setdefault(rule.table, set()).update(name for name, days in DAYS.items() if days == rule.days)
    for table, cells in rows_of(service).items():
        named = set(re.findall(r"`([A-Z_]+_DAYS)`", cells[2]))
        expected = {name.upper() for name in followed.get(table, set())}
        kept_elsewhere = (table, service) in {
            ("outbox", "risk-svc"),
            ("outbox", "notify-svc"),
            ("customer", "notify-svc"),
        }
        assert named == expected or (kept_elsewhere and not expected), table


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_has_an_end_or_a_reason_to_have_none(service: str, databases: Databases) -> None:
    async with schema_of(service, databases) as database:
        there = {row["tablename"] for row in await database.pool.fetch(TABLES)}
        ended = {rule.table for rule in retention_of(service, database).rules}
    rows = rows_of(service)
    for table in there - ended:
        kept = rows[table][2]
        # What no rule clears goes with something else, or stays: for each the page says which, and why.
        assert re.search(BY_ITSELF, kept) or re.match(FOR_A_REASON, kept), f"{table}: {kept}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_cell_says_something(service: str) -> None:
    assert [table for table, cells in rows_of(service).items() if len(cells) != 5 or not all(cells)] == []


def test_every_topic_is_on_the_page_with_its_days_and_its_readers() -> None:
    page = section("Topics")
    assert page.keys() == {card.name for card in CARDS}
    for card in CARDS:
        _, _, kept, readers, _ = page[card.name]
        assert re.match(r"(\d+) days?,", kept)[1] == str(card.retention_days)  # type: ignore[index]
        assert readers == (", ".join(card.readers) or "nobody yet")


def test_the_page_says_plainly_what_kafka_keeps() -> None:
    assert "An erasure does not remove what was already sent from Kafka." in PAGE
    assert "in clear for 28 days" in PAGE
