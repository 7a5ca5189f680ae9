"""The walls between the parts. When one is in your way the shape may be wrong: write an ADR, not an exception."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICES = ("promise_svc", "delivery_svc", "risk_svc", "notify_svc")
PACKAGES = ("candor", "candor_demo", *SERVICES)
LONGEST_FILE, LONGEST_FUNCTION = 400, 50
COMMITTER = "shared/candor/store/unit_of_work.py"
# Written so that this file does not contain what it looks for.
FOREIGN = re.compile(
    "|".join(
        (
            "pypi" + r"\.org",
            "python" + r"hosted\.org",
            r"maven\." + "org",
            r"repo1\." + "maven",
            "npm" + r"js\.(org|com)",
            "crates" + r"\.io",
            r"proxy\." + r"golang\.org",
            r"deb\." + r"debian\.org",
            r"(?<![\w.~$}/])/(work|root)/",
            r"(?<![\w.~$}/])/home/\w+/",
        )
    )
)


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def code() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def ours() -> list[Path]:
    return [path for path in code() if name(path).startswith(("shared/", "services/", "demo/"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, with `from x import y` as x.y."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno} imports relatively: say the package"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(path: Path, *packages: str) -> list[str]:
    return [one for one in imports(path) if one.split(".")[0] in packages]


def test_there_is_something_to_look_at() -> None:
    assert len(ours()) > 50
    assert any(name(path).endswith("/domain/__init__.py") for path in ours())


def test_domains_import_nothing_but_the_standard_library_numpy_msgspec_the_contracts_and_themselves() -> None:
    wrong = []
    for path in ours():
        parts = name(path).split("/")
        if parts[0] != "services" or parts[3:4] != ["domain"]:
            continue
        for module in imports(path):
            top = module.split(".")[0]
            # The contracts are msgspec structs: a domain that folds them may declare its own state the same way.
            # The business calendar is pure, and decides with the domain what is late.
            allowed = top in sys.stdlib_module_names or top in ("numpy", "msgspec")
            allowed |= module.startswith(("candor.contracts.", "candor.calendar.", f"{parts[2]}.domain"))
            if not allowed:
                wrong.append(f"{name(path)}: {module}")
    assert wrong == []


def test_the_business_calendar_is_as_pure_as_the_domains_that_use_it() -> None:
    path = ROOT / "shared/candor/calendar.py"
    tops = {module.split(".")[0] for module in imports(path)}
    assert {top for top in tops if top not in sys.stdlib_module_names} == {"holidays"}


def test_contracts_import_nothing_else_of_ours() -> None:
    wrong = [
        f"{name(path)}: {module}"
        for path in ours()
        if name(path).startswith("shared/candor/contracts/")
        for module in imports_of(path, *PACKAGES)
        if not module.startswith("candor.contracts.") and module not in ("candor.contracts", "candor.__version__")
    ]
    assert wrong == []


def test_services_never_import_each_other_and_the_library_imports_no_service() -> None:
    wrong = []
    for path in ours():
        parts = name(path).split("/")
        own = parts[1].replace("-", "_") if parts[0] == "services" else ""
        foreign = {*SERVICES, "candor_demo"} - {own} if parts[0] != "demo" else set(SERVICES)
        wrong += [f"{name(path)}: {module}" for module in imports_of(path, *foreign)]
    assert wrong == []


def test_only_messaging_talks_to_kafka() -> None:
    wrong = [
        f"{name(path)}: {module}"
        for path in ours()
        if not name(path).startswith(("shared/candor/messaging/", "shared/candor/records/"))
        for module in imports_of(path, "aiokafka", "kafka", "confluent_kafka")
    ]
    assert wrong == []


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name; a package by its own."""
    roots = {path.parent.parent for path in ours() if path.parent.name in PACKAGES and path.name == "__init__.py"}
    found = {}
    for path in ours():
        for root in roots:
            if path.is_relative_to(root) and path.relative_to(root).parts[0] in PACKAGES:
                dotted = ".".join(path.relative_to(root).with_suffix("").parts)
                found[dotted.removesuffix(".__init__")] = path
    return found


