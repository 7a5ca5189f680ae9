"""What is wrong with a file is told with its line in plain words: never in those of the library that found it."""

from __future__ import annotations

import re

import pytest

from candor.intake.mapped.located import LocatedError
from candor.tabular.config import read_map
from candor.tabular.desk import shapes
from tests.unit.intake.mapped.mappings import TEXT, rules

LIBRARY = re.compile(r"Input should|String should|List should|Dictionary should|Tuple should|validat|pydantic|\(type=")
HMAC = TEXT[TEXT.index("      hmac:") : TEXT.index("    each:")]
EACH = "    each: body.stops\n"
MAP = """zone: Europe/Berlin
exported_at: 2026-11-30T08:00:00Z
events:
  - type: promise.made
    data:
      promise_id: item.order
      customer_id: item.customer
      kind: {value: install}
      what: item.what
      due: {from: item.due, time: dmy}
"""
NAMES = "must be names with what they are (name: …)"
SOME = "must be a text (in quotes, if it looks like a number)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", f"line 1: the file is empty: it {NAMES}"),
        ("sources:", f"line 1: sources: is empty: it {NAMES}"),
        ("sources: []", f"line 1: sources: {NAMES}"),
        ("- a\n- b", f"line 1: {NAMES}"),
        ("sources:\n\tvans: 1", "line 2: no YAML: a tab, or a sign"),
        ("sources: {vans: {a: b: c}}", "line 1: no YAML: "),
        ("sources: {vans: }", f"sources.vans: is empty: it {NAMES}"),
        ("sources: {1: {service: delivery-svc}}", "sources.1: must be a small letter"),
        (
            "sources: {a: {extends: grafana, service: delivery-svc, proof: {bearer: true}}}",
            "proof.bearer: must be {}, as it",
        ),
        ("affects: []\nsources: {}", f"affects: {NAMES}"),
        ("affects: {sites: {label: a}}\nsources: {}", "affects.sites: must be a list, such as [one, other]"),
        ("affects: {sites: [{label: a, kind: 'a b'}]}\nsources: {}", "kind: must be 1 to 128 of letters"),
        ("sources: {a: {extends: hubspot, service: promise-svc, parameters: }}", f"parameters: is empty: it {NAMES}"),
        (
            "sources: {a: {extends: hubspot, service: promise-svc, parameters: {stages: {}}}}",
            "stages: must be a text or ",
        ),
        (
            "sources: {a: {extends: hubspot, service: promise-svc, parameters: {stages: }}}",
            "stages: is empty: it must ",
        ),
    ],
)
def test_a_file_that_is_none_is_told_so(text: str, words: str) -> None:
    with pytest.raises(LocatedError, match=re.escape(words)) as error:
        rules(text)
    assert not LIBRARY.search(str(error.value))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (HMAC, "      hmac:\n", "proof: hmac is empty: say its header"),
        (HMAC, "      hmac: {header: 3}\n", f"hmac.header: {SOME}"),
        (HMAC, "      hmac: {header: x y}\n", "hmac.header: must be the name of a header"),
        (HMAC, "      hmac: {header: x, tolerance_s: '9'}\n", "tolerance_s: must be a whole number, without quotes"),
        (HMAC, "      hmac: {header: x, tolerance_s: 1.5}\n", "tolerance_s: must be a whole number"),
        (HMAC, "      hmac: {header: x, tolerance_s: 0}\n", "tolerance_s: must be at least 1"),
        (HMAC, "      hmac: {header: x, algorithm: md5}\n", "algorithm: must be 'sha1', 'sha256' or 'sha512'"),
        (EACH, "    each: ''\n", "each: must not be empty"),
        (EACH, "    each: body[\n", "each: no JMESPath expression: it ends too early"),
        (EACH, "    each: 30.02.2026\n", "'30' cannot stand at character 1: a constant is {value: …}"),
        (EACH, "    each: body ? 1\n", "each: no JMESPath expression: '?' cannot stand at character 6"),
        (EACH, EACH + "    formats: []\n", "formats: must not be empty"),
        (EACH, EACH + "    formats: json\n", "formats: must be a list"),
        (EACH, EACH + "    named: {Big: body.x}\n", "named.Big: must be a small letter"),
        (EACH, EACH + "    affects: 3\n", "affects: must be a text or a list"),
        (EACH, EACH + f"    about: {'x' * 301}\n", "about: must have at most 300 characters"),
        (EACH, EACH + "    poll: {api: jobber, base: https://x.example, token_env: a}\n", "the name of a variable"),
        ("milestone: {value: delivery}", "milestone: 7", "must be an expression, such as item.name, or a constant"),
        ("milestone: {value: delivery}", "milestone:", "milestone: is empty: it must be an expression"),
        ("milestone: {value: delivery}", "milestone: []", "milestone: cannot be a list: one value stands here"),
        ("milestone: {value: delivery}", "milestone: {a: item.b}", "milestone: cannot be names with what they are"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, cut: 0}", "milestone.cut: must be at least 1"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, as: day}", "as: must be 'text', 'number', 'bool"),
        ("milestone: {value: delivery}", "milestone: {from: item.x, map: [a]}", f"milestone.map: {NAMES}"),
        ("status: 200", "status: '200'", "answer.status: must be a whole number, without quotes"),
        ("status: 200", "status: 404", "answer.status: must be at most 299"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_is_expected(before: str, after: str, words: str) -> None:
    assert before in TEXT
    with pytest.raises(LocatedError, match=re.escape(words)) as error:
        rules(TEXT.replace(before, after, 1))
    assert not LIBRARY.search(str(error.value))
    assert error.value.line > 1


def test_a_proof_without_options_may_be_named_alone() -> None:
    assert rules(TEXT.replace(HMAC, "      bearer:\n"))["vans"].proof.model_fields_set == {"bearer"}


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        (MAP, "", 1, "the file is empty"),
        ("exported_at: 2026-11-30T08:00:00Z", "exported_at: 30.02.2026", 2, "must be a date and time like 2013-03-08T"),
        ("exported_at: 2026-11-30T08:00:00Z", "exported_at: 1", 2, SOME),
        ("zone: Europe/Berlin", "zone: CET+1", 1, "zone: must be an IANA zone, such as Europe/Berlin"),
        ("events:", "decimal: ;\nevents:", 3, "decimal: must be '.' or ','"),
        ("events:", "empty: [1]\nevents:", 3, f"empty.0: {SOME}"),
        ("{value: install}", "{value: 3}", 8, f"3 cannot stand here: {SOME}"),
        ("{from: item.due, time: dmy}", "{value: 30.02.2026}", 10, "'30.02.2026' cannot stand here: must be a date"),
        ("time: dmy}", "time: dmy, default: 30.02.2026}", 10, "due.default: '30.02.2026' cannot stand here: must be a"),
        ("time: dmy}", "time: dmy, zone_from: item.z, default: soon}", 10, "'soon' cannot stand here: must be a time"),
        ("time: dmy}", "time: dmy, at: 17:00}", 10, f"due.at: {SOME}"),
        ("item.what\n", "item.what\n      value: {value: abc}\n", 10, "'abc' cannot stand here: must be a number"),
        (
            "item.what\n",
            "item.what\n      if_new: {value: 'yes'}\n",
            10,
            "'yes' cannot stand here: must be true or false",
        ),
        ("    data:", "    id: []\n    data:", 4, "an id of nothing is none"),
        ("    data:", "    time: 30.02.2026\n    data:", 5, "a constant is {value: …}"),
    ],
)
def test_a_mapping_of_a_table_is_told_as_plainly(before: str, after: str, line: int, words: str) -> None:
    assert before in MAP
    with pytest.raises(LocatedError, match=re.escape(words)) as error:
        read_map(MAP.replace(before, after, 1).encode(), shapes())
    assert error.value.line == line, str(error.value)
    assert not LIBRARY.search(str(error.value))


def test_a_default_that_is_read_as_its_time_is_right() -> None:
    found = read_map(MAP.replace("time: dmy}", "time: dmy, default: 28.02.2026}").encode(), shapes())
    assert found.events[0].data["due"].default == "28.02.2026"  # type: ignore[union-attr]
