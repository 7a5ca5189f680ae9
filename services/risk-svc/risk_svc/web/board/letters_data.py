"""What the inbox reads of notify-svc, and does there: messages that a person reads before their customers do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from candor.clients.services import ServiceClient, ServiceError
from candor.ops.secret_files import SecretFile
from candor.store.audit import Act, Actor
from candor.store.db import Database
from risk_svc.settings import RiskSettings
from risk_svc.web.board.intake_data import ROWS, Part, recorder

NOTIFY: Final = "notify-svc"
NOT_SET_UP: Final = (
    "The board does not know where notify-svc is, or has no key for it: see NOTIFY_SVC_URL and SERVICES_KEY_FILE."
)


class LettersData:
    """Asks notify-svc by its interface, with the board's key, for the person who is named in each act.

    What a person does there is recorded first, in the board's own audit log under their name.
    """

    def __init__(self, service: ServiceClient | None, record: Callable[[Act], Awaitable[None]]) -> None:
        self._service = service
        self._record = record

    @classmethod
    def of(cls, settings: RiskSettings, key: SecretFile[str] | None, database: Callable[[], Database]) -> LettersData:
        """The service that the settings name; without a key it is not asked."""
        url = settings.notify_svc_url
        return cls(ServiceClient(url, key.get) if key is not None and url else None, recorder(database))

    async def waiting(self, cursor: str, *, snoozed: bool = False) -> Part:
        """A page of messages that wait, the oldest first."""
        asked = {"limit": str(ROWS)} | ({"snoozed": "true"} if snoozed else {}) | ({"cursor": cursor} if cursor else {})
        try:
            said = await self._there().get("/v1/inbox", asked)
        except ServiceError as error:
            return Part(NOTIFY, [], failed=error.words)
        return Part(NOTIFY, said.body["items"], said.cursor)

    async def letter(self, notice_id: str) -> dict[str, Any]:
        """One message with all that is known of it. Raises ServiceError."""
        return (await self._there().get(_path(notice_id))).body

    async def record(self, customer_id: str, cursor: str) -> Part:
        """A page of all that was said to a customer and all that they answered, oldest first."""
        asked = {"limit": str(ROWS)} | ({"cursor": cursor} if cursor else {})
        try:
            said = await self._there().get(f"/v1/customers/{quote(customer_id, safe='')}/record", asked)
        except ServiceError as error:
            return Part(NOTIFY, [], failed=error.words)
        return Part(NOTIFY, said.body["items"], said.cursor)

    async def expectation(self, customer_id: str) -> dict[str, Any] | None:
        """How a customer wants to be written to; None if nobody knows their contact, or notify-svc does not answer."""
        try:
            return (await self._there().get(f"/v1/customers/{quote(customer_id, safe='')}/expectation", {})).body
        except ServiceError:
            return None

    async def act(self, notice_id: str, what: str, who: Actor, said: Mapping[str, Any]) -> dict[str, Any]:
        """Decide about a message: `what` is the last part of its path. Raises ServiceError."""
        await self._record(Act(who, f"notice.{what}", f"{NOTIFY} {notice_id}"))
        return (await self._there().send("POST", f"{_path(notice_id)}/{what}", {**said, "by": who.who})).body

    def _there(self) -> ServiceClient:
        if self._service is None:
            raise ServiceError(NOT_SET_UP)
        return self._service


def _path(notice_id: str) -> str:
    return f"/v1/notices/{quote(notice_id, safe='')}"
