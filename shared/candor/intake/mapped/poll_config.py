"""What may stand under `poll` of a source: where what its webhooks left out is asked for, and how often."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from candor.clients.calling import check_base

APIS: Final = {
    "promise-svc": ("hubspot", "salesforce", "pipedrive"),
    "delivery-svc": ("aftership", "servicetitan", "jobber"),
}
"""The systems that can be polled, by the service whose events they bring."""
NEEDS: Final = {
    "hubspot": ("object", "fields"),
    "salesforce": ("object", "fields"),
    "servicetitan": ("tenant", "app_key_env or app_key_file"),
}
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_duration: Final = re.compile(r"([1-9]\d{0,5})([smhd])")


def seconds(text: str) -> int:
    """Seconds of a duration such as 90s, 15m, 6h or 2d. Raises ValueError for anything else."""
    found = _duration.fullmatch(text)
    if found is None:
        raise ValueError("must be a duration such as 90s, 15m, 6h or 2d")
    return int(found[1]) * _UNITS[found[2]]


def _between(least: str, most: str) -> AfterValidator:
    def checked(text: str) -> str:
        if not seconds(least) <= seconds(text) <= seconds(most):
            raise ValueError(f"must be a duration from {least} to {most}")
        return text

    return AfterValidator(checked)


def _based(url: str) -> str:
    check_base(url)
    return url


Address = Annotated[str, AfterValidator(_based)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class OAuth(_Part):
    """Client credentials of OAuth 2.0: where tokens are fetched, and what proves us there."""

    url: Address
    client_id: Annotated[str, Field(min_length=1, max_length=512)]
    secret_file: str | None = None
    secret_env: Variable | None = None
    scope: Annotated[str, Field(max_length=512)] = ""

    @model_validator(mode="after")
    def _one(self) -> OAuth:
        if (self.secret_file is None) == (self.secret_env is None):
            raise ValueError("give either secret_file or secret_env")
        return self

    @property
    def file(self) -> Path | None:
        """The file of the secret."""
        return None if self.secret_file is None else Path(self.secret_file)


class Poll(_Part):
    """A system's interface that is asked for what changed, so that a lost webhook is only late."""

    api: Literal["hubspot", "salesforce", "pipedrive", "aftership", "servicetitan", "jobber"]
    base: Annotated[Address, Field(description="The interface's address, such as https://api.hubapi.com.")]
    every: Annotated[str, _between("30s", "7d")] = "15m"
    overlap: Annotated[
        str,
        _between("1s", "1d"),
        Field(description="How far each run goes back behind the last change: changes are not seen in their order."),
    ] = "10m"
    first: Annotated[str, _between("1m", "90d"), Field(description="How far the very first run goes back.")] = "1d"
    requests_an_hour: Annotated[int, Field(ge=1, le=100_000)] = 300
    token_file: str | None = None
    token_env: Variable | None = None
    oauth: OAuth | None = None
    sender: Annotated[
        Word | None, Field(description="Whose webhooks it completes, if not the source's name: ids are a sender's own.")
    ] = None
    object: Annotated[Word | None, Field(description="HubSpot: 0-3 for deals; Salesforce: Opportunity.")] = None
    fields: Annotated[list[Word], Field(max_length=200, description="The properties that are read.")] = []
    tenant: Annotated[Word | None, Field(description="ServiceTitan's tenant.")] = None
    app_key_file: str | None = None
    app_key_env: Variable | None = None
    version: Annotated[Word | None, Field(description="Of the interface, where its address or a header has one.")] = (
        None
    )

    @model_validator(mode="after")
    def _fits(self) -> Poll:
        if sum(one is not None for one in (self.token_file, self.token_env, self.oauth)) != 1:
            raise ValueError("give one of token_file, token_env and oauth")
        given = {"app_key_env or app_key_file"} if self.app_key_env or self.app_key_file else set()
        given |= {name for name in ("object", "fields", "tenant") if getattr(self, name)}
        if missing := [name for name in NEEDS.get(self.api, ()) if name not in given]:
            raise ValueError(f"{self.api} needs {', '.join(missing)}")
        return self
