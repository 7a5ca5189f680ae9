"""`candor sources`: what people see before anything is sent."""

from __future__ import annotations

import json
import os
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
    assert (said.exit_code, said.stdout) == (0, f"{file}: 1 source is right: vans\n")
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


def test_a_body_from_a_pipe_is_read_once_and_its_proof_tried_as_well(file: Path, body: Path) -> None:
    wrong = ("--secret", "x" * 32, "-H", "x-signature: 00", "--json", "--sources", str(file))
    expected = run("try", "vans", str(body), *wrong).stdout
    assert json.loads(expected)["events"]
    piped = CliRunner().invoke(build("sources"), ["sources", "try", "vans", "-", *wrong], input=body.read_bytes())
    assert piped.stdout == expected
    end, begin = os.pipe()
    os.write(begin, body.read_bytes())
    os.close(begin)
    assert run("try", "vans", f"/dev/fd/{end}", *wrong).stdout == expected
    os.close(end)
    missing = run("try", "vans", "nowhere.json", "--sources", str(file))
    assert str(missing.exception) == "cannot read nowhere.json: No such file or directory"


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
    assert run("check", str(file)).stdout.endswith("1 source is right: hubspot\n")
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


def captured(made: Path, name: str, secret: str, *more: str) -> list[str]:
    """The options that say with which headers `sign` would have sent a body."""
    words = shlex.split(run("sign", name, str(made), "--secret", secret, *more).stdout)
    headers = [words[at + 1] for at, word in enumerate(words) if word == "-H"]
    return [option for header in headers for option in ("-H", header)]


def test_the_proof_of_a_captured_request_is_tried_with_its_secret(tmp_path: Path) -> None:
    (made := tmp_path / "body.json").write_text(run("sample", "pagerduty").stdout)
    options = captured(made, "pagerduty", SECRET)
    said = run("try", "pagerduty", str(made), "--secret", SECRET, *options)
    assert (said.exit_code, said.stdout.splitlines()[0]) == (0, "its proof holds")
    wrong = run("try", "pagerduty", str(made), "--secret", "x" * 40, *options)
    assert wrong.exit_code == 1
    assert wrong.stdout.startswith("its proof does not hold: ")
    assert "incident.reported" in wrong.stdout
    made.write_text(made.read_text() + " ")
    found = json.loads(run("try", "pagerduty", str(made), "--secret", SECRET, *options, "--json").stdout)
    assert found["proof"] != "holds"
    assert [one["type"] for one in found["events"]] == ["incident.reported"]


def test_a_request_that_was_captured_long_ago_is_tried_as_of_then(tmp_path: Path) -> None:
    (made := tmp_path / "deal.json").write_text(run("sample", "hubspot").stdout)
    options = captured(made, "hubspot", SECRET, "--url", "https://x.example/v1/webhooks/h")
    tried = ("try", "hubspot", str(made), "--secret", SECRET, "--url", "https://x.example/v1/webhooks/h", *options)
    assert run(*tried).stdout.startswith("its proof holds")
    assert run(*tried, "--at", "2020-01-01T00:00Z").exit_code == 1
    assert "its proof holds" not in run(*tried, "--url", "https://y.example/v1/webhooks/h").stdout


@pytest.mark.parametrize(("options", "says"), [(("-H", "nonsense"), "a header is"), (("--at", "soon"), "--at must be")])
def test_what_is_said_wrong_of_a_request_is_named(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    (made := tmp_path / "body.json").write_text(run("sample", "incident-io").stdout)
    said = run("try", "incident-io", str(made), "--secret", SECRET, *options)
    assert said.exit_code != 0
    assert says in str(said.exception)


def test_a_secret_in_the_address_is_tried_too_and_any_way_of_a_source_may_hold(tmp_path: Path) -> None:
    (made := tmp_path / "body.json").write_text(run("sample", "odoo").stdout)
    for address, holds in ((f"https://x.example/v1/webhooks/odoo/{SECRET}", True), ("https://x.example/odoo", False)):
        said = run("try", "odoo", str(made), "--secret", SECRET, "--url", address)
        assert said.stdout.startswith("its proof holds") is holds
    (made := tmp_path / "alert.json").write_text(run("sample", "grafana").stdout)
    for header, code in ((f"authorization: Bearer {SECRET}", 0), ("authorization: Bearer another", 1)):
        assert run("try", "grafana", str(made), "--secret", SECRET, "-H", header).exit_code == code


def test_a_deal_that_lacks_something_is_shown_as_the_draft_that_it_will_be(tmp_path: Path) -> None:
    deal = json.loads(run("sample", "hubspot").stdout)
    [one] = deal["objects"].values()
    one["properties"] |= {"promised_delivery_date": None, "hs_primary_associated_company": None}
    (made := tmp_path / "deal.json").write_text(json.dumps(deal))
    said = run("try", "hubspot", str(made))
    assert said.exit_code == 0, said.stdout
    assert ", a draft until it has customer_id, due" in said.stdout
    one["properties"] |= {"dealname": "\x1b", "promised_delivery_date": "2026-12-01"}
    made.write_text(json.dumps(deal))
    refused = run("try", "hubspot", str(made))
    assert refused.exit_code == 1
    assert "refused as promise.made: /data" in refused.stdout
