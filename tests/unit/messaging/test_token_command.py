"""A token command that cannot be run or prints no token is named, at the start and by `candor doctor`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from candor.messaging.examine import examine
from candor.ops.loading import refuse_unreadable_files
from candor.ops.settings import Settings


def told(command: str, **more: Any) -> Settings:
    sasl: dict[str, Any] = {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_sasl_mechanism": "OAUTHBEARER"}
    return Settings(service="risk-svc", port=1, **sasl, kafka_sasl_token_command=command, **more)


@pytest.mark.parametrize("is_there", [False, True])
def test_a_program_that_cannot_be_run_ends_the_start_in_one_line(
    is_there: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "token"
    if is_there:
        program.write_text("no program")
    with pytest.raises(SystemExit) as ended:
        refuse_unreadable_files(told(f"{program} --audience kafka"))
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (2, 1)
    assert f"KAFKA_SASL_TOKEN_COMMAND: {program} is no program that this process can run, for example /usr" in said
    refuse_unreadable_files(told(f"{sys.executable} -c 'print(1)'"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/nope", "KAFKA_SASL_TOKEN_COMMAND /nope cannot be run: No such file or directory"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "KAFKA_SASL_TOKEN_COMMAND ended with status 3"),
    ],
)
async def test_the_doctor_names_it(command: str, words: str) -> None:
    # Whatever listens: the token is asked for before anybody is told it.
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = told(command, kafka_bootstrap_servers=f"127.0.0.1:{port}")
        found = {one.name: one async for one in examine(settings)}
    assert found["kafka token"].ok is False
    assert words in found["kafka token"].detail
