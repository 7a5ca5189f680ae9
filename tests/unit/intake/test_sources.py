"""Which sources there are, what the secrets file may say of their senders, and ids that are derived."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import delivery_svc.sources
import promise_svc.sources
from candor.intake.source import Items, Outcome, Reply, canonical, counted, derived_id
from candor.intake.sources import discover, registered
from candor.ops.secret_files import AS_A_WHOLE, SecretFile
from candor.web.security.schemes import Bearer, HmacSignature, PathToken, Scheme
from candor.web.security.webhooks import Senders, Webhook, parse_secrets, read_senders

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LONG = "0123456789abcdef-0123456789abcdef"


class Crm:
    """A source that reads nothing."""

    def __init__(self, name: str = "crm", *types: str, schemes: Sequence[Scheme] = (Bearer(), PathToken())) -> None:
        self.name = name
        self.media_types: Sequence[str] = types or ("application/json",)
        self.schemes = schemes

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        return []

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:
        return counted(outcomes)


def test_every_module_of_the_folder_is_a_source() -> None:
    assert list(discover(promise_svc.sources)) == ["standard"]
    assert list(discover(delivery_svc.sources, [Crm()])) == ["cloudevents", "standard", "crm"]


def test_a_module_without_a_source_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd_sources").mkdir()
    (tmp_path / "odd_sources" / "__init__.py").write_text("")
    (tmp_path / "odd_sources" / "helper.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    package = __import__("odd_sources")
    try:
        with pytest.raises(ValueError, match=r"odd_sources\.helper exports no SOURCE"):
            discover(package)
    finally:
        for name in ("odd_sources", "odd_sources.helper"):
            sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([Crm(), Crm()], "two sources are called 'crm'"),
        ([Crm("A B")], "a name is"),
        ([Crm("a", "application/x-a"), Crm("b", "application/x-a")], "'a' and 'b' both claim application/x-a"),
        ([Crm("a", "text/XML")], "no media type in lower case"),
        ([Crm("a", "text/xml; charset=utf-8")], "no media type in lower case"),
        ([Crm(schemes=())], "no scheme"),
        ([Crm(schemes=(HmacSignature(header="x-a"), HmacSignature(header="x-b")))], "two schemes of one name"),
    ],
)
def test_what_clashes_is_refused_in_words(sources: list[Crm], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        registered(sources)


def test_common_media_types_may_be_shared() -> None:
    assert list(registered([Crm("a", "text/xml"), Crm("b", "text/xml", "application/x-b")])) == ["a", "b"]


def parsed(**senders: Any) -> Any:
    formats = registered([Crm(), *discover(promise_svc.sources).values()])
    return parse_secrets(msgspec.json.encode({"sources": senders}), formats)


def test_a_sender_without_a_source_uses_standard_webhooks() -> None:
    found = parsed(field={"secrets": [WHSEC]}, empty={"secrets": []})
    assert (found["field"].source, found["field"].scheme.name) == ("standard", "standard_webhooks")
    assert (found["field"].secrets, found["empty"].secrets) == ((WHSEC,), ())


def test_an_entry_may_name_its_source_and_scheme() -> None:
    found = parsed(
        crm={"source": "crm", "secrets": [LONG]},
        north={"source": "crm", "scheme": "path_token", "secrets": [LONG, LONG[::-1]]},
    )
    assert (found["crm"].source, found["crm"].scheme.name) == ("crm", "bearer")
    assert (found["north"].source, found["north"].scheme.name) == ("crm", "path_token")
    assert found["north"].secrets == (LONG, LONG[::-1])


def test_senders_of_another_services_source_are_left_out() -> None:
    crm = {"source": "crm", "secrets": [LONG]}
    assert list(parsed(pager={"source": "pagerduty", "secrets": ["short"]}, crm=crm)) == ["crm"]


@pytest.mark.parametrize(
    ("senders", "words"),
    [
        ({"crm": {"source": "crm", "secrets": ["short"]}}, "source 'crm': a secret of this scheme must have 24"),
        (
            {"crm": {"source": "crm", "scheme": "hmac", "secrets": [LONG]}},
            "no such scheme, it has bearer, path_token",
        ),
        ({"crm": {"secret": LONG}}, "source 'crm': not an entry"),
        ({"crm": LONG}, "source 'crm': not an entry"),
        ({"crm": [LONG]}, "source 'crm': not an entry"),
        ({"field": {"secrets": [LONG]}}, "source 'field': a webhook secret must be"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_without_the_secret(senders: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parsed(**senders)
    assert LONG not in str(caught.value)


def test_a_sender_may_send_what_its_entry_names_for_this_service_and_nothing_else() -> None:
    entry = {"secrets": [WHSEC], "events": {"promise-svc": ["promise.made"], "delivery-svc": ["milestone.reported"]}}
    raw = msgspec.json.encode({"sources": {"crm": entry, "bare": {"secrets": [WHSEC]}}})
    by_service = {
        service: parse_secrets(raw, service=service) for service in ("promise-svc", "delivery-svc", "risk-svc")
    }
    assert {service: found["crm"].events for service, found in by_service.items()} == {
        "promise-svc": {"promise.made"},
        "delivery-svc": {"milestone.reported"},
        "risk-svc": frozenset(),
    }
    assert not any(found["bare"].events for found in by_service.values())


def test_an_event_type_that_the_service_does_not_have_is_refused_with_those_it_has() -> None:
    raw = msgspec.json.encode({"sources": {"crm": {"secrets": [WHSEC], "events": {"promise-svc": ["promise.maid"]}}}})
    with pytest.raises(ValueError, match=r"source 'crm': promise-svc has no event type 'promise.maid', it has promise"):
        parse_secrets(raw, service="promise-svc", known=("promise.made",))
    assert parse_secrets(raw, service="delivery-svc", known=("milestone.reported",))["crm"].events == frozenset()


OTHER = "whsec_" + "B" * 32


def watched(file: Path, closes: float | None = None, clock: Any = lambda: 0.0) -> SecretFile[Senders]:
    return SecretFile(file, read_senders, every=0, closes=closes, clock=clock, partly=Senders.mistakes)


def write(file: Path, **senders: Any) -> None:
    file.write_bytes(msgspec.json.encode({"sources": senders}))


WRONG: dict[str, dict[str, Any]] = {
    "secret": {"secrets": ["s3cret"]},
    "scheme": {"secrets": [WHSEC], "scheme": "s3cret"},
    "service": {"secrets": [WHSEC], "events": {"promises-svc": []}},
    "field": {"secrets": [WHSEC], "event": {}},
    "shape": {"secrets": WHSEC},
}


@pytest.mark.parametrize("kind", WRONG)
def test_one_wrong_sender_shuts_out_nobody_else_and_holds_up_no_change(tmp_path: Path, kind: str) -> None:
    file, now = tmp_path / "webhooks.json", [0.0]
    right = {"secrets": [WHSEC]}
    write(file, crm=right, gone=right, was=right)
    found = watched(file, closes=600, clock=lambda: now[0])
    write(file, crm={"secrets": [OTHER]}, fresh=right, was=WRONG[kind])
    assert found.get().keys() == {"crm", "fresh"}
    # What was taken out is out at once, and so is the secret that was replaced.
    assert found.get()["crm"].secrets == (OTHER,)
    assert found.problem.startswith("source 'was': ")
    assert "s3cret" not in found.problem
    assert WHSEC not in found.problem
    now[0] = 10_000.0
    assert found.get().keys() == {"crm", "fresh"}
    write(file, crm=right, fresh=right)
    assert (set(found.get()), found.problem) == ({"crm", "fresh"}, "")


def test_of_several_secrets_the_right_ones_count_and_what_was_withdrawn_does_not(tmp_path: Path) -> None:
    file = tmp_path / "webhooks.json"
    write(file, crm={"secrets": [WHSEC, OTHER]})
    found = watched(file)
    write(file, crm={"secrets": [OTHER, "s3cret"]})
    assert found.get()["crm"].secrets == (OTHER,)
    assert found.problem.startswith("source 'crm': ")


def test_a_file_with_a_wrong_sender_starts_with_the_others_and_one_that_is_no_file_does_not(tmp_path: Path) -> None:
    file = tmp_path / "webhooks.json"
    write(file, crm={"secrets": [WHSEC]}, typo=WRONG["secret"])
    found = watched(file)
    assert (set(found.get()), found.problem != "") == ({"crm"}, True)
    file.write_text("{")
    assert found.get().keys() == {"crm"}
    assert found.problem.endswith(AS_A_WHOLE)
    with pytest.raises(ValueError, match="not a file of webhook secrets"):
        watched(file)


def test_at_most_ten_wrong_senders_are_named() -> None:
    senders = {f"s{number:02}": WRONG["secret"] for number in range(12)}
    with pytest.raises(ValueError, match=r"source 's09': .*; and 2 more$") as caught:
        parsed(**senders)
    assert "s10" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"sources": {}, "source": {}}', "unknown field"),
        (b'{"sources": {"crm": {"secret": [], "secrets": []}}}', "unknown field"),
        (b'{"sources": {"crm": {"secrets": []}, "crm": {"secrets": []}}}', "given twice"),
        (b'{"sources": {"crm": {"secrets": [], "secrets": []}}}', "given twice"),
        (b'{"sources": {"crm": {"secrets": [], "events": {"promises-svc": []}}}}', "no service 'promises-svc'"),
    ],
)
def test_a_misspelt_or_repeated_field_refuses_the_whole_file(raw: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_secrets(raw, service="promise-svc")


def test_a_refused_file_does_not_give_away_a_secret_in_the_wrong_place() -> None:
    for wrong in ({"secrets": WHSEC}, {"secrets": [], "scheme": WHSEC}):
        with pytest.raises(ValueError, match=r".+") as caught:
            parse_secrets(msgspec.json.encode({"sources": {"crm": wrong}}))
        assert WHSEC not in str(caught.value)


def test_a_derived_id_is_the_same_for_the_same_parts_alone() -> None:
    assert derived_id("a", b"b") == derived_id(b"a", "b")
    assert len({derived_id("ab", "c"), derived_id("a", "bc"), derived_id("abc"), derived_id("a", "b")}) == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":[2]}', '{ "b": [2.0], "a": 1e0 }'),
        ('{"a":-0.0}', '{"a":0}'),
        ('["\\u00e9",0.50]', '["\u00e9",5e-1]'),
        ("[1e300]", "[1.0e+300]"),
    ],
)
def test_one_json_value_has_one_canonical_form(one: str, other: str) -> None:
    assert canonical(msgspec.json.decode(one)) == canonical(msgspec.json.decode(other))


@pytest.mark.parametrize(
    ("one", "other"), [("[1]", "[true]"), ("[1]", '["1"]'), ("[0.5]", "[0]"), ("[1,2]", "[2,1]"), ("{}", '{"a":null}')]
)
def test_other_json_values_have_other_forms(one: str, other: str) -> None:
    assert canonical(msgspec.json.decode(one)) != canonical(msgspec.json.decode(other))
