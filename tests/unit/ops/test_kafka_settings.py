"""How Kafka is reached: every half-given or unknown setting is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from candor.ops.loading import load
from candor.ops.settings import Settings

A_FILE = Path("/somewhere/secret")
SASL = {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "SCRAM-SHA-512"}


def refused(capsys: pytest.CaptureFixture[str], **given: Any) -> str:
    with pytest.raises(SystemExit) as stopped:
        load(Settings, service="risk-svc", port=1, **given)
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kafka_bootstrap_servers": "kafka"}, "KAFKA_BOOTSTRAP_SERVERS: must be host:port"),
        ({"kafka_bootstrap_servers": "kafka:0"}, "must be host:port"),
        ({"kafka_bootstrap_servers": "PLAINTEXT://kafka:9092"}, "must be host:port"),
        ({"kafka_ssl_ca_file": A_FILE}, "KAFKA_SSL_CA_FILE needs KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL"),
        ({"kafka_sasl_username": "risk"}, "KAFKA_SASL_USERNAME needs KAFKA_SECURITY_PROTOCOL=SASL_SSL"),
        ({"kafka_security_protocol": "SASL_SSL"}, "KAFKA_SASL_MECHANISM is missing"),
        (SASL, "SCRAM-SHA-512 needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE"),
        (
            SASL | {"kafka_sasl_username": "risk"},
            "SCRAM-SHA-512 needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE",
        ),
        (
            {"kafka_security_protocol": "SSL", "kafka_ssl_key_file": A_FILE},
            "KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE belong together",
        ),
        (SASL | {"kafka_sasl_mechanism": "OAUTHBEARER"}, "KAFKA_SASL_TOKEN_COMMAND is missing"),
        (
            SASL | {"kafka_sasl_mechanism": "OAUTHBEARER", "kafka_sasl_token_command": "print 'it"},
            "a quote is not closed",
        ),
    ],
)
def test_what_can_never_work_is_one_line(given: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(capsys, **given)


def test_a_setting_that_nothing_reads_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "in the clear")
    said = refused(capsys)
    assert "KAFKA_SASL_PASSWORD is no setting of Candor" in said
    assert "KAFKA_SASL_PASSWORD_FILE" in said
    assert "in the clear" not in said


@pytest.mark.parametrize("name", ["KAFKA_PORT", "KAFKA_SERVICE_HOST", "KAFKA_PORT_9092_TCP_ADDR", "KAFKA_HEAP_OPTS"])
def test_what_kubernetes_and_kafka_itself_set_is_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "tcp://10.0.0.1:9092")
    assert load(Settings, service="risk-svc", port=1).kafka_security_protocol == "PLAINTEXT"


@pytest.mark.parametrize("servers", ["k1:9092,k2:9092", "[2001:db8::1]:9092", " k1:9092 , k2:9092 "])
def test_several_brokers_and_ipv6(servers: str) -> None:
    assert load(Settings, service="risk-svc", port=1, kafka_bootstrap_servers=servers).kafka_is_remote
    assert not load(Settings, service="risk-svc", port=1, kafka_bootstrap_servers="127.0.0.1:9092").kafka_is_remote
