"""Signed links to the form of four questions: each opens one answer sheet, and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from itsdangerous import BadData

from candor.contracts.matters import Side
from candor.ops.clock import Clock, SystemClock
from candor.web.http.public import Public
from candor.web.security.signing import Secrets, Signing

SALT: Final = "candor-answers"
PATH: Final = "/answers/"
USUAL_AGE: Final = timedelta(days=30)
LONGEST_AGE: Final = timedelta(days=90)


class Asked(NamedTuple):
    """What a link asks for: the sheet that it opens, whose belief it says, and whom it is sent to.

    `asked_at` is business time, by which an erasure since then is seen; `ends` is system time.
    """

    sheet_id: str
    side: Side
    customer_id: str | None
    department: str | None
    asked_at: datetime
    ends: datetime


class AnswerLinks:
    """Makes and reads links, signed with `secrets`; what they say is signed and not secret.

    `public_url` is where the outside reaches the service; "" leaves the address to the request that asks for a link.
    """

    def __init__(self, secrets: Secrets | str, public_url: str = "", clock: Clock | None = None) -> None:
        self._signing = Signing(secrets, SALT)
        self._public = Public.of(public_url)
        self._clock = clock or SystemClock()

    def now(self) -> datetime:
        """System time, by which links end."""
        return self._clock.now()

    def token(self, asked: Asked) -> str:
        """The signed text of a link."""
        times = {name: getattr(asked, name).timestamp() for name in ("asked_at", "ends")}
        return self._signing.dumps([*asked[:4], times["asked_at"], times["ends"]])

    def address(self, asked: Asked, base: str) -> str:
        """The whole link; `base` is where the request came in, for want of a public address."""
        origin = self._public.origin or base.rstrip("/")
        return f"{origin}{self._public.prefix}{PATH}{self.token(asked)}"

    def read(self, token: str) -> Asked | None:
        """What a link asks for; None if it is not ours or has ended."""
        try:
            asked = _asked(self._signing.loads(token))
        except (BadData, ValueError, TypeError, OverflowError, OSError):
            return None
        return asked if self._clock.now() < asked.ends else None


def _asked(fields: Any) -> Asked:
    sheet_id, side, customer_id, department, asked_at, ends = fields
    moments = (datetime.fromtimestamp(asked_at, UTC), datetime.fromtimestamp(ends, UTC))
    return Asked(sheet_id, Side(side), customer_id, department, *moments)
