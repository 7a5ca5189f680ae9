"""The words of the pages about matters: what stands in a row, and what is said of few or of none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from candor.web.http.listings import Total
from risk_svc.insight.challenges import ChallengeFilter
from risk_svc.insight.claim_lists import ClaimFilter, Recall, Unknown
from risk_svc.insight.handoffs import HandoffFilter
from risk_svc.insight.incident_lists import IncidentFilter
from risk_svc.insight.measures.figure import share
from risk_svc.insight.offers import OfferFilter, words
from risk_svc.insight.paths import NEWEST, HopFilter, Records
from risk_svc.insight.reading import Wanted
from risk_svc.web.api.hop_examples import STATEMENTS
from risk_svc.web.api.hop_requests import HopQuery
from risk_svc.web.api.matter_examples import CAPABILITIES, CHALLENGES, CLAIMS, HANDOFFS, OFFERS, REQUESTED
from risk_svc.web.board.downloads import LISTS
from risk_svc.web.board.figure_words import UNNAMED
from risk_svc.web.board.lists import EMPTY, linked_promise, number_words
from risk_svc.web.board.live_data import SheetQuery
from risk_svc.web.board.matter_data import ROWS, Listed, listed
from risk_svc.web.board.matter_downloads import SHEETS
from risk_svc.web.board.pages import challenges, claims, groups, handoffs, incidents, offers, path
from risk_svc.web.board.style import COLOURS
from tests.unit.risk.web.board.test_flow import THREE, record, way

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


def read(example: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The first item of an example as the database has it."""
    item = example["items"][0]
    times = {name: datetime.fromisoformat(item[name]) for name in item if str(item[name]).endswith("Z")}
    return {**item, **times, **changes}


def offered(**changes: Any) -> dict[str, Any]:
    """The offer of the example as the list has it."""
    one = read(OFFERS, **changes)
    dues = [option["due"] and datetime.fromisoformat(option["due"]) for option in one["options"]]
    return {**one, "options": [{**option, "due": due} for option, due in zip(one["options"], dues, strict=True)]}


def test_what_a_customer_requested_and_got_is_one_line_and_nothing_of_whom_nothing_is_known() -> None:
    assert offers.counted_words(REQUESTED) == (
        "Of 14 promises 9 had a date that acme asked for: 6 were promised by it, 2 of 5 complete ones were done by it. "
        "Options taken: 1 of 3 goodwill."
    )
    assert offers.counted_words({**REQUESTED, "exact": False, "offers": []}).endswith("were done by it. Or more.")
    assert offers.counted_words({**REQUESTED, "promises": 0}) == ""


def test_the_path_names_the_first_hop_past_its_threshold_and_the_sum_beside_the_net() -> None:
    assert path.said_of(way(*THREE)) == [
        "It changed first at sales, in what it told customer: 15.0 d earlier.",
        "The hops together: D 0.50; first to last: 0.50.",
    ]
    assert path.said_of(way(*THREE[:2]))[0] == "No hop is past its threshold."
    assert path.said_of(way(*THREE, thresholds={"sales>customer": 0.6}))[0] == "No hop is past its threshold."


def test_what_was_said_over_the_heads_of_who_delivers_is_named_an_imposition() -> None:
    said = "An imposition: when sales told customer, who delivers had not accepted."
    assert path.said_of(way(*THREE, imposed=True))[-1] == said
    assert said not in path.said_of(way(*THREE, imposed=False))
    # What is about nobody else's work is neither.
    assert said not in path.said_of(way(*THREE))
    assert path.message(read(STATEMENTS))["what"] == "15.0 d earlier, certainty +0.75, imposed"
    assert path.row(record("sales", "customer"))["imposed"] == "25% (14% to 40%)"
    assert path.row(record("sales", "customer", n=7))["imposed"] == "too little history"
    assert path.share_words(share(0, 0)) == "–"


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


