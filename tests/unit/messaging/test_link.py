"""What aiokafka's clients keep of our credentials, and that files which are no good leave the last good ones in use."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from candor.messaging.link import Link
from candor.ops.settings import Settings
from candor.web.app import create_app
from tests.support.certificates import Authority

Step = Callable[[Any], Any]
CLIENTS: dict[str, tuple[Step, Step]] = {
    "client": (lambda link: link.client(), lambda made: made),
    "consumer": (lambda link: link.consumer(), lambda made: made._client),
    "producer": (lambda link: link.producer(), lambda made: made.client),
    "admin": (lambda link: link.admin(), lambda made: made._client),
}


def settings(folder: Path, **more: Any) -> Settings:
    """Settings with every file that Kafka may need."""
    authority = Authority(folder)
    ours = authority.sign("candor-risk")
    (folder / "password").write_text("sesame\n")
    return Settings(
        service="risk-svc",
        port=0,
        kafka_security_protocol="SASL_SSL",
        kafka_ssl_ca_file=authority.file,
        kafka_ssl_certificate_file=ours.certificate,
        kafka_ssl_key_file=ours.key,
        kafka_sasl_mechanism="PLAIN",
        kafka_sasl_username="candor-risk",
        kafka_sasl_password_file=folder / "password",
        **more,
    )


@pytest.mark.parametrize("kind", CLIENTS)
async def test_every_client_takes_the_password_of_the_file_for_its_next_connection(kind: str, tmp_path: Path) -> None:
    # Where aiokafka keeps it is no interface of its own: this fails first when a new version keeps it elsewhere.
    make, inside = CLIENTS[kind]
    given = settings(tmp_path)
    made = make(Link(given))
    client: Any = inside(made)
    try:
        assert client.__dict__["_sasl_plain_password"] == "sesame"
        assert client._sasl_plain_password == "sesame"
        (tmp_path / "password").write_text("another word\n")
        assert given.kafka_secrets.password
        given.kafka_secrets.password.look()
        assert client._sasl_plain_password == "another word"
    finally:
        await (made.stop() if hasattr(made, "stop") else made.close())


def test_new_connections_are_made_by_the_newest_certificates_that_belong_together(tmp_path: Path) -> None:
    given = settings(tmp_path)
    link, files = Link(given), given.kafka_secrets.tls
    assert link.tls
    assert files

    def used() -> ssl.SSLContext:
        assert link.tls
        return link.tls.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="kafka").context

    first = used()
    Authority(tmp_path).sign("candor-risk")
    certificate, key = (tmp_path / name for name in ("candor-risk.crt", "candor-risk.key"))
    renewed = key.read_bytes()
    key.write_bytes(renewed[:40])
    files.look()
    assert used() is first
    assert str(certificate) in files.problem
    key.write_bytes(renewed)
    files.look()
    assert files.problem == ""
    assert used() is not first


async def test_a_process_says_which_of_its_files_for_kafka_is_no_good(tmp_path: Path) -> None:
    app = create_app("a process", settings(tmp_path))
    await app.state.files.check()
    for name, wrong in (("authority.pem", "KAFKA_SSL_CA_FILE"), ("password", "KAFKA_SASL_PASSWORD_FILE")):
        (tmp_path / name).write_text("\n")
        for file in app.state.files:
            file.look()
        with pytest.raises(ValueError, match=wrong):
            await app.state.files.check()
