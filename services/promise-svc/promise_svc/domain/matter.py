"""A matter: its state is the fold of its entries in the order in which they were said, whenever they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple

from promise_svc.domain.limits import ENTRIES
from promise_svc.domain.machines import EXPIRED, MACHINES, Kind
from promise_svc.domain.refusal import Refusal, RefusalReason

Document = dict[str, Any]
"""Values as JSON has them: times and dates as text."""
PERSON: Final = "person"
ENDS: Final = ("expires_at", "renews_on", "look_again_on")


class Entry(NamedTuple):
    """One thing said of a matter at business time `at`; `number` counts them from 1 as they arrived.

    `words` are text by people, and their names: they have an end, `content` has none.
    """

    number: int
    action: str
    at: datetime
    content: Document
    words: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """Add an entry to a matter, which begins with it if that is what the action does.

    The three ids are read where a matter begins; `customer_id` is "" where no customer is known. With `waits` an entry
    that does not follow now is kept all the same, in case what it follows is late; else it is refused. `asked_at`: when
    it was asked for by a link; a customer who was erased since cannot answer it any more. `now`: one of our own users
    says it now, so that it follows whatever was said before, by whatever clock.
    """

    kind: Kind
    matter_id: str
    action: str
    at: datetime
    content: Document = field(default_factory=dict)
    words: Document = field(default_factory=dict)
    customer_id: str = ""
    promise_id: str | None = None
    capability_id: str | None = None
    expected_version: int | None = None
    waits: bool = False
    asked_at: datetime | None = None
    now: bool = False

    @property
    def begins(self) -> bool:
        """Whether the matter may begin with it."""
        return self.action == MACHINES[self.kind].begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A matter as its entries leave it; `version` counts them.

    `at` is when it began, or was said anew; `since`, when it came to its state, None where its entries were not read.
    Without a customer and with a promise it waits for that promise. `in_effect`: the last entry followed and counts.
    `verdict`: of a claim, as far as the register is known.
    """

    kind: Kind
    matter_id: str
    state: str
    at: datetime
    content: Document
    words: Document
    customer_id: str = ""
    promise_id: str | None = None
    capability_id: str | None = None
    version: int = 1
    in_effect: bool = True
    verdict: str | None = None
    since: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it expires, is renewed or is to be looked at again: a date from its first moment on in UTC."""
        said = next((self.content[name] for name in ENDS if self.content.get(name)), None)
        if said is None:
            return None
        if len(said) == len("2026-01-31"):
            return first_moment(date.fromisoformat(said))
        return datetime.fromisoformat(said)

    @property
    def waiting(self) -> bool:
        """Whether its customer will be known with its promise."""
        return not self.customer_id and self.promise_id is not None

    def state_at(self, now: datetime) -> str:
        """The state, or that it has expired by now."""
        open_ = self.state in MACHINES[self.kind].open
        return EXPIRED if open_ and self.ends_at is not None and self.ends_at <= now else self.state


def first_moment(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


def fold(begun: Enter, entries: Iterable[Entry]) -> tuple[Matter | None, frozenset[int]]:
    """The matter after all entries, and the numbers of those in effect; None if none of them begins it.

    `begun` names the kind and the ids. Of entries at one moment the one that arrived first comes first.
    """
    machine = MACHINES[begun.kind]
    matter: Matter | None = None
    taken = set()
    for entry in sorted(entries, key=lambda one: (one.at, one.number)):
        state = None if matter is None else matter.state_at(entry.at)
        following = machine.moves.get((state, entry.action))
        if following is None:
            continue
        taken.add(entry.number)
        if matter is None:
            matter = Matter(
                kind=begun.kind,
                matter_id=begun.matter_id,
                state=following,
                at=entry.at,
                content=entry.content,
                words=entry.words,
                customer_id=begun.customer_id,
                promise_id=begun.promise_id,
                capability_id=begun.capability_id,
                since=entry.at,
            )
            continue
        if following == machine.gone:
            matter = replace(matter, state=following, content={}, words={}, since=entry.at)
            continue
        anew = machine.replaces and entry.action == machine.begins
        content = entry.content if anew else matter.content | entry.content
        words = entry.words if anew else _added(matter.words, entry.words)
        since = matter.since if following == matter.state else entry.at
        at = entry.at if anew else matter.at
        matter = replace(matter, state=following, content=content, words=words, at=at, since=since)
    return matter, frozenset(taken)


def _added(words: Document, said: Document) -> Document:
    """The words with newer ones, which are not those of the person before if nobody says whose they are."""
    unnamed = said and PERSON not in said
    return {name: text for name, text in words.items() if not (unnamed and name == PERSON)} | said


def repeats(known: Matter | None, entries: Iterable[Entry], command: Enter) -> bool:
    """Whether a command says once more what was said, so that it changes nothing.

    That is, how a matter began; of one that is said anew, what was said last of this moment.
    """
    machine = MACHINES[command.kind]
    if known is None or not command.begins:
        return False
    if not machine.replaces:
        return _began_so(known, entries, command)
    if not machine.named:
        return False
    said = [entry for entry in entries if entry.action == machine.begins and entry.at == command.at]
    same = bool(said) and (said[-1].content, said[-1].words) == (command.content, command.words)
    learnt = command.promise_id not in {None, known.promise_id} or command.customer_id not in {"", known.customer_id}
    return same and not learnt


def _began_so(known: Matter, entries: Iterable[Entry], command: Enter) -> bool:
    machine = MACHINES[command.kind]
    alone = Entry(1, machine.begins, known.at, known.content, known.words) if known.version == 1 else None
    first = next((one for one in entries if one.action == machine.begins), None if machine.keeps else alone)
    if first is None or (first.content, first.words) != (command.content, command.words):
        return False
    at_once = command.now or command.at == first.at
    promise = command.promise_id == known.promise_id or (command.promise_id is None and not command.customer_id)
    about = promise and command.capability_id in {None, known.capability_id}
    return at_once and about and command.customer_id in {"", known.customer_id}


def enter(known: Matter | None, entries: Sequence[Entry], command: Enter) -> tuple[Matter, Entry]:
    """The matter with one entry more, and that entry.

    Refused: unknown, there already, another version expected, too many entries, or nothing that follows its state.
    """
    machine = MACHINES[command.kind]
    if known is not None and not machine.keeps:
        entries = [Entry(1, machine.begins, known.at, known.content, known.words)]
    at = max([command.at, *(one.at for one in entries)]) if command.now else command.at
    entry = Entry(len(entries) + 1, command.action, at, command.content, command.words)
    _admit(known, command)
    if entry.number > ENTRIES:
        detail = f"the {command.kind.words} has {ENTRIES:,} entries, which is the most"
        raise Refusal(RefusalReason.LIMIT_REACHED, detail, "", ENTRIES)
    about = (
        command
        if known is None
        else replace(
            command,
            customer_id=known.customer_id or command.customer_id,
            promise_id=known.promise_id or command.promise_id,
            capability_id=known.capability_id,
        )
    )
    matter, taken = fold(about, [*entries, entry])
    # Nothing follows its end, of whatever time it says that it is.
    follows = entry.number in taken and (known is None or known.state != machine.gone)
    if matter is None or not (follows or command.waits):
        state = "not there" if known is None else known.state_at(command.at)
        can = sorted(action for before, action in machine.moves if before == state)
        detail = f"the {command.kind.words} is {state}: it can be {', '.join(can) or 'changed no more'}"
        raise Refusal(RefusalReason.NOT_NOW, detail)
    # Where the newest is all there is, nothing is left of what was said before it.
    stands = follows and (machine.keeps or matter.at == entry.at)
    return replace(matter, version=1 if known is None else known.version + 1, in_effect=stands), entry


def _admit(known: Matter | None, command: Enter) -> None:
    replaces = MACHINES[command.kind].replaces
    if known is None and not command.begins:
        raise Refusal(RefusalReason.UNKNOWN_MATTER, f"there is no such {command.kind.words}")
    if known is not None and replaces and _elsewhere(known, command):
        raise Refusal(RefusalReason.WRONG_FIELD, f"the {command.kind.words} is about another one", "/promise_id")
    if known is not None and command.begins and not replaces:
        raise Refusal(RefusalReason.PROMISE_EXISTS, f"this {command.kind.words} exists already")
    if command.expected_version is not None and command.expected_version != (known.version if known else 0):
        detail = (
            f"the {command.kind.words} is at version {known.version if known else 0}, not {command.expected_version}"
        )
        raise Refusal(RefusalReason.VERSION_CHANGED, detail)


def _elsewhere(known: Matter, command: Enter) -> bool:
    """Whether a matter that is said anew names another promise or customer than before."""
    return any(
        before and now and before != now
        for before, now in ((known.promise_id, command.promise_id), (known.customer_id, command.customer_id))
    )
