"""What is made from the topic cards and from Prometheus's rules is committed as it is made."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from candor.contracts import CARDS, TOPICS
from candor.contracts.topics import GROUPS
from tools.kube.manifests import K8S, RULES, account, generated, partitions, processes

MADE = generated()
KAFKA = K8S / "components/kafka"


def manifests(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(MADE[KAFKA / name]))


def allowed(user: dict[str, Any], operation: str, kind: str) -> set[str]:
    """What a user may do this to; what it may only see, by a prefix, left out."""
    rules = user["spec"]["authorization"]["acls"]
    return {
        rule["resource"]["name"]
        for rule in rules
        if operation in rule["operations"] and rule["resource"]["type"] == kind
    }


@pytest.mark.parametrize("path", sorted(MADE), ids=lambda path: path.name)
def test_every_file_is_as_it_would_be_made_now(path: Any) -> None:
    assert path.read_text() == MADE[path], "run: python -m tools.kube.manifests"


def test_no_file_is_left_of_rules_that_are_gone() -> None:
    assert {*(K8S / "components/monitoring/rules").iterdir()} == {path for path in MADE if path.parent.name == "rules"}


def test_all_rules_are_there_and_nothing_that_is_no_rule() -> None:
    sources = {path.stem for path in RULES.glob("*.yml")} - {"prometheus"}
    sources -= {name for name in sources if name.endswith("_test")}
    assert {path.stem for path in MADE if path.parent.name == "rules"} == sources | {"kustomization"}


def test_topics_have_the_partitions_that_the_services_ask_for() -> None:
    found = {topic["metadata"]["name"]: topic["spec"]["partitions"] for topic in manifests("topics.yaml")}
    assert found == {f"candor-{card.name}": partitions() if card.shared_layout else 1 for card in CARDS}


def test_a_user_may_write_and_read_what_its_cards_say_and_nothing_else() -> None:
    users = {user["metadata"]["name"]: user for user in manifests("users.yaml")}
    assert {*users} == {account(process) for process in processes()} | {"keda"}
    for process in processes():
        user = users[account(process)]
        assert allowed(user, "Write", "topic") == {f"candor-{card.name}" for card in CARDS if process in card.writers}
        assert allowed(user, "Read", "topic") == {f"candor-{card.name}" for card in CARDS if process in card.readers}
        assert allowed(user, "Read", "group") == ({GROUPS[process]} if process in GROUPS else set())


def test_nobody_may_do_more_than_that() -> None:
    operations = {
        (rule["resource"]["type"], operation)
        for user in manifests("users.yaml")
        for rule in user["spec"]["authorization"]["acls"]
        for operation in rule["operations"]
    }
    assert operations == {
        ("topic", "Describe"),
        ("topic", "Read"),
        ("topic", "Write"),
        ("group", "Read"),
        ("group", "Describe"),
    }


def test_only_the_ledger_writes_what_makes_and_forgets_promises() -> None:
    writers = {name: card.writers for name, card in TOPICS.items() if name in ("promises", "contacts")}
    assert writers == {"promises": ("promise-svc",), "contacts": ("promise-svc",)}


def test_keda_sees_how_far_groups_have_read_and_no_event() -> None:
    [keda] = [user for user in manifests("users.yaml") if user["metadata"]["name"] == "keda"]
    assert allowed(keda, "Read", "topic") | allowed(keda, "Write", "topic") | allowed(keda, "Read", "group") == set()
    assert allowed(keda, "Describe", "group") == {*GROUPS.values()}


def test_the_page_says_what_each_file_is_for() -> None:
    page = (K8S / "README.md").read_text()
    files = [path.relative_to(K8S) for path in K8S.rglob("*") if path.is_file() and path.name != "kustomization.yaml"]
    assert len(files) > 20
    unsaid = [
        file.as_posix()
        for file in files
        if file.name != "README.md"
        and not any(
            f"`{name}`" in page for name in (file.as_posix(), *(f"{part.as_posix()}/" for part in file.parents))
        )
    ]
    assert unsaid == []
