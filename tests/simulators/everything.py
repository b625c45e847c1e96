"""Every kind of forgery: importing this fills the table."""

from tests.simulators import false_bundles, false_chains, false_claims
from tests.simulators.forgery import KINDS, Forgery, all_forgeries, forge

__all__ = [
    "KINDS",
    "Forgery",
    "all_forgeries",
    "false_bundles",
    "false_chains",
    "false_claims",
    "forge",
]
