"""Why a sign-in did not succeed: one word for logs and metrics, one sentence for the person at the browser."""

from __future__ import annotations

from typing import Final

AGAIN: Final = "Please sign in again."
DOWN: Final = "Your company's identity provider does not answer. Nothing is wrong with your account: try again shortly."


class RefusedError(Exception):
    """A sign-in that ends here. `reason` is one of a fixed few words; `said` holds nothing that a caller sent."""

    def __init__(self, reason: str, said: str = AGAIN, status: int = 401) -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said
        self.status = status


class ProviderDownError(RefusedError):
    """The identity provider cannot be reached or does not make sense: 503, and the person on call looks there."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, DOWN, 503)
