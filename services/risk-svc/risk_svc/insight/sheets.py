"""The figures of all promises by sheet, worked out from columns: pure, heavy, and run off the event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np

from risk_svc.domain.gap import BANDS
from risk_svc.insight.measures.figure import Figure
from risk_svc.insight.measures.rollup import Gaps, roll_ups
from risk_svc.insight.measures.shocks import ALONE
from risk_svc.insight.measures.value_at_risk import AtRisk, Portfolio, ValueAtRisk, value_at_risk, windows
from risk_svc.insight.stakes import Stakes, apart
from risk_svc.insight.told import Accounts

NO_STAKES: Final = Stakes()
NO_NAME: Final = ""
"""The group of promises that name none."""
DRAWS: Final = 1_000
SEED: Final = 1_977
MOST_LABELS: Final = 1_000
"""Label values that are rolled up; of more the rarest are left out."""
MOST_DEPARTMENTS: Final = 1_000
"""Departments whose money at risk is worked out, those with the most open promises."""


class Open(NamedTuple):
    """An open promise as the figures need it.

    `incident` is an open incident that hits it, `hop` the first one past its threshold on the way of its message.
    """

    promise_id: str
    customer_id: str
    department: str | None
    kind: str
    deliverer: str | None
    labels: Mapping[str, Any]
    score: float
    p_slip: float | None
    value: float | None
    currency: str | None
    last_told: str | None
    last_told_at: float | None
    incident: str | None
    hop: str | None = None


class Ended(NamedTuple):
    """A promise that has ended; times in epoch seconds, None where there is none.

    `expected_from` to `expected_until` is what the customer expected before it ended, and `told_before` what they were
    told last by then. `open`: one that had not ended at `ended`.
    """

    customer_id: str
    department: str | None
    owner: str | None
    deliverer: str | None
    kind: str
    made: float
    requested: float | None
    first: float
    latest: float
    tolerance: float
    done: float | None
    missing: float | None
    ours: int
    agreed: int
    planned: Sequence[float]
    reached: Sequence[float | None]
    reasons: Sequence[str] = ()
    promise_id: str = ""
    kept: bool = False
    ended: float = 0.0
    held: float = 0.0
    expected_from: float | None = None
    expected_until: float | None = None
    told_before: str | None = None
    open: bool = False

    @property
    def overdue(self) -> bool:
        """Whether it is open, and the date that its customer holds has passed, with the tolerance."""
        return self.open and self.ended > self.held + self.tolerance


class Row(NamedTuple):
    """A row of a sheet: what it is of, where it stands, and its figures as the API shows them."""

    name: str
    rank: float
    body: dict[str, Any]
    customer_id: str | None = None


class Money(NamedTuple):
    """How money is counted: the currency of the figures, rates to it, and the share of a value that a slip loses."""

    currency: str
    rates: Mapping[str, float]
    loss_share: float


def money_of(promises: Iterable[Open], rates: Mapping[str, float], loss_share: float) -> Money:
    """The currency with rate 1, else the most frequent one; what has no rate and is not it is left out and counted."""
    base = next((name for name, rate in sorted(rates.items()) if rate == 1.0), "")
    if not base:
        found = Counter(one.currency for one in promises if one.currency)
        base = min(found, key=lambda name: (-found[name], name)) if found else ""
    return Money(base, {**rates, base: 1.0, NO_NAME: 1.0}, loss_share)


BY: Final[dict[str, Callable[[Open], list[str]]]] = {
    "customer": lambda one: [one.customer_id],
    "department": lambda one: [one.department or NO_NAME],
    "kind": lambda one: [one.kind],
    "hop": lambda one: [one.hop] if one.hop else [],
    "label": lambda one: [f"{name}={value}" for name, value in one.labels.items()],
}
"""What roll-ups are of, and the groups that a promise is in."""


def rolled_up(promises: Sequence[Open], by: str, money: Money) -> list[Row]:
    """The value-weighted quadratic mean of each group and its worst promise."""
    pairs = [(group, one) for one in promises for group in BY[by](one)]
    if by == "label":
        often = {name for name, _ in Counter(group for group, _ in pairs).most_common(MOST_LABELS)}
        pairs = [pair for pair in pairs if pair[0] in often]
    gaps = Gaps(
        [group for group, _ in pairs],
        [one.kind for _, one in pairs],
        [one.promise_id for _, one in pairs],
        np.array([one.score for _, one in pairs], np.float64),
        np.array([_value(one, money) for _, one in pairs], np.float64),
    )
    return [
        Row(
            found.group,
            found.score.value or 0.0,
            {
                "name": found.group,
                "score": _rounded(found.score.value),
                "promises": found.score.n,
                "worst": found.worst,
                "worst_score": _rounded(found.worst_score),
                "value": _rounded(found.value),
                "assumed_values": found.assumed,
                "currency": money.currency or None,
            },
            found.group if by == "customer" else None,
        )
        for found in roll_ups(gaps)
    ]


def at_risk(
    promises: Sequence[Open], money: Money, stakes: Stakes = NO_STAKES, told: Accounts | None = None
) -> tuple[ValueAtRisk, list[str]]:
    """What open promises may cost, and the accounts by their number in it; claims are numbered as in `told`."""
    accounts, account = _numbered([one.customer_id for one in promises])
    many, place = len(promises), {name: at for at, name in enumerate(accounts)}
    leans = {} if told is None else told.shared()
    by_claim = [] if told is None else [*told.by_capability.values()]
    departments = {name: number for number, name in enumerate(_often(promises))}
    portfolio = Portfolio(
        account,
        np.array([np.nan if one.p_slip is None else one.p_slip for one in promises], np.float64),
        np.array([np.nan if one.value is None else one.value for one in promises], np.float64),
        [one.currency or NO_NAME for one in promises],
        np.full(many, money.loss_share),
        stakes.renewals(one.customer_id for one in promises),
        np.array([departments.get(one.department or NO_NAME, ALONE) for one in promises], np.int64),
        _shared([one.incident for one in promises]),
        _shared([_crew(one) for one in promises]),
        _shared([one.deliverer for one in promises]),
        _shared([leans.get(one.customer_id) for one in promises]),
    )
    exposed = {at: [place[name] for name in some if name in place] for at, some in enumerate(by_claim)}
    found = value_at_risk(portfolio, money.rates, stakes.exposures(accounts, money.rates), DRAWS, SEED, exposed)
    return found, accounts


def _often(promises: Iterable[Open]) -> list[str]:
    """The departments with the most open promises, in a fixed order."""
    found = Counter(one.department or NO_NAME for one in promises)
    return sorted(found, key=lambda name: (-found[name], name))[:MOST_DEPARTMENTS]


def _crew(one: Open) -> str | None:
    """The crew that a promise shares with others: the value of the label of that name."""
    crew = one.labels.get("crew")
    return None if crew is None else str(crew)


class Stood(NamedTuple):
    """What is at risk: a row a customer, largest expected loss first; a row for all, and one for each other currency.

    `claims` is what the accounts that were told each unmet claim may lose, `departments` what each may lose of its own
    promises, for the largest MOST_DEPARTMENTS. `renewals`: a row for each window before renewals, the nearest first.
    """

    accounts: list[Row]
    totals: list[Row]
    claims: dict[str, AtRisk]
    departments: dict[str, AtRisk]
    renewals: list[Row]


GAP: Final = BANDS[0][1]
"""From this score on a promise has a gap: its band is no longer *none*."""
NOTHING_TOLD: Final = {"last_told": None, "last_told_at": None, "last_told_of": None}


def _told(promises: Iterable[Open]) -> dict[str, dict[str, Any]]:
    """By customer, the newest of what they were told of their open promises."""
    newest: dict[str, Open] = {}
    for one in promises:
        known = newest.get(one.customer_id)
        if one.last_told_at is not None and (known is None or one.last_told_at > (known.last_told_at or 0.0)):
            newest[one.customer_id] = one
    return {
        name: {
            "last_told": one.last_told,
            "last_told_at": datetime.fromtimestamp(one.last_told_at or 0.0, UTC).isoformat(),
            "last_told_of": one.promise_id,
        }
        for name, one in newest.items()
    }


def accounts(
    promises: Sequence[Open],
    rolled: Sequence[Row],
    money: Money,
    stakes: Stakes = NO_STAKES,
    told: Accounts | None = None,
) -> Stood:
    """What is at risk in all and by part; `rolled` are the roll-ups of customers."""
    found, names = at_risk(promises, money, stakes, told)
    risks = {names[number]: risk for number, risk in found.accounts.items()}
    renewals = _renewals(found, promises, money, stakes)
    others = [_total_of(code, promises, money, stakes, told) for code in _apart(promises, money)]
    wide = Counter(one.customer_id for one in promises if one.score >= GAP)
    newest = _told(promises)
    rows = []
    for one in rolled:
        risk = risks.get(one.name)
        body = {**one.body, **risk_body(risk), **stakes.said(one.name)}
        body |= {"open_gaps": wide[one.name], **newest.get(one.name, NOTHING_TOLD)}
        body["apart"] = [parts[one.name] for _, parts, _ in others if one.name in parts]
        body["customer_id"] = body.pop("name")
        rows.append(Row(one.name, 0.0 if risk is None else risk.expected.value or 0.0, body, one.name))
    total = {
        "name": "all",
        "promises": len(promises),
        "currency": money.currency or None,
        "loss_share": money.loss_share,
        "no_forecast": found.no_forecast,
        "no_value": found.no_value,
        "no_rate": found.no_rate,
        **risk_body(found.total),
    }
    totals = [Row("all", total["expected_loss"] or 0.0, total), *(row for row, _, _ in others)]
    renewals += [row for _, _, parts in others for row in parts]
    # The figures' own currency first, then each that is counted apart; their windows in order.
    renewals = [row._replace(rank=-float(place)) for place, row in enumerate(renewals)]
    capabilities = [] if told is None else [*told.by_capability]
    claims = {capabilities[number]: risk for number, risk in found.claims.items()}
    names_of = dict(enumerate(_often(promises)))
    departments = {names_of[number]: risk for number, risk in found.departments.items() if number in names_of}
    return Stood(rows, totals, claims, departments, renewals)


def _apart(promises: Sequence[Open], money: Money) -> list[str]:
    return apart((one.currency for one in promises), money.currency, money.rates)


def _total_of(
    code: str, promises: Sequence[Open], money: Money, stakes: Stakes, told: Accounts | None
) -> tuple[Row, dict[str, dict[str, Any]], list[Row]]:
    """What the promises in a currency may cost that is counted apart, each account's part of it, and each window's."""
    own, alone = [one for one in promises if one.currency == code], Money(code, {code: 1.0}, money.loss_share)
    found, names = at_risk(own, alone, stakes, told)
    total = {
        "name": code,
        "promises": len(own),
        "currency": code,
        "loss_share": money.loss_share,
        "no_forecast": found.no_forecast,
        "no_value": found.no_value,
        "no_rate": 0,
        **risk_body(found.total),
    }
    parts = {names[number]: {"currency": code, **risk_body(risk)} for number, risk in found.accounts.items()}
    # After the total, whose currency most promises have: amounts of different currencies are not compared.
    return Row(code, -1.0, total), parts, _renewals(found, own, alone, stakes)


def _renewals(found: ValueAtRisk, promises: Sequence[Open], money: Money, stakes: Stakes) -> list[Row]:
    """A row for each window before renewals that has promises with a forecast and a value, nearest first, unranked."""
    customers = {one.customer_id for one in promises if one.p_slip is not None and not np.isnan(_value(one, money))}
    accounts = Counter(windows(stakes.renewals(sorted(customers))))
    return [
        Row(
            f"{money.currency} {name}".strip(),
            0.0,
            {"window": name, "accounts": accounts[name], "currency": money.currency or None, **risk_body(risk)},
        )
        for name, risk in found.renewals.items()
    ]


def risk_body(risk: AtRisk | None) -> dict[str, Any]:
    """Money at risk as the API shows it; of nothing it is null."""
    if risk is None or not risk.expected.n:
        nothing = {"value": None, "low": None, "high": None, "n": 0}
        return {"forecasts": 0, "expected_loss": None, "value_at_risk": nothing, "shortfall": nothing}
    return {
        "forecasts": risk.expected.n,
        "expected_loss": _rounded(risk.expected.value),
        "value_at_risk": figure_body(risk.quantile),
        "shortfall": figure_body(risk.shortfall),
    }


def figure_body(one: Figure) -> dict[str, Any]:
    """A figure as the API shows it."""
    return {"value": _rounded(one.value), "low": _rounded(one.low), "high": _rounded(one.high), "n": one.n}


def due_body(one: Figure) -> dict[str, Any]:
    """The same of a figure that open promises count in once they are overdue."""
    return {**figure_body(one), "open": one.open}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _value(one: Open, money: Money) -> float:
    rate = money.rates.get(one.currency or NO_NAME)
    return float("nan") if one.value is None or rate is None else one.value * rate


def _numbered(names: Sequence[str]) -> tuple[list[str], Any]:
    found, numbers = np.unique(np.asarray(names, np.str_), return_inverse=True)
    return [str(name) for name in found], numbers.astype(np.int64)


def _shared(names: Sequence[str | None]) -> Any:
    """Numbers of what promises share, ALONE for those that name nothing."""
    _, numbers = _numbered([name or NO_NAME for name in names])
    return np.where(np.array([bool(name) for name in names], bool), numbers, ALONE)
