"""Teams, deliverers and persons in rows and intervals: who says too short or too long, who moves its dates. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from risk_svc.web.board import plots
from risk_svc.web.board.contact_words import standing_words
from risk_svc.web.board.figure_words import NOTHING, UNNAMED, VERDICTS, Body, drift_words, name_of, share_words

INKS: Final = {"optimistic": "late", "padded": "early"}
ENDS: Final = ("← earlier than said (padded)", "later than said (oversold) →")
SHARES: Final = ("requested", "first", "latest")
DRAWN: Final = 25


def intervals(bodies: Sequence[Body]) -> str:
    """The drift of each as an interval around the rule of no difference, what takes longest first."""
    marks = [_mark(body) for body in bodies[:DRAWN]]
    return plots.plot(marks, plots.around_zero(marks), "Longer or shorter than said", ends=ENDS)


def rows(
    bodies: Sequence[Body], kept: Mapping[str, Body], stood: Mapping[str, Body] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """The table: drift, verdict and standing of each, and of teams also resets with their reasons and kept shares."""
    return [_row(body, kept.get(body["name"]), stood.get(body["name"])) for body in bodies]


def others(
    kept: Sequence[Body], bodies: Sequence[Body], stood: Mapping[str, Body] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """Rows of teams with ended promises of which nothing is said about durations."""
    known = {body["name"] for body in bodies}
    nothing = {"value": None, "low": None, "high": None, "n": 0}
    missing = [one for one in kept if one["name"] not in known]
    unsaid = {"drift": nothing, "verdict": "too_little_history"}
    return [_row({"name": one["name"], **unsaid}, one, stood.get(one["name"])) for one in missing]


def _mark(body: Body) -> plots.Mark:
    drift, verdict = body["drift"], body["verdict"]
    words = drift_words(drift)
    if drift["value"] is not None:
        words = f"{words}; {VERDICTS[verdict]}"
    ink = INKS.get(verdict, "unclear")
    return plots.Mark(name_of(body), words, drift["value"], drift["low"], drift["high"], ink)


def _row(body: Body, kept: Body | None, stood: Body | None) -> dict[str, Any]:
    row = {
        "id": body["name"] or UNNAMED,
        "drift": drift_words(body["drift"]),
        "verdict": VERDICTS[body["verdict"]],
        "standing": standing_words(stood),
        "reset": NOTHING,
        "agreed": NOTHING,
        "reasons": NOTHING,
        **dict.fromkeys(SHARES, NOTHING),
    }
    if kept is None:
        return row
    row |= {name: share_words(kept[name]) for name in ("reset", "agreed", *SHARES)}
    reasons = [f"{one['reason']} ({one['n']:,})" for one in kept.get("reasons", ())]
    return row | {"reasons": ", ".join(reasons) or NOTHING}
