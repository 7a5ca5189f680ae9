"""The kinds of matter, and the table of how each may move from state to state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """The kinds of matter."""

    HANDOFF = "handoff"
    CAPABILITY = "capability"
    CLAIM = "claim"
    STATEMENT = "statement"
    CHALLENGE = "challenge"
    OFFER = "offer"
    CLARIFICATION = "clarification"
    WISH = "wish"
    ACCOUNT = "account"
    SHEET = "sheet"
    PLAN = "plan"
    REVIEW = "review"
    LEAD_TIME = "lead_time"

    @property
    def words(self) -> str:
        """As it is named in sentences, by the glossary."""
        return _WORDS.get(self, self.replace("_", " "))


_WORDS: Final = {Kind.HANDOFF: "hand-off", Kind.SHEET: "answer sheet"}
EXPIRED: Final = "expired"
"""The state of what was still open when its time was over; no entry leads to it."""
Moves = Mapping[tuple[str | None, str], str]
"""The state that follows a state and an action; None: the matter is not there yet."""


@dataclass(frozen=True, slots=True)
class Machine:
    """How one kind of matter moves.

    `open`: the states that end when its time is over. `replaces`: the action that it begins with says all anew instead
    of adding to it. `keeps`: its entries are kept; else the newest is all there is of it. `gone`: the state in which
    nothing is left of it but its ids. `named`: its body names it, by what its id is made of.
    """

    moves: Moves
    open: frozenset[str] = frozenset()
    replaces: bool = False
    keeps: bool = True
    gone: str = ""
    named: bool = True

    @property
    def begins(self) -> str:
        """The action that a matter begins with."""
        return next(action for state, action in self.moves if state is None)

    @property
    def actions(self) -> frozenset[str]:
        """All actions, by any of which an entry can be made."""
        return frozenset(action for _, action in self.moves)

    @property
    def goes_on(self) -> bool:
        """Whether it comes to other states after it began, instead of being said anew."""
        return len(self.actions) > 1 and not self.replaces

    @property
    def states(self) -> frozenset[str]:
        """All states that an entry leads to."""
        return frozenset(self.moves.values())


_HANDOFF: Final[Moves] = {
    (None, "requested"): "requested",
    ("requested", "accepted"): "accepted",
    ("requested", "declined"): "declined",
    ("requested", "countered"): "countered",
    ("requested", "withdrawn"): "withdrawn",
    ("countered", "agreed"): "accepted",
    ("countered", "rejected"): "declined",
    ("countered", "withdrawn"): "withdrawn",
}
_REGISTER: Final[Moves] = {(None, "set"): "registered", ("registered", "set"): "registered"}
_CLAIM: Final[Moves] = {
    (None, "made"): "made",
    ("made", "corrected"): "corrected",
    ("corrected", "corrected"): "corrected",
}
_CHALLENGE: Final[Moves] = {
    (None, "opened"): "opened",
    ("opened", "answered"): "answered",
    ("answered", "answered"): "answered",
    ("opened", "settled"): "settled",
    ("answered", "settled"): "settled",
}
_OFFER: Final[Moves] = {
    (None, "made"): "offered",
    ("offered", "taken"): "taken",
    ("offered", "declined"): "declined",
    ("offered", "withdrawn"): "withdrawn",
}
_CLARIFICATION: Final[Moves] = {
    (None, "asked"): "asked",
    ("asked", "answered"): "answered",
    ("answered", "answered"): "answered",
    ("asked", "withdrawn"): "withdrawn",
}
_WISH: Final[Moves] = {
    (None, "noted"): "open",
    ("open", "changed"): "open",
    ("open", "met"): "met",
    ("open", "declined"): "declined",
}
_PLAN: Final[Moves] = {
    (None, "opened"): "open",
    ("open", "changed"): "open",
    ("open", "done"): "done",
    ("open", "dropped"): "dropped",
}
_REVIEW: Final[Moves] = {
    (None, "published"): "published",
    ("published", "published"): "published",
    ("tagged", "published"): "published",
    ("published", "tagged"): "tagged",
    ("tagged", "tagged"): "tagged",
    ("published", "removed"): "removed",
    ("tagged", "removed"): "removed",
}
_LEAD_TIME: Final[Moves] = {
    (None, "stated"): "stated",
    ("stated", "stated"): "stated",
    ("withdrawn", "stated"): "stated",
    ("stated", "withdrawn"): "withdrawn",
}
MACHINES: Final[Mapping[Kind, Machine]] = MappingProxyType(
    {
        Kind.HANDOFF: Machine(_HANDOFF, open=frozenset(("requested", "countered"))),
        Kind.CAPABILITY: Machine(_REGISTER, replaces=True, named=False),
        Kind.CLAIM: Machine(_CLAIM),
        Kind.STATEMENT: Machine({(None, "made"): "made"}),
        Kind.CHALLENGE: Machine(_CHALLENGE),
        Kind.OFFER: Machine(_OFFER),
        Kind.CLARIFICATION: Machine(_CLARIFICATION),
        Kind.WISH: Machine(_WISH),
        Kind.ACCOUNT: Machine(_REGISTER, replaces=True, keeps=False, named=False),
        Kind.SHEET: Machine({(None, "answered"): "answered"}),
        Kind.PLAN: Machine(_PLAN),
        Kind.REVIEW: Machine(_REVIEW, replaces=True, gone="removed"),
        Kind.LEAD_TIME: Machine(_LEAD_TIME, replaces=True),
    }
)
