"""Importing this module registers every command."""

from quorate.cli import (
    audit,
    collect,
    demo,
    inspect,
    log,
    log_follow,
    log_serve,
    log_write,
    stamp,
    train,
    witness,
)

__all__ = [
    "audit",
    "collect",
    "demo",
    "inspect",
    "log",
    "log_follow",
    "log_serve",
    "log_write",
    "stamp",
    "train",
    "witness",
]
