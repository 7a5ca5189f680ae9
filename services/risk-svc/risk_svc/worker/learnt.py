"""Which promise types a newer model knows much better, so that forecasts without history are not left standing."""

from __future__ import annotations

from candor.contracts import MIN_CASES
from risk_svc.forecast.model import Model

_WHOLE_TYPE = -1


class Learnt:
    """How much the model last looked at had learned of each promise type: nothing, MIN_CASES, twice, four times that.

    A process begins with what its first model knows: promises that were scored by an older one are reviewed in time.
    """

    def __init__(self) -> None:
        self._version: int | None = None
        self._levels: dict[str, int] = {}

    def better_known(self, model: Model) -> set[str]:
        """The promise types of which `model` has learned from twice as many promises, or at last from enough."""
        if model.version == self._version:
            return set()
        begun, self._version = self._version is not None, model.version
        before, self._levels = self._levels, _levels(model)
        return {kind for kind, level in self._levels.items() if begun and level > before.get(kind, 0)}


def _levels(model: Model) -> dict[str, int]:
    whole = {kind: n for (kind, stage), n in model.context.answered.items() if stage == _WHOLE_TYPE}
    return {kind: (n // MIN_CASES).bit_length() for kind, n in whole.items() if n >= MIN_CASES}
