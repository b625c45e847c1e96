"""Puts the suite of contracts on a ledger, and finds what an interrupted run already put there.

A contract's address follows from its deployer and the number of the creating transaction. The
contracts refer to each other in a circle, so all thirteen addresses are predicted before the first
is created, and the creations are thirteen transactions in a row: there is no step that binds them
afterwards, and no power that is left to the deployer. A second run finds the row by the code of its
first contract and goes on behind its last. What it finds must have been made with the same
arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quorate.core.errors import InputError
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import NAMES, Contract, load_artifact
from quorate.ledger.interface import Ledger, LedgerReader
from quorate.ledger.suite import VOTES, WIRES, AddressBook
from quorate.ledger.transactions import created_address

UNIT_NAME = "Quorate"
UNIT_SYMBOL = "QRT"
NOBODY = "0x" + "00" * 20
MEMBER = 1  # role bit
MAX_SEATS = 16
MINTING_PERIOD = 24 * 3600  # seconds; nothing is ever minted, the cap being the first supply
DAY = 24 * 3600

SETTINGS = (
    "VotingDelaySet",
    "VotingPeriodSet",
    "ProposalThresholdSet",
    "QuorumNumeratorUpdated",
    "GraceSet",
)
"""The Governor's events of its settings, in their order."""

Founder = tuple[str, bytes, bytes, int]
"""Account, digest of its keys (32 bytes), digest of its controller (32 bytes), role bits."""

Holder = tuple[str, int]
"""Account and its token units at the start."""


