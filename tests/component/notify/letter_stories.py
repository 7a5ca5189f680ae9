"""Twenty stories that end in a letter: events as they come, time that passes, and a mailbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from candor.contracts import (
    ContactSet,
    Fact,
    FactKind,
    Forecast,
    Message,
    NoRange,
    PromiseRevised,
    PromiseWithdrawn,
    Standing,
    TimesHeld,
    staff_key,
)
from candor.contracts.promise import AskedBy
from tests.support.notify import Desk, contact, event, gap, promise, sealed

HOUSE = """\
company: Example Home Services
reach: +1 212 555 0100
outside: [weather]
actions:
  - kinds: [install]
    causes: [parts delivered]
    says:
      en: We ask the supplier twice a day.
      fr: Nous interrogeons le fournisseur deux fois par jour.
  - kinds: [install]
    says:
      en: Your fitter keeps the rest of the day free for you.
      de: Ihr Monteur hält den Rest des Tages für Sie frei.
      es: Su instalador deja libre para usted el resto del día.
      fr: Votre installateur garde le reste de la journée pour vous.
      ja: 担当者が当日の残りの時間を空けております。
  - kinds: [repair]
    says: We look for a second engineer near you.
means:
  - kinds: [repair]
    says: Please leave the heating switched off.
options:
  - option: keep_waiting
  - option: another_date
  - option: partial
    kinds: [install]
    says:
      en: "Partial installation: we fit what is there, and come again for the rest."
      de: "Teilmontage: Wir montieren, was da ist, und kommen für den Rest noch einmal."
      es: "Instalación parcial: montamos lo que hay y volvemos para el resto."
      fr: "Installation partielle : nous montons ce qui est là et revenons pour le reste."
      ja: "一部設置：届いている分を設置し、残りは後日伺います。"
    strength:
      en: You can begin to use it.
      de: Sie können es schon benutzen.
      es: Ya puede usarla.
      fr: Vous pouvez déjà l’utiliser.
      ja: 先にお使いいただけます。
    weakness:
      en: You need a second visit.
      de: Sie brauchen einen zweiten Besuch.
      es: Hace falta una segunda visita.
      fr: Il vous faut une seconde visite.
      ja: 再度の訪問が必要です。
  - option: goodwill
    kinds: [repair]
    says: "Goodwill: 20 % off this repair, if you keep the appointment."
    strength: You pay less.
    weakness: It comes no earlier.
  - option: cancel
