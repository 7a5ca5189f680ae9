"""Every letter in every language: complete catalogues, words that pass the lint, nothing left in English."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House, Option, OptionRule, parse
from notify_svc.compose.letter import LETTER, Letter, compose
from notify_svc.compose.signer import Signer
from notify_svc.compose.words import languages, locale_of, translations
from notify_svc.domain.consistency import range_beside
from notify_svc.domain.facts import CalledOff, Decision, Gap, Kind, Move, Reason
from notify_svc.domain.lexicon import LEXICONS
from notify_svc.domain.lint import Rule, lint_own, lint_words
from notify_svc.domain.schedule import told_range
from tests.support.clocks import NOON
from tests.unit.notify.compose.test_letters import CASES, SNOW
from tests.unit.notify.facts import DUE, HIGH, LOW, NEW_YORK, gap, minutes, promise, snapshot, step, told
from tools.catalogues import FOLDER, extracted, forms, known, written

ALL = ("de", "en", "es", "fr", "ja", "pt")
OTHERS = [language for language in ALL if language != "en"]
PLACES = re.compile(r"%\((\w+)\)s")
ENGLISH = re.compile(r"\b(?:the|we|you|this|our|your|please|between|reply|later|not|done)\b", re.IGNORECASE)
MOVE = Move("ev-r", NOON, DUE, DUE + minutes(1440), agreed=False, reason="4715")
ALONE: dict[str, Any] = {"low": None, "high": None, "next_update_by": None}
STEPS = [
    step(kind, told=named, name="4711", planned=planned, event_id=f"ev-{kind}-{planned}")
    for kind in FactKind
    if kind is not FactKind.INCIDENT_OPEN
    for named, planned in ((True, NOON - minutes(60)), (True, None), (False, None))
]
UNSAID = Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-j", name="it", at=NOON)
TITLED = msgspec.structs.replace(SNOW, public_text="4714")
GIVEN = step(name="4711", public_reason="4715", event_id="ev-g")
FACTS = ((), (TITLED, GIVEN), *(STEPS[at : at + 4] for at in range(0, len(STEPS), 4)), (UNSAID,))
"""What letters tell, at most four facts a letter."""


def texts(message: Message) -> list[tuple[str, str]]:
    """Each form of a message beside its translation."""
    said = message.id if isinstance(message.id, str) else message.id[1]
    return [(said, meant) for meant in forms(message)]


def test_letters_are_written_in_six_languages() -> None:
    assert sorted(languages()) == list(ALL) == sorted(LEXICONS)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_up_to_date(language: str) -> None:
    assert written(language) == (FOLDER / f"{language}.po").read_bytes(), "run: python -m tools.catalogues"


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_complete(language: str) -> None:
    catalogue = known(language)
    wanted = {message.id for message in extracted() if message.id}
    assert {message.id for message in catalogue if message.id} == wanted
    assert len(wanted) > 100
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        found = texts(message)
        assert len(found) == (1 if isinstance(message.id, str) else catalogue.num_plurals)
        for said, meant in found:
            assert meant.strip(), said
            assert sorted(PLACES.findall(meant)) == sorted(PLACES.findall(said)), (said, meant)
            assert "%" not in PLACES.sub("", meant), meant
            # Where English ends a sentence every language does, or two of them would run together.
            assert said.startswith("Hello") or meant.endswith((".", "。")) == said.endswith("."), (
                said,
                meant,
            )


def test_every_sentence_of_the_templates_can_be_translated() -> None:
    """What stands between the marks of a template of customers' letters is markup alone."""
    folder = FOLDER.parent / "templates"
    for name in (*("letter.j2", "short.txt.j2", "leads.j2"), *("phrases.j2", "subject.txt.j2", "blocks.html.j2")):
        tokens = Environment(trim_blocks=True).lex((folder / name).read_text())
        words = "".join(text for _, kind, text in tokens if kind == "data")
        assert re.findall(r"[^\W\d_]{2,}(?=[^<>]*(?:<|$))", re.sub(r"<[^>]*>", "", words)) == [], name


