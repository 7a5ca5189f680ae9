"""A company's templates: words around parts, in which nothing runs, and which make no dishonest letter."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.judging import judge
from notify_svc.compose.letter import LETTER, compose, composed
from notify_svc.compose.own_grammar import DEEPEST, LONGEST, PARTS, WORDS, BadTemplate, compiled, names
from notify_svc.compose.own_templates import LONGEST_TEXT, greeting_of, own_letter
from notify_svc.compose.samples import samples
from notify_svc.domain.facts import Decision, Kind, Reason
from notify_svc.domain.lint import Rule
from notify_svc.domain.own import Own
from tests.unit.notify.compose.test_languages import ALL, BLAME, CAUSAL, CERTAIN, VAGUE
from tests.unit.notify.facts import promise, snapshot

GUIDE = Path(__file__).parents[4] / "docs/guide/change-a-template.md"
WHOLE = "\n".join(f"{{{{ {name} }}}}" for name in PARTS if name != "greeting")
BODY = f"Dear {{{{ company }}}} customer,\n\n{WHOLE}\nWith kind regards"
WARNING = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
HOUSE = House(company="Example Movers")


def own(body: str = BODY, subject: str = "About {{ what }}", language: str = "en", **changes: Any) -> Own:
    return Own(changes.get("statement", Statement.WARNING), language, 3, subject, body)


def rules(template: Own) -> set[tuple[str, str]]:
    return {(field, finding.rule.value) for field, finding in judge(template)}


def seen(text: str) -> str:
    return " ".join(
        html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?strong>", "", text.partition("<body")[2]))).split()
    )


def test_its_words_stand_around_the_parts_in_text_and_html_alike() -> None:
    made = composed(snapshot(WARNING), HOUSE, LETTER, own())
    built_in = composed(snapshot(WARNING), HOUSE, LETTER)
    assert (made.findings, made.by.template) == ((), "warning/en/3")
    assert made.subject == "About Flight UA 1545, EWR to IAH"
    assert made.text.startswith(f"Dear Example Movers customer,\n\n{made.news}\n\n")
    assert made.news == built_in.news and made.text.endswith("\n\nWith kind regards\n")
    for paragraph in built_in.text.split("\n\n")[1:]:
        for line in paragraph.splitlines():
            assert line in made.text
    assert "<p>Dear Example Movers customer,</p>" in made.html and "<table" in made.html
    assert made.html.count("</html>") == 1 and "<p>With kind regards</p>" in made.html
    words = re.sub(r"(?m)^\s*- |In favour: |Against: ", "", made.text)
    assert all(line.strip() in seen(made.html) for line in words.splitlines())


def test_the_same_template_without_html() -> None:
    subject, text, markup = own_letter(own(), Form(html=False), _context())
    assert markup == "" and subject and "Dear" in text


def _context() -> dict[str, Any]:
    told = dict.fromkeys(
        ("what", "due", "low", "high", "next", "completed", "milestone", "company", "reach", "reader"), ""
    )
    known = {"statement": "warning", "lead": "may", "earlier_low": "", "means": "", "given": "", "zone": "UTC"}
    lists: dict[str, Any] = {name: [] for name in ("facts", "circumstances", "options", "actions", "meant")}
    rest = {
        "moved": None,
        "paused": None,
        "asked": 0,
        "unannounced": False,
        "signer": None,
        "sorry": False,
        "open_matter": False,
        "chance": 0,
        "record": {"why": ""},
        "wished": None,
    }
    return {**told, **known, **lists, **rest}


@pytest.mark.parametrize(
    "source",
    [
        "{% for x in what %}{{ x }}{% endfor %}",
        "{{ what.__class__ }}",
        "{{ what['x'] }}",
        "{{ what | upper }}",
        "{{ 7 * 7 }}",
        "{{ 'x' * 999999999 }}",
        "{{ what ~ what }}",
        "{{ range(9) }}",
        "{{ self }}",
        "{{ loop }}",
        "{{ cycler }}",
        "{{ none }}",
        "{% set what = 'x' %}",
        "{% macro x() %}{% endmacro %}",
        "{% include 'owner.txt.j2' %}",
        "{% import 'blocks.txt.j2' as b %}",
        "{% extends 'page.html.j2' %}",
        "{% block news %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call what() %}{% endcall %}",
        "{% if what is string %}x{% endif %}",
        "{% if what == due %}x{% endif %}",
        "{{ what if due }}",
        "{{ what",
        "{% if what %}",
        "{% autoescape false %}x{% endautoescape %}",
        "{% trans %}x{% endtrans %}",
        "{{ " + "not " * 5_000 + "what }}",
        "{{ " + "(" * 4_000 + "what" + ")" * 4_000 + " }}",
        "{% if what %}" * (DEEPEST + 1) + "{% endif %}" * (DEEPEST + 1),
        "x" * (LONGEST + 1),
        "{{ statement }}",
        "{{ customer_id }}",
    ],
)
def test_what_could_run_repeat_or_reach_further_is_no_template(source: str) -> None:
    with pytest.raises(BadTemplate):
        compiled(source)


def test_conditions_may_stand_within_each_other() -> None:
    deep = "{% if what %}" * DEEPEST + "{{ due }}" + "{% endif %}" * DEEPEST
    assert compiled(deep).render(what="x", due="noon") == "noon"
    assert names("{% if not (low and high) or next %}{{ what }}{% else %}{{ due }}{% endif %}") == frozenset(
        {"low", "high", "next", "what", "due"}
    )


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}%# \nabifelsendwhatdue()|.'~*\ue010\ue011"), max_size=200))
def test_any_text_is_refused_or_makes_a_letter_within_bounds(source: str) -> None:
    try:
        _, text, markup = own_letter(own(source, "x"), LETTER, _context())
    except (BadTemplate, ValueError):
        return
    assert len(text) <= LONGEST_TEXT and markup.count("<html") == 1


def test_what_it_makes_is_bounded() -> None:
    context = _context() | {"what": "x" * 300}
    with pytest.raises(ValueError, match="more than 20,000"):
        own_letter(own("{{ what }}" * 70, "x"), LETTER, context)
    with pytest.raises(ValueError, match="more than 300"):
        own_letter(own("x", "{{ what }}!"), LETTER, context)
    with pytest.raises(ValueError, match="subject is empty"):
        own_letter(own("x", " {{ due }} "), LETTER, context)


HOSTILE = (
    "{{ 7*7 }}",
    "{% for x in y %}",
    "</p><script>alert(1)</script>",
    "a\n\nDear customer,\n- b",
    "\ue010options\ue011",
    "\u2028\u2029\x85",
    "x" * 10_000,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_that_is_filled_in_is_a_template_markup_a_line_or_a_part(hostile: str) -> None:
    lines = len(composed(snapshot(WARNING), HOUSE, LETTER, own("{{ what }}\n{{ zone }}", "x")).text.splitlines())
    made = compose(snapshot(WARNING, promise=promise(what=hostile)), HOUSE, LETTER, own())
    plain = composed(
        snapshot(WARNING, promise=promise(what=hostile)), HOUSE, LETTER, own("{{ what }}\n{{ zone }}", "x")
    )
    assert "49" not in made.text and "<script" not in made.html
    assert made.text.count("What you can do:") == 1
    assert len(plain.text.splitlines()) == lines or not hostile.strip()


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("statement", Statement)
def test_a_template_of_all_parts_passes_in_every_language(language: str, statement: Statement) -> None:
    assert judge(own(WHOLE, "{{ what }}", language, statement=statement)) == []


@pytest.mark.parametrize("language", ALL)
def test_its_own_words_are_judged_by_language_in_every_branch(language: str) -> None:
    lists = {Rule.VAGUE_TIME: VAGUE, Rule.BLAME: BLAME, Rule.CERTAINTY: CERTAIN, Rule.CAUSE: CAUSAL}
    words = " ".join(known[language] for known in lists.values())
    hidden = f"{WHOLE}\n{{% if completed %}}{{% if low %}}{words}{{% endif %}}{{% endif %}}"
    assert rules(own(hidden, "{{ what }}", language)) >= {("body", rule.value) for rule in lists}
    assert rules(own(WHOLE, words, language)) >= {("subject", rule.value) for rule in lists}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (f"We come at 14:00.\n\n{WHOLE}", Rule.UNSUPPORTED),
        (f"Call １２３.\n\n{WHOLE}", Rule.UNSUPPORTED),
        (WHOLE.replace("{{ zone }}", ""), Rule.MISSING),
        (WHOLE.replace("{{ signed }}", ""), Rule.MISSING),
        (WHOLE.replace("{{ expected }}", ""), Rule.RANGE),
        (WHOLE.replace("{{ expected }}", "{% if sorry %}{{ expected }}{% endif %}"), Rule.RANGE),
        (WHOLE.replace("{{ expected }}", "By {{ low }}."), Rule.RANGE),
        (WHOLE.replace("{{ onward }}", ""), Rule.NEXT_UPDATE),
        (WHOLE.replace("{{ onward }}", "{% if low %}{{ onward }}{% endif %}"), Rule.NEXT_UPDATE),
        (f"Thank you for your patience.\n\n{WHOLE}", Rule.BAD_NEWS_FIRST),
    ],
)
def test_what_leaves_out_what_a_letter_must_say_is_refused(body: str, rule: Rule) -> None:
    assert ("body", rule.value) in rules(own(body))


@pytest.mark.parametrize(
    ("body", "field"), [("{{ 7*7 }}", "body"), ("{{ nothing }}", "body"), ("{% if what %}", "body")]
)
def test_what_is_no_template_names_its_field_and_why(body: str, field: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        judge(own(body))
    assert refused.value.args[0] == field and refused.value.args[1]
    with pytest.raises(BadTemplate) as refused:
        judge(own(WHOLE, body))
    assert refused.value.args[0] == "subject"


def test_names_and_quotes_are_never_judged_as_the_companys_words() -> None:
    about = promise(what="It comes shortly, guaranteed, because of you")
    made = compose(snapshot(WARNING, promise=about), House(company="ASAP Movers"), LETTER, own())
    assert (made.findings, made.by.failed, made.by.template) == ((), "", "warning/en/3")


def test_what_makes_no_honest_letter_gives_way_to_the_built_in_one_and_says_why() -> None:
    silent = own(WHOLE.replace("{{ expected }}", ""))
    made = compose(snapshot(WARNING), HOUSE, LETTER, silent)
    assert made.text == composed(snapshot(WARNING), HOUSE, LETTER).text and made.findings == ()
    assert made.by.template == "warning/en/3" and made.by.failed == "range: the range is not in the letter"
    broken = compose(snapshot(WARNING), HOUSE, LETTER, own("{{ gone }}"))
    assert broken.text == made.text and broken.by.failed.startswith("BadTemplate: ")


def test_a_letter_whose_facts_hold_nothing_of_it_is_the_built_in_ones_too() -> None:
    long = compose(snapshot(WARNING, promise=promise(what="x" * 9_000)), HOUSE, LETTER, own("{{ what }}" * 9 + WHOLE))
    assert long.by.failed.startswith("ValueError: it makes more than") and long.findings == ()


def test_channels_with_little_room_keep_the_short_letter() -> None:
    form = Form(html=False, longest=1_600)
    made = compose(snapshot(WARNING), HOUSE, form, own())
    assert (made.by.template, made.by.failed) == ("", "") and len(made.text) < 600


@pytest.mark.parametrize(
    ("text", "greeting"),
    [
        ("Dear customer,\n\nWe are late.", "Dear customer,"),
        ("お客様\n\n遅れます。", "お客様"),
        ("We are late.\n\nSorry.", ""),
        ("Dear customer,\nWe are late.", ""),
        ("x" * 61 + "\n\nWe are late.", ""),
    ],
)
def test_a_short_first_line_by_itself_is_a_greeting(text: str, greeting: str) -> None:
    assert greeting_of(text) == greeting


def test_samples_are_of_every_sort_and_the_built_in_template_passes_on_all() -> None:
    for language in ALL:
        found = [one for statement in Statement for one in samples(statement, language)]
        assert len(found) == 17
        assert {one.decision.reason for one in found} >= {Reason.DATE_MOVED, Reason.NOT_KEPT, Reason.CALLED_OFF}
        for one in found:
            assert composed(one, House(), LETTER).findings == (), one.decision


def test_the_guide_names_all_that_can_be_filled_in() -> None:
    text = GUIDE.read_text()
    for name, meaning in (WORDS | PARTS).items():
        assert f"| `{name}` | {meaning} |" in text
