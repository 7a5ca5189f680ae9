"""Matters on real Kafka: each event on its topic, in order, and what risk-svc makes of an accepted hand-off."""

from __future__ import annotations

import math
import secrets
from pathlib import Path
from typing import Any

from candor.contracts import Message, PromiseAssigned, PromiseMade
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.scoring import score_open
from risk_svc.domain.state import PromiseState
from tests.component.promise.bodies import made, new
from tests.component.promise.matters import begun, claim, handoff, registered, statement
from tests.support.api import Keys, running
from tests.support.clocks import NOON, ManualClock
from tests.support.risk import prediction
from tests.support.servers import Databases
from tests.support.topics import reading


def unbacked(messages: list[Message]) -> list[bool]:
    """Whether the gap of a promise counts it as unbacked, after each of its events."""
    state, found = PromiseState(promise_id="", customer_id=""), []
    for message in messages:
        assert fold(state, message.envelope, message.data) is FoldOutcome.APPLIED
        score_open(state, (), prediction(), NOON.timestamp(), GapDefinition(), math.inf)
        found.append("unbacked" in {name for name, *_ in state.view.shares})
    return found


async def test_accepting_on_one_side_backs_the_promise_on_the_other(
    kafka: str, postgres: str, databases: Databases, topic_prefix: str, tmp_path: Path
) -> None:
    keys = Keys(tmp_path)
    settings: dict[str, Any] = {"kafka_bootstrap_servers": kafka, "topic_prefix": topic_prefix, "partitions": 4}
    ours = PromiseSettings(
        database_url=postgres, database_prefix=f"t{secrets.token_hex(5)}", **settings, **keys.write()
    )
    customer, capability = new("c"), new("cap")
    async with running(build(ours, ManualClock(NOON)), keys) as api:
        promise = (await made(api, customer_id=customer))["promise_id"]
        asked = (await begun(api, "/v1/handoffs", handoff(promise)))["handoff_id"]
        assert (await api.call("POST", f"/v1/handoffs/{asked}/accept", {})).status_code == 200
        await begun(api, "/v1/statements", statement(promise_id=promise))
        await registered(api, capability, {"status": "none"})
        await begun(api, "/v1/claims", claim(capability, customer_id=customer))
        async with reading(kafka, topic_prefix, ["promises", "statements", "capabilities"]) as topics:
            await topics.read(lambda: len(topics.records) >= 8)
            found = topics.messages
    by_topic: dict[str, list[Message]] = {}
    for message in found:
        by_topic.setdefault(message.data.TOPIC, []).append(message)
    assert [type(message.data) for message in by_topic["promises"]] == [PromiseMade, PromiseAssigned, PromiseAssigned]
    assert unbacked(by_topic["promises"]) == [False, True, False]
    told = [(message.envelope.type.split(".")[1], message.envelope.version) for message in by_topic["statements"]]
    assert told == [("handoff", 1), ("handoff", 2), ("statement", 1), ("claim", 1)]
    assert {message.envelope.key for message in by_topic["statements"]} == {customer}
    assert [message.envelope.key for message in by_topic["capabilities"]] == [capability]
    await databases.drop(ours.database)
