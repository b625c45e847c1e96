"""How commands speak: data on stdout, words and progress on stderr."""

import json
import sys
from typing import Any

from rich.console import Console

words = Console(stderr=True, highlight=False, soft_wrap=True)
data = Console(highlight=False, soft_wrap=True)


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
