"""Why a sign-in failed: one word for logs and metrics, one sentence for the person at the browser."""

from __future__ import annotations

from typing import Final

AGAIN: Final = "Please sign in again."
DOWN: Final = "Your company's identity provider does not answer. Nothing is wrong with your account: try again shortly."


class RefusedError(Exception):
    """A failed sign-in. `reason` is one of a fixed set of words; `said` contains nothing that a caller sent."""

    def __init__(self, reason: str, said: str = AGAIN, status: int = 401) -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said
        self.status = status


class ProviderDownError(RefusedError):
    """The identity provider is unreachable or its answer is invalid: 503, to be checked by the person on call."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, DOWN, 503)
