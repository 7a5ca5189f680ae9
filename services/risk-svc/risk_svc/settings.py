"""What risk-svc needs to know at start."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from candor.ops.settings import Settings
from risk_svc.domain.gap import MAX_WEIGHT, Weights


class RiskSettings(Settings):
    """Settings of risk-svc. Weights of the gap in [0, .95] and `silence_hours` are assumed until estimated from data.

    `silence_hours` are hours of the business calendar; `missed_step` is the least lateness in [0, 1] while a step that
    the customer was told of is missed (assumed as well). `publishing` off: promises are folded, scored and saved, and
    nobody is told (rebuilding).
    """

    service: str = "risk-svc"
    port: int = 8103
    weight_lateness: float = Field(default=0.9, ge=0, le=MAX_WEIGHT)
    weight_scope: float = Field(default=0.9, ge=0, le=MAX_WEIGHT)
    weight_incidents: float = Field(default=0.6, ge=0, le=MAX_WEIGHT)
    weight_silence: float = Field(default=0.5, ge=0, le=MAX_WEIGHT)
    weight_unbacked: float = Field(default=0.3, ge=0, le=MAX_WEIGHT)
    silence_hours: float = Field(default=8.0, gt=0)
    missed_step: float = Field(default=0.5, ge=0, le=1)
    reviews_per_tick: int = Field(default=2000, ge=1)

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.weight_lateness == self.weight_scope == 0:
            raise ValueError("WEIGHT_LATENESS and WEIGHT_SCOPE are both 0: no promise could ever show a gap")
        return self

    @property
    def weights(self) -> Weights:
        """The weights as the domain takes them."""
        return Weights(
            self.weight_lateness,
            self.weight_scope,
            self.weight_incidents,
            self.weight_silence,
            self.weight_unbacked,
            self.silence_hours,
            self.calendar,
            self.missed_step,
        )


class WorkerSettings(RiskSettings):
    """Settings of the role `worker`, which has a port for health and metrics only."""

    port: int = 8104


class LearnerSettings(RiskSettings):
    """Settings of the role `learner`, which has a port for health and metrics only; real seconds.

    A boundary is closed once nothing from before it has come in for `quiet_seconds`; after `straggler_seconds` without
    one it is closed all the same. The state is stored every `checkpoint_seconds`, and when the process is stopped.
    """

    port: int = 8106
    quiet_seconds: float = Field(default=2.0, gt=0)
    straggler_seconds: float = Field(default=60.0, gt=0)
    checkpoint_seconds: float = Field(default=600.0, gt=0)
