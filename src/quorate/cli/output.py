"""How commands speak: data on stdout, words and progress on stderr."""

import contextlib
import json
import os
import sys
from typing import Any, NoReturn

from rich.console import Console


class _Stream(Console):
    """A console whose vanished reader is an error like any other, not an exit with a verdict."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


words = _Stream(stderr=True, highlight=False, soft_wrap=True)
data = _Stream(highlight=False, soft_wrap=True)


def complain(message: str) -> None:
    """One line on stderr, whatever the terminal."""
    sys.stderr.write(f"quorate: {message}\n")


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def say(text: str = "") -> None:
    """A line of data on stdout (rich markup allowed)."""
    data.print(text)


def tell(text: str = "") -> None:
    """A line of words on stderr (rich markup allowed)."""
    words.print(text)


def close_output() -> None:
    """Nobody reads stdout any more: what is left in its buffer goes nowhere, silently."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
