"""The suite of contracts as one thing: where each is, and which of them each was created for."""

from dataclasses import dataclass

from quorate.ledger.contracts import NAMES, Contract

WIRES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Members", ("Timelock", "Council")),
    ("Token", ("Timelock",)),
    ("Stakes", ("Token", "Members", "Tasks", "Rounds")),
    ("Tasks", ("Members", "Token", "Stakes", "Rounds", "Council")),
    ("Rounds", ("Tasks", "Appeals", "Council")),
    ("Appeals", ("Members", "Rounds", "Tasks")),
    ("Anchor", ("Members",)),
    ("Assets", ("Members", "Timelock", "Council")),
    ("Grants", ("Assets", "Council")),
    ("Gates", ("Members", "Assets", "Timelock", "Council")),
    ("Timelock", ("Governor", "Council")),
    ("Council", ("Timelock",)),
    ("Governor", ("Timelock", "Council")),
)
"""Each contract, and the others that it names in views of their lower-case names.

They are fixed at creation, some before the other is there: an address follows from its deployer.
The Governor's votes (its view ``token``) are counted by Members: one member, one vote.
"""

VOTES = "Members"
"""Whose ERC-5805 votes the Governor counts."""


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Where the suite's contracts are, EIP-55."""

    members: str
    token: str
    stakes: str
    tasks: str
    rounds: str
    appeals: str
    anchor: str
    assets: str
    grants: str
    gates: str
    timelock: str
    council: str
    governor: str

    def at(self, name: str) -> str:
        """The address of the contract of this name, such as ``Rounds``."""
        return str(getattr(self, name.lower()))

    def contract(self, name: str) -> Contract:
        """The contract of this name."""
        return Contract(name, self.at(name))

    def named(self) -> dict[str, str]:
        """Address by name, in the order of deployment."""
        return {name: self.at(name) for name in NAMES}