def test_the_page_and_the_api_say_of_how_many_statements_the_figures_are() -> None:
    assert f"newest {NEWEST:,} messages" in path.READ_IT
    assert f"newest {NEWEST:,} of them" in str(HopQuery.__doc__)


def test_a_message_says_what_changed_and_leads_to_its_promise() -> None:
    row = path.message(read(STATEMENTS, imposed=None))
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
    assert row["asker"] == ("customer's date Thu 2 Apr 12:00, work 12.0 d after it; open, gap 41, risk of delay 62%")
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
    assert claims.recall_words("telemetry", Recall(0, 0, 0, 0, 0, True)) == [
        "No claim of telemetry is false: nobody has to be corrected."
    ]
    assert claims.recall_words("telemetri", Unknown(["telemetry", "beta"])) == [
        "The register has no capability telemetri: a recall is of one, by its whole id; near names: telemetry, beta"
    ]
    assert claims.recall_words("tele", Unknown([]))[0].endswith("by its whole id")
    assert "100,000 or more false claims" in claims.recall_words("x", Recall(100_000, 1, 9, 0, 9, False))[0]


def test_the_register_says_where_it_is_otherwise() -> None:
    general = {"status": "planned", "since_version": None, "region": None, "edition": None}
    eu = {"status": "available", "since_version": "4.2", "region": "eu", "edition": "pro"}

    def row(*statuses: dict[str, Any]) -> dict[str, Any]:
        return claims.register_row(read(CAPABILITIES, statuses=json.dumps(statuses)))

    assert (row(general, eu)["status"], row(general, eu)["where"]) == ("planned", "eu, pro: available, version 4.2")
    assert (row(eu)["status"], row(general)["where"]) == ("by place", "–")
    assert row(general)["left"] == "40 of 240"


def test_an_offer_says_what_was_offered_what_was_taken_and_what_was_requested_beside_what_there_is() -> None:
    row = offers.row(offered())
    assert row["options"] == "half price (goodwill, 250 EUR); in May (revised terms, by 2026-05-04)"
    assert (row["state"], row["taken"], row["link"]) == ("taken", "half price", linked_promise("PR-1001"))
    assert row["got"] == "Mon 30 Mar 12:00; promised for Thu 2 Apr 12:00, 3.0 d after it"
    assert offers.line(offered()) == f"Offered Mon 2 Mar 15:00 UTC: {words(offered()['options'])}; taken: half price."
    assert offers.line(offered(taken=None, state="offered")).endswith("; not answered.")


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"promise_standing": None}, "got", "the promise is not known here yet"),
        ({"promise_standing": None}, "link", ""),
        ({"requested_due": None, "days_apart": None}, "got", "no date requested; promised for Thu 2 Apr 12:00"),
        (
            {"completed_at": NOW, "days_apart": -26.0},
            "got",
            "Mon 30 Mar 12:00; done Wed 4 Mar 15:00, 26.0 d before it",
        ),
        ({"days_apart": 0.01}, "got", "Mon 30 Mar 12:00; promised for Thu 2 Apr 12:00"),
        ({"taken": None}, "taken", "–"),
    ],
)
def test_offers_without_this_or_that(changes: dict[str, Any], name: str, said: str) -> None:
    assert offers.row(offered(**changes))[name] == said


GROUP = {
    **{"name": "product>sales", "score": 41.4, "promises": 1204, "worst": "PR 1", "worst_score": 88.0},
    **{"value": 120_000.4, "assumed_values": 3, "currency": "EUR"},
}


