"""A flight as a promise to its passengers: its row in the data, its instants, and the events it produces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from candor.replay.stream import StreamEvent, utc_text
from candor_demo.source import NEW_YORK

MADE_BEFORE: Final = timedelta(hours=12)
GRACE: Final = timedelta(minutes=15)
SYSTEM: Final = "flights"
CUSTOMER_DOMAIN: Final = "example.com"
CRUISE_MILES_PER_MINUTE: Final = 7.5
GROUND_MINUTES: Final = 45


@dataclass(frozen=True, kw_only=True)
class Flight:
    """One flight in UTC instants; `departed` and `arrived` are None if that never happened.

    `cancelled`: it never left. Departed without an arrival: diverted; the data do not say when its passengers reached
    their destination, so the promise never completes.
    """

    carrier: str
    number: str
    origin: str
    destination: str
    day: date
    planned_departure: datetime
    planned_arrival: datetime
    departed: datetime | None
    arrived: datetime | None

    @property
    def promise_id(self) -> str:
        return f"{self.day:%Y%m%d}-{self.carrier}{self.number}-{self.origin}"

    @property
    def customer_id(self) -> str:
        return f"passengers-{self.promise_id}"

    @property
    def reference(self) -> dict[str, str]:
        return {"system": SYSTEM, "id": f"{self.carrier}{self.number}:{self.origin}:{self.day.isoformat()}"}

    @property
    def made_at(self) -> datetime:
        return self.planned_departure - MADE_BEFORE

    @property
    def due(self) -> datetime:
        return self.planned_arrival + GRACE

    @property
    def cancelled(self) -> bool:
        return self.departed is None


def local_instant(day: date, clock: int, zone: ZoneInfo) -> datetime:
    """UTC of a local time written as HHMM, 0–2400; 2400 is the midnight that ends `day`.

    A time skipped by the change to summer time is read with the offset before it. Raises ValueError beyond 2400.
    """
    hours, minutes = divmod(clock, 100)
    if minutes > 59 or not 0 <= clock <= 2400:
        raise ValueError(f"no wall clock: {clock}")
    wall = datetime(day.year, day.month, day.day) + timedelta(hours=hours, minutes=minutes)  # noqa: DTZ001
    return wall.replace(tzinfo=zone).astimezone(UTC)


def planned_arrival(departure: datetime, clock: int, zone: ZoneInfo, miles: float) -> datetime:
    """The instant of arrival at the local time HHMM of the destination, on the most plausible day.

    Of the day before, the same day and the day after, the one with a duration nearest to miles / 7.5 + 45 minutes.
    """
    usual = timedelta(minutes=miles / CRUISE_MILES_PER_MINUTE + GROUND_MINUTES)
    day = departure.astimezone(zone).date()
    choices = [local_instant(day + timedelta(days=shift), clock, zone) for shift in (-1, 0, 1)]
    return min(choices, key=lambda arrival: abs(arrival - departure - usual))


def parse_flight(row: Mapping[str, str], zones: Mapping[str, ZoneInfo]) -> Flight:
    """A row of flights.csv; actual instants are planned ones plus the recorded delay, so they need no time zone."""
    day = date(int(row["year"]), int(row["month"]), int(row["day"]))
    departure = local_instant(day, int(row["sched_dep_time"]), NEW_YORK)
    arrival = planned_arrival(departure, int(row["sched_arr_time"]), zones[row["dest"]], float(row["distance"]))
    return Flight(
        carrier=row["carrier"],
        number=row["flight"],
        origin=row["origin"],
        destination=row["dest"],
        day=day,
        planned_departure=departure,
        planned_arrival=arrival,
        departed=_delayed(departure, row["dep_delay"]),
        arrived=_delayed(arrival, row["arr_delay"]),
    )


def _delayed(planned: datetime, minutes: str) -> datetime | None:
    return None if minutes == "NA" else planned + timedelta(minutes=float(minutes))


def contact_event(flight: Flight) -> StreamEvent:
    """The passengers' contact, known when the promise is made; its address uses a reserved domain."""
    data = {
        "customer_id": flight.customer_id,
        "email": f"{flight.customer_id.lower()}@{CUSTOMER_DOMAIN}",
        "name": f"Passengers of {flight.carrier} {flight.number}",
        "language": "en",
        "zone": NEW_YORK.key,
        "consent": True,
    }
    return StreamEvent(f"{flight.promise_id}.contact", "contact.set", flight.made_at, data)


def promise_event(flight: Flight) -> StreamEvent:
    """The promise to arrive by the scheduled arrival plus 15 minutes."""
    data: dict[str, Any] = {
        "promise_id": flight.promise_id,
        "customer_id": flight.customer_id,
        "kind": "flight",
        "what": f"Flight {flight.carrier} {flight.number} from {flight.origin} to {flight.destination}",
        "made_at": utc_text(flight.made_at),
        "due": utc_text(flight.due),
        "tolerance_s": 0,
        "labels": {
            "carrier": flight.carrier,
            "origin": flight.origin,
            "destination": flight.destination,
            "hour": f"{flight.planned_departure.astimezone(NEW_YORK):%H}",
        },
        "milestones": [
            {"name": "departed", "planned": utc_text(flight.planned_departure), "told": True},
            {"name": "arrived", "planned": utc_text(flight.planned_arrival), "told": True},
        ],
        "depends_on": [{"kind": "site", "id": flight.origin}],
        "references": [flight.reference],
        "zone": NEW_YORK.key,
    }
    return StreamEvent(f"{flight.promise_id}.made", "promise.made", flight.made_at, data)


def milestone_events(flight: Flight) -> Iterator[StreamEvent]:
    """Actual events at their times; a cancellation comes at the scheduled departure, a diversion gives no event."""
    if flight.departed is None:
        yield _milestone(flight, "departed", "cancelled", flight.planned_departure, final=True)
        return
    yield _milestone(flight, "departed", "reached", flight.departed, final=False)
    if flight.arrived is not None:
        yield _milestone(flight, "arrived", "reached", flight.arrived, final=True)


def _milestone(flight: Flight, name: str, status: str, at: datetime, *, final: bool) -> StreamEvent:
    data = {
        "reference": flight.reference,
        "milestone": name,
        "status": status,
        "at": utc_text(at),
        "final": final,
    }
    suffix = "cancelled" if status == "cancelled" else name
    return StreamEvent(f"{flight.promise_id}.{suffix}", "milestone.reported", at, data)
