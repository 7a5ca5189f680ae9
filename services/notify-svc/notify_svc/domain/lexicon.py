"""The words by which a letter is judged, language by language: vague, blaming, certain, causal, and words of bad news.

Each is one regular expression. A language without a list of its own is judged by the English one. Lists are short on
purpose: they hold what our own letters and a company's words must not say, not all that could be said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What to look for in one language; `odds` has one group, the chance of 100 that a letter states.

    `passive` finds a passive without an owner; its group 1, if there is one, is the participle, which may be a state.
    """

    vague: re.Pattern[str]
    certain: re.Pattern[str]
    passive: re.Pattern[str]
    blame: re.Pattern[str]
    bad: re.Pattern[str]
    causal: re.Pattern[str]
    odds: re.Pattern[str]
    probably: re.Pattern[str]
    states: frozenset[str] = frozenset()


def _any(*words: str, after: str = "") -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b{after}", re.IGNORECASE)


def _within(*words: str) -> re.Pattern[str]:
    """Words of a script that puts no blanks between them."""
    return re.compile("|".join(words))


LEXICONS: Final[Mapping[str, Lexicon]] = {
    ENGLISH: Lexicon(
        vague=_any(
            *("shortly", "soon", "as soon as possible", "asap", "in due course", "momentarily", "promptly", "quickly"),
            *("in a (?:while|bit|moment)", "before long", "in the near future", "in the coming (?:hours|days|weeks)"),
            *("at (?:your|our) earliest convenience", "any (?:time|minute)"),
        ),
        certain=_any(
            *("certainly", "definitely", "guarantee[ds]?", "surely", "for sure", "undoubtedly", "rest assured"),
            *("without (?:a )?doubt", "(?:will|shall) (?:be|arrive|come|finish|complete|happen)"),
            after="(?! probably)",
        ),
        passive=re.compile(
            r"\b(?:is|are|was|were|be|been|being)\s+(?:\w+ly\s+)?(\w{2,}ed|made|done|sent|told|held|lost|broken|taken)"
            r"\b(?!\s+by\b)",
            re.IGNORECASE,
        ),
        blame=_any(
            *("blam(?:e|ed|ing)", "fault", "careless(?:ness|ly)?", "negligen(?:t|ce)", "incompeten(?:t|ce)"),
            *("because of you", "you failed", "(?:they|he|she) (?:failed|forgot)", "let (?:you|us) down by"),
        ),
        bad=_any("late", "later", "not", "cancelled", "missed", "delayed", "cannot", "another date", "called off"),
        causal=_any("because", "due to", "caused by", "owing to", "reason given", "as a result of"),
        odds=re.compile(r"\b(\d+) in 100\b"),
        probably=_any("probably"),
        states=frozenset({"cancelled", "done", "completed", "planned", "called"}),
    ),
    "de": Lexicon(
        vague=_any(
            *("bald", "baldigst", "baldmöglichst", "demnächst", "in Kürze", "kurzfristig", "zeitnah", "umgehend"),
            "asap",
            *("schnellstmöglich", "so (?:bald|schnell|rasch) wie möglich", "jederzeit", "jeden Moment", "gleich"),
            *("in den (?:nächsten|kommenden) (?:Stunden|Tagen|Wochen)", "zu gegebener Zeit", "in absehbarer Zeit"),
        ),
        certain=_any(
            *("sicherlich", "bestimmt", "garantier(?:t|en)", "zweifellos", "ohne Zweifel", "auf jeden Fall", "gewiss"),
            *("mit Sicherheit", "definitiv"),
        ),
        passive=re.compile(r"\b(?:wurden?|worden)\b(?![^.!?\n]*\b(?:von|durch)\b)", re.IGNORECASE),
        blame=_any(
            *("schuld", "verschulden", "nachlässig\\w*", "fahrlässig\\w*", "unfähig\\w*", "wegen Ihnen"),
            *("Ihretwegen", "haben Sie vergessen", "(?:er|sie) (?:hat|haben) vergessen", "schlampig\\w*"),
        ),
        bad=_any(
            *("verspät\\w*", "später\\w*", "spät", "nicht", "kein\\w*", "abgesagt", "versäumt\\w*", "ausgefallen"),
            *("anderer Termin", "anderen Termin", "fällt aus", "verschoben"),
        ),
        causal=_any("weil", "wegen", "aufgrund", "auf Grund", "infolge", "verursacht durch", "angegebener grund"),
        odds=re.compile(r"\b(\d+) von 100\b"),
        probably=_any("wahrscheinlich", "voraussichtlich"),
    ),
    "fr": Lexicon(
        vague=_any(
            *("bientôt", "sous peu", "prochainement", "dès que possible", "au plus vite", "rapidement", "incessamment"),
            "asap",
            *("dans les meilleurs délais", "à tout moment", "dans les prochain(?:e)?s (?:heures|jours|semaines)"),
            "en temps utile",
        ),
        certain=_any(
            *("certainement", "assurément", "garanti(?:e|s|es|r|ssons)?", "sans aucun doute", "sûrement", "à coup sûr"),
            "soyez assurée?s?",
        ),
        passive=re.compile(
            r"\b(?:a|ont|avait) été \w+(?:ée?s?|ie?s?|ises?|ites?|ue?s?|ertes?|ert)\b(?!\s+par\b)", re.IGNORECASE
        ),
        blame=_any(
            *("faute", "coupables?", "néglig(?:ent|ence|é)\\w*", "incompéten(?:t|ce)\\w*", "à cause de vous"),
            *("par votre faute", "vous avez oublié", "(?:il|elle|ils|elles) (?:a|ont) oublié"),
        ),
        bad=_any("retard", "plus tard", "pas", "annulée?s?", "manquée?s?", "autre date", "impossible"),
        causal=_any("parce qu(?:e|'|’)", "en raison d(?:e|u|es)", "à cause d(?:e|u|es)", "dû à", "motif indiqué"),
        odds=re.compile(r"\b(\d+) sur 100\b"),
        probably=_any("probablement", "sans doute"),
    ),
    "es": Lexicon(
        vague=_any(
            *("pronto", "en breve", "cuanto antes", "lo antes posible", "próximamente", "rápidamente", "enseguida"),
            "asap",
            *("en cualquier momento", "a la mayor brevedad", "en (?:las|los) próxim[oa]s (?:horas|días|semanas)"),
            "a su debido tiempo",
        ),
        certain=_any(
            *("seguramente", "ciertamente", "sin duda", "garantiza(?:do|da|dos|das|r|mos)", "con toda seguridad"),
            *("con certeza", "definitivamente"),
        ),
        passive=re.compile(r"\b(?:fue|fueron|ha sido|han sido) \w+[aisth][doa]?[oa]s?\b(?!\s+por\b)", re.IGNORECASE),
        blame=_any(
            *("culpa(?:ble)?s?", "negligen(?:te|cia)s?", "descuido", "incompeten(?:te|cia)s?", "por usted"),
            *("usted olvidó", "(?:él|ella) olvidó", "se olvidaron"),
        ),
        bad=_any("tarde", "retraso", "no", "cancelad[oa]s?", "anulad[oa]s?", "otra fecha", "fecha posterior", "sin"),
        causal=_any("porque", "debido a", "a causa de", "por culpa de", "como consecuencia de", "motivo indicado"),
        odds=re.compile(r"\b(\d+) de cada 100\b"),
        probably=_any("probablemente"),
    ),
    "pt": Lexicon(
        vague=_any(
            *("em breve", "brevemente", "logo que possível", "assim que possível", "o mais (?:rápido|breve) possível"),
            "asap",
            *("rapidamente", "a qualquer momento", "nos próximos dias", "nas próximas (?:horas|semanas)"),
            *("oportunamente", "daqui a pouco"),
        ),
        certain=_any(
            *("certamente", "com certeza", "sem dúvida", "garanti(?:do|da|dos|das|r|mos)", "seguramente"),
            "definitivamente",
        ),
        passive=re.compile(
            r"\b(?:foi|foram|tem sido|têm sido) \w+(?:[ai]d|st|it|t)[oa]s?\b(?!\s+por\b)", re.IGNORECASE
        ),
        blame=_any(
            *("culpa(?:do|da|dos|das)?", "negligen(?:te|tes)", "negligência", "descuido", "incompeten(?:te|tes)"),
            *("por sua causa", "você esqueceu", "(?:ele|ela) esqueceu"),
        ),
        bad=_any(
            *("atras(?:o|ado|ada|ados|adas)", "mais tarde", "não", "cancelad[oa]s?", "outra data", "data posterior"),
            "sem",
        ),
        causal=_any("porque", "devido a", "por causa d[eoa]s?", "em consequência d[eoa]s?", "motivo indicado"),
        odds=re.compile(r"\b(\d+) em cada 100\b"),
        probably=_any("provavelmente"),
    ),
    "ja": Lexicon(
        vague=_within(
            *("(?i:asap)", "まもなく", "間もなく", "近日中", "近いうち", "すぐに", "早急に", "至急", "できるだけ早く"),
            *("可及的速やか", "いずれ", "速やかに"),
        ),
        certain=_within("必ず", "絶対に", "確実に", "間違いなく", "保証"),
        passive=_within(r"されました(?!.*により)", "行われました"),
        blame=_within("責任は", "のせい", "過失", "怠慢", "落ち度", "不注意", "無能"),
        bad=_within(
            *("遅", "できません", "できず", "ません", "中止", "取り消", "取り止め"),
            *("取りやめ", "守れ", "変更", "未完了"),
        ),
        causal=_within("のため、", "が原因(?!かどうか)", "により遅", "によって遅", "理由："),
        odds=re.compile(r"100件中(\d+)件"),
        probably=_within("おそらく", "見込みが高い"),
    ),
}  # fmt: skip


def lexicon(language: str) -> Lexicon:
    """The words of a language by its code, such as `de`; the English ones where it has none."""
    return LEXICONS.get(language, LEXICONS[ENGLISH])
