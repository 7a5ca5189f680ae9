"""`candor doctor --process`: what is wrong with servers that others run, and what mends it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from candor.diagnosis import files
from candor.diagnosis.process import PROCESSES
from candor.local.commands.doctor import Process
from candor.local.stack import SERVICES
from candor.messaging.examine import examine as kafka_examined
from candor.messaging.topics import ensure_topics, layout
from candor.ops.finding import Finding
from candor.ops.settings import Settings
from candor.store.examine import examine as database_examined
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import MIGRATIONS
from tests.component.messaging.test_link import file, given
from tests.support.certificates import Authority
from tests.support.guarded_kafka import GuardedKafka, administrator
from tests.support.pgbouncer import pgbouncer
from tests.support.secured_kafka import SecuredKafka, secured_kafka
from tests.support.servers import Databases, own_folder
from tools.kube.manifests import account, users


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredKafka]:
    with secured_kafka() as broker:
        yield broker


async def kafka_found(settings: Settings, process: str = "") -> dict[str, Finding]:
    return {one.name: one async for one in kafka_examined(settings, process)}


async def database_found(url: str) -> dict[str, Finding]:
    return {one.name: one async for one in database_examined(url, MIGRATIONS)}


def bad(found: dict[str, Finding]) -> dict[str, str]:
    return {name: one.mend for name, one in found.items() if one.ok is False}


async def test_a_secured_broker_is_well_and_a_wrong_password_or_authority_is_told_apart(
    secured: SecuredKafka, topic_prefix: str, tmp_path: Path
) -> None:
    def settings(**change: Any) -> Settings:
        with_all = given("SCRAM-SHA-512", secured, tmp_path) | {"topic_prefix": topic_prefix} | change
        return PromiseSettings(**with_all)

    assert list(bad(await kafka_found(settings()))) == ["kafka topics"]
    await ensure_topics(settings())
    found = await kafka_found(settings())
    assert bad(found) == {}
    assert {"kafka TLS", "kafka sign-in", "kafka Write", "kafka Read", "kafka compression"} <= found.keys()
    assert found["kafka retention"].ok
    wrong = await kafka_found(settings(kafka_sasl_password_file=file(tmp_path, "wrong", "another word")))
    assert (wrong["kafka TLS"].ok, list(bad(wrong))) == (True, ["kafka sign-in"])
    stranger = await kafka_found(settings(kafka_ssl_ca_file=Authority(tmp_path, "stranger").file))
    assert "KAFKA_SSL_CA_FILE" in bad(stranger)["kafka TLS"]
    many = await kafka_found(settings(partitions=7))
    assert "have 4: set PARTITIONS=4" in many["kafka partitions"].detail
    missing = await kafka_found(settings(kafka_sasl_password_file=tmp_path / "missing"))
    assert "KAFKA_SASL_PASSWORD_FILE" in missing["kafka"].detail


async def test_a_missing_right_is_named_with_its_topics(topic_prefix: str) -> None:
    rules = {user["metadata"]["name"]: user["spec"]["authorization"]["acls"] for user in users()}
    with own_folder("doctor") as folder:
        broker = GuardedKafka(folder)
        broker.start()
        try:
            settings = Settings(
                service="notify-svc",
                port=0,
                kafka_bootstrap_servers=broker.bootstrap_servers,
                topic_prefix=topic_prefix,
            )
            async with administrator(broker) as admin:
                await admin.make(layout(topic_prefix, settings.partitions))
                await admin.allow_only(rules[account("notify-svc")], topic_prefix)
                assert bad(await kafka_found(settings, "notify-svc")) == {}
                # The rules of another process: they see every topic, and may use few of them.
                await admin.allow_only(rules[account("risk-svc web")], topic_prefix)
                found = await kafka_found(settings, "notify-svc")
        finally:
            broker.stop()
    missing = ", ".join(f"{topic_prefix}-{card}" for card in ("notices", "answers", "pulses"))
    assert f"not allowed on {missing}" == found["kafka Write"].detail
    assert f"{topic_prefix}-contacts" in found["kafka Read"].detail
    assert f"{topic_prefix}-gaps" not in found["kafka Read"].detail


async def test_a_database_that_is_missing_behind_or_strange_is_said(databases: Databases, postgres: str) -> None:
    url = await databases.fresh()
    assert "candor migrate" in bad(await database_found(f"{url}_missing"))["database reachable"]
    assert "candor migrate" in bad(await database_found(url))["database schema"]
    parts = urlsplit(url)
    stranger = url.replace(f":{parts.password}@", ":wrong@")
    assert "DATABASE_URL" in bad(await database_found(stranger))["database sign-in"]
    assert list(bad(await database_found(url.replace(f":{parts.port}/", ":1/")))) == ["database reachable"]
    admin = await asyncpg.connect(f"{postgres}/postgres")
    latin = f"latin_{secrets.token_hex(4)}"
    try:
        await admin.execute(f"CREATE DATABASE {latin} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        assert "LATIN1" in (await database_found(f"{postgres}/{latin}"))["database fitness"].detail
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {latin} WITH (FORCE)")
        await admin.close()


@pytest.mark.pgbouncer
async def test_a_pooler_that_shares_connections_is_said(databases: Databases, postgres: str) -> None:
    name = (await databases.fresh()).rpartition("/")[2]
    with pgbouncer(postgres, "transaction") as server:
        assert "pool_mode = session" in (await database_found(f"{server}/{name}"))["database fitness"].detail


def test_files_and_addresses(tmp_path: Path) -> None:
    key = file(tmp_path, "session", "x" * 40)
    key.chmod(0o644)
    settings = PromiseSettings(
        session_secret_file=key,
        api_keys_file=tmp_path / "missing",
        public_url="https://candor.example.com",
        trusted_hosts=("board.example.com",),
        certificate_files=(str(Authority(tmp_path).file),),
    )
    found = {one.name: one for one in files.examine(settings)}
    assert bad(found)["SESSION_SECRET_FILE"] == f"chmod o-rwx {key}"
    assert "No such file" in found["API_KEYS_FILE"].detail
    assert bad(found)["PUBLIC_URL"] == "add candor.example.com to TRUSTED_HOSTS"
    assert (found["certificate"].ok, found["certificate"].mend) == (True, "renew it")
    assert found["disk"].ok


def test_every_process_of_the_stack_can_be_examined() -> None:
    assert set(PROCESSES) == {service.name for service in SERVICES} == {one.value for one in Process}


def doctor(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # As in a Pod: no folder of a local stack can be made, and everything comes from the environment.
    env = {**os.environ, "CANDOR_HOME": "/proc/none", "COLUMNS": "200", "NO_COLOR": "1", **environment}
    command = [sys.executable, "-m", "candor.cli", "doctor", "--process", "notify-svc", "--json"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_in_a_pod_each_thing_that_is_away_is_one_finding_with_its_mend(tmp_path: Path) -> None:
    nowhere = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DATABASE_URL": "postgresql://a@127.0.0.1:1/"}
    done = doctor(tmp_path, **nowhere, SMTP_HOST="127.0.0.1", SMTP_PORT="1")
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1
    for name in ("kafka reachable", "database reachable", "mail server"):
        assert found[name]["ok"] is False
        assert found[name]["mend"]
    assert doctor(tmp_path, KAFKA_SECURITY_PROTOCOL="SASL_SSL").returncode == 2
