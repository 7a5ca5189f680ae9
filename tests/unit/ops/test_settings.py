"""Settings are judged at start, so that a mistake is found by whoever deploys and not at 3 a.m."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from candor.calendar import Calendar, parse_business_hours
from candor.ops.clock import BusinessClock, SystemClock
from candor.ops.database_url import parted
from candor.ops.loading import load
from candor.ops.secret_files import credential, read
from candor.ops.settings import Settings, looks_placeholder, read_secret

GOOD_SECRET = "b1c7f7d0a4e24d1f9a3c5e6b8d2f4a60"


def settings(**fields: Any) -> Settings:
    chosen: dict[str, Any] = {"service": "promise-svc", "port": 8101} | fields
    return Settings(**chosen)


def production(tmp_path: Path, **fields: Any) -> Settings:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    good: dict[str, Any] = {
        "environment": "production",
        "trusted_hosts": ("candor.example.com",),
        "database_url": f"postgresql://candor:{GOOD_SECRET}@db.internal/?sslmode=verify-full",
        "api_keys_file": keys,
    }
    return settings(**(good | fields))


def test_each_service_has_its_own_database_on_the_server() -> None:
    assert settings().database.endswith("/candor_promise")
    assert settings(service="risk-svc", database_prefix="t1").database.endswith("/t1_risk")


def test_a_servers_options_and_password_are_kept() -> None:
    url = "postgresql://u:p%40ss@/postgres?host=/run/pg"
    assert settings(database_url=url).database == "postgresql://u:p%40ss@/candor_promise?host=%2Frun%2Fpg"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SERVICE": "risk-svc", "PORT": "8103", "TRUSTED_HOSTS": "a.example, b.example"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CLOCK", "2013-03-07T17:00:00Z@1300")
    monkeypatch.setenv("CLOCK_ORIGIN", "2026-11-22T12:00:00Z")
    found = Settings()  # type: ignore[call-arg]
    assert (found.service, found.port, found.trusted_hosts) == ("risk-svc", 8103, ("a.example", "b.example"))
    assert isinstance(found.business_clock(), BusinessClock)


def test_the_business_calendar_is_always_open_unless_hours_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().calendar == Calendar()
    monkeypatch.setenv("BUSINESS_HOURS", "mon-fri 09:00-17:00")
    monkeypatch.setenv("HOLIDAYS", "DE-BE")
    found = settings().calendar
    assert (found.week, found.zone, found.holidays) == (parse_business_hours("mon-fri 09:00-17:00"), "UTC", "DE-BE")
    monkeypatch.setenv("BUSINESS_HOURS", "")
    monkeypatch.setenv("HOLIDAYS", "")
    assert settings().calendar.always


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"business_hours": "9 to 5"}, '"9 to 5" is not understood: write "always", or hours like'),
        ({"business_hours": "mon-fri 09:00-17:00", "holidays": "XX"}, 'no holidays are known of "XX"'),
        ({"business_hours": "mon-fri 09:00-17:00", "holidays": "DE-XX"}, "write a country like DE, or a part"),
        ({"holidays": "DE"}, "HOLIDAYS needs working hours to take days from: set BUSINESS_HOURS"),
    ],
)
def test_a_business_calendar_that_cannot_be_meant_stops_the_process(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**fields)


def test_empty_variables_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOCK", "CLOCK_ORIGIN", "OTLP_ENDPOINT", "API_KEYS_FILE", "WEBHOOK_SECRETS_FILE"):
        monkeypatch.setenv(name, "")
    found = settings()
    assert (found.clock_origin, found.otlp_endpoint, found.api_keys_file) == (None, None, None)
    assert isinstance(found.business_clock(), SystemClock)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", ""),
        ("service", "Promise"),
        ("port", 70_000),
        ("port", -1),
        ("partitions", 0),
        ("topic_prefix", "candor_x"),
        ("topic_prefix", "Candor"),
        ("database_prefix", "candor-x"),
        ("database_url", "mysql://u@h/"),
        ("database_url", "not an address"),
        ("environment", "staging"),
        ("log_level", "LOUD"),
        ("clock", "2013-03-07T17:00:00Z@1300"),
        ("clock", "fast"),
        ("body_seconds", 0),
        ("rate_limit", -1),
        ("trace_ratio", 1.5),
    ],
)
def test_a_wrong_value_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        settings(**{field: value})


def test_production_starts_with_everything_in_place(tmp_path: Path) -> None:
    assert production(tmp_path).production


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"trusted_hosts": ("*",)}, "TRUSTED_HOSTS"),
        ({"trusted_hosts": ("127.0.0.1", "localhost", "[::1]")}, "TRUSTED_HOSTS"),
        ({"database_url": "postgresql://candor:changeme@db/"}, "DATABASE_URL"),
        ({"database_url": "postgresql://postgres:Password1@db/"}, "DATABASE_URL"),
        ({"database_url": f"postgresql://candor:{GOOD_SECRET}@db/?sslmode=require"}, "INSECURE_LINKS=database"),
        ({"kafka_bootstrap_servers": "kafka:9092"}, "INSECURE_LINKS=kafka"),
        ({"api_keys_file": None}, "API_KEYS_FILE"),
        ({"public_url": "http://candor.example.com"}, "PUBLIC_URL"),
        ({"clock": "2013-03-07T17:00:00Z@1300", "clock_origin": "2026-11-22T12:00:00Z"}, "CLOCK"),
    ],
)
def test_production_refuses_what_development_leaves_behind(tmp_path: Path, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        production(tmp_path, **fields)


def test_production_accepts_an_open_link_that_is_named(tmp_path: Path) -> None:
    url = f"postgresql://candor:{GOOD_SECRET}@db/"
    found = production(
        tmp_path, database_url=url, kafka_bootstrap_servers="kafka:9092", insecure_links="kafka, database"
    )
    assert found.insecure_links == ("kafka", "database")


def test_staff_pages_in_production_need_oidc(tmp_path: Path) -> None:
    settings().refuse_staff_pages_without_oidc()
    production(tmp_path, oidc_issuer="https://login.example.com").refuse_staff_pages_without_oidc()
    with pytest.raises(ValueError, match="OIDC_ISSUER"):
        production(tmp_path).refuse_staff_pages_without_oidc()


def test_the_session_secret_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_text(GOOD_SECRET + "\n")
    assert settings(session_secret_file=path).session_secrets().get() == [GOOD_SECRET]
    with pytest.raises(ValueError, match="SESSION_SECRET_FILE"):
        settings().session_secrets()


@pytest.mark.parametrize(
    "secret", ["", "abc123", "x" * 64, "changeme-changeme-changeme-changeme", "my-secret-" + "ab12" * 10]
)
def test_a_secret_that_is_none_is_refused_without_being_shown(tmp_path: Path, secret: str) -> None:
    path = tmp_path / "session"
    path.write_text(secret)
    with pytest.raises(ValueError, match=r"session: (holds a|must hold 1 to 16 lines)") as caught:
        read_secret(path)
    assert not secret or secret not in str(caught.value)


def test_a_missing_or_binary_secret_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="absent"):
        read_secret(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff" * 40)
    with pytest.raises(ValueError, match="binary"):
        read_secret(tmp_path / "binary")


def test_a_password_that_somebody_else_chose_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("changeme 16 chr \n")
    assert read(path, credential) == "changeme 16 chr "
    for wrong in ("", "\n", "one\ntwo"):
        path.write_text(wrong)
        with pytest.raises(ValueError, match="must hold one line"):
            read(path, credential)


def test_hosts_are_compared_in_lower_case() -> None:
    found = settings(trusted_hosts="Candor.Example.com, *.Example.org., [::1], 10.0.0.7")
    assert found.trusted_hosts == ("candor.example.com", "*.example.org", "[::1]", "10.0.0.7")


@pytest.mark.parametrize(
    "host", ["https://candor.example.com", "candor.example.com:443", "candor.example.com/ops", "a b"]
)
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="without https://, port or path"):
        settings(trusted_hosts=host)


def test_a_list_that_is_no_json_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Listed(Settings):
        things: tuple[str, ...] = ()

    monkeypatch.setenv("THINGS", "keep waiting, cancel")
    with pytest.raises(SystemExit) as stopped:
        load(Listed)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == 'settings: THINGS: must be JSON, such as ["one", "two"]\n'


def test_random_secrets_are_not_taken_for_placeholders() -> None:
    assert not looks_placeholder(GOOD_SECRET)
    assert looks_placeholder("ChangeMe!")


def test_mistakes_are_told_in_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        load(Settings, service="promise-svc", port=70_000, database_url="mysql://u:hunter2@h/")
    assert caught.value.code == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in told] == ["PORT", "DATABASE_URL"]
    assert "hunter2" not in "".join(told)


def test_what_must_be_empty_gets_no_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    origin = {"clock": "2013-03-07T17:00:00Z@1300", "clock_origin": "2026-11-22T12:00:00Z"}
    with pytest.raises(SystemExit):
        load(Settings, service="risk-svc", port=0, environment="production", api_keys_file=keys, **origin)
    assert capsys.readouterr().err == "settings: CLOCK replays history: it must be empty in production\n"


def test_right_settings_are_given_back() -> None:
    assert load(Settings, service="promise-svc", port=0).service == "promise-svc"


def test_the_password_of_the_database_comes_from_one_place(tmp_path: Path) -> None:
    file = tmp_path / "password"
    given = settings(database_url="postgresql://u@h/?sslmode=require", database_password_file=file)
    assert parted(given.database) == ("postgresql://u@h/candor_promise?sslmode=require", file)
    with pytest.raises(ValidationError, match="leave one of them out"):
        settings(database_url="postgresql://u:p@h/", database_password_file=file)