def test_a_group_says_its_gap_its_widest_promise_and_what_it_is_worth() -> None:
    row = groups.row(GROUP)
    assert (row["name"], row["score"], row["colour"]) == ("product → sales", "41", COLOURS["medium"])
    assert (row["promise"], row["link"], row["note"]) == ("PR 1", linked_promise("PR 1"), "gap 88")
    assert (row["promises"], row["value"]) == ("1,204", "120,000 EUR (3 without a value in that currency)")
    assert groups.row({**GROUP, "expected_loss": 18300.4})["value"] == f"{row['value']}, expected loss 18,300"
    plain = groups.row({**GROUP, "name": "", "assumed_values": 0, "currency": None})
    assert (plain["name"], plain["value"]) == (UNNAMED, "120,000")


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (Wanted(), {"by": "hop"}),
        (Wanted(search="carrier=", min_score=40.0), {"by": "hop", "search": "carrier=", "min_score": "40"}),
    ],
)
def test_its_link_to_csv_asks_what_the_page_shows(wanted: Wanted, asked: dict[str, str]) -> None:
    parts = urlsplit(groups.csv_of(SheetQuery("rollup:hop", wanted)))
    assert (parts.path, dict(parse_qsl(parts.query))) == ("/groups.csv", asked)
    assert asked.keys() <= LISTS["groups"][0].model_fields.keys()


def test_large_amounts_of_an_offer_are_whole() -> None:
    one = {"name": "x", "kind": "other", "value": 1_234_567.5, "currency": "JPY", "due": None}
    assert words([one]) == "x (other, 1,234,567.5 JPY)"
    assert words([]) == ""


def test_a_challenge_says_what_is_doubted_and_what_came_of_it() -> None:
    row = challenges.row(read(CHALLENGES))
    assert (row["state"], row["about"], row["promise"]) == ("upheld", "promise PR-1001", "PR-1001")
    assert (row["note"], row["colour"]) == ("install · acme", COLOURS["none"])
    assert challenges.line(read(CHALLENGES)) == (
        "Challenged Mon 2 Mar 15:00 UTC by operations: upheld. Reason given last: no crew is free before May"
    )
    assert challenges.line(read(CHALLENGES, reason=None)).endswith(": upheld.")
    for page, example in ((challenges, CHALLENGES), (handoffs, HANDOFFS)):
        assert any(one["field"] == "reason" for one in page.COLUMNS)
        of = (lambda one: handoffs.row(one, NOW)) if page is handoffs else challenges.row
        assert of(read(example))["reason"] == example["items"][0]["reason"]
        assert of(read(example, reason=None))["reason"] == "–"
    about = {"about": "claim", "about_id": "CL-1", "promise_id": None, "promise_standing": None}
    claimed = challenges.row(read(CHALLENGES, **about, state="opened", outcome=None))
    assert (claimed["promise"], claimed["link"], claimed["state"]) == ("claim CL-1", "", "not answered")
    assert claimed["colour"] == COLOURS["high"]


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (handoffs.csv_of(HandoffFilter("open", deliverer="crew 7"), "age"), {"state": "open", "sort": "age"}),
        (claims.csv_of(ClaimFilter("false", "telemetry")), {"verdict": "false", "capability": "telemetry"}),
        (claims.csv_of(ClaimFilter()), {}),
        (path.csv_of("path", HopFilter("p1", "install")), {"promise": "p1", "kind": "install"}),
        (path.csv_of("hops", HopFilter(department="sales")), {"department": "sales"}),
        (offers.csv_of(OfferFilter("taken", option="goodwill")), {"state": "taken", "option": "goodwill"}),
        (incidents.csv_of(IncidentFilter("open", place="site:EWR")), {"state": "open", "place": "site:EWR"}),
        (challenges.csv_of(ChallengeFilter("open", about="claim")), {"state": "open", "about": "claim"}),
    ],
)
def test_a_link_to_csv_asks_what_the_page_shows(address: str, asked: dict[str, str]) -> None:
    parts = urlsplit(address)
    found = dict(parse_qsl(parts.query))
    assert found.items() >= asked.items()
    # The file exists, and knows each of its parameters.
    assert found.keys() <= SHEETS[parts.path.removeprefix("/").removesuffix(".csv")].query.model_fields.keys()


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
