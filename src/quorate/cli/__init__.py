"""The command line: parses, calls one flow or the auditor, prints. Data on stdout, words on stderr.

This module is only the door: `main` takes the interrupt into its hands before anything else is
imported. What is behind it is in `quorate.cli.application`.
"""

import os
import signal
import sys

INTERRUPTED = "interrupted; what was durable stays, and the same command continues"


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and exits with its code."""
    stoppable = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if stoppable:  # a process in the background ignores the interrupt, and goes on doing so
        signal.signal(signal.SIGINT, _leave)
    words = sys.argv[1:] if arguments is None else arguments

    from quorate.cli.application import load, run  # noqa: PLC0415  guarded, unlike a first line

    load(words)
    if stoppable:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = run(words)
        if stoppable:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the ending is decided
    except KeyboardInterrupt:  # between two lines of ours
        sys.stderr.write(f"quorate: {INTERRUPTED}\n")
        code = 130
    sys.exit(code)


def _leave(*_: object) -> None:
    """Ends the process at once: nothing is under way, and an import cannot be unwound cleanly."""
    os.write(2, f"quorate: {INTERRUPTED}\n".encode())
    os._exit(130)