def written_in(locale: str, decision: Decision, at: Gap, form: Form = LETTER, **known_: Any) -> Letter:
    assert decision.statement is not None
    about = known_.pop("about", promise(what="4711"))
    signer = Signer("4712", "4713")
    return compose(
        snapshot(decision, decision.statement, promise=about, gap=at, locale=locale, signer=signer, **known_),
        House(),
        form,
    )


@cache
def every_letter(locale: str, form: Form = LETTER) -> list[Letter]:
    """Every sort of letter in one language, with every sort of fact."""
    found = []
    for at, statement, reason, closing, _ in CASES:
        decision = Decision(Kind.SPEAK, reason, statement, {"milestone": "4711"}, closing=closing)
        tells = statement is not Statement.CANCELLED and not closing
        ranged = range_beside(statement, told_range(at.forecast, NOON, NEW_YORK), DUE)[0] if tells else None
        low, high = ranged or (None, None)
        known_: dict[str, Any] = {"low": low, "high": high} if tells else dict(ALONE)
        known_["earlier"] = None if statement is Statement.WARNING else told()
        found += [written_in(locale, decision, replace(at, facts=tuple(some)), form, **known_) for some in FACTS]
    return [*found, *changes(locale, form), *little_history(locale, form)]


def changes(locale: str, form: Form) -> list[Letter]:
    """Another date, agreed or not, and withdrawals by whomever."""
    warning = Decision(Kind.SPEAK, Reason.DATE_MOVED, Statement.WARNING, about="ev-r")
    agreed = Decision(Kind.SPEAK, Reason.DATE_MOVED, Statement.ALL_CLEAR, about="ev-r")
    ended = Decision(Kind.SPEAK, Reason.CALLED_OFF, Statement.CANCELLED, closing=True, about="ev-w")
    earlier = replace(MOVE, due=DUE - minutes(60))
    off = [promise(what="4711", called_off=CalledOff("ev-w", NOON, ours)) for ours in (True, False)]
    return [
        written_in(locale, warning, gap(), form, move=MOVE),
        written_in(locale, warning, gap(), form, move=earlier),
        written_in(locale, agreed, gap(), form, move=MOVE, **ALONE),
        *(written_in(locale, ended, gap(None, Standing.WITHDRAWN), form, about=about, **ALONE) for about in off),
    ]


def little_history(locale: str, form: Form = LETTER) -> list[Letter]:
    """A chance, from one case and from many, ranges that were widened, and none for every reason."""
    decision = Decision(Kind.SPEAK, Reason.MILESTONE_MISSED, Statement.WARNING, {"milestone": "4711"})
    found = []
    for cases, record in ((1, ()), (4_562, (200, 0.64, 0.805)), (30, (1, 0.6, 0.81))):
        at = gap(0.4, p50=DUE - minutes(9), p80=DUE + minutes(9), record=record)
        assert at.forecast is not None
        at = replace(at, forecast=replace(at.forecast, n=cases))
        found.append(written_in(locale, decision, at, form, low=DUE - minutes(5), high=DUE + minutes(10)))
    return found


@pytest.mark.parametrize("language", ALL)
def test_every_letter_in_every_language_passes_the_lint(language: str) -> None:
    made = every_letter(language)
    assert len(made) > 70
    for letter in made:
        assert letter.findings == (), letter.text
        assert f'<html lang="{language}">' in letter.html


@pytest.mark.parametrize("language", ALL)
def test_a_channel_with_little_room_gets_short_letters_that_pass_the_lint_too(language: str) -> None:
    made = every_letter(language, Form(html=False, longest=1_600))
    assert len(made) > 70
    for letter in made:
        assert letter.findings == (), letter.text
        assert len(letter.text) <= (330 if language == "ja" else 560), letter.text
        assert letter.text.startswith(letter.news)
    assert {letter.news for letter in made} == {letter.news for letter in every_letter(language)}


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_of_a_letter_is_left_in_english(language: str) -> None:
    for letter in every_letter(language):
        words = f"{letter.subject}\n{letter.text}".replace("New York", "").replace("ニューヨーク", "")
        found = set(ENGLISH.findall(words)) - ({"our"} if language == "fr" else set())
        assert not found, (found, letter.text)