@cache
def arrows() -> dict[str, set[str]]:
    """Which of our modules each of them imports."""
    known = modules()
    found: dict[str, set[str]] = {}
    for dotted, path in known.items():
        targets = {module if module in known else module.rpartition(".")[0] for module in imports(path)}
        found[dotted] = {target for target in targets if target in known and target != dotted}
    return found


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """What stays when everything that imports nothing more, and everything that nobody imports, is taken away."""
    left = {node: set(targets) for node, targets in edges.items()}
    while True:
        imported = {target for targets in left.values() for target in targets}
        free = {node for node, targets in left.items() if not targets or node not in imported}
        if not free:
            return [[node, *sorted(targets)] for node, targets in sorted(left.items())]
        left = {node: targets - free for node, targets in left.items() if node not in free}


def test_no_circle_between_modules() -> None:
    assert circles(arrows()) == []


def test_a_circle_is_found_however_long() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"d", "a"}, "d": set(), "e": {"a"}}) == [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
    ]


def rooms(package: str) -> dict[str, set[str]]:
    """Which rooms right under a package import which others; a module right under it is a room of its own."""

    def room(module: str) -> str:
        return module.removeprefix(f"{package}.").split(".")[0]

    found: dict[str, set[str]] = {}
    for module, targets in arrows().items():
        if module.startswith(f"{package}."):
            own = room(module)
            others = {room(target) for target in targets if target.startswith(f"{package}.")} - {own}
            found[own] = found.get(own, set()) | others
    return found


@pytest.mark.parametrize("package", ["candor", "candor.web", *SERVICES, "risk_svc.web"])
def test_no_circle_between_the_rooms_of_a_package(package: str) -> None:
    edges = rooms(package)
    assert len(edges) >= 2
    assert circles(edges) == []


def crossings(source: str, target: str) -> list[str]:
    """Imports from modules below `source` of modules below `target`, as `module -> module`."""

    def below(module: str, room: str) -> bool:
        return module == room or module.startswith(f"{room}.")

    return [
        f"{module} -> {imported}"
        for module, targets in arrows().items()
        if below(module, source)
        for imported in targets
        if below(imported, target) and not below(imported, source)
    ]


def test_the_store_knows_nothing_of_messaging_and_records_nothing_of_either() -> None:
    assert crossings("candor.store", "candor.messaging") == []
    assert crossings("candor.records", "candor.store") + crossings("candor.records", "candor.messaging") == []


def test_only_the_local_stack_and_the_demo_import_the_local_stack() -> None:
    rooms = {module for module in modules() if not module.startswith(("candor.local", "candor_demo"))}
    wrong = [f"{room} -> {found}" for room in rooms for found in arrows()[room] if found.startswith("candor.local")]
    assert wrong == []


def test_the_forecasting_engine_stands_on_nothing_of_ours() -> None:
    own = {module for module in modules() if module.startswith("risk_svc.forecast.")} | {"risk_svc.forecast"}
    assert len(own) > 20
    assert [f"{module} -> {found}" for module in own for found in arrows()[module] - own] == []


def test_the_measures_of_insight_are_pure() -> None:
    own = [path for path in ours() if "/risk_svc/insight/measures/" in name(path)]
    wrong = []
    for path in own:
        for module in imports(path):
            top = module.split(".")[0]
            # The interval of a share and the decomposition of a gap are those of the forecasts and of the gap.
            allowed = top in sys.stdlib_module_names or top in ("numpy", "scipy")
            allowed |= module.startswith(("risk_svc.insight.measures.", "risk_svc.forecast.spans."))
            if not allowed:
                wrong.append(f"{name(path)}: {module}")
    assert own
    assert wrong == []


SHARED_BY_CHANNELS = ("hosted", "hosts", "posting")


