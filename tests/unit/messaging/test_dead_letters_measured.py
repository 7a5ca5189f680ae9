"""Who says how many dead letters wait: the process that holds their partitions, and no other."""

from __future__ import annotations

from typing import cast

from candor.messaging import metrics
from candor.messaging.replay import replay_due
from candor.messaging.transaction import TransactionRunner
from candor.ops.metrics import REGISTRY


async def test_a_process_that_lost_its_partitions_no_longer_counts_their_dead_letters() -> None:
    metrics.DEAD_LETTERS.labels("bad_data").set(3)
    # With nothing owned nothing is asked of the database.
    await replay_due(cast("TransactionRunner", None), {})
    assert REGISTRY.get_sample_value("candor_dead_letters", {"reason": "bad_data"}) is None
