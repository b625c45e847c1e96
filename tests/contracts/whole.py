"""The whole suite as `deploy_suite` leaves it, with something going on in every contract."""

from pathlib import Path
from typing import Any

from quorate.core.keys import Ed25519Signer
from quorate.core.sources import SteppedClock
from quorate.ledger.accounts import Account
from quorate.ledger.deploy import deploy_suite
from quorate.ledger.embedded import EmbeddedLedger
from quorate.ledger.evidence import replay
from quorate.ledger.machine import Outcome
from quorate.ledger.suite import AddressBook
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, Transaction, raw_address
from tests.contracts.consortium import FUNDS, founder, names, terms
from tests.contracts.pair import (
    CHAIN_ID,
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Chain,
    account,
    signer,
    word,
)
from tests.contracts.puppets import HAND, make_puppet, speech

OPERATOR = Ed25519Signer(b"\x0e" * 32)
FOR_EVER = 2**40
NO_CALL = ([account("nobody")], [0], [b""])


class Whole(Chain):
    """The chain after `deploy_suite`, its blocks replayed, and a little life."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.deployer, self.stranger = account("deployer"), account("stranger")
        self.m, self.p, self.v = names("member", 3), names("participant", 3), names("validator", 3)
        self.sponsor = account("sponsor")
        self.book = self._deploy(folder)
        self.contracts = {name: self.book.contract(name) for name in self.book.named()}
        self._bond()
        self._own()
        self.running, self.joining = self._task(word("a")), self._task(word("b"))
        for who in self.p:
            self.send(who, "Tasks", "join", self.running, word(f"data of {who}"), 100)
        self.send(self.sponsor, "Rounds", "open", self.running)
        self._govern()
        self.now += 10

    def attempt(self, sender: str, name: str, data: bytes) -> Outcome:
        """What the call would do now; nothing changes."""
        return self.machine.execute(*self._signed(sender, self.contracts[name].address, data))

    def execute(self, sender: str, to: str | None, data: bytes) -> Outcome:
        """The transaction of an account, or the call of a contract."""
        self.number += 1
        return self.machine.apply(*self._signed(sender, to, data))

    def _signed(self, sender: str, to: str | None, data: bytes) -> tuple[Transaction, str, Any]:
        if to and self.machine.state.entry(raw_address(sender)).code:
            make_puppet(self.machine, sender)
            sender, to, data = HAND, sender, speech(to, data)
        nonce = self.machine.state.entry(raw_address(sender)).nonce
        transaction = Transaction(CHAIN_ID, nonce, to, data, BLOCK_GAS_LIMIT)
        return transaction, sender, self.block()

    def _deploy(self, folder: Path) -> AddressBook:
        groups = ((MEMBER, self.m), (PARTICIPANT, self.p), (VALIDATOR, self.v))
        founders = [founder(who, role) for role, group in groups for who in group]
        founders.append(founder(account("idle"), PARTICIPANT))
        holders = [(who, FUNDS) for who in (self.sponsor, *self.p, *self.v)]
        with EmbeddedLedger.create(folder, OPERATOR, SteppedClock(), CHAIN_ID) as ledger:
            deployer = Account(ledger, signer("deployer"))
            book = deploy_suite(ledger, deployer, founders, holders, 7 * DAY)
            self.machine = replay(ledger.blocks(), OPERATOR.public_key).machine
            self.number = ledger.head().number
        return book

    def _bond(self) -> None:
        for role, group in ((PARTICIPANT, self.p), (VALIDATOR, self.v)):
            for who in group:
                self.send(who, "Token", "approve", self.book.stakes, FUNDS)
                self.send(who, "Stakes", "deposit", role, 5_000)
        self.send(self.sponsor, "Token", "approve", self.book.tasks, FUNDS)

    def _own(self) -> None:
        """Assets of the first participant: one deployed by its class's rules, then suspended."""
        owner, nobody = self.p[0], "0x" + "00" * 20
        for digest in (word("model"), word("other model")):
            model = (2, digest, [], bytes(32), nobody, 0, "")
            self.send(owner, "Assets", "register", *model)
        self.send(self.book.timelock, "Gates", "set_rule", 2, word("fair"), VALIDATOR, 1, DAY)
        self.send(self.v[0], "Gates", "attest", word("fair"), 1, word("model"), 0, bytes(32))
        self.send(owner, "Gates", "deploy", 1, 1)
        self.send(self.book.timelock, "Gates", "suspend", 1, FOR_EVER)
        self.send(self.book.council, "Gates", "suspend", 1, self.now + DAY)
        self.send(owner, "Grants", "grant", 1, self.p[1], word("use"), FOR_EVER, 0, 2)

    def _task(self, spec: bytes) -> bytes:
        agreed = terms(spec=spec, sponsor=self.sponsor)
        task = self.view("Tasks", "task_id", agreed, self.v)
        for who in self.m[:2]:
            self.send(who, "Members", "vote", task, True)
        self.send(self.sponsor, "Tasks", "create", agreed, self.v)
        return task

    def _govern(self) -> None:
        """A pause, a suspension, a proposal, and an operation that waits."""
        council, governor = self.book.council, self.book.governor
        self.send(council, "Council", "pause", account("nobody"), DAY)
        self.send(council, "Members", "suspend_until", account("idle"), self.now + DAY)
        self.now += 1
        self.send(self.m[0], "Governor", "propose", *NO_CALL, "nothing")
        self.send(governor, "Timelock", "schedule", *self.operation)

    @property
    def operation(self) -> tuple[Any, ...]:
        return (account("nobody"), 0, b"", bytes(32), bytes(32), 2 * DAY, DAY)
