"""Accounts in words, rows and bars: what each may cost, how sure that is, and what they were told last. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from candor.web.http.public import public_path
from risk_svc.web.board import plots, style
from risk_svc.web.board.figure_words import NOTHING, Body, silence_words

NO_FORECAST: Final = "too little history: no promise has both a forecast and a value"
DRAWN: Final = 10
"""Accounts that the picture shows."""
WINDOW_WORDS: Final = {
    "30 days": "renewal within 30 days",
    "60 days": "in 31 to 60 days",
    "90 days": "in 61 to 90 days",
    "later": "later",
    "no renewal": "no renewal ahead that is known",
}
LINKED: Final = {"30 days": "30", "60 days": "60", "90 days": "90"}
"""By window, the choice of accounts that it is among."""


def money(value: float | None, currency: str | None) -> str:
    """A sum in whole units, e.g. `61,200 EUR`; a dash for none."""
    return NOTHING if value is None else f"{value:,.0f} {currency or ''}".rstrip()


def row(body: Body) -> dict[str, Any]:
    """An account in the table: plain text and numbers only, as customers' words must never become markup."""
    number, colour = style.badge(body["score"])
    told = body["last_told"]
    return {
        "id": body["customer_id"],
        "score": number,
        "colour": colour,
        "at_risk": _sums(body, lambda one: one["value_at_risk"]["value"]) or "too little history",
        "expected": _sums(body, lambda one: one["expected_loss"]) or NOTHING,
        "shortfall": _sums(body, lambda one: one["shortfall"]["value"]) or NOTHING,
        "rests": f"{sum(one['forecasts'] for one in _parts(body)):,} of {body['promises']:,}",
        "renewal": renewal_words(body),
        "gaps": f"{body['open_gaps']:,} of {body['promises']:,}",
        "worst": body["worst"],
        "heard": silence_words(body),
        "told": f"{style.TOLD.get(told, told)}, {_clock(body['last_told_at'])} UTC" if told else "nothing yet",
    }


def renewal_words(body: Body) -> str:
    """When an account renews, the leeway until then, and the most that can be lost; a dash where none is known."""
    said = []
    if body["renews_on"] is not None:
        day = date.fromisoformat(body["renews_on"])
        days = body["renewal_in_days"]
        said.append(f"{day.day} {day:%b %Y}" + (f", in {days:,.0f} days" if days >= 0 else ", over"))
        if days >= 0:
            said.append(_leeway(body["leeway_days"]))
    if body["exposure"] is not None:
        said.append(f"at most {money(body['exposure'], body['exposure_currency'])} to lose")
    return "; ".join(said) or NOTHING


def _leeway(figure: Body | None) -> str:
    if figure is None or figure["value"] is None:
        return "leeway unknown: too few past repairs"
    value, low, high = (f"{round(figure[name]):,}".replace("-", "−") for name in ("value", "low", "high"))
    return f"leeway {value} days ({low} to {high})"


def _parts(body: Body) -> list[Body]:
    """An account in the currency of the figures, and in each that has no rate."""
    return [one for one in (body, *body["apart"]) if one["forecasts"]]


def _sums(body: Body, amount: Callable[[Body], float | None]) -> str:
    """A sum in each currency, broken only between them; nothing is converted without a rate."""
    return " + ".join(money(amount(one), one["currency"]).replace(" ", "\u00a0") for one in _parts(body))


def bars(bodies: Sequence[Body]) -> str:
    """Value at risk of the first accounts of a page, with the interval of its simulation."""
    marks = [_mark(body) for body in bodies[:DRAWN]]
    return plots.plot(marks, plots.from_zero(marks), "Value at risk by account", bars=True)


def renewal_bars(bodies: Sequence[Body]) -> str:
    """Value at risk by window before renewals, of one currency, with the interval of its simulation."""
    first = [body for body in bodies if body["currency"] == bodies[0]["currency"]]
    marks = [_window_mark(body) for body in first if body["forecasts"]]
    return plots.plot(marks, plots.from_zero(marks), "Value at risk by time to renewal", bars=True)


def renewal_rows(bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """The table: each window with what it may cost, its interval and of how many promises."""
    return [
        {
            "id": window_words(body),
            "expected": money(body["expected_loss"], body["currency"]),
            "at_risk": at_risk_words(body),
            "shortfall": money(body["shortfall"]["value"], body["currency"]),
            "accounts": f"{body['accounts']:,}",
        }
        for body in bodies
    ]


def window_words(body: Body) -> str:
    """A window before renewals in words."""
    return WINDOW_WORDS[body["window"]]


def at_risk_words(body: Body) -> str:
    """A value at risk with its interval and number."""
    found = body["value_at_risk"]
    if found["value"] is None:
        return NO_FORECAST
    return f"{money(found['value'], body['currency'])}{between(found)}; n\u00a0{body['forecasts']:,}"


def between(found: Body) -> str:
    """The interval of a sum beside it; empty where both its ends are the sum itself, as read."""
    low, high = (money(found[end], "") for end in ("low", "high"))
    return "" if low == high else f" (95 %: {low} to {high})"


def _window_mark(body: Body) -> plots.Mark:
    found = body["value_at_risk"]
    link = public_path(f"/board/accounts?renewal={LINKED[body['window']]}") if body["window"] in LINKED else ""
    return plots.Mark(window_words(body), at_risk_words(body), found["value"], found["low"], found["high"], link=link)


def apart_words(totals: Sequence[Body]) -> str:
    """What promises in currencies without a rate may cost, each counted apart."""
    said = [
        f"{money(one['expected_loss'], one['currency'])} expected, within {money(_value(one, 0), one['currency'])}"
        for one in totals
        if one["forecasts"]
    ]
    return f"In currencies without a rate, apart: {'; '.join(said)}." if said else ""


def total_words(total: Body | None) -> str:
    """What all open promises may cost together, and which of them are not counted."""
    if total is None or not total["forecasts"]:
        return "" if total is None else f"Of all open promises: {NO_FORECAST}."
    currency = total["currency"]
    sums = [money(value, currency) for value in (total["expected_loss"], _value(total, 0), _value(total, 1))]
    said = (
        f"All open promises: {sums[0]} of loss is expected; it stays within {sums[1]} with 95 % chance, and is "
        f"{sums[2]} on average beyond. A promise that slips loses {total['loss_share']:.0%} of its value (assumed)."
    )
    missing = [
        f"{total[name]:,} {words}"
        for name, words in (
            ("no_forecast", "without a forecast"),
            ("no_value", "without a value"),
            ("no_rate", "in a currency without a rate"),
        )
        if total[name]
    ]
    return f"{said} Not counted: {', '.join(missing)}." if missing else said


def _mark(body: Body) -> plots.Mark:
    name, found = body["customer_id"], body["value_at_risk"]
    link = public_path(f"/board/?search={name}")
    if not body["forecasts"]:
        # Amounts of another currency are not drawn on this one's axis, and are not unknown either.
        apart = _sums(body, lambda one: one["value_at_risk"]["value"])
        return plots.Mark(name, f"{apart}, not drawn: another currency" if apart else NO_FORECAST, link=link)
    return plots.Mark(name, at_risk_words(body), found["value"], found["low"], found["high"], link=link)


def _value(total: Body, which: int) -> float | None:
    value: float | None = total[("value_at_risk", "shortfall")[which]]["value"]
    return value


def _clock(text: str) -> str:
    return style.clock_text(datetime.fromisoformat(text))