@pytest.mark.parametrize("room", ["channels", "sources"])
def test_channels_and_sources_know_nothing_of_each_other(room: str) -> None:
    """A module beside the folders is shared by them; of the sources each module is one."""
    wrong = []
    for module, targets in arrows().items():
        parts = module.split(".")
        if parts[1:2] != [room] or len(parts) < 3:
            continue
        wrong += [
            f"{module} -> {found}"
            for found in targets
            if found.split(".")[1:2] == [room]
            and len(found.split(".")) > 2
            and found.split(".")[2] != parts[2]
            and not (room == "channels" and found.split(".")[2] in SHARED_BY_CHANNELS)
        ]
    assert wrong == []


@pytest.mark.parametrize("package", ["promise_svc", "delivery_svc"])
def test_sources_know_the_shared_library_alone(package: str) -> None:
    wrong = [
        f"{module} -> {found}"
        for module, targets in arrows().items()
        if module.startswith(f"{package}.sources.")
        for found in targets
        if not found.startswith("candor.")
    ]
    assert wrong == []


def transactions(path: Path) -> Iterator[str]:
    """Where a file begins or ends a transaction: by a call on a connection, or by a statement."""
    statement = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|START TRANSACTION)\b[\s;A-Z]{0,30}", re.IGNORECASE)
    # aiokafka's consumer commits offsets under the same name: telemetry, no transaction.
    ends = {"commit"} if not name(path).startswith("shared/candor/messaging/") else set()
    calls = {"transaction", "begin_nested"} | ends
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in calls:
            yield f"{name(path)}:{node.lineno} .{node.func.attr}()"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.fullmatch(node.value):
            yield f"{name(path)}:{node.lineno} {node.value!r}"


def test_only_the_unit_of_work_begins_and_commits() -> None:
    # The third asks a server what it is, and writes nothing.
    excused = (COMMITTER, "shared/candor/store/migrate.py", "shared/candor/store/fitness.py")
    wrong = [found for path in ours() if name(path) not in excused for found in transactions(path)]
    assert wrong == []
    assert list(transactions(ROOT / COMMITTER))


@pytest.mark.parametrize("folder", ["shared", "services", "demo", "tests", "bench", "tools"])
def test_files_and_functions_stay_short(folder: str) -> None:
    wrong = []
    for path in code():
        # A migration says what tables look like, one statement after the other: only its file's length counts.
        if not name(path).startswith(f"{folder}/"):
            continue
        lines = len(path.read_text().splitlines())
        if lines > LONGEST_FILE:
            wrong.append(f"{name(path)}: {lines} lines")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "/migrations/" not in name(path):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    wrong.append(f"{name(path)}:{node.lineno} {node.name}: {length} lines")
    assert wrong == []


def fields(node: ast.ClassDef) -> int:
    """How many fields a class declares."""
    return sum(isinstance(part, ast.AnnAssign) and "ClassVar" not in ast.unparse(part.annotation) for part in node.body)


def test_classes_of_nine_fields_and_more_take_them_by_keyword() -> None:
    wrong = []
    for path in ours():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ClassDef) or fields(node) < 9:
                continue
            made = " ".join(ast.unparse(part) for part in (*node.decorator_list, *node.bases, *node.keywords))
            # A named tuple is a row of a table: it is made of, and taken apart into, columns in their order.
            if ("dataclass" in made or "Struct" in made or "Event" in made) and "kw_only=True" not in made:
                wrong.append(f"{name(path)}:{node.lineno} {node.name}")
    assert wrong == []


def test_no_tracked_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    wrong = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [f"{name(path)}: {found.group()}" for found in FOREIGN.finditer(text)]
    assert wrong == []


def test_every_package_says_that_it_is_typed() -> None:
    roots = [path.parent for path in ours() if path.parent.name in PACKAGES and path.name == "__init__.py"]
    assert {root.name for root in roots} == set(PACKAGES)
    assert [root.name for root in roots if not (root / "py.typed").exists()] == []
