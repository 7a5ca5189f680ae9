"""How a process reaches Kafka and proves who it is; each mistake is one line at the start."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from functools import cached_property
from typing import Final, Literal, Self

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from candor.ops.kafka_secrets import KafkaSecrets
from candor.ops.loopback import is_loopback
from candor.ops.setting_types import OptionalFile

TLS: Final = ("SSL", "SASL_SSL")
SASL: Final = ("SASL_PLAINTEXT", "SASL_SSL")
_server: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.%]+\]|[^\s:,/@\[\]]+):(?P<port>[0-9]{1,5})")
# What Kubernetes sets for a Service named kafka, and what Kafka's own programs read.
_others: Final = re.compile(r"KAFKA_((SERVICE|PORT)(_.*)?|HOME|OPTS|HEAP_OPTS|DEBUG|J[VM].*|LOG.*|GC_.*)")


class KafkaSettings(BaseSettings):
    """Part of every process's settings: the brokers, the security protocol and the credentials, each secret by file."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)

    kafka_bootstrap_servers: str = "127.0.0.1:19092"
    """The brokers to begin with, host:port separated by commas; an IPv6 address stands in brackets.

    Example: kafka-1:9092,kafka-2:9092
    """
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Whether the link to Kafka is encrypted (`SSL`) and whether the process signs in (`SASL`). Example: SASL_SSL"""
    kafka_ssl_ca_file: OptionalFile = None
    """PEM file of the authority that signed the brokers' certificates; needed only for a private one.

    Read again: for the next connection. Example: /run/candor/kafka-ca/ca.crt
    """
    kafka_ssl_certificate_file: OptionalFile = None
    """PEM file of the certificate by which this process proves who it is to Kafka.

    Read again: for the next connection. Example: /run/candor/kafka-user/user.crt
    """
    kafka_ssl_key_file: OptionalFile = None
    """PEM file of the private key of KAFKA_SSL_CERTIFICATE_FILE. Read again: for the next connection.

    Example: /run/candor/kafka-user/user.key
    """
    kafka_ssl_key_password_file: OptionalFile = None
    """File of one line, the password of KAFKA_SSL_KEY_FILE, if it has one. Read again: for the next connection.

    Example: /run/candor/kafka-user/user.password
    """
    kafka_sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = ""
    """How the process signs in to Kafka; empty without SASL. Example: SCRAM-SHA-512"""
    kafka_sasl_username: str = ""
    """The user of Kafka that this process is. Example: risk-worker"""
    kafka_sasl_password_file: OptionalFile = None
    """File of one line, the password of KAFKA_SASL_USERNAME. Read again: for the next connection.

    Example: /run/candor/kafka-user/password
    """
    kafka_sasl_token_command: str = ""
    """Command that prints a token for OAUTHBEARER. Read again: run anew before each token ends.

    Example: /usr/local/bin/kafka-token --audience kafka
    """

    @field_validator("kafka_bootstrap_servers")
    @classmethod
    def _servers(cls, value: str) -> str:
        found = [_server.fullmatch(part.strip()) for part in value.split(",") if part.strip()]
        if not found or any(one is None or not 0 < int(one["port"]) <= 65_535 for one in found):
            raise ValueError("must be host:port, several separated by commas, such as kafka-1:9092,kafka-2:9092")
        return value

    @model_validator(mode="after")
    def _kafka_consistent(self) -> Self:
        for wrong in (*unknown(os.environ), *self._half_given()):
            raise ValueError(wrong)
        return self

    def _half_given(self) -> Iterable[str]:
        """Settings that contradict each other, or are not enough, in words."""
        protocol, mechanism = self.kafka_security_protocol, self.kafka_sasl_mechanism
        tls = self._given("kafka_ssl_")
        sasl = self._given("kafka_sasl_")
        if tls and protocol not in TLS:
            yield f"{tls[0]} needs KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL: {protocol} has no TLS"
        if sasl and protocol not in SASL:
            yield f"{sasl[0]} needs KAFKA_SECURITY_PROTOCOL=SASL_SSL (or SASL_PLAINTEXT): {protocol} has no SASL"
        if bool(self.kafka_ssl_certificate_file) != bool(self.kafka_ssl_key_file):
            yield "KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE belong together: both, or neither"
        if self.kafka_ssl_key_password_file and not self.kafka_ssl_key_file:
            yield "KAFKA_SSL_KEY_PASSWORD_FILE has no key to open: set KAFKA_SSL_KEY_FILE"
        if protocol in SASL and not mechanism:
            yield "KAFKA_SASL_MECHANISM is missing: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
        if mechanism == "OAUTHBEARER":
            yield from self._token_mistakes()
        elif mechanism:
            yield from self._password_mistakes()

    def _token_mistakes(self) -> Iterable[str]:
        if not self.kafka_sasl_token_command.strip():
            yield "KAFKA_SASL_TOKEN_COMMAND is missing: OAUTHBEARER needs a command that prints a token"
        else:
            try:
                shlex.split(self.kafka_sasl_token_command)
            except ValueError:
                yield "KAFKA_SASL_TOKEN_COMMAND is no command line: a quote is not closed"
        if self.kafka_sasl_username or self.kafka_sasl_password_file:
            yield "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE have no use with OAUTHBEARER: leave them out"

    def _password_mistakes(self) -> Iterable[str]:
        if not self.kafka_sasl_username or not self.kafka_sasl_password_file:
            yield f"{self.kafka_sasl_mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE"
        if self.kafka_sasl_token_command:
            yield "KAFKA_SASL_TOKEN_COMMAND is for OAUTHBEARER: leave it out, or set KAFKA_SASL_MECHANISM=OAUTHBEARER"

    def _given(self, prefix: str) -> list[str]:
        return [name.upper() for name in KafkaSettings.model_fields if name.startswith(prefix) and getattr(self, name)]

    @cached_property
    def kafka_secrets(self) -> KafkaSecrets:
        """The files that prove who we are, one for all clients of the process. Raises ValueError if one is no good."""
        return KafkaSecrets(self)

    @property
    def kafka_is_remote(self) -> bool:
        """Whether any broker is on another machine."""
        hosts = (_server.fullmatch(part.strip()) for part in self.kafka_bootstrap_servers.split(","))
        return any(not is_loopback(host["host"]) for host in hosts if host)


def unknown(names: Iterable[str]) -> list[str]:
    """What is wrong with the names of environment variables: those about Kafka that no setting reads, in words."""
    known = {name.upper() for name in KafkaSettings.model_fields}
    strange = sorted(
        name
        for name in names
        if name.upper().startswith("KAFKA_") and name.upper() not in known and not _others.fullmatch(name.upper())
    )
    return [f"{name} is no setting of Candor; about Kafka there are {', '.join(sorted(known))}" for name in strange]
