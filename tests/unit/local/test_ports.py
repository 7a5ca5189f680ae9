"""Choosing ports."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import PIPE

import psutil
import pytest

from candor.errors import OperatorError
from candor.installation.addresses import HOST
from candor.installation.folder import Folder
from candor.local.kafka import KafkaBroker
from candor.local.ports import choose_port, holder, is_free


@contextmanager
def listening() -> Iterator[int]:
    with closing(socket.create_server((HOST, 0))) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_taken_without_a_word() -> None:
    port, said = choose_port(None, "Kafka"), list[str]()
    assert choose_port(port, "Kafka", said.append) == port
    assert said == []


def test_a_port_in_use_is_said_in_one_line_and_the_next_free_one_taken() -> None:
    said: list[str] = []
    with listening() as port:
        assert not is_free(port)
        chosen = choose_port(port, "Kafka", said.append)
        assert chosen > port
    ours = f"{psutil.Process().name()} (process {os.getpid()})"
    assert said == [f"port {port} is in use by {ours}: Kafka listens on {chosen} instead"]


def test_a_port_of_somebody_unknown_is_another_programs() -> None:
    assert holder(choose_port(None, "x")) == "another program"


def test_the_brokers_own_second_port_is_none_that_was_promised_to_others(tmp_path: Path) -> None:
    port = choose_port(None, "x")
    broker = KafkaBroker(Folder.at(tmp_path), port, taken=(port + 1, port + 2))
    assert broker.reserve() == f"{HOST}:{port}"
    # PostgreSQL was given the port behind Kafka's, as the controller was: one of them did not start.
    assert broker._ports is not None
    assert broker._ports[1] > port + 2


def test_ports_promised_to_others_are_left_alone() -> None:
    port = choose_port(None, "x")
    assert choose_port(port, "x", taken=(port, port + 1)) > port + 1


def test_two_servers_of_one_process_never_get_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candor.local.ports.random.randrange", lambda first, _last: first + 4321)
    chosen = [choose_port(None, "x") for _ in range(3)]
    assert len(set(chosen)) == 3
    assert choose_port(chosen[0], "x") == chosen[0]


OTHER = """
from candor.local.ports import choose_port
print(choose_port(None, "x"), flush=True)
input()
"""


def test_a_port_that_another_process_is_about_to_listen_on_is_left_to_it() -> None:
    with subprocess.Popen([sys.executable, "-c", OTHER], stdin=PIPE, stdout=PIPE, text=True) as other:
        assert other.stdout
        port = int(other.stdout.readline())
        assert is_free(port)
        assert choose_port(port, "x") > port
        other.communicate("\n")
    assert choose_port(port, "x") == port


def claimed(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
        try:
            claim.bind((HOST, port))
        except OSError:
            return True
    return False


def test_of_many_choices_the_newest_are_held_and_the_oldest_let_go() -> None:
    ports = [choose_port(None, "x") for _ in range(300)]
    assert claimed(ports[-1])
    assert not all(map(claimed, ports[:100]))


def test_no_port_at_all_is_an_error_that_names_the_range() -> None:
    with pytest.raises(OperatorError, match="no free port for Kafka between 20000 and 20200"):
        choose_port(20_000, "Kafka", taken=range(20_000, 20_200))
    with pytest.raises(OperatorError, match="no free port"):
        choose_port(65_535, "Kafka", taken=(65_535,))
