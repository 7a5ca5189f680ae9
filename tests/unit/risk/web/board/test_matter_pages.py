"""The words of the pages Path, Claims and Hand-offs: what stands in a row, and what is said of few or of none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candor.web.http.listings import Total
from risk_svc.insight.claim_lists import Recall
from risk_svc.insight.paths import Records
from risk_svc.web.api.hop_examples import STATEMENTS
from risk_svc.web.api.matter_examples import CAPABILITIES, CLAIMS, HANDOFFS
from risk_svc.web.board.lists import EMPTY, linked_promise, number_words
from risk_svc.web.board.matter_data import ROWS, Listed, listed
from risk_svc.web.board.pages import claims, handoffs, path
from risk_svc.web.board.style import COLOURS
from tests.unit.risk.web.board.test_flow import THREE, record, way

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


def read(example: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The first item of an example as the database has it."""
    item = example["items"][0]
    times = {name: datetime.fromisoformat(item[name]) for name in item if str(item[name]).endswith("Z")}
    return {**item, **times, **changes}


def test_the_path_names_the_first_hop_past_its_threshold_and_the_sum_beside_the_net() -> None:
    assert path.said_of(way(*THREE)) == [
        "It changed first at sales, in what it told customer: 15.0 d earlier.",
        "The hops together: D 0.50; first to last: 0.50.",
    ]
    assert path.said_of(way(*THREE[:2]))[0] == "No hop is past its threshold of .15."


def test_nothing_passed_on_a_promise_unknown_and_nothing_at_all_are_told_apart() -> None:
    assert path.said_of(None) == [EMPTY]
    assert path.said_of(way(THREE[0])) == ["Nothing that was said of it has been passed on yet."]
    assert (
        path.said_of(way(*THREE)._replace(kind=None))[0] == "Its promise is not known yet: what was said of it waits."
    )


def test_the_worst_hop_is_named_with_its_interval_and_of_few_that_there_is_too_little_history() -> None:
    many = Records([record("sales", "customer", "product")], Total(40, True))
    assert path.said_of_all(many) == [
        "Of 40 messages most is changed by sales on the way to customer: D 0.30 (0.27 to 0.33), "
        "dates -9.00 days (-9.32 to -8.68) (below 0 earlier)."
    ]
    few = Records([record("sales", "customer", "product", n=7)], Total(7, True))
    assert path.said_of_all(few) == ["7 messages so far; too little history: 7 of at least 20 messages for each hop."]
    assert path.row(few.hops[0])["distortion"] == "too little history"


def test_a_message_says_what_changed_and_leads_to_its_promise() -> None:
    row = path.message(read(STATEMENTS))
    assert (row["hop"], row["what"], row["link"]) == (
        "sales → customer",
        "15.0 d earlier, certainty +0.75",
        linked_promise("PR-1001"),
    )
    assert row["colour"] == COLOURS["high"]
    waiting = path.message(read(STATEMENTS, waits=True, distortion=0.02))
    assert (waiting["link"], waiting["note"], waiting["colour"]) == (
        "",
        "its promise is not known yet",
        COLOURS["none"],
    )
    assert path.message(read(STATEMENTS, promise_id=None, capability_id="telemetry"))["promise"] == (
        "capability telemetry"
    )


def test_a_hand_off_says_what_either_side_knows() -> None:
    row = handoffs.row(read(HANDOFFS), NOW)
    assert row["between"] == "sales → crew-7"
    assert row["asker"] == ("customer's date Thu 2 Apr 12:00, work 12.0 d after it; open, gap 42, risk of delay 62%")
    assert row["deliverer"] == "3 open with them; scope mounting; to be answered by Mon 16 Mar 12:00"
    assert (row["age"], row["due"]) == ("2 d", "Tue 14 Apr 12:00")


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"due": None}, "due", "no date"),
        ({"due": NOW - timedelta(hours=1)}, "due", "Wed 4 Mar 14:00; over"),
        ({"due": NOW - timedelta(hours=1), "state": "accepted"}, "due", "Wed 4 Mar 14:00"),
        ({"state": "declined"}, "age", "–"),
        ({"at": NOW - timedelta(hours=5)}, "age", "5 h"),
        ({"promise_standing": None}, "asker", "the promise is not known here yet"),
        ({"promise_standing": None}, "link", ""),
    ],
)
def test_hand_offs_without_this_or_that(changes: dict[str, Any], name: str, said: str) -> None:
    assert handoffs.row(read(HANDOFFS, **changes), NOW)[name] == said


def test_a_claim_stands_beside_what_there_was() -> None:
    row = claims.claim_row(read(CLAIMS))
    assert (row["verdict"], row["said"], row["to"]) == (
        "over-claim",
        "“available”; there: planned",
        "prospects · webinar",
    )
    assert (row["told"], row["left"], row["colour"]) == ("240", "40", COLOURS["severe"])
    unheard = claims.claim_row(read(CLAIMS, there=None, verdict="unregistered", said="left_out"))
    assert unheard["said"] == "“left out”; nothing in the register"


def test_a_recall_counts_people_and_says_that_nobody_is_written_to() -> None:
    assert claims.recall_words("telemetry", Recall(1, 2, 1, 0, 1, True)) == [
        "1 false claim of telemetry told 1 person, 2 customers among them.",
        "Corrected: 0. Left to be corrected: 1. Nobody is written to by this.",
    ]
    assert claims.recall_words("telemetry", Recall(0, 0, 0, 0, 0, True)) == ["No claim of telemetry was false."]
    assert "100,000 or more false claims" in claims.recall_words("x", Recall(100_000, 1, 9, 0, 9, False))[0]


def test_the_register_says_where_it_is_otherwise() -> None:
    general = {"status": "planned", "since_version": None, "region": None, "edition": None}
    eu = {"status": "available", "since_version": "4.2", "region": "eu", "edition": "pro"}

    def row(*statuses: dict[str, Any]) -> dict[str, Any]:
        return claims.register_row(read(CAPABILITIES, statuses=json.dumps(statuses)))

    assert (row(general, eu)["status"], row(general, eu)["where"]) == ("planned", "eu, pro: available, version 4.2")
    assert (row(eu)["status"], row(general)["where"]) == ("by place", "–")
    assert row(general)["left"] == "40 of 240"


@pytest.mark.parametrize(
    ("found", "said", "pages"),
    [
        (listed([{}] * ROWS, 2, Total(60, True)), "26–50 of 60", 3),
        (listed([{}] * 3, 1, Total(3, True)), "1–3 of 3", 1),
        (listed([], 9, Total(3, True)), "none of 3", 1),
        (listed([{}] * ROWS, 1, Total(100_000, False)), "1–25 of more than 100,000", 4_001),
    ],
)
def test_a_page_says_which_of_how_many(found: Listed, said: str, pages: int) -> None:
    assert (number_words(found), found.pages) == (said, pages)
