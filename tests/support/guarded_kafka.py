"""A real broker that allows a client nothing without a rule, and the administrator who sets rules."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from candor.installation.addresses import HOST
from candor.installation.folder import Folder
from candor.local.kafka import KafkaBroker, Listener, Setup
from candor.local.ports import choose_port
from tests.support.waiting import until

ANY, ALLOW = 1, 3
KINDS = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8}
CLIENT = "User:ANONYMOUS"
"""Who a client without credentials is to the broker."""


class GuardedKafka(KafkaBroker):
    """Its first port is for clients, who may do what rules allow; `administration` is for its administrator."""

    def __init__(self, folder: Folder) -> None:
        own = choose_port(None, "Kafka's administrator")
        self.administration = f"{HOST}:{own}"
        self.password = secrets.token_hex(16)
        setup = Setup(listeners=[Listener("ADMIN", own, "SASL_PLAINTEXT")], properties=_guarded(self.password))
        super().__init__(folder, None, quick=True, taken=(own,), more=setup)


def _guarded(password: str) -> dict[str, str]:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    jaas = f'{login} username="admin" password="{password}" user_admin="{password}";'
    return {
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,ADMIN:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "ADMIN",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.admin.plain.sasl.jaas.config": jaas,
        "listener.name.controller.plain.sasl.jaas.config": jaas,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:admin",
    }


class Administrator:
    """Sets topics and rules, as Strimzi's operators do."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def make(self, topics: dict[str, int]) -> None:
        """Make topics, and wait until the broker itself knows of them."""
        made = await self._client.create_topics([NewTopic(name, count, 1) for name, count in topics.items()])
        assert [error for _, error, *_ in made.topic_errors if error] == []

        async def known() -> bool:
            found = {one["topic"]: len(one["partitions"]) for one in await self._client.describe_topics()}
            return topics.items() <= found.items()

        await until(known, pause=0.05)

    async def allow_only(self, rules: Iterable[dict[str, Any]], prefix: str) -> None:
        """Replace all rules by those of a KafkaUser, with `prefix` in the place of the topics' own.

        The controller answers before the broker has taken them over, so the broker is asked until it holds them.
        """
        wanted = set()
        answer = await self._client._send_to_controller(DeleteAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
        assert all(error == 0 for error, *_ in answer.filter_responses)
        for rule in rules:
            resource = rule["resource"]
            name = (
                resource["name"].replace("candor-", f"{prefix}-") if resource["type"] == "topic" else resource["name"]
            )
            for operation in rule["operations"]:
                asked = (KINDS[resource["type"]], name, PATTERNS[resource["patternType"]], CLIENT, "*")
                wanted.add((*asked, OPERATIONS[operation], ALLOW))
                request = CreateAclsRequest(*asked, OPERATIONS[operation], ALLOW)
                answer = await self._client._send_to_controller(request)
                assert [error for error, _ in answer.creation_responses if error] == []

        async def taken_over() -> bool:
            return await self.rules() == wanted

        await until(taken_over, pause=0.05)

    async def rules(self) -> set[tuple[int, str, int, str, str, int, int]]:
        """The rules by which the broker decides now."""
        answer = await self._client._send_request(DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
        assert answer.error_code == 0, answer.error_message
        return {(kind, name, pattern, *rule) for kind, name, pattern, rules in answer.resources for rule in rules}


@asynccontextmanager
async def administrator(broker: GuardedKafka) -> AsyncIterator[Administrator]:
    client = AIOKafkaAdminClient(
        bootstrap_servers=broker.administration,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_plain_username="admin",
        sasl_plain_password=broker.password,
    )
    await client.start()
    try:
        yield Administrator(client)
    finally:
        await client.close()
