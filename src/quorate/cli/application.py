"""The application behind the door: every command hangs on `app`; `run` calls one of them.

Exit codes 0, 1 and 2 are verdicts only; every other ending has a number of its own
(`quorate.core.errors`), typer's own complaints included. A traceback is never shown.
"""

import sys
from importlib import import_module
from typing import Annotated

import typer

from quorate import __version__
from quorate.cli import INTERRUPTED
from quorate.cli.output import close_output, complain
from quorate.core.errors import QuorateError

app = typer.Typer(
    name="quorate",
    help="Train together. Prove everything. Keep your data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"quorate {__version__}\n")
        raise typer.Exit


@app.callback()
def whole(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Train together. Prove everything. Keep your data."""


def load(arguments: list[str]) -> None:
    """Imports the commands that ``arguments`` may call, which hangs them on `app`.

    The auditor's process loads the auditor and nothing else (tests/architecture keeps it).
    """
    alone = arguments[:1] in (["audit"], ["verify"])
    import_module("quorate.cli.audit" if alone else "quorate.cli.commands")


def run(arguments: list[str]) -> int:
    """Runs one command; its exit code. Every failure becomes one clear message on stderr."""
    load(arguments)
    try:
        result = app(args=arguments, prog_name="quorate", standalone_mode=False)
        sys.stdout.flush()
        if result == 130:  # typer has caught the interrupt
            raise KeyboardInterrupt
        return result if isinstance(result, int) else 0
    except QuorateError as error:
        complain(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        complain(INTERRUPTED)
        return 130
    except typer.TyperException as error:
        return _misused(error)
    except SystemExit:  # typer's answer to a reader that has gone, as if it were a verdict
        return _failed(BrokenPipeError())
    except Exception as error:  # the last line of defence: a stranger never sees a traceback
        return _failed(error)


def _failed(error: Exception) -> int:
    """What no part of ours foresaw; the machine's own refusals are told apart from our bugs."""
    if isinstance(error, BrokenPipeError):
        close_output()
        return 69
    if isinstance(error, OSError):  # a full disk, a folder that may not be written
        where = f" {error.filename}" if error.filename else ""
        complain(f"could not read or write{where}: {error.strerror or error}")
        return 69
    complain(f"internal error: {type(error).__name__}: {error}")
    return 70


def _misused(error: typer.TyperException) -> int:
    """Typer's own complaints: the command line was wrong, or there was none and help is due."""
    text = error.format_message()
    if text.startswith("Usage:"):
        sys.stderr.write(f"{text}\n")
    else:
        complain(f"{text.rstrip('.')}; see quorate --help")
    return 64
