"""Whose ids are whose: no name, and nothing that a body says, leads to the ids of another caller."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from candor.intake import Caller, event_receipt, key_receipt

Kind = Literal["api", "webhook"]
names = st.text(alphabet=":%ce/a\u00e9", max_size=6)
kinds: st.SearchStrategy[Kind] = st.sampled_from(("api", "webhook"))


@given(kinds, names, names, kinds, names, names)
def test_ids_of_different_callers_never_meet(a: Kind, b: str, c: str, d: Kind, e: str, f: str) -> None:
    same = event_receipt(Caller(a, b), "e1", b"", c) == event_receipt(Caller(d, e), "e1", b"", f)
    assert same == ((a, b, c) == (d, e, f))


@given(kinds, names, names)
def test_an_idempotency_key_is_no_event_id(kind: Kind, name: str, ids: str) -> None:
    key, event = key_receipt(name, "e1", "POST /", b""), event_receipt(Caller(kind, name), "e1", b"", ids)
    assert key.source != event.source


def test_a_sender_named_like_an_api_key_has_ids_of_its_own() -> None:
    assert event_receipt(Caller("api", "crm"), "e1", b"") != event_receipt(Caller("webhook", "crm"), "e1", b"")
