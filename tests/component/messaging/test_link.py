"""Kafka as managed brokers are set up: every way to prove who we are, tried on a real one, and what is refused."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from candor.messaging.consumer import Worker
from candor.messaging.link import Link, TokenCommand
from candor.messaging.reach import KafkaAwayError, KafkaReach
from candor.ops.settings import Settings
from candor.store.db import Database
from tests.support.certificates import Authority
from tests.support.ledger.book import GROUP, LedgerHandler, LedgerSettings, Sender, effects, milestone
from tests.support.ledger.running import running
from tests.support.secured_kafka import PASSWORD, USER, SecuredKafka, secured_kafka
from tests.support.waiting import until


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredKafka]:
    with secured_kafka() as broker:
        yield broker


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def token(**claims: Any) -> str:
    """A token that nobody signed, as the broker takes them here."""
    parts = ({"alg": "none"}, {"sub": USER, "iat": time.time(), "exp": time.time() + 600} | claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def given(way: str, broker: SecuredKafka, folder: Path) -> dict[str, Any]:
    """The settings of one way to connect."""
    common: dict[str, Any] = {"kafka_ssl_ca_file": broker.authority.file}
    if way.startswith("mTLS"):
        password = "pass-phrase" if "password" in way else ""
        ours = broker.authority.sign("candor-risk", password)
        secret = {"kafka_ssl_key_password_file": file(folder, "phrase", password + "\n")} if password else {}
        return {
            **common,
            **secret,
            "kafka_bootstrap_servers": broker.mutual_tls,
            "kafka_security_protocol": "SSL",
            "kafka_ssl_certificate_file": ours.certificate,
            "kafka_ssl_key_file": ours.key,
        }
    sasl = {**common, "kafka_bootstrap_servers": broker.sasl_tls, "kafka_security_protocol": "SASL_SSL"}
    if way == "OAUTHBEARER":
        printed = file(folder, "token", token())
        command = f"{sys.executable} -c 'print(open(\"{printed}\").read())'"
        return {**sasl, "kafka_sasl_mechanism": way, "kafka_sasl_token_command": command}
    login: dict[str, Any] = {
        "kafka_sasl_username": USER,
        "kafka_sasl_password_file": file(folder, "password", PASSWORD + "\n"),
    }
    return {**sasl, **login, "kafka_sasl_mechanism": way}


WAYS = ["mTLS", "mTLS, key with a password", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


@pytest.mark.parametrize("way", WAYS)
async def test_events_flow_whatever_proves_who_we_are(
    way: str, secured: SecuredKafka, ledger: Database, topic_prefix: str, tmp_path: Path
) -> None:
    settings = LedgerSettings(topic_prefix=topic_prefix, partitions=4, **given(way, secured, tmp_path))
    async with Sender(settings) as sender, running(Worker(settings, ledger, LedgerHandler(), GROUP)):
        await sender.send(milestone(f"c{n}", f"p{n}", 1) for n in range(20))

        async def arrived() -> bool:
            return await effects(ledger.url) >= 20

        await until(arrived)


async def reached(**settings: Any) -> str:
    """ "" if the broker answers, else what the probe says."""
    reach = KafkaReach(Settings(service="risk-svc", port=0, **settings), seconds=5)
    try:
        await reach.check()
    except KafkaAwayError as away:
        return str(away)
    finally:
        await reach.close()
    return ""


async def test_who_proves_nothing_gets_nowhere(secured: SecuredKafka, tmp_path: Path) -> None:
    good = given("SCRAM-SHA-512", secured, tmp_path)
    assert await reached(**good) == ""
    wrong = file(tmp_path, "wrong", "another word altogether")
    assert await reached(**good | {"kafka_sasl_password_file": wrong})
    assert await reached(kafka_bootstrap_servers=secured.sasl_tls)
    only_tls = {"kafka_security_protocol": "SSL", "kafka_ssl_ca_file": secured.authority.file}
    assert await reached(kafka_bootstrap_servers=secured.mutual_tls, **only_tls)


async def test_a_broker_that_another_authority_vouches_for_is_not_believed(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    assert await reached(**given("PLAIN", secured, tmp_path) | {"kafka_ssl_ca_file": stranger.file})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kafka_ssl_ca_file": Path("/nowhere/ca.pem")}, "KAFKA_SSL_CA_FILE /nowhere/ca.pem: No such file"),
        ({"kafka_sasl_password_file": Path("/nowhere/word")}, "KAFKA_SASL_PASSWORD_FILE /nowhere/word: No such file"),
    ],
)
def test_a_file_that_is_not_there_is_named(
    change: dict[str, Any], words: str, secured: SecuredKafka, tmp_path: Path
) -> None:
    settings = Settings(service="risk-svc", port=0, **given("PLAIN", secured, tmp_path) | change)
    with pytest.raises(ValueError, match=words):
        Link(settings)


async def test_a_token_is_kept_until_shortly_before_its_end(tmp_path: Path) -> None:
    count = file(tmp_path, "count", "")
    written = file(tmp_path, "token", token(exp=time.time() + 3600))
    code = f"open('{count}', 'a').write('x'); print(open('{written}').read())"
    tokens = TokenCommand(f'{sys.executable} -c "{code}"')
    first = await tokens.token()
    assert await tokens.token() == first
    assert count.read_text() == "x"
    written.write_text(token(exp=time.time() + 5))
    short = TokenCommand(f'{sys.executable} -c "{code}"')
    await short.token()
    await short.token()
    assert count.read_text() == "xxx"
