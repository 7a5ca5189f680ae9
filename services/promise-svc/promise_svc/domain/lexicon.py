"""By which expressions a review complains of failure to communicate: what `tagging` looks for, by tag.

Words of an expression stand in this order. `a/b` is either of them, `*` at the end of a word any ending, and `~` up to
four other words of the same sentence. `n't` is read as `not`, so that `not` finds `didn't` too.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from candor.contracts.market import Tag

LANGUAGE: Final = "en"
_TELL: Final = "tell/tells/told/telling/inform*/notif*/warn*/updated/updating/mention*/communicat*"
_SAY: Final = f"{_TELL}/said/say/call/called/contact*/wrote/write/emailed/texted/phoned/rang"
_ANSWER: Final = "answer*/repl*/respon*/react*"
_NOBODY: Final = "nobody/noone"
_BAD: Final = "poor/bad/terrible/awful/horrible/appalling/shocking/dreadful/non-existent"
_DATE: Final = "date*/day*/time*/slot*/appointment*/delivery"
_OTHER: Final = "story/stories/answer*/version*/information"
LEXICON: Final[Mapping[Tag, tuple[str, ...]]] = MappingProxyType(
    {
        Tag.NOT_TOLD: (
            f"{_NOBODY} ~ {_SAY}",
            f"no one ~ {_SAY}",
            f"never ~ {_TELL}",
            "never ~ heard",
            "never ~ contacted/emailed/texted",
            f"not ~ {_TELL}",
            "not/never ~ let ~ know",
            "not ~ hear/heard ~ from",
            "not a word/call/message/email",
            f"without ~ {_TELL}",
            "without ~ notice/word/call/message",
            "no/zero ~ notice/notification*/warning/communication/explanation/update/updates/word",
            "lack/absence of ~ communication/information/updates",
            f"{_BAD} ~ communication",
            f"communication ~ {_BAD}",
            "left/kept/keep/keeps ~ in the dark",
            "radio silence",
            "had/have to ~ chase",
            "found out ~ myself/ourselves/online/neighbour*/accident/chance",
        ),
        Tag.TOO_LATE: (
            f"{_SAY} ~ too late",
            f"only/just ~ {_SAY} ~ after/afterwards/when",
            f"only/just ~ {_SAY} ~ day",
            f"{_SAY} ~ afterwards",
            f"{_TELL} ~ only ~ after/when/day",
            f"{_SAY} ~ hours/hour/minutes/minute before",
            "hours/hour/minutes/minute ~ notice",
            "last minute",
            "last-minute",
            "short/late notice",
            "notice/warning/message/email/call ~ came/arrived ~ late",
        ),
        Tag.CONTRADICTORY: (
            "contradict*",
            "conflicting/inconsistent ~ information/story/stories/answer*/date*/message*/statement*/advice",
            f"different ~ {_OTHER}/{_DATE} ~ every/each",
            f"every/each ~ different ~ thing/{_OTHER}/{_DATE}",
            "one ~ said ~ other/another/next ~ said/says",
            "said/say/told ~ one thing ~ another/other/different",
            f"kept/keep/keeps ~ changing/moving ~ {_DATE}",
            f"{_DATE} ~ kept/keep/keeps ~ changing/moving",
            f"changed ~ {_DATE} ~ again/times",
            "mixed messages",
        ),
        Tag.UNREACHABLE: (
            "unreachable/uncontactable",
            "no/zero ~ reply/replies/response/answer/callback",
            f"{_NOBODY} ~ {_ANSWER}",
            f"no one ~ {_ANSWER}",
            f"{_NOBODY}/never ~ pick/picks/picked ~ up",
            "no one ~ pick/picks/picked ~ up",
            f"never/not ~ {_ANSWER}",
            "never/not ~ call/calls/called/rang/phoned back",
            "not/unable/impossible/hard/difficult ~ reach/contact",
            "not/unable/impossible/hard/difficult ~ get hold",
            "not/unable/impossible/hard/difficult ~ get through",
            "ignore/ignored/ignores/ignoring ~ email*/message*/call/calls/letter*/complaint*/me/us",
            "email*/message*/calls/letter* ~ ignored/unanswered",
            "on hold for",
        ),
    }
)
"""Expressions of each tag, in the order in which a review is searched."""
