"""The settings table: every knob that the environment can turn, and who is trusted with it."""

import os
from dataclasses import dataclass
from pathlib import Path

from quorate.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable."""

    name: str
    default: str
    unit: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "QUORATE_HOME",
        "",
        "folder",
        "the home used when --home is not given; who can write it acts for its parties",
    ),
    Setting(
        "QUORATE_PASSPHRASE",
        "",
        "text",
        "passphrase of key files; whoever sees this process's environment sees it",
    ),
)


def read_setting(name: str) -> str:
    """The value of a setting from the environment, or its default."""
    known = {setting.name: setting for setting in SETTINGS}
    return os.environ.get(name, known[name].default)


def home_folder(given: Path | None) -> Path:
    """The home to work on: the one given, else the one set; `UsageError` if neither."""
    if given is not None:
        return given
    value = read_setting("QUORATE_HOME")
    if not value:
        raise UsageError(
            "could not find a home: none was named",
            remedy="pass --home DIR or set QUORATE_HOME",
        )
    return Path(value)


def passphrase() -> str | None:
    """The passphrase of key files, or ``None`` when they have none."""
    return read_setting("QUORATE_PASSPHRASE") or None
