"""The weekly brief to heads of functions: short sentences, each with what it rests on; pure.

A sentence without evidence is not said: each is made of a row that a page shows, and links to that page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from risk_svc.insight.belief_words import QUESTIONS, pair_words
from risk_svc.insight.measures.bias import LEVEL as BIAS_LEVEL

Body = Mapping[str, Any]
MOST: Final = 3
"""Sentences of a sort."""
LEAST_GAP: Final = 15.0
"""Smaller gaps than this are not worth a sentence. Assumed."""
RENEWAL_DAYS: Final = 90
SOON: Final = {"30 days": "within 30 days", "60 days": "in 31 to 60 days", "90 days": "in 61 to 90 days"}
"""Windows before renewals that are said, by their names."""
NOTHING: Final = "Nothing to say: no open gap, and too little history for the rest."
WELL: Final = 0.5
"""What is kept less often than this, by the lower end of its interval, did not go well. Assumed."""
NO_FIGURE: Final = {"value": None}
_special: Final = re.compile(r"([\\`*_{}\[\]<>#|])")


class Sentence(NamedTuple):
    """A sentence, and the path of the page that shows what it rests on."""

    text: str
    path: str


class Section(NamedTuple):
    """Sentences under a heading; at least one."""

    title: str
    sentences: list[Sentence]


class Known(NamedTuple):
    """Rows of the sheets that the brief is made of, each highest first, and what else it names.

    `hops`: kinds of hops with at least 20 statements, the most distorting first: `said_by`, `said_to`, `n`,
    `distortion`. `renewals`: accounts that renew soon, the soonest first, with their row of the sheet `account`.
    `windows`: what may be lost by time to the renewal. Of a department alone, `groups` is its row of open gaps, and
    what others do is left out.
    """

    customers: Sequence[Body] = ()
    groups: Sequence[Body] = ()
    risk: Sequence[Body] = ()
    bias: Sequence[Body] = ()
    punctuality: Sequence[Body] = ()
    pairs: Sequence[Body] = ()
    factors: Sequence[Body] = ()
    checklist: Sequence[Body] = ()
    hops: Sequence[Body] = ()
    renewals: Sequence[Body] = ()
    windows: Sequence[Body] = ()


def brief(known: Known) -> list[Section]:
    """What there is to say, in the order of its urgency; sections with nothing to say are left out."""
    sections = (
        ("Largest gaps", _gaps(known)),
        ("What to align", _align(known)),
        ("Money at risk", _money(known)),
        ("What went well", _well(known)),
    )
    found = [Section(title, list(said)) for title, said in sections]
    return [one for one in found if one.sentences]


def title(department: str | None) -> str:
    """What a brief is called."""
    return f"Weekly brief for {department}" if department else "Weekly brief"


def markdown(sections: Sequence[Section], base: str, made_at: datetime | None, department: str | None = None) -> str:
    """The brief as Markdown, which reads as text too; `base` is where the board's host is reached."""
    lines = [f"# {_escaped(title(department))}", ""]
    if made_at is not None:
        lines += [f"As of {made_at:%Y-%m-%d %H:%M} UTC.", ""]
    if not sections:
        lines += [NOTHING, ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        lines += [f"- {_escaped(one.text)} ([evidence]({base}{one.path}))" for one in section.sentences]
        lines.append("")
    return "\n".join(lines)


def _gaps(known: Known) -> Iterator[Sentence]:
    groups = [(one, "/board/groups?by=department") for one in known.groups]
    customers = [(one, f"/board/accounts?{urlencode({'search': one['name']})}") for one in known.customers]
    for one, evidence in (*groups, *customers)[:MOST]:
        if one["score"] >= LEAST_GAP:
            many = _many(one["promises"], "open promise")
            text = f"{one['name']} has a gap of {int(one['score'])} of 100 over {many}. Its widest is {one['worst']}."
            yield Sentence(text, evidence)


def _align(known: Known) -> Iterator[Sentence]:
    for one in known.hops[:1]:
        text = (
            f"Messages change most from {one['said_by']} to {one['said_to']}: distortion {one['distortion']:.2f} of 1 "
            f"(95%: {one['low']:.2f} to {one['high']:.2f}, n = {one['n']:,})."
        )
        yield Sentence(text, "/board/path")
    late = [one for one in known.bias if one["verdict"] == "optimistic" and one["name"]]
    for one in late[:MOST]:
        drift = one["drift"]
        text = (
            f"What {one['name']} promises takes {drift['value']:.0%} longer than said ({_interval(drift, BIAS_LEVEL)})."
        )
        yield Sentence(text, "/board/teams")
    for one in [pair for pair in known.pairs if pair["verdict"] == "disparity"][:MOST]:
        yield Sentence(f"“{QUESTIONS[one['question']]}” {pair_words(one)}", "/board/perception")


def _money(known: Known) -> Iterator[Sentence]:
    own = [("Its open promises", one, "/board/groups?by=department") for one in known.groups[:1]]
    for whose, one, path in (*own, *(("Open promises", one, "/board/accounts") for one in known.risk[:MOST])):
        loss, tail = one.get("expected_loss"), one.get("value_at_risk") or NO_FIGURE
        if loss and tail["value"] is not None:
            cost = _amount(loss, one["currency"])
            rests = _many(one["forecasts"], "forecast")
            yield Sentence(f"{whose} are expected to cost {cost}, from {rests}. {_most(tail, one['currency'])}", path)
    for one in known.windows:
        if one["window"] in SOON and one["expected_loss"] and one["value_at_risk"]["value"] is not None:
            yield _before(one)
    for one in known.renewals[: 2 * MOST]:
        renews: datetime = one["renews"]
        text = f"{one['customer_id']} renews on {renews.day} {renews:%B}, with a gap of {int(one['score'])}."
        if one["expected_loss"] and one["value_at_risk"]["value"] is not None:
            text += f" {_lost(one)}"
        yield Sentence(text, f"/board/accounts?{urlencode({'search': one['customer_id']})}")


def _before(one: Body) -> Sentence:
    """What may be lost before the renewals of a window."""
    whose = f"{_many(one['accounts'], 'account')} {'renews' if one['accounts'] == 1 else 'renew'} {SOON[one['window']]}"
    days = one["window"].partition(" ")[0]
    return Sentence(f"Value at risk before renewals: {whose}. {_lost(one)}", f"/board/accounts?renewal={days}")


def _lost(one: Body) -> str:
    """The expected loss, from how many promises, and what it stays within in 95 of 100 cases."""
    cost, rests = _amount(one["expected_loss"], one["currency"]), _many(one["forecasts"], "open promise")
    return f"Expected to be lost: {cost}, from {rests}. {_most(one['value_at_risk'], one['currency'])}"


def _most(tail: Body, currency: str | None) -> str:
    """The value at risk, with the interval of its simulation unless every case was the same."""
    low, high = (f"{tail[end]:,.0f}" for end in ("low", "high"))
    within = "" if low == high else f" (95%: {low} to {high})"
    return f"In 95 of 100 cases it is at most {_amount(tail['value'], currency)}{within}."


def _well(known: Known) -> Iterator[Sentence]:
    kept = [one for one in known.punctuality if one["name"] and (one["first"]["low"] or 0.0) >= WELL]
    for one in sorted(kept, key=lambda one: (-one["first"]["low"], one["name"]))[:1]:
        first = one["first"]
        text = f"{one['name']} kept {first['value']:.0%} of its first dates ({_interval(first)})."
        yield Sentence(text, "/board/on-time")
    for one in [factor for factor in known.factors if factor["holds"] and factor["lift"]["value"] > 1][:MOST]:
        text = f"Promises with “{one['name']}” are kept {_times(one['lift'])}."
        yield Sentence(text, "/board/what-worked")
    for one in known.checklist[:1]:
        if one["items"] and one["lift"]["value"] is not None and one["lift"]["low"] > 1:
            text = f"Promises that follow the whole checklist are kept {_times(one['lift'])}."
            yield Sentence(text, "/board/what-worked")


def _interval(figure: Body, level: float = 0.95) -> str:
    return f"{level:.0%}: {figure['low']:.0%} to {figure['high']:.0%}, n = {figure['n']:,}"


def _times(lift: Body) -> str:
    interval = f"95%: {lift['low']:.1f} to {lift['high']:.1f}, n = {lift['n']:,}"
    return f"{lift['value']:.1f} times as often ({interval})"


def _amount(value: float, currency: str | None) -> str:
    return f"{value:,.0f} {currency or 'without a currency'}"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _escaped(text: str) -> str:
    return _special.sub(r"\\\1", text)
