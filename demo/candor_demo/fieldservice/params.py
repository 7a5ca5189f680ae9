"""The parameters of a simulated company: each with its unit, its range and its default."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from candor.web.http.fields import Body, Currency, Zone

NAME: Final = r"^[A-Za-z0-9._:-]{1,64}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A name that may be an id."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False, description="Relative to the others.")]
Part = Annotated[float, Field(ge=-0.9, le=10, allow_inf_nan=False)]
"""A difference as a part of the promised time."""
Delay = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, description="Part of the promised time.")]
QUESTIONS: Final = ("well", "improve", "others", "onward")
Question = Literal["well", "improve", "others", "onward"]
Side = Literal["leadership", "staff", "customers"]


def _differ(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise ValueError("must differ from each other")
    return names


class Kind(Body):
    """A promise type."""

    share: Weight = 1
    days: float = Field(default=10, ge=0.05, le=365, allow_inf_nan=False, description="Median promised time, days.")
    spread: float = Field(
        default=0.4, ge=0, le=2, allow_inf_nan=False, description="Of its logarithm, standard deviation."
    )
    bias: Part = Field(default=0, description="Part by which these take longer than said; below 0 shorter.")
    value: float = Field(default=1000, ge=0, le=1e9, allow_inf_nan=False, description="Median value, in `currency`.")
    currency: Currency = "EUR"


class Team(Body):
    """A department that promises, or a crew that delivers."""

    share: Weight = 1
    bias: Part = Field(default=0, description="Part by which its promises take longer than said; below 0 shorter.")


class Factor(Body):
    """What some promises have when they are made, such as a survey of the site."""

    share: Share = Field(default=0.5, description="Share of promises that have it, whatever else they are.")
    saves: float = Field(
        default=0.2, ge=-5, le=0.9, allow_inf_nan=False, description="Part of the time saved; below 0 lost."
    )


class Incidents(Body):
    """Incidents: each may hold up the work of the crews and at the sites that it hits, once a promise."""

    per_week: float = Field(default=0.6, ge=0, le=200, allow_inf_nan=False, description="Mean number a week.")
    days: float = Field(default=1.5, ge=0.01, le=90, allow_inf_nan=False, description="Mean length, days.")
    crews: int = Field(default=1, ge=0, le=20, description="Crews that each hits.")
    sites: int = Field(default=1, ge=0, le=20, description="Sites that each hits.")
    delay: Delay = 0.2
    severity: float = Field(
        default=0.5, ge=0.05, le=1, allow_inf_nan=False, description="Share of that work that is held up."
    )


class Supply(Body):
    """Parts that come late."""

    late: Share = Field(default=0.08, description="Share of promises whose parts come late.")
    delay: Delay = 0.3


class Requests(Body):
    """Dates that customers ask for."""

    asked: Share = Field(default=0.6, description="Share of promises for which a date was asked for.")
    earlier: float = Field(
        default=0.2, ge=-5, le=0.9, allow_inf_nan=False, description="Part of the time earlier; below 0 later."
    )


class NewDates(Body):
    """Dates that are moved after the promise."""

    told: Share = Field(default=0.5, description="Share of late ones for which the company tells a new date.")
    agreed: Share = Field(default=0.3, description="Share of those to which the customer agrees.")
    asked: Share = Field(default=0.03, description="Share of promises for which the customer asks for a later date.")
    later: float = Field(
        default=0.3, ge=0.01, le=5, allow_inf_nan=False, description="By which part of the promised time."
    )


class Hop(Body):
    """What a department does to each statement that it passes on."""

    days: float = Field(default=0, ge=-180, le=180, allow_inf_nan=False, description="Days later; below 0 earlier.")
    spread: float = Field(default=0, ge=0, le=90, allow_inf_nan=False, description="Standard deviation of that, days.")
    certainty: int = Field(default=0, ge=-4, le=4, description="Steps surer, of 0 (a hope) to 4 (a commitment).")
    forgets: Share = Field(default=0, description="Chance that a condition is left out.")


def _hops_fit(hops: list[str]) -> list[str]:
    if len(hops) == 1:
        raise ValueError("must name two or more, from the first to the customer, or none")
    return _differ(hops)


class Statements(Body):
    """How word of a date reaches the customer. The hops must be STATEMENT_HOPS of promise-svc, or some of them."""

    hops: Annotated[list[Name], Field(max_length=12), AfterValidator(_hops_fit)] = [
        *("engineering", "product", "success", "sales", "customer")
    ]
    share: Share = Field(default=0.5, description="Share of promises of which each hop's statement is known.")
    drift: dict[Name, Hop] = Field(
        default={
            "product": Hop(days=0.5, spread=1),
            "success": Hop(days=-9, spread=3, certainty=1, forgets=0.5),
            "sales": Hop(spread=1),
        },
        description="By the hop that passes it on: any but the first and the last; others change nothing.",
    )

    @model_validator(mode="before")
    @classmethod
    def _own(cls, given: Any) -> Any:
        """Other hops begin without a drift: the default one is of the default hops."""
        return {"drift": {}, **given} if isinstance(given, dict) and "hops" in given else given

    @model_validator(mode="after")
    def _known(self) -> Statements:
        for name in self.drift:
            if name not in self.hops[1:-1]:
                raise ValueError(f"drift of {name}: must be one of the hops between the first and the last")
        return self


class Handoffs(Body):
    """Hand-offs to crews of what was promised before they accepted (*impositions*)."""

    imposed: Share = Field(default=0.3, description="Share of promises made before the crew accepted.")
    declined: Share = Field(default=0.1, description="Share of those that it declines.")
    countered: Share = Field(default=0.15, description="Share of those that it answers with another date.")
    hours: float = Field(default=20, ge=0.1, le=720, allow_inf_nan=False, description="Mean time to its answer, hours.")


class Capability(Body):
    """A capability, what the register says of it, and what is claimed."""

    status: Literal["available", "beta", "planned", "none"] = "available"
    claimed: Literal["available", "beta", "planned", "none", "left_out"] = Field(
        default="available", description="What false claims say of it."
    )
    wrong: Share = Field(default=0, description="Share of claims that say that instead of its status.")
    per_week: float = Field(default=5, ge=0, le=500, allow_inf_nan=False, description="Mean number of claims a week.")
    recipients: float = Field(default=3, ge=1, le=1e6, allow_inf_nan=False, description="Mean number told by a claim.")
    prospects: Share = Field(default=0.4, description="Share of claims made to no customer.")
    corrected: Share = Field(default=0.3, description="Share of false claims that are corrected, within weeks.")


class Accounts(Body):
    """What is at stake with a customer."""

    exposure: float = Field(default=20_000, ge=0, le=1e12, allow_inf_nan=False, description="Median, in `currency`.")
    currency: Currency = "EUR"
    renewal_months: int = Field(default=12, ge=1, le=120, description="Months from one renewal to the next.")


Opinion = Annotated[
    list[Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]],
    Field(min_length=5, max_length=5, description="Relative weights of the ratings 1 to 5."),
]


class Group(Body):
    """People who answer the four questions, and what they truly believe."""

    people: float = Field(
        default=30, ge=0, le=10_000, allow_inf_nan=False, description="Mean number who answer each time."
    )
    sheet: float = Field(
        default=1, ge=1, le=100, allow_inf_nan=False, description="Mean number who share an answer sheet."
    )
    opinions: dict[Question, Opinion] = Field(min_length=1)

    @model_validator(mode="after")
    def _weighted(self) -> Group:
        for question, weights in self.opinions.items():
            if sum(weights) <= 0:
                raise ValueError(f"opinions of {question}: one weight must be above 0")
        return self


def _group(people: float, sheet: float, *opinions: list[float]) -> Group:
    return Group(people=people, sheet=sheet, opinions=dict(zip(QUESTIONS, opinions, strict=True)))


class Surveys(Body):
    """Answer sheets, on the first of a month at nine."""

    every_months: int = Field(default=1, ge=1, le=60)
    groups: dict[Side, Group] = {
        "leadership": _group(12, 3, [1, 2, 8, 30, 59], [2, 5, 20, 43, 30], [2, 8, 30, 40, 20], [1, 3, 16, 40, 40]),
        "staff": _group(40, 4, [4, 12, 30, 36, 18], [8, 20, 34, 28, 10], [5, 15, 40, 30, 10], [3, 10, 27, 40, 20]),
        "customers": _group(60, 1, [16, 22, 30, 24, 8], [14, 22, 34, 22, 8], [6, 16, 40, 28, 10], [5, 12, 30, 35, 18]),
    }


class Params(Body):
    """A simulated company. What is left out has its default."""

    starts: date = Field(default=date(2025, 1, 6), ge=date(2000, 1, 1), le=date(2100, 1, 1), description="First day.")
    ending: Annotated[date, Field(ge=date(2010, 1, 1), le=date(2100, 1, 1))] | Literal["today"] | None = Field(
        default=None, description="Last day, or today, instead of `starts`; what comes later is not sent."
    )
    weeks: int = Field(default=26, ge=1, le=520, description="Weeks in which promises are made.")
    zone: Zone = "Europe/Berlin"
    promises_per_week: float = Field(
        default=60, ge=0, le=10_000, allow_inf_nan=False, description="Mean number, Monday to Friday."
    )
    customers: int = Field(default=40, ge=1, le=100_000)
    noise: float = Field(
        default=0.3, ge=0, le=2, allow_inf_nan=False, description="Of ln(actual / promised), standard deviation."
    )
    tolerance_hours: int = Field(
        default=0, ge=0, le=8760, description="Hours by which a promise may be late and is kept."
    )
    withdrawn: Share = Field(default=0.01, description="Share of promises that the company takes back.")
    milestones: Annotated[list[Name], Field(min_length=1, max_length=20), AfterValidator(_differ)] = [
        *("scheduled", "parts-there", "on-site", "done")
    ]
    scope: Annotated[list[Name], Field(max_length=20), AfterValidator(_differ)] = ["installed", "briefed"]
    kinds: dict[Name, Kind] = Field(
        default={
            "install": Kind(share=5, days=20, spread=0.35, bias=0.05, value=6000),
            "repair": Kind(share=3, days=6, spread=0.4, bias=-0.05, value=900),
            "inspection": Kind(share=2, days=12, spread=0.3, bias=-0.1, value=400),
        },
        min_length=1,
        max_length=100,
    )
    departments: dict[Name, Team] = Field(
        default={
            "sales-north": Team(share=3, bias=0.3),
            "sales-south": Team(share=3, bias=0.05),
            "service-desk": Team(share=3, bias=-0.05),
            "operations": Team(share=1, bias=-0.2),
        },
        max_length=400,
        description="Who promises.",
    )
    crews: dict[Name, Team] = Field(
        default={f"crew-{number}": Team(bias=bias) for number, bias in enumerate((0.2, 0.05, 0, 0, -0.05, -0.15), 1)},
        max_length=400,
        description="Who delivers.",
    )
    sites: Annotated[list[Name], Field(max_length=1000), AfterValidator(_differ)] = [
        *("berlin", "bremen", "hamburg", "kiel", "leipzig", "rostock")
    ]
    factors: dict[Name, Factor] = Field(
        default={"site-survey": Factor(share=0.4, saves=0.2), "evening-slot": Factor(share=0.3, saves=0)}, max_length=20
    )
    incidents: Incidents = Incidents()
    parts: Supply = Supply()
    requests: Requests = Requests()
    new_dates: NewDates = NewDates()
    statements: Statements = Statements()
    handoffs: Handoffs = Handoffs()
    capabilities: dict[Name, Capability] = Field(
        default={
            "remote-diagnosis": Capability(status="planned", claimed="available", wrong=0.35, per_week=12),
            "same-day-parts": Capability(status="available", per_week=8),
        },
        max_length=100,
    )
    accounts: Accounts = Accounts()
    surveys: Surveys = Surveys()

    @model_validator(mode="after")
    def _weighted(self) -> Params:
        _some("kinds", (kind.share for kind in self.kinds.values()))
        _some("departments", (team.share for team in self.departments.values()))
        _some("crews", (team.share for team in self.crews.values()))
        return self


def _some(name: str, weights: Iterable[float]) -> None:
    found = list(weights)
    if found and sum(found) <= 0:
        raise ValueError(f"{name}: one share must be above 0")


def shares(parts: Iterable[Team | Kind]) -> list[float]:
    """Their shares, summing to 1."""
    weights = [part.share for part in parts]
    return [weight / sum(weights) for weight in weights]
