"""The private builder that `candor.records.wire` stands in for: pinned where versions are chosen, as it runs here."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from aiokafka.producer import message_accumulator

from candor.records.wire import PackedBatch

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("file", ["requirements.in", "requirements.lock"])
def test_the_client_is_pinned_to_the_version_that_runs_here(file: str) -> None:
    (pinned,) = re.findall(r"^aiokafka==(\S+)", (ROOT / file).read_text(), re.MULTILINE)
    assert pinned == version("aiokafka")


def test_a_packed_batch_has_all_that_the_client_asks_of_its_own_builder() -> None:
    asked = set(re.findall(r"_builder\.(\w+)", inspect.getsource(message_accumulator.MessageBatch)))
    assert len(asked) > 3
    missing = {
        name for name in asked - {"closed", "record_count"} if not inspect.isfunction(getattr(PackedBatch, name, None))
    }
    assert missing == set()
    for name in asked & {"_build", "_set_producer_state", "append"}:
        theirs = inspect.signature(getattr(message_accumulator.BatchBuilder, name))
        ours = inspect.signature(getattr(PackedBatch, name))
        named = {one.name for one in ours.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD}
        assert named <= set(theirs.parameters), name
