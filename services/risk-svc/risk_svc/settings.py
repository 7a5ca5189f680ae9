"""Settings that risk-svc reads at startup."""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from dataclasses import fields, replace
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from candor.calendar import Weekly
from candor.clients.services import check_address
from candor.contracts import PROCESSES, known_processes
from candor.ops.secret_files import SecretFile, credential
from candor.ops.setting_types import Names, OptionalFile, Port, Seconds, ServiceName
from candor.ops.settings import Settings
from risk_svc.domain.components import COMPONENTS
from risk_svc.domain.gap import GapDefinition


def _component_settings() -> dict[str, Any]:
    """The components' own settings from the environment, by lower-case name."""
    names = [field.name for component in COMPONENTS for field in fields(component)]
    return {name: os.environ[name.upper()] for name in names if name.upper() in os.environ}


def _weekly(value: str) -> str:
    if value:
        Weekly.of(value)
    return value


def _address(value: str) -> str:
    if value:
        check_address(value)
    return value


class RiskSettings(Settings):
    """Settings of risk-svc.

    `weights`: weights of the gap's components, each in [0, .95], as JSON in the environment; those left out keep the
    components' defaults, assumed until estimated from data. `component_settings`: the components' own settings, each
    in its own environment variable (SILENCE_HOURS, MISSED_STEP). `publishing` off: promises are folded, scored and
    saved, and nothing is published (for a rebuild). `expected_processes`: whose signs of life the role `web` expects,
    separated by commas; a process that a deployment does not have must be left out, or every page says that it has
    stopped.
    """

    service: ServiceName = "risk-svc"
    """Name of the service, which chooses its database and its consumer group. Example: risk-svc"""
    port: Port = 8103
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    weights: Annotated[dict[str, float], NoDecode] = {}
    """How much each component can add to a gap, 0 to 0.95, as a JSON object; others keep their defaults.

    Example: {"lateness": 0.9, "silence": 0.4}
    """
    component_settings: dict[str, float] = Field(default_factory=_component_settings, validate_default=True)
    """The components' own settings, each from its own variable (not this one). Example: {"silence_hours": 8}"""
    journal_most_rows: int = Field(default=5_000_000, ge=1000)
    """Rows that wait for the learner at most; beyond it the oldest go, and are not learnt. Example: 5000000"""
    journal_most_bytes: int = Field(default=2_000_000_000, ge=1_000_000)
    """Bytes that wait for the learner at most; beyond it the oldest go, and are not learnt. Example: 2000000000"""
    reviews_per_tick: int = Field(default=2000, ge=1, le=1_000_000)
    """Promises, touched by nothing but time, that are looked at again in one go. Example: 2000"""
    expected_processes: Annotated[Names, AfterValidator(known_processes)] = tuple(PROCESSES)
    """Processes whose signs of life the board expects, separated by commas; leave out what is not there.

    Example: promise-svc,delivery-svc,risk-svc worker,risk-svc learner,risk-svc insight,notify-svc
    """
    hop_thresholds: Annotated[dict[str, float], NoDecode] = {}
    """The distortion from which on a hop is named, above 0 to 1, by kind of hop, as a JSON object; others have 0.15.

    Example: {"sales>customer": 0.1, "product>success": 0.3}
    """
    show_persons: bool = False
    """Whether bias is worked out and shown for persons too, not only for teams and deliverers. Example: true"""

    max_pages: int = Field(default=1000, ge=1, le=100_000)
    """Pages of the board that a process has open, each about 150 KB; one too many is refused. Example: 3000"""
    max_pages_per_session: int = Field(default=40, ge=1, le=100_000)
    """Pages of the board, and sockets, that one session has open in a process. Example: 100"""

    promise_svc_url: Annotated[str, AfterValidator(_address)] = ""
    """Address of promise-svc, which the board's forms and its pages about sources ask; empty: they say so.

    Example: http://promise-svc
    """
    delivery_svc_url: Annotated[str, AfterValidator(_address)] = ""
    """Address of delivery-svc, which the board asks about steps, sources and parked reports. Example: http://delivery-svc"""
    notify_svc_url: Annotated[str, AfterValidator(_address)] = ""
    """Address of notify-svc, which the board's inbox asks. Example: http://notify-svc"""
    services_key_file: OptionalFile = None
    """File of the API key, of the role operator, by which the board asks these; read again when it changes.

    Example: /run/candor/services/services.key
    """

    @field_validator("weights", mode="before")
    @classmethod
    def _mapping(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        with suppress(ValueError):
            if isinstance(found := json.loads(value or "{}"), dict):
                return found
        raise ValueError('must be a JSON object such as {"lateness": 0.9, "silence": 0.4}')

    @field_validator("hop_thresholds", mode="before")
    @classmethod
    def _hops(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        with suppress(ValueError):
            if isinstance(found := json.loads(value or "{}"), dict):
                return found
        raise ValueError('must be a JSON object such as {"sales>customer": 0.1}')

    @field_validator("hop_thresholds")
    @classmethod
    def _named(cls, value: dict[str, float]) -> dict[str, float]:
        for name, least in value.items():
            if not all(name.partition(">")) or not 0 < least <= 1:
                raise ValueError(f"{name}: must be a kind of hop, such as sales>customer, with a number above 0 to 1")
        return value

    @field_validator("component_settings", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found = {}
        for name, said in value.items():
            with suppress(TypeError, ValueError):
                found[name] = float(said)
            if not math.isfinite(found.get(name, math.nan)):
                raise ValueError(f"{name.upper()} must be a number, such as {name.upper()}=0.5")
        return found

    @model_validator(mode="after")
    def _gap(self) -> Self:
        said = {name.upper() for name in os.environ}
        old = [name for one in COMPONENTS if (name := f"WEIGHT_{one.name.upper()}") in said]
        if old:
            raise ValueError(f"{', '.join(old)}: no longer read: all weights are one variable, {_example(old)}")
        weights = self.definition.weights
        if weights["lateness"] == weights["scope"] == 0:
            raise ValueError("WEIGHTS: lateness and scope are both 0: no promise could ever show a gap")
        return self

    def services_key(self) -> SecretFile[str] | None:
        """The key by which the board asks other services. Raises ValueError for a file that holds none."""
        if self.services_key_file is None:
            return None
        return SecretFile(self.services_key_file, credential, name="SERVICES_KEY_FILE")

    @property
    def definition(self) -> GapDefinition:
        """The gap definition for the domain. Raises ValueError for a weight or component setting out of range."""
        components = []
        for component in COMPONENTS:
            own = {field.name: self.component_settings.get(field.name, field.default) for field in fields(component)}
            components.append(replace(component, **own))
        return GapDefinition(tuple(components), self.weights, self.calendar)


def _example(old: list[str]) -> str:
    """How to write the old variables in the new form."""
    return "WEIGHTS=" + repr(json.dumps({name.removeprefix("WEIGHT_").lower(): 0.5 for name in old}))


class WorkerSettings(RiskSettings):
    """Settings of the role `worker`, whose port serves health and metrics only."""

    port: Port = 8104
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""


class InsightSettings(RiskSettings):
    """Settings of the role `insight`, whose port serves health and metrics only."""

    port: Port = 8107
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    rates: Annotated[dict[str, float], NoDecode] = {}
    """What one unit of a currency is worth in that of the figures, which has 1, as a JSON object; empty: each currency
    is counted apart.

    Example: {"EUR": 1, "USD": 0.92}
    """
    loss_share: float = Field(default=0.2, ge=0, le=1)
    """The share of a promise's value that is lost if it slips, 0 to 1; assumed. Example: 0.2"""

    brief_at: Annotated[str, AfterValidator(_weekly)] = "mon 08:00"
    """Weekday and time at which the weekly brief is made for whom it is mailed to, with an IANA zone or in UTC; empty:
    never.

    Example: mon 08:00 Europe/Berlin
    """

    @field_validator("rates", mode="before")
    @classmethod
    def _rates(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        with suppress(ValueError):
            if isinstance(found := json.loads(value or "{}"), dict):
                return found
        raise ValueError('must be a JSON object such as {"EUR": 1, "USD": 0.92}')

    @model_validator(mode="after")
    def _one_base(self) -> Self:
        if any(not 0 < rate < math.inf for rate in self.rates.values()):
            raise ValueError("RATES: each rate must be a number above 0")
        if self.rates and 1.0 not in self.rates.values():
            raise ValueError("RATES: the currency of the figures must be among them, with the rate 1")
        return self


class LearnerSettings(RiskSettings):
    """Settings of the role `learner`, whose port serves health and metrics only; all in real seconds.

    A boundary is closed once nothing from before it has arrived for `quiet_seconds`; after `straggler_seconds` without
    such a pause it is closed anyway. The state is stored every `checkpoint_seconds` and when the process stops.
    """

    port: Port = 8106
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    quiet_seconds: Seconds = 2.0
    """Seconds without an older event after which a boundary of the learner is closed. Example: 2"""
    straggler_seconds: Seconds = 60.0
    """Seconds after which a boundary is closed anyway; more than QUIET_SECONDS. Example: 60"""
    checkpoint_seconds: Seconds = 600.0
    """Seconds between two saves of what has been learnt. Example: 600"""
    most_entries: int = Field(default=200_000, ge=1000, le=100_000_000)
    """Entries kept until their hour is over, in some 600 bytes each; when more come, a sample of promises is learnt.

    Example: 200000
    """

    kept_entries: int = Field(default=2_000_000, ge=1000, le=1_000_000_000)
    """Entries that are kept to learn from in any order, in some 100 bytes each in the database; older ones teach once.

    Example: 2000000
    """

    @model_validator(mode="after")
    def _boundaries_close(self) -> Self:
        if self.straggler_seconds <= self.quiet_seconds:
            raise ValueError("STRAGGLER_SECONDS must be above QUIET_SECONDS, or no boundary ever waits for quiet")
        return self
