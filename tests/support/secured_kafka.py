"""A real broker as managed ones are set up: TLS, and every way in which a client can prove itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from candor.local.kafka import KafkaBroker, Listener, Setup
from candor.local.ports import choose_port
from tests.support.certificates import Authority
from tests.support.scram import change_password
from tests.support.servers import own_folder

USER, PASSWORD = "candor-risk", "sesame-open-2013"


@dataclass(frozen=True)
class SecuredKafka:
    """Addresses of its listeners, and the files that its clients need."""

    mutual_tls: str
    sasl_tls: str
    authority: Authority
    folder: Path
    broker: KafkaBroker
    properties: dict[str, str]

    async def restart_with(self, password: str) -> None:
        """Give its user another password, and itself and its client certificates of another authority; all else ends.

        Written over the files of before, as whoever rotates does.
        """
        await change_password(self.broker.bootstrap_servers, USER, password)
        authority = Authority(self.folder)
        authority.sign(USER)
        self.properties.update(_properties(self.folder, authority, password))
        await asyncio.to_thread(self.broker.stop)
        await asyncio.to_thread(self.broker.start)


@contextmanager
def secured_kafka() -> Iterator[SecuredKafka]:
    """A broker with a listener for mTLS, and one for SASL over TLS: PLAIN, SCRAM and OAUTHBEARER."""
    with own_folder("secured") as folder:
        folder.root.mkdir(parents=True, exist_ok=True)
        authority = Authority(folder.root)
        tls, sasl = choose_port(None, "TLS"), choose_port(None, "SASL")
        users = [f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")]
        properties = _properties(folder.root, authority, PASSWORD)
        setup = Setup(
            listeners=[Listener("MTLS", tls, "SSL"), Listener("SASL", sasl, "SASL_SSL")],
            properties=properties,
            format_options=[part for user in users for part in ("--add-scram", user)],
        )
        broker = KafkaBroker(folder, None, quick=True, taken=(tls, sasl), more=setup)
        try:
            broker.start()
            yield SecuredKafka(f"127.0.0.1:{tls}", f"127.0.0.1:{sasl}", authority, folder.root, broker, properties)
        finally:
            broker.stop()


def _properties(folder: Path, authority: Authority, password: str) -> dict[str, str]:
    own = authority.sign("broker")
    store = folder / "broker.pem"
    store.write_text(own.key.read_text() + own.certificate.read_text())
    module = "org.apache.kafka.common.security"
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.sasl.plain.sasl.jaas.config": (
            f'{module}.plain.PlainLoginModule required user_{USER}="{password}";'
        ),
        "listener.name.sasl.scram-sha-256.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
        "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
        # Without a key set configured, the broker takes tokens that nobody signed: enough to see who brings one.
        "listener.name.sasl.oauthbearer.sasl.jaas.config": (
            f'{module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'
        ),
    }
