"""`candor sources`: what people see before anything is sent."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner, Result

from candor.cli import build
from candor.web.security.schemes import SignedRequest
from delivery_svc.offered import OFFERED
from promise_svc.offered import OFFERED as PROMISES
from tests.unit.intake.mapped.mappings import TEXT, stop

SECRET = "0123456789abcdef-0123456789abcdef"


DEAL = """\
sources:
  hubspot:
    extends: hubspot
    service: promise-svc
    parameters: {stages: [won], date: closedate}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build("sources"), ["sources", *arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "sources.yaml"
    made.write_text(TEXT)
    return made


@pytest.fixture
def body(tmp_path: Path) -> Path:
    made = tmp_path / "body of vans.json"
    made.write_text(json.dumps({"van": "east", "stops": [stop(), stop(no=8, how="perhaps"), stop(what="lunch")]}))
    return made


def test_all_sources_are_listed_with_those_of_the_file(file: Path) -> None:
    said = run("list", "--sources", str(file))
    assert said.exit_code == 0
    assert "alertmanager" in said.stdout
    assert "vans" in said.stdout
    found = {one["name"]: one for one in json.loads(run("list", "--json").stdout)}
    assert found["pagerduty"]["schemes"] == ["hmac"]
    assert "vans" not in found


def test_a_right_file_is_called_right_and_a_wrong_one_by_its_line(file: Path) -> None:
    said = run("check", str(file))
    assert (said.exit_code, said.stdout) == (0, f"{file}: 1 sources are right: vans\n")
    file.write_text(TEXT.replace("each:", "eech:"))
    said = run("check", str(file))
    assert said.exit_code != 0
    assert "line 7: sources.vans.eech: is no name that may stand here" in str(said.exception)


def test_trying_a_body_says_what_it_becomes_and_what_would_be_refused(file: Path, body: Path) -> None:
    said = run("try", "vans", str(body), "--sources", str(file))
    assert said.exit_code == 1
    assert "1. milestone.reported east:7" in said.stdout
    assert "2. refused as milestone.reported: /data/status: the mapping has nothing for 'perhaps'" in said.stdout
    assert "3." not in said.stdout
    first, second = json.loads(run("try", "vans", str(body), "--sources", str(file), "--json").stdout)
    assert (first["id"], first["refused"], second["id"]) == ("east:7", "", "")


def test_trying_says_what_our_own_rules_would_refuse(file: Path, body: Path) -> None:
    body.write_text(json.dumps({"van": "east", "stops": [stop(job="no id of ours")]}))
    said = run("try", "vans", str(body), "--sources", str(file))
    assert said.exit_code == 1
    assert "refused as milestone.reported: /data/promise_id: must be 1 to 128 of letters" in said.stdout


def test_a_body_that_is_none_is_refused_as_a_whole(file: Path, body: Path) -> None:
    body.write_text("{")
    said = run("try", "vans", str(body), "--sources", str(file))
    assert (said.exit_code, said.stdout[:11]) == (1, "1. refused:")
    body.write_text(json.dumps({"stops": [stop(what="lunch")]}))
    said = run("try", "vans", str(body), "--sources", str(file))
    assert (said.exit_code, said.stdout[:8]) == (0, "nothing:")


@pytest.mark.parametrize("name", [*OFFERED.presets(), *PROMISES.presets()])
def test_every_preset_has_a_sample_that_becomes_events(name: str, tmp_path: Path) -> None:
    made = tmp_path / "sample.json"
    made.write_text(run("sample", name).stdout)
    said = run("try", name, str(made))
    assert said.exit_code == 0, said.stdout
    assert "reported" in said.stdout or "promise." in said.stdout


def test_a_system_that_posts_xml_as_well_has_a_sample_of_it_that_is_sent_as_xml(tmp_path: Path) -> None:
    made = tmp_path / "message"
    made.write_text(run("sample", "salesforce", "--xml").stdout)
    assert "promise.revised" in run("try", "salesforce", str(made)).stdout
    said = shlex.split(run("sign", "salesforce", str(made), "--secret", SECRET, "--scheme", "path_token").stdout)
    assert "content-type: text/xml" in said
    made.write_text(run("sample", "salesforce").stdout)
    said = shlex.split(run("sign", "salesforce", str(made), "--secret", SECRET, "--scheme", "path_token").stdout)
    assert "content-type: application/json" in said


def test_what_a_preset_asks_for_is_listed_and_examples_stand_for_it_until_it_is_given(tmp_path: Path) -> None:
    found = {one["name"]: one for one in json.loads(run("list", "--json").stdout)}
    assert found["hubspot"]["needs"] == ["parameters.stages", "parameters.date"]
    assert found["zendesk"]["needs"] == []
    (made := tmp_path / "deal.json").write_text(run("sample", "hubspot").stdout)
    (file := tmp_path / "sources.yaml").write_text(DEAL)
    assert run("check", str(file)).stdout.endswith("1 sources are right: hubspot\n")
    assert "promise.made deal:29911840275:made" in run("try", "hubspot", str(made)).stdout
    said = run("try", "hubspot", str(made), "--sources", str(file)).stdout
    assert said.startswith("nothing")
    file.write_text(DEAL.replace("stages: [won], ", ""))
    refused = run("check", str(file))
    assert "line 2: sources.hubspot: hubspot needs, under parameters: stages (the internal names" in str(
        refused.exception
    )


def test_own_sources_have_no_sample() -> None:
    said = run("sample", "standard")
    assert said.exit_code != 0
    assert "there is no sample of standard" in str(said.exception)


def test_the_command_that_signs_carries_what_the_service_takes(file: Path, body: Path) -> None:
    said = run("sign", "vans", str(body), "--secret", SECRET, "--sources", str(file), "--url", "http://h/v1/webhooks/e")
    words = shlex.split(said.stdout)
    assert (words[0], words[-1], words[-2]) == ("curl", "http://h/v1/webhooks/e", f"@{body}")
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    scheme = OFFERED.sources((), file)["vans"].schemes[0]
    request = SignedRequest("POST", "http://h/v1/webhooks/e", headers, body.read_bytes())
    at = datetime.fromtimestamp(int(headers["x-time"]), UTC)
    scheme.verify(request, [SECRET], at)


def test_a_path_token_stands_in_the_address(body: Path) -> None:
    said = run("sign", "shippo", str(body), "--secret", SECRET, "--scheme", "path_token")
    assert shlex.split(said.stdout)[-1] == f"http://127.0.0.1:8102/v1/webhooks/shippo/{SECRET}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sign", "vens", "{body}", "--secret", SECRET), "there is no source 'vens', there are aftership"),
        (
            ("sign", "shippo", "{body}", "--secret", "short"),
            "must be user:password",
        ),
        (
            ("sign", "shippo", "{body}", "--secret", SECRET, "--scheme", "hmac"),
            "it has basic, path_token",
        ),
        (("try", "vens", "{body}"), "there is no source 'vens'"),
    ],
)
def test_what_cannot_be_is_said(arguments: tuple[str, ...], words: str, body: Path) -> None:
    said = run(*(one.format(body=body) for one in arguments))
    assert said.exit_code != 0
    assert words in str(said.exception)


def test_the_schema_is_one_that_editors_read(file: Path) -> None:

    schema = json.loads(run("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    document = yaml.safe_load(file.read_text())
    jsonschema.validate(document, schema)
    jsonschema.validate(yaml.safe_load(DEAL), schema)
    document["sources"]["vans"]["eech"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)