"""
HOUR = timedelta(hours=1)
OVER = {"p50": None, "p80": None}


@dataclass
class Case:
    """One promise to one customer; times of forecasts are in minutes after the promised time."""

    desk: Desk
    number: int
    due: datetime
    language: str = "en"
    version: int = field(default=1)

    @property
    def name(self) -> str:
        return f"p{self.number}"

    @property
    def customer(self) -> str:
        return f"c{self.number}"

    def now(self) -> datetime:
        return self.desk.clock.now()

    async def gap(
        self,
        p_slip: float,
        p50: int | None = None,
        p80: int | None = None,
        *,
        facts: list[Fact] | None = None,
        standing: Standing = Standing.OPEN,
        **changes: Any,
    ) -> None:
        """The next gap, five minutes later."""
        self.version += 1
        at = [None if minutes is None else self.due + timedelta(minutes=minutes) for minutes in (p50, p80)]
        about: dict[str, Any] = {"name": self.name, "customer": self.customer, "due": self.due, **changes}
        forecast = Forecast(p_slip, at[0], at[1], None, n=412)
        made = gap(self.version, forecast, standing, at=self.now(), facts=facts or [], **about)
        await self.desk.take(made)
        await self.desk.later(5)

    async def say(self, *data: Any) -> None:
        """Events of the promise, now."""
        for one in data:
            self.version += 1
            await self.desk.take(event(one, self.version, self.now()))

    async def sent(self) -> None:
        """Whatever waits goes out, the owner's before the customer's."""
        while await self.desk.send():
            pass

    async def warned(self, **changes: Any) -> None:
        """The usual first warning, which has gone out."""
        await self.gap(0.9, 60, 150, **changes)
        await self.sent()


Story = Callable[[Case], Awaitable[None]]


@dataclass(frozen=True)
class Told:
    """A story with its title and what is promised to whom; `hours` until it is due."""

    title: str
    story: Story
    kind: str = "install"
    what: str = "Espresso machine installed in the kitchen"
    language: str = "en"
    zone: str = "America/New_York"
    hours: float = 6
    owner: str | None = "ada"
    tolerance: int = 0
    due: datetime | None = None

    async def run(self, desk: Desk, number: int) -> str:
        """Runs the story; the last letter that the customer got."""
        due = self.due or desk.clock.now().replace(minute=0, second=0, microsecond=0) + self.hours * HOUR
        case = Case(desk, number, due, self.language)
        dates = {"first_due": due, "latest_due": due, "held_due": due, "made_at": desk.clock.now()}
        about: dict[str, Any] = {
            "kind": self.kind,
            "what": self.what,
            "zone": self.zone,
            "tolerance_s": self.tolerance * 60,
            **dates,
        }
        made = promise(case.name, case.customer, time=desk.clock.now(), owner=self.owner, **about)
        reader: dict[str, Any] = {"email": f"c{number}@customer.example", "language": self.language, "zone": self.zone}
        await desk.take(made, contact(case.customer, **reader), *_owners())
        await self.story(case)
        await case.sent()
        [*_, mail] = [one for one in desk.received() if one.recipients == (reader["email"],)]
        text = mail.parsed().get_body(("plain",)).get_content()  # type: ignore[union-attr]
        return f"Subject: {mail.parsed()['Subject']}\n\n{text.replace(chr(13), '').strip()}\n"


def _owners() -> list[Message]:
    about = sealed("ada@company.example", name="Ada Berg", reach="+1 212 555 0142")
    return [event(ContactSet(staff_key("ada"), about), 1)]


def fact(case: Case, kind: FactKind, name: str, minutes: float = 0, **changes: Any) -> Fact:
    made = Fact(kind=kind, event_id=f"ev-{name}-{case.number}", name=name, at=case.now(), minutes=minutes, told=True)
    return msgspec.structs.replace(made, **changes)


def parts_late(case: Case) -> Fact:
    why = "the supplier sent the wrong boiler valve"
    return fact(case, FactKind.MILESTONE_LATE, "parts delivered", 95, public_reason=why)


def snow(case: Case) -> Fact:
    about: dict[str, Any] = {"at": case.now() - 2 * HOUR, "public_text": "Heavy snow in Newark", "told": False}
    return fact(case, FactKind.INCIDENT_OPEN, "weather", **about)


async def probably_late(case: Case) -> None:
    await case.gap(0.86, 60, 150, facts=[parts_late(case)])


async def step_missed(case: Case) -> None:
    planned = case.now() - HOUR
    missed = fact(
        case, FactKind.MILESTONE_MISSED, "engineer on site", planned=planned, public_reason="the van broke down"
    )
    await case.gap(0.4, -40, 90, facts=[missed])


async def may_be_late(case: Case) -> None:
    await case.gap(0.72, -20, 100)


async def no_range(case: Case) -> None:
    held = TimesHeld(completed=200, held=0.55, no_range=NoRange.DID_NOT_HOLD)
    await case.gap(0.9, facts=[parts_late(case)], times=held)


async def is_late(case: Case) -> None:
    case.desk.clock.set(case.due + timedelta(minutes=10))
    await case.gap(1.0, 60, 150)


async def later_again(case: Case) -> None:
    await case.warned()
    await case.gap(0.97, 200, 330, facts=[parts_late(case), snow(case)])


async def later_again_in_french(case: Case) -> None:
    await case.warned()
    why = "le fournisseur a livré la mauvaise vanne"
    late = fact(case, FactKind.MILESTONE_LATE, "parts delivered", 95, public_reason=why)
    await case.gap(0.97, 200, 330, facts=[msgspec.structs.replace(late, name="livraison des pièces")])


async def sooner(case: Case) -> None:
    await case.gap(0.95, 300, 480)
    await case.sent()
    await case.gap(0.8, 60, 150)


async def nothing_new(case: Case) -> None:
    await case.gap(0.95, 55, 145)
    await case.sent()
    case.desk.clock.set(case.due + timedelta(minutes=1))
    await case.desk.take(tick=True)


async def on_track_again(case: Case) -> None:
    await case.warned()
    await case.gap(0.1, -90, -30)


async def kept(case: Case) -> None:
    await case.warned()
    await case.gap(0.0, standing=Standing.KEPT, completed=case.due - timedelta(minutes=20))


async def done_late(case: Case) -> None:
    await case.warned()
    await case.gap(1.0, standing=Standing.BROKEN, completed=case.due + 5 * HOUR)


async def not_kept(case: Case) -> None:
    await case.warned()
    case.desk.clock.set(case.due + 8 * HOUR)
    await case.gap(1.0, standing=Standing.BROKEN)


async def cancelled(case: Case) -> None:
    await case.warned()
    ended = fact(case, FactKind.MILESTONE_CANCELLED, "boiler delivered", public_reason="the maker no longer builds it")
    await case.gap(1.0, standing=Standing.CANCELLED, facts=[ended])


def revised(case: Case, due: datetime, *, agreed: bool, why: str | None) -> PromiseRevised:
    held = due if agreed else case.due
    return PromiseRevised(case.name, case.customer, due, held, AskedBy.COMPANY, agreed, "internal", why)


async def moved(case: Case) -> None:
    await case.gap(0.2, -60, -10)
    due = case.due + timedelta(days=2)
    await case.say(revised(case, due, agreed=False, why="two fitters are ill"))


async def moved_in_spanish(case: Case) -> None:
    await case.gap(0.2, -60, -10)
    await case.say(revised(case, case.due + timedelta(days=2), agreed=False, why="dos instaladores están enfermos"))


async def agreed(case: Case) -> None:
    await case.warned()
    due = case.due + timedelta(days=2)
    await case.say(revised(case, due, agreed=True, why="two fitters are ill"))
    case.due = due
    await case.gap(0.1, -60, -10)


async def called_off(case: Case) -> None:
    await case.say(PromiseWithdrawn(case.name, case.customer, "margin", "o modelo saiu de linha", AskedBy.COMPANY))
    await case.gap(0.0, standing=Standing.WITHDRAWN)


async def end_of_the_day(case: Case) -> None:
    await case.gap(0.86, 60, 150, facts=[fact(case, FactKind.MILESTONE_OVERDUE, "Teile geliefert")])


BOILER = "Boiler repaired"
STORIES = [
    Told("Probably late, with a step, its reason and a range", probably_late),
    Told("A step that the customer knows of was missed", step_missed, kind="repair", what=BOILER),
    Told("It may be late: the range begins before the promised time", may_be_late, owner=None),
    Told("No range, as none held lately", no_range),
    Told("Late already", is_late, kind="repair", what=BOILER),
    Told("Later than said before, and an incident as a circumstance", later_again),
    Told("Earlier than said before, and still late", sooner, owner=None),
    Told("The announced update, with nothing new", nothing_new),
    Told("On track again", on_track_again),
    Told("Kept after a warning", kept),
    Told("Done, outside the range", done_late, kind="repair", what=BOILER),
    Told("Not kept, and not done", not_kept, kind="repair", what=BOILER),
    Told("Cancelled", cancelled, what="Boiler installed"),
    Told("The company moved the date", moved),
    Told("The company moved the date, and the customer agreed", agreed),
    Told(
        "Called off by the company, in Portuguese",
        *(called_off, "install", "Cafeteira instalada", "pt-BR", "America/Sao_Paulo"),
        owner=None,
    ),
    Told(
        "Due at midnight, in German",
        *(end_of_the_day, "install", "Espressomaschine angeschlossen", "de", "Europe/Berlin"),
        due=datetime(2013, 3, 20, 23, tzinfo=UTC),
    ),
    Told(
        "Later than said before, in French",
        *(later_again_in_french, "install", "Machine à café installée", "fr-CA", "America/Toronto"),
        owner=None,
    ),
    Told(
        "The company moved the date, in Spanish",
        *(moved_in_spanish, "install", "Cafetera instalada", "es", "Europe/Madrid"),
        owner=None,
    ),
    Told("Probably late, in Japanese", may_be_late, "install", "エスプレッソマシンの設置", "ja", "Asia/Tokyo"),
]
