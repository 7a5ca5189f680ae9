"""The settings of a process, read from the environment at start; a mistake stops the process with an explanation."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict, SettingsError

from candor.calendar import Calendar, parse_business_hours, public_holidays
from candor.ops import database_url
from candor.ops.clock import Clock, parse_clock
from candor.ops.edge_settings import HOSTS, EdgeSettings, Names, split_list
from candor.ops.kafka_settings import TLS, KafkaSettings

PLACEHOLDERS = ("changeme", "change-me", "placeholder", "secret", "password", "example", "todo", "xxx", "insecure")
SMALLEST_SECRET = 32
_unread: Final = re.compile(r'field "(\w+)"')


Links = Annotated[tuple[Literal["kafka", "database"], ...], NoDecode, BeforeValidator(split_list)]


class Settings(EdgeSettings, KafkaSettings):
    """Settings of every process; services subclass it. Environment names are the field names in upper case.

    Times are in seconds, sizes in bytes. `database_url` names the server; `database` the service's own database.
    `rate_limit` is requests per second and key (0: no limit), `max_running` concurrent requests. A partition stops at
    `dead_letters_in_a_row`, or above `dead_letter_share` of its last 10,000 events. `…_kept_days`: how long accepted
    ids, rejected webhooks and resolved dead letters are kept. `business_hours` and `holidays` define the business
    calendar (format: candor.calendar). `start_seconds`: how long a start waits for the database. `disk_paths`: paths
    whose free space is measured; `certificate_files`: PEM files whose end is. In production, placeholders and missing
    values are refused, and links across the network without verified TLS but for those named in `insecure_links`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    service: str = Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")
    environment: Literal["development", "production"] = "development"
    port: int = Field(ge=0, le=65_535)
    disk_paths: Names = (".",)
    certificate_files: Names = ()
    database_url: str = "postgresql://postgres@127.0.0.1:15432/"
    database_prefix: str = Field(default="candor", pattern=r"^[a-z][a-z0-9_]{0,30}$")
    topic_prefix: str = Field(default="candor", pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    partitions: int = Field(default=4, ge=1, le=1000)
    clock: str = ""
    clock_origin: datetime | None = None
    clock_origin_file: Path | None = None
    business_hours: str = "always"
    holidays: str = ""
    api_keys_file: Path | None = None
    webhook_secrets_file: Path | None = None
    contact_public_key_file: Path | None = None
    contact_private_key_file: Path | None = None
    session_secret_file: Path | None = None
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
    oidc_roles_claim: str = "roles"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    insecure_links: Links = ()
    otlp_endpoint: str | None = None
    trace_ratio: float = Field(default=0.01, ge=0, le=1)
    publishing: bool = True
    dead_letters_in_a_row: int = Field(default=20, ge=1)
    dead_letter_share: float = Field(default=0.01, gt=0, le=1)
    receipts_kept_days: float = Field(default=30, ge=1, le=3650)
    rejected_kept_days: float = Field(default=30, ge=1, le=3650)
    dead_letters_kept_days: float = Field(default=30, ge=1, le=3650)
    body_seconds: float = Field(default=10, gt=0)
    request_seconds: float = Field(default=30, gt=0)
    rate_limit: float = Field(default=0, ge=0)
    max_running: int = Field(default=1000, ge=1)
    drain_pause_seconds: float = Field(default=5, ge=0)
    drain_seconds: float = Field(default=20, gt=0)
    start_seconds: float = Field(default=300, gt=0)

    @field_validator(
        "clock_origin",
        "clock_origin_file",
        "otlp_endpoint",
        "api_keys_file",
        "webhook_secrets_file",
        "contact_public_key_file",
        "contact_private_key_file",
        "session_secret_file",
        "oidc_client_secret_file",
        mode="before",
    )
    @classmethod
    def _empty_is_absent(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: str) -> str:
        return database_url.checked(value)

    @field_validator("business_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        parse_business_hours(value or "always")
        return value or "always"

    @field_validator("holidays")
    @classmethod
    def _known_holidays(cls, value: str) -> str:
        if value:
            public_holidays(value, 2000)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parse_clock(self.clock, self.clock_origin, self.clock_origin_file)
        if self.holidays and self.calendar.always:
            raise ValueError('HOLIDAYS needs working hours to take days from: set BUSINESS_HOURS, "always" has none')
        if self.environment == "production":
            self._refuse_development_leftovers()
        return self

    def _refuse_development_leftovers(self) -> None:
        if self.clock:
            raise ValueError("CLOCK replays history: it must be empty in production")
        if not self.trusted_hosts or "*" in self.trusted_hosts or self.trusted_hosts == HOSTS:
            raise ValueError("TRUSTED_HOSTS must name the hosts that this service answers for")
        password = database_url.password_of(self.database_url)
        if password and looks_placeholder(password):
            raise ValueError("DATABASE_URL carries a placeholder password")
        self._refuse_open_links()
        if self.api_keys_file is None:
            raise ValueError("API_KEYS_FILE is missing: nobody could call this service")
        if self.public_url and not self.https:
            raise ValueError("PUBLIC_URL must start with https:// in production")

    def _refuse_open_links(self) -> None:
        """Whoever can read or forge what crosses the network could read contacts or make customers be told lies."""
        accept = "or accept it with INSECURE_LINKS={}, if something else protects the network (a service mesh)"
        if self.kafka_is_remote and self.kafka_security_protocol not in TLS and "kafka" not in self.insecure_links:
            raise ValueError(
                f"KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}, in the clear across the network: "
                f"set SASL_SSL or SSL, {accept.format('kafka')}"
            )
        remote = database_url.is_remote(self.database_url)
        if remote and not database_url.verifies(self.database_url) and "database" not in self.insecure_links:
            raise ValueError(
                "DATABASE_URL does not verify its server: add ?sslmode=verify-full (and sslrootcert= for a private "
                f"authority), {accept.format('database')}"
            )

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def reference(self) -> str:
        """Who may read the API reference: `open`, `key` or `off`."""
        return self.docs or ("key" if self.production else "open")

    @property
    def database(self) -> str:
        """Address of the service's own database, `<prefix>_<service without -svc>`."""
        name = f"{self.database_prefix}_{self.service.removesuffix('-svc').replace('-', '_')}"
        return database_url.named(self.database_url, name)

    def business_clock(self) -> Clock:
        """The clock that decides what is late."""
        return parse_clock(self.clock, self.clock_origin, self.clock_origin_file)

    @property
    def calendar(self) -> Calendar:
        """The business calendar in UTC; `Calendar.at` converts it to a promise's own zone."""
        return Calendar(parse_business_hours(self.business_hours), holidays=self.holidays)

    def session_secret(self) -> str:
        """The secret that signs staff sessions. Raises ValueError if it is missing, short or a placeholder."""
        if self.session_secret_file is None:
            raise ValueError("SESSION_SECRET_FILE is missing: staff pages need it")
        return read_secret(self.session_secret_file)

    def refuse_staff_pages_without_oidc(self) -> None:
        """Raise ValueError in production without an OIDC issuer: a printed link is not enough for a company."""
        if self.production and not self.oidc_issuer:
            raise ValueError("OIDC_ISSUER is missing: staff pages in production need sign-in by OIDC")


def looks_placeholder(secret: str) -> bool:
    """Whether a secret is a placeholder that people leave in by mistake."""
    plain = secret.strip().lower()
    return len(set(plain)) < 4 or any(word in plain for word in PLACEHOLDERS)


def read_secret(path: Path) -> str:
    """Return the secret in a file. Raises ValueError (never with the secret in it) if it is unsuitable."""
    try:
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the secret in {path}: {type(error).__name__}") from error
    if len(secret) < SMALLEST_SECRET:
        raise ValueError(f"the secret in {path} is shorter than {SMALLEST_SECRET} characters")
    if looks_placeholder(secret):
        raise ValueError(f"the secret in {path} is a placeholder")
    return secret


def read_credential(path: Path) -> str:
    """Return a password that somebody else chose, as it is. Raises ValueError, without it, if there is none."""
    try:
        word = path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {getattr(error, 'strerror', None) or type(error).__name__}") from None
    if not word or "\n" in word:
        raise ValueError(f"{path} must hold one line, the password")
    return word


S = TypeVar("S", bound=Settings)


def load(kind: type[S], **overrides: Any) -> S:
    """Return the settings of this process; on mistakes, print one line each to standard error, exit with status 2."""
    try:
        return kind(**overrides)
    except ValidationError as error:
        for mistake in mistakes(error):
            print(f"settings: {mistake}", file=sys.stderr)
        raise SystemExit(2) from None
    except SettingsError as error:
        # A list or mapping that is not the JSON that it must be; the library's own words name neither.
        found = _unread.search(str(error))
        name = found[1] if found else ""
        shape = '{"name": 0.5}' if "dict" in str(kind.model_fields[name].annotation) else '["one", "two"]'
        print(f"settings: {name.upper()}: must be JSON, such as {shape}", file=sys.stderr)
        raise SystemExit(2) from None


def mistakes(error: ValidationError) -> list[str]:
    """Return what is wrong with settings, one line per mistake, e.g. `SMTP_PORT: …`; without the values given."""
    said = []
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"]).upper()
        said.append(f"{name + ': ' if name else ''}{item['msg'].removeprefix('Value error, ')}")
    return said
