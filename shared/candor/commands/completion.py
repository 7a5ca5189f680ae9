"""`candor completion`: prints what a shell needs to complete commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from candor.command_texts import examples
from candor.terminal import say


class Shell(StrEnum):
    """Shells whose completion is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("completion", epilog=examples("candor completion bash", "candor completion fish"))(completion)


def completion(shell: Annotated[Shell, typer.Argument(help="The shell to complete for.")]) -> None:
    """Print the script with which a shell completes candor's commands and options.

    Where each shell looks for it:

      bash   candor completion bash > ~/.local/share/bash-completion/completions/candor
      zsh    candor completion zsh > "${fpath[1]}/_candor"
      fish   candor completion fish > ~/.config/fish/completions/candor.fish
    """
    from typer._completion_shared import get_completion_script  # noqa: PLC0415 - no other command needs it

    say(get_completion_script(prog_name="candor", complete_var="_CANDOR_COMPLETE", shell=shell.value))
