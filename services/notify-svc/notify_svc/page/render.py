"""The customer's page as HTML: texts in the customer's zone, without script, read in order by any reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from candor.contracts import NoticeState
from notify_svc.compose.localize import Localizer
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
    parts = [_promised(shown, civil), _now(shown, civil), _messages(said, count, civil, address), _record(updates)]
    return "".join(parts) + _p(texts.ZONE.format(zone=civil.zone_name()))


def _promised(shown: View, civil: Localizer) -> str:
    first = shown.first_due or (None if shown.dates else shown.due)
    lines = []
    if shown.dates and first is not None:
        lines.append(_p(texts.PROMISED_FIRST.format(due=civil.moment(first))))
    changes = "".join(f"<li>{_change(move, civil)}</li>\n" for move in shown.dates)
    body = f"<ul>\n{changes}</ul>\n" if changes else _p(texts.UNCHANGED)
    due = f"<p><strong>{escape(texts.PROMISED.format(due=civil.moment(shown.due)))}</strong></p>\n"
    return f"{due}<h2>{texts.CHANGED}</h2>\n{''.join(lines)}{body}"


def _change(move: DateGiven, civil: Localizer) -> str:
    text = texts.MOVED if move.moved else texts.NOT_MOVED
    said = text.format(at=civil.moment(move.at), due=civil.moment(move.due))
    return escape(f"{said} {_reason(move.reason)}".strip())


def _now(shown: View, civil: Localizer) -> str:
    ends = civil.ends(shown.low, shown.high) if shown.low is not None and shown.high is not None else ("", "")
    state = texts.STATES[shown.state].format(low=ends[0], high=ends[1])
    lines = [_p(state, strong=True)]
    if shown.completed_at is not None:
        lines.append(_p(texts.COMPLETED.format(at=civil.moment(shown.completed_at))))
    if shown.reason:
        lines.append(_p(_reason(shown.reason)))
    if shown.said_at is not None:
        lines.append(_p(texts.SAID_AT.format(at=civil.moment(shown.said_at))))
    if shown.next_by is not None:
        text = texts.NEXT_MISSED if shown.missed else texts.NEXT
        lines.append(_p(text.format(by=civil.moment(shown.next_by))))
    return f'<h2>{texts.NOW}</h2>\n<div class="now">\n{"".join(lines)}</div>\n'


def _messages(said: Sequence[Said], count: int, civil: Localizer, address: str) -> str:
    if not said:
        return f"<h2>{texts.SAID}</h2>\n{_p(texts.SAID_NONE)}"
    items = "".join(_message(one, civil, address) for one in said)
    older = _p(texts.OLDER.format(count=count - len(said))) if count > len(said) else ""
    return f"<h2>{texts.SAID}</h2>\n{items}{older}"


def _record(updates: Tally) -> str:
    due = updates.kept + updates.broken
    return _p(texts.RECORD[min(due, 2)].format(count=due, kept=updates.kept)) if due else ""


def _message(one: Said, civil: Localizer, address: str) -> str:
    at = civil.moment(one.at)
    words = without_links(one.body, address)
    head = texts.SAID_ON.format(at=at, subject=one.subject) if one.subject else at
    unsure = _p(texts.UNSURE) if one.entry.state is NoticeState.UNKNOWN else ""
    body = f'<p class="said">{escape(words)}</p>\n' if words else _p(texts.GONE)
    return f"<h3>{escape(head)}</h3>\n{unsure}{body}"


def _reason(text: str) -> str:
    words = " ".join(text.split())[:300].rstrip(".")
    return texts.REASON.format(reason=words) if words else ""


def _p(text: str, *, strong: bool = False) -> str:
    inner = f"<strong>{escape(text)}</strong>" if strong else escape(text)
    return f"<p>{inner}</p>\n"
