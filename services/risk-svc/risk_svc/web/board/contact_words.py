"""What customers see and say, in words and rows: surprises, standing, spread, and whom to look at first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from risk_svc.insight.measures.contact import OPEN
from risk_svc.web.board import style
from risk_svc.web.board.account_words import money
from risk_svc.web.board.figure_words import NOTHING, Body, name_of, share_words, silence_words
from risk_svc.web.board.lists import linked_promise

FIRST: Final = 3
"""Customers that the overview names."""
VERDICTS: Final = {"better": "better", "worse": "worse"}
COLOURS: Final = {"better": "low", "worse": "high"}


def standing_words(body: Body | None) -> str:
    """A standing with its interval, and that there is too little history where there is; a dash for none."""
    if body is None:
        return NOTHING
    said = share_words(body["standing"])
    return f"{said}; too little history" if body["too_little_history"] else said


def surprise_row(body: Body) -> dict[str, Any]:
    """A surprise in the table: plain text and numbers."""
    return {
        "id": body["promise_id"],
        "verdict": VERDICTS[body["verdict"]],
        "colour": style.COLOURS[COLOURS[body["verdict"]]],
        "promise": body["promise_id"],
        "link": linked_promise(body["promise_id"]),
        "note": f"{body['kind']} · {body['customer_id']}",
        "what": outcome_words(body),
        "told": style.NOT_TOLD.get(body["told_before"], body["told_before"]) or "nothing",
        "by": body["department"] or NOTHING,
        "ended": style.clock_text(_moment(body["ended_at"])),
    }


def outcome_words(body: Body) -> str:
    """How much better or worse than told a promise ended."""
    if body["days"] is None:
        return "never came"
    days = abs(body["days"])
    length = f"{days:.1f} days" if days >= 1 else f"{24 * days:.1f} hours"
    missing = f"{body['missing']:.0%} of it missing" if body["missing"] else ""
    late = "" if not body["days"] else f"{length} {'early' if body['days'] > 0 else 'late'}"
    return ", ".join(part for part in (late, missing) if part)


def department_rows(bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """Surprises by department: the shares with interval and number, and how many were not announced."""
    return [
        {
            "id": name_of(body),
            "better": _share(body, "better"),
            "worse": _share(body, "worse"),
            "unannounced": f"{body['unannounced']:,}",
        }
        for body in bodies
    ]


def spread_rows(bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """Capabilities with claims that are not met: how far they spread, and what may be lost with who was told."""
    return [
        {
            "id": body["capability_id"],
            "reach": f"{body['reach']:,.0f} in {body['claims']:,} claim{'' if body['claims'] == 1 else 's'}",
            "effective": NOTHING if body["effective"] is None else f"{body['effective']:,.1f}",
            "growth": growth_words(body["growth"]),
            "accounts": f"{body['accounts']:,}",
            "expected": money(body["expected_loss"], body["currency"]),
            "at_risk": money(body["value_at_risk"]["value"], body["currency"]),
        }
        for body in bodies
    ]


def growth_words(figure: Body) -> str:
    """This week's reach by last week's, and whether it spreads for sure."""
    if figure["value"] is None:
        return f"too little history, n\u00a0{figure['n']:,}"
    sure = "; spreading" if figure["low"] > 1 else "; fading" if figure["high"] < 1 else ""
    return f"{figure['value']:.1f} × ({figure['low']:.1f} to {figure['high']:.1f}){sure}"


def first(silent: Sequence[Body], widest: Sequence[Body]) -> list[tuple[str, str, str]]:
    """Whom to look at first: name, words and address; silent customers with an open gap before others, by their gap."""
    named: dict[str, Body] = {}
    for body in (*silent, *widest):
        if max(body["score"], body["worst_score"]) >= OPEN:
            named.setdefault(body["customer_id"], body)
    return [_first(body) for body in [*named.values()][:FIRST]]


def _first(body: Body) -> tuple[str, str, str]:
    gaps = body["open_gaps"]
    why = f"gap {int(body['score'])}, {gaps:,} open gap{'' if gaps == 1 else 's'}, widest {int(body['worst_score'])}"
    address = f"/accounts?search={quote(body['customer_id'], safe='')}"
    return body["customer_id"], f"{why}. {_step(body)} {_sure(body)}", address


def _step(body: Mapping[str, Any]) -> str:
    """What stands first to do about a customer."""
    if body.get("contact") == "silent":
        return f"Call them: {silence_words(body)}."
    if body["last_told"] is None:
        return f"Tell them: they were told nothing of it so far. Begin with {body['worst']}."
    return f"They were told last {style.clock_text(_moment(body['last_told_at']))} UTC. Look at {body['worst']}."


def _sure(body: Mapping[str, Any]) -> str:
    """How sure the cost is."""
    if not body["forecasts"]:
        return "Cost unknown: no promise has both a forecast and a value."
    found = body["value_at_risk"]
    low, high = (money(found[end], body["currency"]) for end in ("low", "high"))
    # Of few promises the interval is wide, and its middle may even lie below what is expected.
    most = high if low == high else f"{money(found['low'], '')} to {high}"
    rests = f"{body['forecasts']:,} of {body['promises']:,} promises counted"
    return f"Expected to cost {money(body['expected_loss'], body['currency'])}, 95 % sure within {most} ({rests})."


def _share(body: Body, verdict: str) -> str:
    return f"{body[f'{verdict}_n']:,}: {share_words(body[verdict])}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
