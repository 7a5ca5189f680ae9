"""The Dockerfile installs what is locked for production, runs as a numbered user, and names no index of packages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from candor import __version__
from tools.image.dockerfile import DockerfileError, Stage, command, parse, read
from tools.image.pods import PodError, size
from tools.image.pods import read as read_pods

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "Dockerfile").read_text()
STAGES = read(ROOT)
LAST = STAGES[-1]
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def runs(stage: Stage) -> str:
    return "\n".join(step.value for step in stage.steps if step.instruction == "RUN")


def test_every_installation_is_checked_against_its_hash_or_is_of_our_own_wheels() -> None:
    installs = re.findall(r"\binstall -q[^&]*", runs(STAGES[1]).replace("apt-get install", "apt-get add"))
    assert len(installs) == 3
    for words in installs:
        assert "--require-hashes" in words or "--no-index wheels/*.whl" in words
        assert "--no-deps" in words
    assert "requirements-dev" not in TEXT
    assert not re.search(r"--(extra-)?index-url|https?://", TEXT)


def test_it_runs_as_the_user_of_its_pods_and_not_as_root() -> None:
    users = {f"{pod.uid}:{pod.gid}" for pod in read_pods(ROOT).values()}
    assert {LAST.last("USER")} == users
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", LAST.last("USER"))
    assert command(LAST) == ["candor", "--help"]


def test_the_last_stage_has_no_tools_of_the_first() -> None:
    assert LAST.base == "base"
    assert [step.value for step in LAST.steps if step.instruction == "COPY"] == ["/opt/candor /opt/candor"]
    assert not runs(LAST)


def test_it_is_labelled_as_opencontainers_say() -> None:
    labels = LAST.values("LABEL")
    assert {name.rpartition(".")[2] for name in labels} >= {"title", "description", "licenses", "version", "revision"}
    assert all(name.startswith("org.opencontainers.image.") for name in labels)
    assert LAST.values("ARG")["VERSION"] == __version__


def test_the_builder_is_given_what_is_copied_and_nothing_else() -> None:
    copied = [
        word
        for stage in STAGES
        for step in stage.steps
        if step.instruction == "COPY" and not step.option("from")
        for word in step.value.split()[:-1]
    ]
    assert IGNORED[1] == "*"
    assert {line[1:] for line in IGNORED if line.startswith("!")} == set(copied)
    assert all((ROOT / word).exists() for word in copied)


@pytest.mark.parametrize(
    "line", ["ADD https://example.com/x /x", "ONBUILD RUN true", "RUN --network=none true", "COPY --chown=1:1 a b"]
)
def test_what_the_check_could_not_carry_out_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(DockerfileError, match="line 2"):
        parse(f"FROM debian:bookworm-slim\n{line}\n")


def test_variables_options_and_continued_lines_are_read_as_docker_reads_them() -> None:
    text = "ARG BASE=debian:1\nFROM ${BASE} AS one\n"
    text += 'ENV A=b \\\n    C="d e"\nRUN --mount=type=cache,target=/c x \\\n && y\n'
    (stage,) = parse(text)
    assert (stage.name, stage.base) == ("one", "debian:1")
    assert stage.values("ENV") == {"A": "b", "C": "d e"}
    (run,) = [step for step in stage.steps if step.instruction == "RUN"]
    assert (run.option("mount"), run.value.split()) == ("type=cache,target=/c", ["x", "&&", "y"])


def test_pods_are_read_with_every_restriction() -> None:
    pods = read_pods(ROOT)
    assert pods["risk-web"].command == ("python", "-m", "risk_svc", "web")
    assert {path for pod in pods.values() for path in pod.writable} == {"/tmp"}
    assert "/run/candor/api-keys" in pods["notify-svc"].mounted
    assert pods["notify-svc"].files["CONTACT_PRIVATE_KEY_FILE"] == "/run/candor/contact/contact-private.key"
    assert (size("1Gi"), size("64Mi"), size("12")) == (2**30, 2**26, 12)


def test_a_pod_that_is_not_restricted_is_refused(tmp_path: Path) -> None:
    base = tmp_path / "deploy/k8s/base"
    base.mkdir(parents=True)
    for file in (ROOT / "deploy/k8s/base").iterdir():
        (base / file.name).write_text(file.read_text().replace("OnlyRootFilesystem: true", "OnlyRootFilesystem: false"))
    with pytest.raises(PodError, match="not restricted"):
        read_pods(tmp_path)
