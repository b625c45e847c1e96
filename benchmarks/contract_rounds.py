"""Rounds of a task as whole transactions: every party on its own, or many hands in one.

Used by bench_contracts. A chain is anything with ``deploy(contract, arguments) -> address`` and
``send(sender, address, data) -> gas``; accounts need no keys there, signatures in batches are real.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.contracts import Call, Contract, load_artifact

PARTICIPANT, VALIDATOR, MEMBER = 2, 4, 1
BOND = 10_000
DAY = 86_400
SALT = b"\x5a" * 32
ORDER = ("Members", "Token", "Stakes", "Tasks", "Rounds", "Appeals", "Anchor", "Council")
Gas = int


class Chain(Protocol):
    """Where transactions run."""

    def predict(self, offset: int) -> str:
        """The address of the contract that is created after ``offset`` others."""

    def deploy(self, call: Call) -> str:
        """Creates a contract; its address."""

    def send(self, sender: str, call: Call) -> Gas:
        """What the transaction cost; raises when it failed."""

    def view(self, call: Call) -> bytes:
        """What a view returns."""


@dataclass(frozen=True)
class Way:
    """How the acts of a round reach the chain."""

    commits: str
    """Of participants: ``apart``, ``signed`` (one transaction, their signatures), ``vouched``."""
    committee: str
    """Validators act ``apart``, or one transaction says that it ``concurs``."""
    reveals: str = "together"
    """Needing no authority, in one transaction, or ``apart`` as well."""
    claims: str = "apart"


@dataclass
class Parties:
    """``n`` participants and ``v`` validators; beyond 256 accounts in all some are both."""

    n: int
    v: int
    participants: list[Secp256k1Signer] = field(init=False)
    validators: list[Secp256k1Signer] = field(init=False)

    def __post_init__(self) -> None:
        self.participants = [_signer(f"participant {i}") for i in range(self.n)]
        apart = self.n + self.v <= 255
        named = [_signer(f"validator {i}") for i in range(self.v)]
        self.validators = named if apart else self.participants[: self.v]
        self.sponsor = _signer("sponsor")
        self.member = self.participants[0]

    def founders(self) -> list[tuple[str, bytes, bytes, int]]:
        """Admissions of everyone, each its own controller."""
        roles: dict[str, int] = {}
        for signer in self.participants:
            roles[signer.address] = PARTICIPANT
        for signer in self.validators:
            roles[signer.address] = roles.get(signer.address, 0) | VALIDATOR
        roles[self.member.address] |= MEMBER
        return [(who, _word(who), _word(f"house {who}"), bits) for who, bits in roles.items()]


class Federation:
    """A deployed suite with one task in it, and rounds that can be run and metered."""

    def __init__(self, chain: Chain, parties: Parties, rounds: int) -> None:
        self.chain = chain
        self.parties = parties
        self.spent = 0
        self.number = 0
        self._random = random.Random(f"{parties.n} {parties.v}")
        self.entries = [0] * (parties.n + parties.v)
        self.roster = [s.address for s in (*parties.validators, *parties.participants)]
        self.at = self._deploy()
        self._bond()
        self.task = self._create(rounds)
        self._join()

    # --- setting up ---------------------------------------------------------------------------

    def _deploy(self) -> dict[str, Contract]:
        at = {name: self.chain.predict(i) for i, name in enumerate(ORDER)}
        supply = 10**15
        timelock, p = self.parties.sponsor.address, self.parties
        arguments: dict[str, list[Any]] = {
            "Members": [p.founders(), timelock, at["Council"]],
            "Token": ["Unit", "U", [(p.sponsor.address, supply)], supply, 0, DAY, timelock],
            "Stakes": [at["Token"], at["Members"], at["Tasks"], at["Rounds"], DAY],
            "Tasks": [at["Members"], at["Token"], at["Stakes"], at["Rounds"], at["Council"]],
            "Rounds": [at["Tasks"], at["Appeals"], at["Council"]],
            "Appeals": [at["Members"], at["Rounds"], at["Tasks"]],
            "Anchor": [at["Members"]],
            "Council": [[p.sponsor.address], 1, timelock],
        }
        for name in ORDER:
            found = self.chain.deploy(load_artifact(name).deployment(*arguments[name]))
            assert found == at[name]
        return {name: Contract(name, address) for name, address in at.items()}

    def send(self, sender: Secp256k1Signer, name: str, function: str, *arguments: Any) -> Gas:
        """What the call of ``function`` cost."""
        gas = self.chain.send(sender.address, self.at[name].encode(function, *arguments))
        self.spent += gas
        return gas

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        """The first value that a view returns."""
        contract = self.at[name]
        output = self.chain.view(contract.encode(function, *arguments))
        return contract.decode(function, output)[0]

    def _bond(self) -> None:
        p = self.parties
        for role, signers in ((PARTICIPANT, p.participants), (VALIDATOR, p.validators)):
            for signer in signers:
                self.send(p.sponsor, "Token", "transfer", signer.address, BOND + 7)
                self.send(signer, "Token", "approve", self.at["Stakes"].address, BOND)
                self.send(signer, "Stakes", "deposit", role, BOND)

    def _create(self, rounds: int) -> bytes:
        p = self.parties
        amounts = [BOND, BOND, 1_000_000, 50_000, -(10**9), 1, 1, 1, 1]
        terms = (_word("spec"), p.sponsor.address, rounds, 2, 1_000, *amounts, *([DAY] * 6))
        listed = [s.address for s in p.validators]
        task = bytes(self.view("Tasks", "task_id", terms, listed))
        self.send(p.member, "Members", "vote", task, True)
        escrow = rounds * (1_000_000 + 50_000)
        self.send(p.sponsor, "Token", "approve", self.at["Tasks"].address, escrow)
        self.send(p.sponsor, "Tasks", "create", terms, listed)
        return task

    def _join(self) -> None:
        for signer in self.parties.participants:
            self.send(signer, "Tasks", "join", self.task, _word("data"), 500)

    # --- a round ------------------------------------------------------------------------------

    def run_round(self, way: "Way") -> Gas:
        """A whole round; what all its transactions cost."""
        before = self.spent
        self.send(self.parties.sponsor, "Rounds", "open", self.task)
        self.number += 1
        everyone = (1 << self.parties.n) - 1
        votes = self._votes(everyone)
        if way.commits == "apart":
            self._commit_apart()
        elif way.commits == "signed":
            self._commit_together(everyone)
        else:
            self._vouch(everyone)
        if way.committee == "concurs":
            self._concur(everyone, votes)
        else:
            self._include_apart(everyone, reveals=way.reveals)
            for signer, vote in zip(self.parties.validators, votes, strict=True):
                self.send(signer, "Rounds", "vote_commit", self.task, vote.commitment)
            if way.reveals == "apart":
                for signer, vote in zip(self.parties.validators, votes, strict=True):
                    opened = (vote.aggregate, True, SALT, vote.lanes)
                    self.send(signer, "Rounds", "vote_reveal", self.task, *opened)
        self._settle(votes)
        return self.spent - before

    def claim(self, way: Way) -> Gas:
        """Everybody is paid all that the newest ledger owes; what that cost."""
        before, p = self.spent, self.parties
        if way.claims == "together":
            places = list(range(len(self.entries)))
            arguments = (self.task, places, self.roster, self.entries)
            self.send(p.sponsor, "Tasks", "claim_many", *arguments)
        else:
            levels = _levels(self.task, self.entries)
            for place, signer in enumerate((*p.validators, *p.participants)):
                proof = _proof(levels, place)
                self.send(signer, "Tasks", "claim", self.task, place, self.entries[place], proof)
        return self.spent - before

    def _head(self, tag: str, signer: Secp256k1Signer) -> tuple[list[str], list[Any]]:
        types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        label = tag.encode().ljust(32, b"\0")
        rounds = self.at["Rounds"].address
        return types, [label, CHAIN_ID, rounds, self.task, self.number, signer.address]

    def _commit_apart(self) -> None:
        for i, signer in enumerate(self.parties.participants):
            self.send(signer, "Rounds", "commit", self.task, _word(f"{self.number} {i}"))

    def _commit_together(self, everyone: int) -> None:
        words = [_word(f"{self.number} {i}") for i in range(self.parties.n)]
        kind = keccak256(b"Commit(bytes32 task,uint256 round,bytes32 commitment)")
        types = ["bytes32", "bytes32", "uint256", "bytes32"]
        signed = [
            _compact(signer.sign_digest(self._digest(types, [kind, self.task, self.number, word])))
            for signer, word in zip(self.parties.participants, words, strict=True)
        ]
        arguments = (self.task, self.roster, everyone, words, signed)
        self.send(self.parties.sponsor, "Rounds", "commit_many", *arguments)

    def _vouch(self, everyone: int) -> None:
        words = [_word(f"{self.number} {i}") for i in range(self.parties.n)]
        kind = keccak256(b"Vouch(bytes32 task,uint256 round,uint256 bits,bytes32[] commitments)")
        types = ["bytes32", "bytes32", "uint256", "uint256", "bytes32"]
        values = [kind, self.task, self.number, everyone, keccak256(b"".join(words))]
        digest = self._digest(types, values)
        signed = [_compact(signer.sign_digest(digest)) for signer in self.parties.validators]
        self.send(self.parties.sponsor, "Rounds", "vouch", self.task, everyone, words, signed)

    def _digest(self, types: list[str], values: list[Any]) -> bytes:
        separator = bytes(self.view("Rounds", "separator"))
        return keccak256(b"\x19\x01" + separator + keccak256(encode(types, values)))

    def _include_apart(self, everyone: int, *, reveals: str) -> None:
        for signer in self.parties.validators:
            types, values = self._head("quorate/include/v1", signer)
            data = encode([*types, "uint256", "bytes32"], [*values, everyone, SALT])
            self.send(signer, "Rounds", "include_commit", self.task, keccak256(data))
        opened = [(place, everyone, SALT) for place in range(self.parties.v)]
        if reveals == "apart":
            for signer, one in zip(self.parties.validators, opened, strict=True):
                self.send(signer, "Rounds", "include_reveal", self.task, [one])
        else:
            sponsor = self.parties.sponsor
            self.send(sponsor, "Rounds", "include_reveal", self.task, opened)

    def _concur(self, everyone: int, votes: Sequence["Ballot"]) -> None:
        kind = keccak256(
            b"Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"
        )
        types = ["bytes32", "bytes32", "uint256", "uint256", "uint256", "bytes32"]
        signed = []
        for signer, vote in zip(self.parties.validators, votes, strict=True):
            values = [kind, self.task, self.number, 4, everyone, vote.commitment]
            signed.append(_compact(signer.sign_digest(self._digest(types, values))))
        words = [vote.commitment for vote in votes]
        arguments = (self.task, everyone, words, signed)
        self.send(self.parties.sponsor, "Rounds", "concur", *arguments)

    def _votes(self, everyone: int) -> list["Ballot"]:
        found = []
        aggregate = _word(f"aggregate {self.number}")
        for signer in self.parties.validators:
            scores = [self._random.randrange(1, 10**6) for _ in range(self.parties.n)]
            lanes = b"".join((score + 2**31).to_bytes(4, "big") for score in scores)
            types, values = self._head("quorate/vote/v1", signer)
            types += ["uint256", "bytes32", "bool", "bytes32", "bytes32"]
            values += [everyone, aggregate, True, SALT, keccak256(lanes)]
            found.append(Ballot(aggregate, scores, lanes, keccak256(encode(types, values))))
        return found

    def _settle(self, votes: Sequence["Ballot"]) -> None:
        p = self.parties
        stakes = [1] * p.v  # equal bonds
        medians = []
        for i, participant in enumerate(p.participants):
            judged = [
                (vote.scores[i], stake)
                for vote, stake, validator in zip(votes, stakes, p.validators, strict=True)
                if validator.address != participant.address
            ]
            medians.append(weighted_median(judged))
        opened = [(place, vote.aggregate, True, SALT) for place, vote in enumerate(votes)]
        lanes = b"".join(vote.lanes for vote in votes) + bytes(28)
        hint = b"".join((median + 2**31).to_bytes(4, "big") for median in medians)
        arguments = (self.task, opened, lanes, hint, self.entries)
        self.send(p.sponsor, "Rounds", "settle", *arguments)
        share, positive = 50_000 // p.v, sum(medians)
        for place in range(p.v):
            self.entries[place] += share + (1 << 96)
        for i, median in enumerate(medians):
            amount = 1_000_000 * median // positive
            self.entries[p.v + i] += amount + (1 << 96) + (median << 128)


@dataclass(frozen=True)
class Ballot:
    """A validator's vote of one round."""

    aggregate: bytes
    scores: list[int]
    lanes: bytes
    commitment: bytes


