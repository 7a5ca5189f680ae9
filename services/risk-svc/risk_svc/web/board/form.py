"""A form of the board whose fields a service names in its problems: what is wrong is said beside the field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement
from nicegui.elements.mixins.value_element import ValueElement

from candor.clients.services import ServiceError
from candor.intake.once import new_id
from candor.store.audit import Actor
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.promise_bodies import WrongFieldsError

WRONG: Final = "Nothing was done: look at what is said beside the fields."
NOT_KNOWN: Final = "{}. Whether it was done is not known: press again, and it is done once."
MOVED: Final = "It changed meanwhile. Look at how it stands now, and press again if it still holds."
REUSED: Final = "The first try was taken after all: look at what there is before you change anything."
STATUS_MOVED: Final = 412
STATUS_SERVER: Final = 500
Element = TypeVar("Element", bound=ValidationElement[Any])
Choice = TypeVar("Choice", bound=ValueElement[Any])


class Form:
    """The fields of one form by JSON pointer, and its `token`: what was taken with it is not taken again.

    The token changes once the form was taken and says something else, so that pressing twice does one thing.
    """

    def __init__(self) -> None:
        self.token = new_id()
        self._fields: dict[str, ValidationElement[Any]] = {}
        self._others: list[ValueElement[Any]] = []
        self._taken: list[Any] | None = None

    def add(self, pointer: str, field: Element) -> Element:
        """Name a field; `pointer` stands also for all that lies below it."""
        self._fields[pointer] = field
        field.props("dense outlined")
        return field

    def also(self, field: Choice) -> Choice:
        """Name a field in which nothing can be wrong."""
        self._others.append(field)
        return field

    async def send(self, acting: Acting, act: Callable[[Actor], Awaitable[str]]) -> str:
        """What an act of an operator came to, in words; what is wrong with a field is shown beside it."""
        self._anew()
        for field in self._fields.values():
            field.error = None
        return await acting.told(lambda who: self._tried(act, who))

    async def _tried(self, act: Callable[[Actor], Awaitable[str]], who: Actor) -> str:
        try:
            said = await act(who)
        except WrongFieldsError as error:
            return self._beside(error.errors, WRONG)
        except ServiceError as error:
            return self._refused(error)
        self._taken = self._values()
        return said

    def _refused(self, error: ServiceError) -> str:
        if error.status == 0 or error.status >= STATUS_SERVER:
            return NOT_KNOWN.format(error.words[:1].upper() + error.words[1:])
        if error.status == STATUS_MOVED:
            return MOVED
        if error.code == "idempotency_key_reused":
            return REUSED
        return self._beside(error.errors, error.words)

    def _beside(self, errors: dict[str, str], words: str) -> str:
        shown, rest = [], []
        for pointer, said in errors.items():
            found = [field for name, field in self._fields.items() if f"{pointer}/".startswith(f"{name}/")]
            for field in found:
                field.error = field.error or said
            shown += found
            rest += [] if found else [f"{pointer}: {said}."]
        if not shown:
            return words
        shown[0].run_method("focus")
        return " ".join([WRONG, *rest])

    def _anew(self) -> None:
        if self._taken is not None and self._taken != self._values():
            self.token, self._taken = new_id(), None

    def _values(self) -> list[Any]:
        return [field.value for field in (*self._fields.values(), *self._others)]


NARROW: Final = "w-full sm:w-56"
"""A field among others of its row; on a phone it is as wide as the page."""


def text(label: str, classes: str = NARROW) -> ui.input:
    """A field of one line."""
    return ui.input(label).classes(classes)


def moment(label: str) -> ui.input:
    """A field of a day and a time, as the browser asks for them."""
    return ui.input(label).props("type=datetime-local stack-label").classes(NARROW)
