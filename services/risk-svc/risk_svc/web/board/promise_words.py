"""What the forms about promises say: times of a zone, the check beside a date, words nobody can check. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from candor.web.http.fields import zones
from risk_svc.web.api.check_responses import CheckOut
from risk_svc.web.board import style

LOCAL: Final = "%Y-%m-%dT%H:%M"
"""A time as a browser writes it."""
NO_TIME: Final = "choose a day and a time"
NO_SUCH_TIME: Final = "clocks go forward there: this time does not exist"
NO_ZONE: Final = "must be an IANA zone, such as Europe/Berlin"
AHEAD: Final = "Choose a type and a date that lies ahead."
VAGUE: Final = re.compile(
    r"\b(?:soon|shortly|asap|as soon as possible|in due course|promptly|quickly|before long|if possible|best efforts?|"
    r"in the near future|at (?:your|our) earliest convenience|state of the art|high quality|user.friendly|etc)\b",
    re.IGNORECASE,
)
CERTAIN: Final = re.compile(
    r"\b(?:guarantee[ds]?|certainly|definitely|surely|without (?:a )?doubt|always|never|100 ?%)(?!\w)", re.IGNORECASE
)
STATES: Final = {**style.STATES, "made": "Open", "disputed": "Disputed"}
SAYS: Final = (
    (VAGUE, "“{}” cannot be checked: say what, how much or by when."),
    (CERTAIN, "“{}” is more than anybody knows: the date and its chance say it."),
)


def moment_of(text: str | None, zone: str) -> datetime:
    """The time, in UTC, that a browser's field means in a zone; of one that clocks show twice, the first.

    Raises ValueError in words for no time, none that exists there, and no zone.
    """
    if zone not in zones():
        raise ValueError(NO_ZONE)
    try:
        wall = datetime.strptime(text or "", LOCAL).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise ValueError(NO_TIME) from None
    found = wall.astimezone(UTC)
    if found.astimezone(wall.tzinfo).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise ValueError(NO_SUCH_TIME)
    return found


def local(at: datetime, zone: str) -> str:
    """A time as a browser's field writes it."""
    return at.astimezone(ZoneInfo(zone)).strftime(LOCAL)


def time_words(at: datetime, zone: str) -> str:
    """A time in its zone, and in UTC where that is another: `Thu 3 Dec 14:00 (Europe/Berlin; Thu 3 Dec 13:00 UTC)`."""
    beside = "UTC" if zone == "UTC" else f"{zone}; {style.clock_text(at)} UTC"
    return f"{style.clock_text(at, zone)} ({beside})"


def check_words(found: CheckOut | None, zone: str) -> str:
    """The check before promising in a sentence: `62 of 100 like this are kept by then; 80 % by Thu 3 Dec 14:00.`"""
    if found is None:
        return AHEAD
    if found.kept_in_time is None or found.target is None:
        return found.advice
    kept = f"{round(100 * found.kept_in_time.share)} of 100 like this are kept by then"
    share = f"{round(100 * found.target)} %"
    target = f"{share} by no date so far" if found.target_due is None else None
    target = target or f"{share} by {style.clock_text(found.target_due or found.as_of, zone)}"
    return f"{kept} ({found.kept_in_time.n:,} counted); {target}."


def wording(what: str | None) -> list[str]:
    """What in a promise's words nobody could check afterwards, as advice: a company's words stay its own."""
    found = {(match.group(0), said) for pattern, said in SAYS for match in pattern.finditer(what or "")}
    return [said.format(word) for word, said in sorted(found)]


def made_words(promise: Mapping[str, Any]) -> str:
    """What came of a promise that was made."""
    due = datetime.fromisoformat(promise["held_due"])
    return f"Made: {promise['promise_id']}, promised for {time_words(due, promise['zone'])}."


def now_words(promise: Mapping[str, Any]) -> list[str]:
    """How a promise stands, for who changes it."""
    held, latest = (datetime.fromisoformat(promise[name]) for name in ("held_due", "latest_due"))
    said = [f"{promise['what']} · {promise['customer_id']} · {STATES.get(promise['state'], promise['state'])}"]
    said.append(f"Promised date {time_words(held, promise['zone'])}.")
    if latest != held:
        said.append(f"Told last: {time_words(latest, promise['zone'])}, to which the customer has not agreed.")
    return said


def revised_words(promise: Mapping[str, Any]) -> str:
    """What came of another date."""
    held, latest = (datetime.fromisoformat(promise[name]) for name in ("held_due", "latest_due"))
    if held == latest:
        return f"Noted: the promised date is {time_words(held, promise['zone'])} now."
    return (
        f"Noted: told {time_words(latest, promise['zone'])}. The promised date stays "
        f"{time_words(held, promise['zone'])}, as the customer neither asked nor agreed."
    )


def settled_words(promise: Mapping[str, Any]) -> str:
    """What came of a verdict, which the date then held may judge otherwise."""
    return f"Noted: {STATES[promise['state']].lower()}."


def reported_words(step: str, answer: Mapping[str, Any]) -> str:
    """What came of a report of a step."""
    if answer["state"] == "matched":
        return f"Noted: {step}."
    return f"{step} waits. {answer.get('detail', '')}".strip()


def steps_of(promise: Mapping[str, Any]) -> list[str]:
    """The names of the steps that a promise was made with."""
    return [step["name"] for step in promise["milestones"]]
