"""The command line: parses, calls one flow or the auditor, prints. Data on stdout, words on stderr.

Exit codes 0, 1 and 2 are verdicts only; every other ending has a number of its own
(`quorate.core.errors`), typer's own complaints included. A traceback is never shown.
"""

import sys
from importlib import import_module
from typing import NoReturn

import typer

from quorate.cli.output import close_output, complain

app = typer.Typer(
    name="quorate",
    help="Train together. Prove everything. Keep your data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs one command and exits with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Runs one command; its exit code. Every failure becomes one clear message on stderr."""
    # The auditor's process loads the auditor and nothing else (tests/architecture keeps it).
    alone = arguments[:1] in (["audit"], ["verify"])
    import_module("quorate.cli.audit" if alone else "quorate.cli.commands")
    from quorate.core.errors import QuorateError  # noqa: PLC0415

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
        complain("interrupted; what was durable stays, and the same command continues")
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
