"""`make image-check` copies as the Dockerfile says, boxes a process as its Pod does, and fails if one did not live."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.image.box import MemoryLimit, command
from tools.image.boxed import Lived
from tools.image.build import Built, carry_out
from tools.image.dockerfile import parse
from tools.image.pods import PROCESSES, read
from tools.image.report import changed, report

ROOT = Path(__file__).parents[3]
PODS = read(ROOT)
LIMIT = MemoryLimit(Path("/groups/one"), unified=True)
REFUSAL = "OSError: [Errno 30] Read-only file system: '/opt/candor/x'"


def after(flag: str, words: list[str]) -> list[str]:
    return [words[place + 1] for place, word in enumerate(words) if word == flag]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_may_write_where_its_pod_may_and_nowhere_else(name: str, tmp_path: Path) -> None:
    pod = PODS[name]
    shell, _, script = command(Built(tmp_path), pod, LIMIT, {}, {"/run/candor/api-keys": tmp_path}, list(pod.command))
    words = script.split()
    assert shell == "/bin/sh"
    assert script.startswith("echo $$ > /groups/one/cgroup.procs && exec bwrap --ro-bind ")
    assert "--bind" not in words
    assert set(after("--tmpfs", words)) == {"/run", "/dev/shm", *pod.writable}
    assert {"/run", "/dev"} == set(after("--remount-ro", words))
    assert after("--size", words) == [str(size) for size in (2**26, *pod.writable.values())]
    assert {f"--reuid={pod.uid}", f"--regid={pod.gid}", "--no-new-privs", "--bounding-set=-all"} <= set(words)
    assert words[-len(pod.command) :] == list(pod.command)


def test_steps_leave_files_and_settings_as_docker_would(tmp_path: Path) -> None:
    context, root = tmp_path / "context", tmp_path / "root"
    (context / "one/__pycache__").mkdir(parents=True)
    (context / "one/kept.txt").write_text("kept")
    (context / "lock").write_text("locked")
    text = "FROM x\nARG HOME=/srv\nENV A=${HOME}/a\nWORKDIR ${A}\nCOPY lock ./\nCOPY one two\nUSER 5:5\n"
    into, arguments = Built(root), dict[str, str]()
    for step in parse(text)[0].steps:
        carry_out(step, into, arguments, context, {}, tmp_path)
    assert (into.env["A"], into.workdir, into.user) == ("/srv/a", "/srv/a", "5:5")
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert found == {"srv/a/lock", "srv/a/two/kept.txt"}
    assert not list(root.rglob("__pycache__"))


def lived(name: str, status: int | None = 0, killed: int = 0, restarts: int = 0) -> Lived:
    return Lived(name=name, limit=2**29, resident=2**27, held=2**28, status=status, killed=killed, restarts=restarts)


@pytest.mark.parametrize(
    ("how", "log", "well"),
    [
        (lambda: [lived("a"), lived("b")], json.dumps({"level": "warning", "event": "slow"}), True),
        (lambda: [lived("a")], "", False),
        (lambda: [lived("a"), lived("b", status=143)], "", False),
        (lambda: [lived("a"), lived("b", status=None)], "", False),
        (lambda: [lived("a"), lived("b", restarts=1)], "", False),
        (lambda: [lived("a"), lived("b", killed=1)], "", False),
        (lambda: [lived("a"), lived("b")], REFUSAL, False),
    ],
    ids=["all well", "one missing", "one ended", "one not started", "one again", "no memory", "a write refused"],
)
def test_a_day_counts_when_every_process_lived_through_it(
    how: Callable[[], list[Lived]], log: str, well: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.log").write_text(f"{log}\n")
    assert report(how(), ["a", "b"], tmp_path) is well
    said = capsys.readouterr().out
    assert "512 MiB" in said
    assert "128 MiB" in said
    assert ("wanted to write" in said) == (log == REFUSAL)


def test_a_file_that_appeared_in_the_root_is_found(tmp_path: Path) -> None:
    before, stray = tmp_path / "before", tmp_path / "stray"
    before.write_text("")
    stray.write_text("")
    latest = max(path.lstat().st_ctime for path in (before, stray))
    assert sorted(changed(tmp_path, latest - 3600)) == [str(before), str(stray)]
    assert changed(tmp_path, latest) == []
