"""The settings of a process, read from the environment at start; a mistake stops the process with an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from candor.calendar import Calendar, parse_business_hours, public_holidays
from candor.ops import database_url
from candor.ops.caller_settings import CallerSettings
from candor.ops.clock import Clock, parse_clock
from candor.ops.edge_settings import HOSTS, EdgeSettings
from candor.ops.kafka_settings import TLS, KafkaSettings
from candor.ops.retention_settings import RetentionSettings
from candor.ops.secret_files import SecretFile, lines, read
from candor.ops.setting_types import (
    DAY,
    EMPTY_IS_NONE,
    Names,
    OptionalFile,
    Port,
    Seconds,
    ServiceName,
    split_list,
)

PLACEHOLDERS = ("changeme", "change-me", "placeholder", "secret", "password", "example", "todo", "xxx", "insecure")
SMALLEST_SECRET = 32
Links = Annotated[tuple[Literal["kafka", "database"], ...], NoDecode, BeforeValidator(split_list)]


class Settings(EdgeSettings, KafkaSettings, RetentionSettings, CallerSettings):
    """Settings of every process; services subclass it. Environment names are the field names in upper case.

    Times are in seconds, sizes in bytes. What stands below a field is its line in docs/operations/configuration.md. In
    production, placeholders and missing values are refused, and links across the network without verified TLS but for
    those named in `insecure_links`.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    service: ServiceName
    """Name of the service, which chooses its database and its consumer group; every program sets its own.

    Example: promise-svc
    """
    environment: Literal["development", "production"] = "development"
    """`production` refuses placeholders, missing secrets and open links. Example: production"""
    port: Port
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    disk_paths: Names = (".",)
    """Paths whose free space is measured for alerts, separated by commas. Example: .,/var/lib/postgresql"""
    certificate_files: Names = ()
    """PEM files whose end is measured for alerts, separated by commas. Read again: at every measurement.

    Example: /run/candor/kafka-user/user.crt
    """
    database_url: str = "postgresql://postgres@127.0.0.1:15432/"
    """The PostgreSQL server, as libpq writes it; its password is in DATABASE_PASSWORD_FILE.

    Example: postgresql://candor_risk@db.example.com:5432/?sslmode=verify-full
    """
    database_password_file: OptionalFile = None
    """File of one line, the password of the user in DATABASE_URL. Read again: for the next connection.

    Example: /run/candor/postgres-user/password
    """
    database_prefix: str = Field(default="candor", pattern=r"^[a-z][a-z0-9_]{0,30}$")
    """Begins the name of each service's database: `<prefix>_risk`. Example: candor"""
    topic_prefix: str = Field(default="candor", pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")
    """Begins the name of every topic and consumer group. Example: candor"""
    partitions: int = Field(default=64, ge=1, le=1000)
    """Partitions of every topic, and so the most workers there can be; later only `candor partitions grow` changes it.

    Example: 128
    """
    clock: str = ""
    """Business time that replays history, as start@speed; empty is the system clock, as it must be in production.

    Example: 2013-03-07T17:00:00Z@1300
    """
    clock_origin: Annotated[datetime | None, EMPTY_IS_NONE] = None
    """System time at which CLOCK began, one for all processes. Example: 2026-11-22T12:00:00Z"""
    clock_origin_file: OptionalFile = None
    """File that will hold CLOCK_ORIGIN once a replay begins. Read again: until it is there.

    Example: /tmp/candor/clock-origin
    """
    business_hours: str = "always"
    """Hours in which people work, in which silence and waiting are counted, or `always`.

    Example: mon-fri 09:00-17:00
    """
    holidays: str = ""
    """Country, or country and part, whose public holidays are no working days. Example: DE-BE"""
    api_keys_file: OptionalFile = None
    """JSON file of the callers' keys, as hashes. Read again: within a second of a change.

    Example: /run/candor/api-keys/api-keys.json
    """
    webhook_secrets_file: OptionalFile = None
    """JSON file of the secrets that senders sign with. Read again: within a second of a change.

    Example: /run/candor/webhooks/webhooks.json
    """
    secrets_unreadable_seconds: float = Field(default=600, ge=0, le=DAY)
    """Seconds for which an unreadable API_KEYS_FILE or WEBHOOK_SECRETS_FILE counts as it was; then it lets nobody in.

    Example: 600
    """
    contact_public_key_file: OptionalFile = None
    """File of the public key that seals customers' addresses. Read again: within seconds of a change.

    Example: /run/candor/contact-public/contact-public.key
    """
    contact_private_key_file: OptionalFile = None
    """File of the private keys, one a line, that open customers' addresses at the moment of sending.

    Read again: within seconds of a change.     Example: /run/candor/contact-private/contact-private.key
    """
    event_signing_key_file: OptionalFile = None
    """File of the private key that signs what erases customers and holds contacts; promise-svc's.

    Read again: when it changes. Example: /run/candor/event-signing/event-signing.key
    """
    event_public_keys_file: OptionalFile = None
    """File of the public keys, one a line, whose signatures on such events count. Read again: when it changes.

    Example: /run/candor/event-public/event-public.keys
    """
    session_secret_file: OptionalFile = None
    """File of secrets, one a line, of 32 characters or more: the first signs staff sessions, all of them verify.

    Read again: within seconds of a change.     Example: /run/candor/board/session.key
    """
    oidc_issuer: str = ""
    """Address of the company's identity provider; production needs it for the board.

    Example: https://login.example.com
    """
    oidc_client_id: str = ""
    """Name under which the identity provider knows Candor. Example: candor"""
    oidc_client_secret_file: OptionalFile = None
    """File of the client secret that the identity provider gave. Read again: within seconds of a change.

    Example: /run/candor/board/oidc-client-secret
    """
    oidc_scopes: str = Field(default="openid", pattern=r"^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$")
    """Scopes that a sign-in asks for; many providers tell groups only to who asks for them. Example: openid groups"""
    oidc_roles_claim: str = "roles"
    """Claim of the identity token that lists a person's roles. Example: roles"""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe log lines that are written. Example: INFO"""
    insecure_links: Links = ()
    """Links that may cross the network without verified TLS, because something else protects them.

    Example: kafka,database
    """
    otlp_endpoint: Annotated[str | None, EMPTY_IS_NONE] = None
    """Address that traces are sent to by OTLP over HTTP; empty sends none. Example: http://collector:4318/v1/traces"""
    trace_ratio: float = Field(default=0.01, ge=0, le=1)
    """Share of requests and events that are traced. Example: 0.01"""
    publishing: bool = True
    """`false` lets a process fold and save, and publish and send nothing (for a rebuild). Example: true"""
    dead_letters_in_a_row: int = Field(default=20, ge=1, le=1_000_000_000)
    """So many dead letters in a row halt a partition. Example: 20"""
    dead_letter_share: float = Field(default=0.01, gt=0, le=1)
    """A larger share of dead letters among a partition's last 10,000 events halts it. Example: 0.01"""
    drain_pause_seconds: float = Field(default=5, ge=0, le=DAY)
    """Seconds between «not ready» and the end, for load balancers to notice. Example: 5"""
    drain_seconds: Seconds = 20
    """Seconds that running requests and parts have to end after that. Example: 20"""
    start_seconds: Seconds = 300
    """Seconds for which a start waits for the database. Example: 300"""

    _grown: bool = PrivateAttr(default=False)
    _grows_to: int | None = PrivateAttr(default=None)

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
        if self.database_password_file and database_url.password_of(self.database_url):
            raise ValueError("DATABASE_URL has a password and DATABASE_PASSWORD_FILE another: leave one of them out")
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

    def with_partitions(self, now: int, to: int | None) -> Self:
        """Return these settings for an installation that has been grown to `now`, and is being grown to `to`."""
        changed = self.model_copy(update={"partitions": now})
        changed._grown, changed._grows_to = True, to
        return changed

    @property
    def grown(self) -> bool:
        """Whether the number of partitions was not always this."""
        return self._grown

    @property
    def grows_to(self) -> int | None:
        """The number of partitions that topics may already have, while they are being grown."""
        return self._grows_to

    @property
    def database(self) -> str:
        """Address of the service's own database, `<prefix>_<service without -svc>`, for `candor.store` to open."""
        name = f"{self.database_prefix}_{self.service.removesuffix('-svc').replace('-', '_')}"
        return database_url.with_password_file(database_url.named(self.database_url, name), self.database_password_file)

    def business_clock(self) -> Clock:
        """The clock that decides what is late."""
        return parse_clock(self.clock, self.clock_origin, self.clock_origin_file)

    @property
    def calendar(self) -> Calendar:
        """The business calendar in UTC; `Calendar.at` converts it to a promise's own zone."""
        return Calendar(parse_business_hours(self.business_hours), holidays=self.holidays)

    def session_secrets(self) -> SecretFile[Sequence[str]]:
        """The secrets of staff sessions. Raises ValueError if they are missing, short or placeholders."""
        if self.session_secret_file is None:
            raise ValueError("SESSION_SECRET_FILE is missing: staff pages need it")
        return SecretFile(self.session_secret_file, strong_secrets, name="SESSION_SECRET_FILE")

    def refuse_unsigned_events(self, *, signs: bool) -> None:
        """Raise ValueError in production without the key that signs events, or those by which they are recognised."""
        wanted = self.event_signing_key_file if signs else self.event_public_keys_file
        if self.production and wanted is None:
            name, lost = (
                ("EVENT_SIGNING_KEY_FILE", "consumers would refuse contacts and erasures")
                if signs
                else ("EVENT_PUBLIC_KEYS_FILE", "a forged record could erase a customer, or redirect letters")
            )
            raise ValueError(f"{name} is missing: {lost}")

    def refuse_staff_pages_without_oidc(self) -> None:
        """Raise ValueError in production without an OIDC issuer: a printed link is not enough for a company."""
        if self.production and not self.oidc_issuer:
            raise ValueError("OIDC_ISSUER is missing: staff pages in production need sign-in by OIDC")


def looks_placeholder(secret: str) -> bool:
    """Whether a secret is a placeholder that people leave in by mistake."""
    plain = secret.strip().lower()
    return len(set(plain)) < 4 or any(word in plain for word in PLACEHOLDERS)


def strong_secrets(raw: bytes) -> Sequence[str]:
    """Return the secrets in a file, one a line. Raises ValueError (never with a secret in it) if one is unsuitable."""
    found = lines(raw)
    if any(len(secret) < SMALLEST_SECRET for secret in found):
        raise ValueError(f"holds a secret that is shorter than {SMALLEST_SECRET} characters")
    if any(looks_placeholder(secret) for secret in found):
        raise ValueError("holds a placeholder")
    return found


def read_secret(path: Path) -> str:
    """Return the secret in a file that signs, its first. Raises ValueError (never with the secret in it)."""
    return read(path, strong_secrets)[0]
