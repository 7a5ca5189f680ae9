"""Names of what a simulated company makes: the same for the same parameters and seed, and of no other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice.params import Params


class Naming:
    """Ids that begin with a digest of parameters and seed, so that two companies in one installation stay apart."""

    def __init__(self, params: Params, seed: int) -> None:
        # `ending` only says which days there are, and `starts` says that too.
        said = f"{params.model_dump_json(exclude={'ending'})} {seed}"
        self.run = hashlib.sha256(said.encode()).hexdigest()[:8]

    def of(self, sort: str, number: int | str) -> str:
        """The id of a thing, such as `4f1c09ab-P12`."""
        return f"{self.run}-{sort}{number}"

    def event(self, kind: str, about: str, at: datetime, data: Mapping[str, Any], part: str = "") -> StreamEvent:
        """An event whose id says what it is about."""
        return StreamEvent(f"{about}.{kind}{part}", kind, at, dict(data))
