"""How commands speak: data on stdout, words and progress on stderr.

Names, paths and messages come from strangers: text is shown as it is, never as markup, and what
could move a terminal's cursor or forge a line is shown escaped. Only `styled` gives a style.
"""

import contextlib
import json
import os
import re
import sys
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

_ESCAPE_ASCII = 0x100
_FIRST_ASTRAL = 0x10000
_UNSEEN = re.compile(r"[^\x20-\x7e]")


def plain(text: str) -> str:
    r"""``text`` with every character that is not printed as itself escaped, such as ``\x1b``."""
    return _UNSEEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char.isprintable():
        return char
    code = ord(char)
    if code < _ESCAPE_ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _FIRST_ASTRAL else f"\\U{code:08x}"


def styled(text: str, style: str) -> Text:
    """Text in one of our styles; ``text`` itself is plain."""
    return Text(plain(text), style)


def joined(*parts: str | Text) -> Text:
    """One line of plain and styled parts."""
    return Text.assemble(*(plain(part) if isinstance(part, str) else part for part in parts))


def counted(number: int, noun: str) -> str:
    """``1 record``, ``2 records``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class _Description(TextColumn):
    """What a bar is about, as plain as any other text."""

    def __init__(self) -> None:
        super().__init__("{task.description}", markup=False)

    def render(self, task: Task) -> Text:
        return Text(plain(task.description))


class _Stream(Console):
    """A console that takes strings for what they are, not for markup or control sequences.

    A reader that has vanished is an error like any other, not an exit with a verdict.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def render_str(self, text: str, **options: Any) -> Text:
        """Every string passes here: lines, the cells of tables, their titles."""
        return super().render_str(plain(text), **{**options, "markup": False, "emoji": False})

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


words = _Stream(stderr=True)
data = _Stream()


def progress_bar() -> Progress:
    """A bar on stderr that goes away when it is done; nothing when nobody sees it."""
    return Progress(
        _Description(),
        BarColumn(),
        TimeElapsedColumn(),
        console=words,
        transient=True,
        disable=not words.is_terminal,
    )


def complain(message: str) -> None:
    """One line on stderr, whatever the terminal."""
    sys.stderr.write(f"quorate: {plain(message)}\n")


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    lines = (_UNSEEN.sub(_escape_json, line) for line in text.split("\n"))
    sys.stdout.write("\n".join(lines) + "\n")


def _escape_json(match: re.Match[str]) -> str:
    char = match.group()
    return char if char.isprintable() else json.dumps(char)[1:-1]


def say(*parts: str | Text) -> None:
    """A line of data on stdout; a string is plain text."""
    data.print(joined(*parts))


def tell(*parts: str | Text) -> None:
    """A line of words on stderr; a string is plain text."""
    words.print(joined(*parts))


def close_output() -> None:
    """Nobody reads stdout any more: what is left in its buffer goes nowhere, silently."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