CHAIN_ID = 31337


def weighted_median(scores: Sequence[tuple[int, int]]) -> int:
    """The greatest score that half of the stake reached."""
    whole, above = sum(stake for _, stake in scores), 0
    for score, stake in sorted(scores, reverse=True):
        above += stake
        if 2 * above >= whole:
            return score
    return 0


def _signer(name: str) -> Secp256k1Signer:
    return Secp256k1Signer(keccak256(name.encode()))


def _word(text: str) -> bytes:
    return keccak256(text.encode())


def _compact(raw: bytes) -> tuple[bytes, bytes]:
    return raw[:32], (int.from_bytes(raw[32:64], "big") | raw[64] << 255).to_bytes(32, "big")


def _levels(task: bytes, entries: Sequence[int]) -> list[list[bytes]]:
    types = ["bytes32", "uint256", "uint256"]
    level = [keccak256(encode(types, [task, i, entry])) for i, entry in enumerate(entries)]
    levels = [level]
    while len(level) > 1:
        level = [*level, bytes(32)] if len(level) % 2 else level
        levels[-1] = level
        level = [keccak256(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        levels.append(level)
    return levels


def _proof(levels: list[list[bytes]], place: int) -> list[bytes]:
    return [level[place >> depth ^ 1] for depth, level in enumerate(levels[:-1])]