@dataclass(frozen=True, slots=True)
class Governance:
    """Who may change the rules, and how slowly; times in seconds.

    ``seats`` are the council's, ``threshold`` of which can pause and cancel, never change a rule.
    """

    seats: tuple[str, ...]
    threshold: int
    timelock_seconds: int = 2 * DAY
    voting_delay: int = DAY
    voting_period: int = 7 * DAY
    proposal_threshold: int = 1  # votes: one member
    quorum_percent: int = 50
    grace_seconds: int = 14 * DAY

    @classmethod
    def of_founders(cls, founders: Sequence[Founder]) -> "Governance":
        """The first members sit in the council; two thirds of them act."""
        seats = tuple(account for account, _, _, roles in founders if roles & MEMBER)[:MAX_SEATS]
        return cls(seats, max(-(-2 * len(seats) // 3), len(seats) // 2 + 1))


@dataclass(frozen=True, slots=True)
class _Plan:
    """With which arguments each contract is created."""

    book: AddressBook
    founders: Sequence[Founder]
    holders: Sequence[Holder]
    unbonding_seconds: int
    governance: Governance

    @property
    def supply(self) -> int:
        return sum(amount for _, amount in self.holders)

    @property
    def settings(self) -> tuple[int, ...]:
        rules = self.governance
        return (
            rules.voting_delay,
            rules.voting_period,
            rules.proposal_threshold,
            rules.quorum_percent,
            rules.grace_seconds,
        )

    def arguments(self, name: str) -> list[Any]:
        """Of the constructor: its own first, then the contracts that it names."""
        rules, others = self.governance, [self.book.at(other) for other in dict(WIRES)[name]]
        minting = (self.supply, 0, MINTING_PERIOD)
        whole: dict[str, list[Any]] = {
            "Members": [list(self.founders), *others],
            "Token": [UNIT_NAME, UNIT_SYMBOL, list(self.holders), *minting, *others],
            "Stakes": [*others, self.unbonding_seconds],
            "Timelock": [*others, rules.timelock_seconds],
            "Council": [list(rules.seats), rules.threshold, *others],
            "Governor": [self.book.at(VOTES), *others, self.settings],
        }
        return whole.get(name, others)

    def views(self, name: str) -> dict[str, Any]:
        """What its views say for good of those arguments."""
        views: dict[str, Any] = {o.lower(): self.book.at(o) for o in dict(WIRES)[name]}
        own: dict[str, dict[str, Any]] = {
            "Token": {
                "name": UNIT_NAME,
                "symbol": UNIT_SYMBOL,
                "cap": self.supply,
                "per_period": 0,
                "period": MINTING_PERIOD,
            },
            "Stakes": {"unbonding_seconds": self.unbonding_seconds},
            "Governor": {"token": self.book.at(VOTES)},
        }
        return views | own.get(name, {})

    def firsts(self, name: str) -> dict[str, Any]:
        """What its first event of some kinds says last: of arguments that may be changed later."""
        rules = self.governance
        own: dict[str, dict[str, Any]] = {
            "Timelock": {"MinDelayChange": rules.timelock_seconds},
            "Council": {"SeatsChanged": rules.threshold},
            "Governor": dict(zip(SETTINGS, self.settings, strict=True)),
        }
        return own.get(name, {})


def deploy_suite(
    ledger: Ledger,
    deployer: Account,
    founders: Sequence[Founder],
    holders: Sequence[Holder],
    unbonding_seconds: int,
    *,
    governance: Governance | None = None,
) -> AddressBook:
    """Deploys the thirteen contracts, each once, for each other.

    A run that was killed is continued. Raises `InputError` when contracts of the deployer are
    there that were made with other arguments, or that something else came between; `RefusedError`
    when a constructor refuses. Without ``governance`` it is `Governance.of_founders`.
    """
    first = _first_nonce(ledger, deployer)
    addresses = [created_address(deployer.address, first + place) for place in range(len(NAMES))]
    book = AddressBook(*addresses)
    rules = governance or Governance.of_founders(founders)
    plan = _Plan(book, founders, holders, unbonding_seconds, rules)
    for place, name in enumerate(NAMES):
        contract = book.contract(name)
        if deployer.nonce == first + place:
            deployer.transact(load_artifact(name).deployment(*plan.arguments(name)))
        if not ledger.code(contract.address).startswith(load_artifact(name).runtime):
            raise InputError(
                f"could not deploy the suite: {deployer.address} did something else where {name} "
                "was due",
                remedy="use another deployer account",
            )
        _check_made(ledger, plan, contract)
    return book


def _first_nonce(ledger: LedgerReader, deployer: Account) -> int:
    """The transaction that created Members; the next one if there is none."""
    runtime = load_artifact(NAMES[0]).runtime
    for nonce in range(deployer.nonce):
        if ledger.code(created_address(deployer.address, nonce)).startswith(runtime):
            return nonce
    return deployer.nonce


def _check_made(ledger: LedgerReader, plan: _Plan, contract: Contract) -> None:
    _check_views(ledger, contract, plan.views(contract.name))
    _check_firsts(ledger, contract, plan.firsts(contract.name))
    if contract.name == "Members":
        _check_founders(ledger, contract, plan.founders)
    if contract.name == "Token":
        _check_holders(ledger, contract, plan.holders)
    if contract.name == "Council":
        _check_seats(ledger, contract, plan.governance.seats)


def _check_views(ledger: LedgerReader, contract: Contract, expected: Mapping[str, Any]) -> None:
    for name, value in expected.items():
        call = contract.encode(name)
        if contract.decode(name, ledger.call(contract.address, call.data))[0] != value:
            raise _other(contract, name)


def _check_founders(ledger: LedgerReader, members: Contract, founders: Sequence[Founder]) -> None:
    events = [members.event(logged) for logged in ledger.events(members.address)]
    admitted = [
        (event["account"], event["keys"], event["controller"], event["roles"])
        for event in events
        if event.name == "Admitted" and event.place.block == events[0].place.block
    ]
    if admitted != [tuple(founder) for founder in founders]:
        raise _other(members, "founders")


def _check_holders(ledger: LedgerReader, token: Contract, holders: Sequence[Holder]) -> None:
    events = [token.event(logged) for logged in ledger.events(token.address)]
    minted = [
        (event["receiver"], event["value"])
        for event in events
        if event.name == "Transfer"
        and event["sender"] == NOBODY
        and event.place.block == events[0].place.block
    ]
    if minted != [tuple(holder) for holder in holders]:
        raise _other(token, "holders")


def _check_firsts(ledger: LedgerReader, contract: Contract, expected: Mapping[str, Any]) -> None:
    events = [contract.event(logged) for logged in ledger.events(contract.address)]
    for name, value in expected.items():
        first = next(event for event in events if event.name == name)
        if list(first.values.values())[-1] != value:
            raise _other(contract, name)


def _check_seats(ledger: LedgerReader, council: Contract, seats: tuple[str, ...]) -> None:
    events = [council.event(logged) for logged in ledger.events(council.address)]
    if next(event for event in events if event.name == "SeatsChanged")["seats"] != seats:
        raise _other(council, "seats")


def _other(contract: Contract, what: str) -> InputError:
    return InputError(
        f"could not deploy the suite: {contract.name} at {contract.address} is there already, "
        f"made with other {what}",
        remedy="use the same arguments as the first run, or another deployer account",
    )
