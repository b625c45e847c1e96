"""Puts the suite of contracts on a ledger, and finds what an interrupted run already put there.

A contract's address follows from its deployer and the number of the creating transaction, so a
second run looks at the addresses of the deployer's past transactions, in order, and recognises
each contract by its runtime code. What it finds must have been made with the same arguments.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quorate.core.errors import InputError
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import Call, Contract, load_artifact
from quorate.ledger.interface import Ledger, LedgerReader
from quorate.ledger.transactions import created_address

UNIT_NAME = "Quorate"
UNIT_SYMBOL = "QRT"
NOBODY = "0x" + "00" * 20

Founder = tuple[str, bytes, bytes, int]
"""Account, digest of its keys (32 bytes), digest of its controller (32 bytes), role bits."""

Holder = tuple[str, int]
"""Account and its token units at the start."""


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Where the suite's contracts are, EIP-55."""

    members: str
    token: str
    stakes: str
    rounds: str
    anchor: str

    def contract(self, name: str) -> Contract:
        """The contract of this name, such as ``Rounds``."""
        return Contract(name, str(getattr(self, name.lower())))


def deploy_suite(
    ledger: Ledger,
    deployer: Account,
    founders: Sequence[Founder],
    holders: Sequence[Holder],
    unbonding_seconds: int,
) -> AddressBook:
    """Deploys Members, Token, Stakes, Rounds, Anchor and binds Stakes to Rounds, each once.

    A run that was killed is continued. Raises `InputError` when contracts of the deployer are
    there that were made with other arguments, `RefusedError` when a constructor refuses.
    """
    run = _Deployment(ledger, deployer)
    members = run.contract("Members", list(founders))
    _check_founders(ledger, members, founders)
    token = run.contract("Token", UNIT_NAME, UNIT_SYMBOL, list(holders))
    _check_holders(ledger, token, holders)
    stakes = run.contract("Stakes", token.address, members.address, unbonding_seconds)
    _check_views(ledger, stakes, members=members.address, token=token.address)
    _check_views(ledger, stakes, unbonding_seconds=unbonding_seconds)
    rounds = run.contract("Rounds", members.address, token.address, stakes.address)
    _check_views(ledger, rounds, members=members.address, token=token.address)
    _check_views(ledger, rounds, stakes=stakes.address)
    anchor = run.contract("Anchor", members.address)
    _check_views(ledger, anchor, members=members.address)
    if _view(ledger, stakes, "rounds") == NOBODY:
        deployer.transact(stakes.encode("bind", rounds.address))
    _check_views(ledger, stakes, rounds=rounds.address)
    return AddressBook(
        members.address, token.address, stakes.address, rounds.address, anchor.address
    )


class _Deployment:
    """Walks the deployer's past transactions beside the order of the suite."""

    def __init__(self, ledger: Ledger, deployer: Account) -> None:
        self._ledger = ledger
        self._deployer = deployer
        self._past = self._created()

    def contract(self, name: str, *arguments: Any) -> Contract:
        artifact = load_artifact(name)
        for address, code in self._past:
            if code.startswith(artifact.runtime):
                return Contract(name, address)
        return Contract(name, self._create(artifact.deployment(*arguments)))

    def _created(self) -> Iterator[tuple[str, bytes]]:
        """Address and code at every past transaction number that made a contract."""
        for nonce in range(self._deployer.nonce):
            address = created_address(self._deployer.address, nonce)
            code = self._ledger.code(address)
            if code:
                yield address, code

    def _create(self, call: Call) -> str:
        address = self._deployer.transact(call).contract
        assert address is not None, "a successful creation has an address"
        return address


def _view(ledger: LedgerReader, contract: Contract, name: str) -> Any:
    call = contract.encode(name)
    return contract.decode(name, ledger.call(contract.address, call.data))[0]


def _check_views(ledger: LedgerReader, contract: Contract, **expected: object) -> None:
    for name, value in expected.items():
        if _view(ledger, contract, name) != value:
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
    minted = [
        (event["receiver"], event["value"])
        for event in map(token.event, ledger.events(token.address))
        if event.name == "Transfer" and event["sender"] == NOBODY
    ]
    if minted != [tuple(holder) for holder in holders]:
        raise _other(token, "holders")


def _other(contract: Contract, what: str) -> InputError:
    return InputError(
        f"could not deploy the suite: {contract.name} at {contract.address} is there already, "
        f"made with other {what}",
        remedy="use the same arguments as the first run, or another deployer account",
    )
