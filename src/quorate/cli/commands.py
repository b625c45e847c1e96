"""Importing this module registers every command."""

from quorate.cli import audit, demo, inspect, log, stamp, train, witness

__all__ = ["audit", "demo", "inspect", "log", "stamp", "train", "witness"]