@pytest.mark.parametrize("language", OTHERS)
def test_two_letters_of_other_news_read_differently(language: str) -> None:
    english = {letter.news for letter in every_letter("en")}
    assert len({letter.news for letter in every_letter(language)}) >= len(english) - 1


OURS = {"de": "Wir haben", "en": "We missed", "es": "No hemos cumplido", "fr": "Nous avons manqué"}
OURS |= {"ja": "実施できませんでした", "pt": "Não cumprimos"}


@pytest.mark.parametrize("language", ALL)
def test_a_missed_step_is_said_as_ours_in_every_language(language: str) -> None:
    """Nobody reads that a step "did not take place", as if it had been nobody's to take."""
    decision = Decision(Kind.SPEAK, Reason.MILESTONE_MISSED, Statement.WARNING, {"milestone": "4711"})
    letter = written_in(language, decision, gap(0.1, facts=(GIVEN,)), **ALONE)
    assert OURS[language] in letter.news and "4711" in letter.news


EUROPEAN = re.compile(
    r"\b(?:consigo|de si|ligação|registos?|registad[oa]s?|entretanto|\w+ámos|\w+-(?:me|lhe))\b", re.IGNORECASE
)


def test_portuguese_is_that_of_brazil_throughout() -> None:
    """A letter that says `você` in one sentence and `consigo` in the next was written by two people."""
    said = [meant for message in known("pt") if message.id for _, meant in texts(message)]
    assert any("você" in meant for meant in said)
    assert [meant for meant in said if EUROPEAN.search(meant)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_apostrophes_are_those_of_print(language: str) -> None:
    assert [meant for message in known(language) if message.id for _, meant in texts(message) if "'" in meant] == []


VAGUE = {
    "de": "Wir melden uns in Kürze.",
    "es": "Llega pronto.",
    "fr": "Cela arrive bientôt.",
    "ja": "まもなく届きます。",
}
VAGUE |= {"pt": "Chega em breve.", "en": "It comes shortly."}
BLAME = {"de": "Das ist Ihre Schuld.", "es": "Es culpa del transportista.", "fr": "C’est la faute du transporteur."}
BLAME |= {"pt": "A culpa é da transportadora.", "ja": "運送会社の過失です。", "en": "It is the fault of the carrier."}
CERTAIN = {"de": "Es kommt garantiert.", "es": "Llega sin duda.", "fr": "C’est garanti.", "ja": "必ず届きます。"}
CERTAIN |= {"pt": "Chega com certeza.", "en": "It is guaranteed."}
PASSIVE = {"de": "Ein Fehler wurde gemacht.", "es": "Fue cancelado.", "fr": "Une erreur a été commise."}
PASSIVE |= {"pt": "Foi cancelado.", "ja": "出荷されました。", "en": "A mistake was made."}
CAUSAL = {"de": "Es wartet wegen Schnee.", "es": "Espera debido a la nieve.", "fr": "En raison de la neige."}
CAUSAL |= {"pt": "Espera devido a neve.", "ja": "雪が原因です。", "en": "It waits because of snow."}


@pytest.mark.parametrize("language", ALL)
def test_the_lint_knows_what_is_not_honest_in_each_language(language: str) -> None:
    for words, rule in ((VAGUE, Rule.VAGUE_TIME), (BLAME, Rule.BLAME), (CERTAIN, Rule.CERTAINTY)):
        assert rule in {finding.rule for finding in lint_words(words[language], language)}, words[language]
    for words, rule in ((PASSIVE, Rule.PASSIVE), (CAUSAL, Rule.CAUSE)):
        assert rule in {finding.rule for finding in lint_own(words[language], language)}, words[language]


@pytest.mark.parametrize("language", OTHERS)
def test_a_letter_is_judged_in_its_own_language(language: str) -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    vague = (step(public_reason=VAGUE[language].rstrip(".。")),)
    made = compose(snapshot(decision, gap=gap(facts=vague), locale=language), House())
    assert [what for what, _ in made.left_out][:1] == ["public_reason"]
    # A company that writes in another language has its staff's words judged by that one too.
    judged = compose(snapshot(decision, gap=gap(facts=vague)), House(language=language))
    assert [what for what, _ in judged.left_out][:1] == ["public_reason"]


def test_a_companys_words_are_said_in_the_customers_language_where_it_wrote_them() -> None:
    says = "{de: Wir kümmern uns täglich., fr: Nous suivons cela chaque jour.}"
    house = parse(f"language: de\nactions:\n  - says: {says}\n".encode())
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    for locale, words in (("fr", "Nous suivons"), ("de", "Wir kümmern"), ("es", "Wir kümmern")):
        assert f"- {words}" in compose(snapshot(decision, gap=gap(), locale=locale), house).text


def test_a_companys_words_are_judged_in_their_language_as_they_are_set() -> None:
    with pytest.raises(ValueError, match="vague_time: 'in Kürze'"):
        parse("actions:\n  - says: {de: Wir melden uns in Kürze.}\n".encode())


@pytest.mark.parametrize(
    ("tags", "locale"),
    [
        (("de", "fr"), "de"),
        (("de-AT", "fr"), "de_AT"),
        ((None, "fr"), "fr"),
        (("xx", "fr"), "fr"),
        (("it", "pt-BR"), "pt_BR"),
        (("it", None), "en_GB"),
        (("en", "de"), "en_GB"),
        (("en-US",), "en_US"),
        (("ja-JP",), "ja_JP"),
        (("zh-Hant-TW", "ja"), "ja"),
        ((), "en_GB"),
    ],
)
def test_the_customers_language_then_the_companys_then_english(tags: tuple[str | None, ...], locale: str) -> None:
    assert locale_of(*tags) == locale


def test_forms_follow_the_number() -> None:
    for language, one, many in (("de", "Fall.", "Fällen."), ("fr", "cas semblable.", "cas semblables.")):
        ids = next(message.id for message in extracted() if "similar case" in str(message.id))
        assert not isinstance(ids, str)
        single, plural = ids
        found = [translations(language).ngettext(single, plural, number) for number in (1, 2)]
        assert found[0].endswith(one)
        assert found[1].endswith(many)


def test_numbers_are_the_customers_own() -> None:
    for locale, number in (("de", "4.562"), ("en_GB", "4,562"), ("fr", "4\u202f562"), ("ja", "4,562")):
        assert any(number in letter.text for letter in little_history(locale)), locale


def test_every_option_of_the_company_fits_beside_our_own_in_every_language() -> None:
    own = OptionRule.model_validate({"option": "goodwill", "says": "A", "strength": "B", "weakness": "C"})
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    for language in ALL:
        house = House(options=(own, OptionRule(option=Option.CANCEL)))
        made = compose(snapshot(decision, gap=gap(), locale=language, low=LOW, high=HIGH), house)
        assert made.findings == ()
        assert made.text.count("\n- A\n") == 1
        assert made.html.count("<tr") == 3


@pytest.mark.parametrize(
    ("locale", "greeting"),
    [
        ("en_GB", "Hello Pat & Jo,"),
        ("de", "Guten Tag Pat & Jo,"),
        ("fr", "Bonjour Pat & Jo,"),
        ("es", "Hola, Pat & Jo:"),
        ("pt", "Olá, Pat & Jo,"),
        ("ja", "Pat & Jo様、いつもお世話になっております。"),
    ],
)
def test_the_reader_is_greeted_by_name_and_is_no_markup(locale: str, greeting: str) -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    made, plain = (compose(snapshot(decision, locale=locale, reader=reader), House()) for reader in ("Pat & Jo", ""))
    assert made.findings == () and made.text.partition("\n")[0] == greeting
    assert greeting.replace("&", "&amp;") in made.html
    assert made.text.partition("\n")[2] == plain.text.partition("\n")[2]
