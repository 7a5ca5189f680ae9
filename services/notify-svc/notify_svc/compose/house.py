"""What a company sets for its letters, in LETTERS_FILE: who writes, what it does and what it offers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from candor.intake.mapped.located import read
from candor.intake.mapped.reading import mistakes
from candor.ops.secret_files import SecretFile
from candor.web.http.text import one_line
from notify_svc.compose.words import languages
from notify_svc.domain.lexicon import ENGLISH
from notify_svc.domain.lint import lint_own
from notify_svc.domain.naming import not_a_name, without_addresses

ALL: Final = "*"
MOST_RULES: Final = 200
MOST_SAID: Final = 3
"""Actions that one letter names at most: the first that fit."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(one_line)]
Names = Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]


def _by_language(value: Any) -> Any:
    return {ALL: value} if isinstance(value, str) else value


def _honest(value: dict[str, str]) -> dict[str, str]:
    for language, words in value.items():
        if language != ALL and language not in languages():
            raise ValueError(f"{language} is no language of letters, which are {', '.join(languages())}")
        # Words without a language are the company's, in whatever language it writes.
        for judged in languages() if language == ALL else (language,):
            if found := lint_own(words, judged):
                raise ValueError(f"{found[0].rule.value}: {found[0].detail!r} may not stand in a letter")
    return value


Words = Annotated[dict[str, Line], BeforeValidator(_by_language), AfterValidator(_honest), Field(min_length=1)]
"""A text, or a text by language."""


def _a_way(value: str) -> str:
    _honest({ALL: without_addresses(value)})
    return value


def _a_name(value: str) -> str:
    if found := not_a_name(value, languages()):
        raise ValueError(f"{found.rule.value}: {found.detail!r} is no part of a name")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(StrEnum):
    """What a customer may be offered."""

    KEEP_WAITING = "keep_waiting"
    ANOTHER_DATE = "another_date"
    PARTIAL = "partial"
    GOODWILL = "goodwill"
    CANCEL = "cancel"


OF_THE_COMPANY: Final = {Option.PARTIAL, Option.GOODWILL}
"""Options of which only the company can say what they are."""


class OptionRule(_Strict):
    """One option that customers are offered; without `strength` and `weakness` the general ones of its sort are said.

    `kinds`: of which kinds of promises.
    """

    option: Option
    kinds: Names = (ALL,)
    says: Words | None = None
    strength: Words | None = None
    weakness: Words | None = None

    @model_validator(mode="after")
    def _said(self) -> OptionRule:
        if self.option in OF_THE_COMPANY and not (self.says and self.strength and self.weakness):
            raise ValueError(
                f"{self.option.value} needs `says`, `strength` and `weakness`: only you know what they are"
            )
        return self


class ActionRule(_Strict):
    """What the company does about promises of these kinds, if one of `causes` is known of them."""

    says: Words
    kinds: Names = (ALL,)
    causes: Names = (ALL,)


class MeaningRule(_Strict):
    """What trouble with promises of these kinds means for a customer, beside what the dates mean."""

    says: Words
    kinds: Names = (ALL,)


DEFAULT_OPTIONS: Final = tuple(
    OptionRule(option=option) for option in (Option.KEEP_WAITING, Option.ANOTHER_DATE, Option.CANCEL)
)


class House(_Strict):
    """How this company describes itself; the defaults promise nothing that Candor does not do.

    `company`: who writes. `reach`: how customers reach it, beside a reply. `language`: the company's own, for customers
    whose language is unknown. `outside`: causes that are not the company's fault, by the names of steps and categories
    of incidents.
    """

    company: Annotated[Line, AfterValidator(_a_name)] | None = None
    reach: Annotated[Line, AfterValidator(_a_way)] | None = None
    language: str = ENGLISH
    outside: Annotated[tuple[Line, ...], Field(max_length=MOST_RULES)] = ()
    actions: Annotated[tuple[ActionRule, ...], Field(max_length=MOST_RULES)] = ()
    means: Annotated[tuple[MeaningRule, ...], Field(max_length=MOST_RULES)] = ()
    options: Annotated[tuple[OptionRule, ...], Field(max_length=MOST_RULES)] = DEFAULT_OPTIONS

    @model_validator(mode="after")
    def _known(self) -> House:
        if self.language not in languages():
            raise ValueError(f"language must be one of {', '.join(languages())}")
        return self

    def does(self, kind: str, causes: Collection[str], language: str) -> list[str]:
        """What is done about a promise of this kind with these known causes, MOST_SAID at most; none if none is set."""
        found = (rule for rule in self.actions if _fits(rule.kinds, [kind]) and _fits(rule.causes, causes))
        return [self.text(rule.says, language) for rule in found][:MOST_SAID]

    def meant(self, kind: str, language: str) -> list[str]:
        """What it means for customers of this kind of promise."""
        return [self.text(rule.says, language) for rule in self.means if _fits(rule.kinds, [kind])][:MOST_SAID]

    def offers(self, kind: str, without: Collection[Option] = ()) -> Iterator[OptionRule]:
        """The options for a promise of this kind, each once; the first rule that fits holds."""
        seen = set(without)
        for rule in self.options:
            if rule.option not in seen and _fits(rule.kinds, [kind]):
                seen.add(rule.option)
                yield rule

    def text(self, words: Words, language: str) -> str:
        """The text in a language; else without one, else in the company's own, else the first there is."""
        return words.get(language) or words.get(ALL) or words.get(self.language) or next(iter(words.values()))

    def is_outside(self, causes: Iterable[str]) -> bool:
        """Whether one of the causes is not the company's fault."""
        return not {name.casefold() for name in self.outside}.isdisjoint(name.casefold() for name in causes)


def _fits(wanted: Iterable[str], found: Collection[str]) -> bool:
    names = {name.casefold() for name in found}
    return any(name == ALL or name.casefold() in names for name in wanted)


def parse(raw: bytes) -> House:
    """The content of LETTERS_FILE. Raises LocatedError, with lines and fields, for the mistakes in it."""
    document = read(raw)
    try:
        return House.model_validate(document.value if document.value is not None else {})
    except ValidationError as error:
        raise mistakes(error, document) from None


class Houses:
    """What the company has set, as it is now: `file` is read again when it changes; without one, the defaults.

    Raises ValueError at construction for a wrong file; one that turns wrong later leaves what stood there before.
    """

    def __init__(self, file: Path | None = None, house: House | None = None) -> None:
        self.file = SecretFile(file, parse, name="LETTERS_FILE") if file is not None else None
        self._house = house or House()

    def now(self) -> House:
        """As of a second ago at most."""
        return self.file.get() if self.file is not None else self._house
