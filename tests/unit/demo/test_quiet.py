"""Reading from metrics whether everything was worked through."""

from candor_demo.quiet import Totals, learnt, totals, waiting

PROMISE = """
# TYPE candor_relayed_total counter
candor_relayed_total{topic="promises"} 100.0
candor_relayed_total{topic="contacts"} 7.0
# TYPE candor_outbox_rows gauge
candor_outbox_rows 0.0
"""
WORKER = """
# TYPE candor_consumed_total counter
candor_consumed_total{topic="promises"} %d
# TYPE candor_consumer_lag_records gauge
candor_consumer_lag_records{topic="promises"} %d
candor_consumer_lag_records{topic="gaps"} 0.0
"""


def test_values_are_summed_by_topic() -> None:
    found = totals('# TYPE a gauge\na{topic="x",state="1"} 2\na{topic="x",state="2"} 3\na{topic="y"} 1\n')
    assert found == {("a", "x"): 5, ("a", "y"): 1}


def test_nothing_waits_when_all_was_applied() -> None:
    pages = {"promise-svc": totals(PROMISE), "risk-worker": totals(WORKER % (100, 0))}
    assert waiting(pages, ["promises"]) == []


def test_what_waits_is_named() -> None:
    pages = {
        "promise-svc": totals(PROMISE.replace("candor_outbox_rows 0", "candor_outbox_rows 3")),
        "risk-worker": totals(WORKER % (60, 40)),
    }
    assert waiting(pages, ["promises"]) == [
        "promise-svc: 3 outbox rows to send",
        "risk-worker: 40 events to read",
        "risk-worker: 40 of 100 promises to apply",
    ]


def test_a_worker_that_has_not_begun_is_behind() -> None:
    assert waiting({"promise-svc": totals(PROMISE), "risk-worker": {}}, ["promises"]) == [
        "risk-worker: 100 of 100 promises to apply"
    ]


def test_messages_that_are_still_to_go_out_are_waited_for() -> None:
    page = "\n".join(
        f'candor_notices_in_state{{state="{state}"}} 2' for state in ("pending", "sending", "sent", "held")
    )
    assert waiting({"notify-svc": totals(f"# TYPE candor_notices_in_state gauge\n{page}\n")}, []) == [
        "notify-svc: 4 messages to send"
    ]


def of_model(boundary: float | None, version: float, in_use: float) -> dict[str, Totals]:
    learner: Totals = {("candor_model_version", ""): version}
    if boundary is not None:
        learner["candor_model_boundary_timestamp_seconds", ""] = boundary
    return {"risk-learner": learner, "risk-worker": {("candor_model_version", ""): in_use}}


def test_all_is_learnt_once_the_worker_uses_what_was_published_of_it() -> None:
    assert learnt({}, 7200.0) == 0
    assert learnt(of_model(None, 0, 0), 7200.0) == 0
    assert learnt(of_model(3600.0, 1, 0), 7200.0) == 3600.0
    assert learnt(of_model(7200.0, 2, 1), 7200.0) < 7200.0
    assert learnt(of_model(7200.0, 2, 2), 7200.0) == 7200.0
    assert learnt(of_model(10800.0, 3, 3), 7200.0) == 7200.0
