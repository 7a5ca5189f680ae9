"""Runs Canaille, a real OpenID provider, with the people, keys and client that standard input says; for `company`."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

# Before Canaille is imported: Authlib refuses http, which is all there is on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import make_server

true_time = time.time
TOKEN = "/oauth/token"
PASSWORD = "correct horse battery staple"


def served(setup: dict[str, Any], port: int) -> None:
    """Serve until the process is ended."""
    keys = {"ACTIVE_JWKS": setup["keys"], "INACTIVE_JWKS": setup["old_keys"]}
    app = create_app(
        config={
            "SECRET_KEY": setup["secret_key"],
            "SERVER_NAME": f"localhost:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "ENV_FILE": None,
            "CANAILLE": {"DATABASE": "sql", "JAVASCRIPT": False},
            "CANAILLE_SQL": {"DATABASE_URI": setup["database"]},
            "CANAILLE_OIDC": keys,
        }
    )
    with app.app_context():
        filled(setup)
    threading.Thread(target=listening_to_changes, args=(app,), daemon=True).start()
    app.wsgi_app = OneTokenASecond(app.wsgi_app)
    server = make_server("127.0.0.1", port, app, threaded=True)
    print("listening", flush=True)
    server.serve_forever()


class OneTokenASecond:
    """Lets a token begin in a second of its own: two of one person in one second are the same, and the other a 500."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._turn = threading.Lock()
        self._last = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        def starting(status: str, *rest: Any) -> Any:
            if status.startswith("200"):
                self._last = int(true_time())
            return start_response(status, *rest)

        if environ["PATH_INFO"] != TOKEN:
            return self._app(environ, start_response)
        with self._turn:
            while int(true_time()) == self._last:
                time.sleep(0.02)
            return self._app(environ, starting)


def listening_to_changes(app: Any) -> None:
    """Take each further line of input as the setup from then on, as an administrator changes it."""
    for line in sys.stdin:
        setup = json.loads(line)
        with app.app_context():
            app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = setup["keys"]
            app.config["CANAILLE_OIDC"]["INACTIVE_JWKS"] = setup["old_keys"]
            for group in Backend.instance.query(models.Group):
                Backend.instance.delete(group)
            grouped(setup)
            intended(setup)
        late_by(setup["seconds_behind"])
        print("changed", flush=True)


def late_by(seconds: float) -> None:
    """Set this process's clock."""
    time.time = lambda: true_time() - seconds


def filled(setup: dict[str, Any]) -> None:
    """Put in the people, a group for each role, our client, and another one."""
    save = Backend.instance.save
    for name in setup["people"]:
        mail = [f"{name}@example.com"]
        save(models.User(user_name=name, formatted_name=name, family_name=name, emails=mail, password=PASSWORD))
    for name in (setup["client_id"], "mail"):
        save(client(name, setup))
    grouped(setup)
    intended(setup)


def grouped(setup: dict[str, Any]) -> None:
    """Put people into their groups."""
    members: dict[str, list[Any]] = {}
    for name, groups in setup["people"].items():
        for group in groups:
            members.setdefault(group, []).append(Backend.instance.get(models.User, user_name=name))
    for group, people in members.items():
        Backend.instance.save(models.Group(display_name=group, members=people))


def intended(setup: dict[str, Any]) -> None:
    """Say for whom our client's tokens are."""
    ours, audience = (Backend.instance.get(models.Client, client_id=setup[name]) for name in ("client_id", "audience"))
    ours.audience = [audience]
    Backend.instance.save(ours)


def client(name: str, setup: dict[str, Any]) -> Any:
    """A client that needs no consent, as it is on this machine."""
    return models.Client(
        client_id=name,
        client_secret=setup["client_secret"],
        client_name=name,
        client_uri="http://127.0.0.1/",
        redirect_uris=[setup["redirect_uri"]],
        post_logout_redirect_uris=[setup["after_logout"]],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "groups"],
        token_endpoint_auth_method="client_secret_basic",
    )


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    served(given, int(sys.argv[1]))
