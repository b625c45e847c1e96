"""The command line: parses, calls one flow or the auditor, prints. Data on stdout, words on stderr.

Exit codes 0, 1 and 2 are verdicts only; every other ending has a number of its own
(`quorate.core.errors`), typer's own complaints included. A traceback is never shown.
"""

import sys
from importlib import import_module
from typing import NoReturn

import typer

from quorate.cli.output import complain

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
        return result if isinstance(result, int) else 0
    except QuorateError as error:
        complain(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted; what was durable stays, and the same command continues")
        return 130
    except typer.TyperException as error:
        complain(f"{error.format_message()}; see quorate --help")
        return 64
    except BrokenPipeError:
        return 69
    except Exception as error:  # the last line of defence: a stranger never sees a traceback
        complain(f"internal error: {type(error).__name__}: {error}")
        return 70
