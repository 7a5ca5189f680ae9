"""The customer's page as HTML, in their language and zone: without script, read in order by any reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from candor.contracts import NoticeState
from candor.web.http.form_page import verbatim
from notify_svc.compose.localize import Localizer
from notify_svc.compose.quoting import one_line
from notify_svc.domain.facts import DateGiven
from notify_svc.page import texts
from notify_svc.page.links import without_links
from notify_svc.page.view import View
from notify_svc.store.page_links import Said
from notify_svc.store.updates import Tally

NONE_DUE: Final = Tally(0, 0)


def content(
    shown: View, said: Sequence[Said], count: int, civil: Localizer, address: str, updates: Tally = NONE_DUE
) -> str:
    """Everything below the heading; `said` newest first, of `count` messages; links of `address` are left out."""
    parts = [
        _promised(shown, civil),
        _now(shown, civil),
        _messages(said, count, civil, address),
        _record(updates, civil),
    ]
    return "".join(parts) + paragraph(civil.say(texts.ZONE, zone=civil.zone_name()))


def _promised(shown: View, civil: Localizer) -> str:
    first = shown.first_due or (None if shown.dates else shown.due)
    lines = []
    if shown.dates and first is not None:
        lines.append(paragraph(civil.say(texts.PROMISED_FIRST, due=civil.deadline(first))))
    changes = "".join(f"<li>{_change(move, civil)}</li>\n" for move in shown.dates)
    # What is about to change is not said to stand as it was.
    unchanged = paragraph(civil.say(texts.UNCHANGED)) if shown.chosen is None else ""
    body = f"<ul>\n{changes}</ul>\n" if changes else unchanged
    due = _held(shown, civil)
    if not (lines or body):
        return due
    return f"{due}{heading(civil.say(texts.CHANGED))}{''.join(lines)}{body}"


def _held(shown: View, civil: Localizer) -> str:
    held, chosen = civil.deadline(shown.due), shown.chosen
    if chosen is None:
        return paragraph(civil.say(texts.PROMISED, due=held), strong=True)
    said = civil.say(texts.CHOSEN, name=chosen.name, due=civil.deadline(chosen.due))
    return paragraph(said, strong=True) + paragraph(civil.say(texts.CHOSEN_UNTIL, due=held))


def _change(move: DateGiven, civil: Localizer) -> str:
    text = texts.MOVED if move.moved else texts.NOT_MOVED
    said = civil.say(text, at=civil.moment(move.at), due=civil.deadline(move.due))
    return escape(f"{said} {_reason(move.reason, civil)}".strip())


def _now(shown: View, civil: Localizer) -> str:
    ends = civil.ends(shown.low, shown.high) if shown.low is not None and shown.high is not None else ("", "")
    state = civil.say(texts.STATES[shown.state], low=ends[0], high=ends[1])
    lines = [paragraph(state, strong=True)]
    if shown.completed_at is not None:
        lines.append(paragraph(civil.say(texts.COMPLETED, at=civil.moment(shown.completed_at))))
    if shown.reason:
        lines.append(paragraph(_reason(shown.reason, civil)))
    if shown.said_at is not None:
        lines.append(paragraph(civil.say(texts.SAID_AT, at=civil.moment(shown.said_at))))
    if shown.pause is not None:
        since, until = civil.moment(shown.pause.since), civil.moment(shown.pause.until)
        words = one_line(shown.pause.public_reason)
        lines.append(paragraph(civil.say(texts.PAUSED, since=since, until=until)))
        lines += [paragraph(civil.say(texts.PAUSED_FOR, words=words))] if words else []
    if shown.next_by is not None:
        text = texts.NEXT_MISSED if shown.missed else texts.NEXT
        lines.append(paragraph(civil.say(text, by=civil.deadline(shown.next_by))))
    return f'{heading(civil.say(texts.NOW))}<div class="now">\n{"".join(lines)}</div>\n'


def _messages(said: Sequence[Said], count: int, civil: Localizer, address: str) -> str:
    if not said:
        return heading(civil.say(texts.SAID)) + paragraph(civil.say(texts.SAID_NONE))
    items = "".join(_message(one, civil, address) for one in said)
    older = paragraph(civil.say_counted(*texts.OLDER, count - len(said))) if count > len(said) else ""
    return heading(civil.say(texts.SAID)) + items + older


def _record(updates: Tally, civil: Localizer) -> str:
    due = updates.kept + updates.broken
    return paragraph(civil.say_counted(*texts.RECORD, due, kept=civil.number(updates.kept))) if due else ""


def _message(one: Said, civil: Localizer, address: str) -> str:
    at = civil.moment(one.at)
    words = without_links(one.body, address)
    head = civil.say(texts.SAID_ON, at=at, subject=one.subject) if one.subject else at
    unsure = paragraph(civil.say(texts.UNSURE)) if one.entry.state is NoticeState.UNKNOWN else ""
    body = verbatim(words) if words else paragraph(civil.say(texts.GONE))
    # Folded, as what can be answered stands below; open where they may not have it.
    folded = "<details open>" if unsure else "<details>"
    return f"{folded}<summary><h3>{escape(head)}</h3></summary>\n{unsure}{body}</details>\n"


def _reason(text: str, civil: Localizer) -> str:
    words = one_line(text)
    return civil.say(texts.REASON, reason=words) if words else ""


def heading(text: str, name: str = "") -> str:
    """A heading of the page; an address may lead to it by its `name`."""
    named = f' id="{name}"' if name else ""
    return f"<h2{named}>{escape(text)}</h2>\n"


def paragraph(text: str, *, strong: bool = False) -> str:
    """A paragraph of the page."""
    inner = f"<strong>{escape(text)}</strong>" if strong else escape(text)
    return f"<p>{inner}</p>\n"
