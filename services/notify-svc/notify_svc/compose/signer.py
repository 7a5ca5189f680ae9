"""Who signs a letter: the promise's owner, by their name and the way to reach them."""

from __future__ import annotations

from dataclasses import dataclass

from notify_svc.compose.quoting import Quotes, View
from notify_svc.domain.naming import without_addresses


@dataclass(frozen=True, slots=True)
class Signer:
    """Who looks after a promise: their name, and how they are reached beside a reply."""

    name: str
    reach: str = ""


def signed_by(signer: Signer | None, quotes: Quotes) -> View | None:
    """Who signs, as far as their name is one and the way to reach them says nothing that a letter must not say."""
    words = without_addresses(signer.reach) if signer is not None else ""
    if signer is None or not (name := quotes.named("signer", signer.name)):
        return None
    return {"name": name, "reach": signer.reach if quotes.taken("reach", words) == words else ""}
