"""Who lives with faults, and what they can do: short acts over a chain, with or without twins."""

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

from quorate.core.keys import Secp256k1Signer
from tests.contracts.consortium import (
    FACTS,
    FUNDS,
    INCLUDE_SALT,
    VOTE_SALT,
    founder,
    suite,
)
from tests.contracts.faulty_books import BONDS, SUPPLY, TWICE, UNPAID, VOTES, Books, TaskBook
from tests.contracts.faulty_chain import Alone, Twins
from tests.contracts.pair import (
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Done,
    Reverted,
    account,
    commitment,
    compact,
    signer,
    word,
)
from tests.twins.rounds import BALLOT_TYPE, COMMIT_TYPE, VOUCH_TYPE
from tests.twins.signing import digest_in
from tests.twins.table import RUNNING, VOTE_REVEAL, keccak, lanes_of, proof_of
from tests.twins.world import places


class Parties:
    """Members, sponsors, participants, validators, some of them griefing contracts."""

    library: type[Books] = Books

    def __init__(self, seed: int, twins: bool) -> None:
        self.draw = draw = random.Random(seed)
        self.pair = Twins() if twins else Alone()
        self.books = self.library()
        self.faults: Counter = Counter()  # by kind
        self.sent: Counter = Counter()  # transactions that went through, by function
        self.keys: dict[str, Secp256k1Signer] = {}
        self.mistakes: Counter = Counter()  # tokens sent to a contract, by its name
        self.stranger = self.person("stranger")
        self.m = [self.person(f"member{i}") for i in range(draw.choice([3, 4]))]
        self.v = [self.party(f"validator{i}") for i in range(draw.choice([1, 3, 4, 4, 5, 7]))]
        self.p = [self.party(f"participant{i}") for i in range(draw.randint(1, 6))]
        if draw.random() < 0.15:
            self.p[0] = self.v[0]  # trains and judges
        self.sponsors = [self.party(f"sponsor{t}") for t in range(2)]
        self.controllers = {who: word(f"house of {who}") for who in (*self.v, *self.p)}
        if draw.random() < 0.3:
            self.controllers[self.p[-1]] = self.controllers[self.v[-1]]
        self.everybody = list(dict.fromkeys([*self.v, *self.p, *self.sponsors, self.stranger]))
        self.found()
        self.separator = self.pair.view("Rounds", "separator")
        self.contracts = [self.pair.address(n) for n in ("Tasks", "Stakes", "Rounds")]

    def person(self, name: str) -> str:
        self.keys[account(name)] = signer(name)
        return account(name)

    def party(self, name: str) -> str:
        """Seldom a contract that takes no calls: then it cannot sign either."""
        return self.pair.chain.griefer() if self.draw.random() < 0.07 else self.person(name)

    def found(self) -> None:
        roles = Counter(dict.fromkeys(self.m, MEMBER))
        for who in self.v:
            roles[who] |= VALIDATOR
        for who in self.p:
            roles[who] |= PARTICIPANT
        founders = []
        for who, role in roles.items():
            house = self.controllers.get(who, word(who))
            founders.append((*founder(who, role)[:2], house, role))
        suite(self.pair, founders, [(who, FUNDS) for who in self.everybody])
        for who in self.everybody:
            for name in ("Stakes", "Tasks"):
                self.must(VOTES, who, "Token", "approve", self.pair.address(name), FUNDS)
        for who in self.p:
            self.must(BONDS, who, "Stakes", "deposit", PARTICIPANT, self.draw.randint(1_000, 4_000))
        for who in self.v:
            self.must(BONDS, who, "Stakes", "deposit", VALIDATOR, self.draw.randint(2_000, 6_000))

    # --- transactions -----------------------------------------------------------------------------

    def attempt(self, sender: str, name: str, function: str, *arguments: Any) -> Done | None:
        """None when it was refused; `self.why` has the reason."""
        try:
            done = self.pair.send(sender, name, function, *arguments)
        except Reverted as refused:
            self.why = str(refused)
            self.sent["refused"] += 1
            return None
        self.sent[f"{name}.{function}"] += 1
        self.books.take(done)
        return done

    def must(self, kind: str, sender: str, name: str, function: str, *arguments: Any) -> bool:
        """What nobody may be able to refuse."""
        if self.attempt(sender, name, function, *arguments) is None:
            self.books.blame(kind, f"{name}.{function} is refused: {self.why}")
            return False
        return True

    def refused(self, kind: str, sender: str, name: str, function: str, *arguments: Any) -> None:
        """What must never work."""
        if self.attempt(sender, name, function, *arguments) is not None:
            self.books.blame(kind, f"{name}.{function} went through")

    # --- what is --------------------------------------------------------------------------------

    def facts(self, task: bytes) -> SimpleNamespace:
        values = map(int, self.pair.view("Rounds", "round_of", task))
        return SimpleNamespace(**dict(zip(FACTS, values, strict=True)))

    def balance(self, who: str) -> int:
        return int(self.pair.view("Token", "balanceOf", who))

    def bond(self, who: str, role: int) -> tuple[int, int, int, int]:
        """Amount, unbonding, when it is ready, locks."""
        return self.pair.view("Stakes", "bond_of", who, role)

    def roles(self) -> list[tuple[str, int]]:
        return [*((who, PARTICIPANT) for who in self.p), *((who, VALIDATOR) for who in self.v)]

    def can_sign(self, who: str) -> bool:
        return who in self.keys

    # --- hashes and signatures ----------------------------------------------------------------

    def include_hash(self, task: bytes, number: int, who: str, bitmap: int) -> bytes:
        place = (self.pair, "quorate/include/v1", task, number, who)
        return commitment(*place, ["uint256", "bytes32"], [bitmap, INCLUDE_SALT])

    def vote_hash(self, book: TaskBook, who: str, vote: tuple, included: int) -> bytes:
        aggregate, accept, scores = vote
        place = (self.pair, "quorate/vote/v1", book.task, book.number, who)
        types = ["uint256", "bytes32", "bool", "bytes32", "bytes32"]
        values = [included, aggregate, accept, VOTE_SALT, keccak(lanes_of(scores))]
        return commitment(*place, types, values)

    def sign(self, who: str, shape: str, types: list[str], values: list) -> tuple[bytes, bytes]:
        digest = digest_in(self.separator, shape, types, values)
        return compact(self.keys[who].sign_digest(digest))

    def sign_commit(self, book: TaskBook, who: str, hash_: bytes) -> tuple[bytes, bytes]:
        values = [book.task, book.number, hash_]
        return self.sign(who, COMMIT_TYPE, ["bytes32", "uint256", "bytes32"], values)

    def sign_vouch(self, book: TaskBook, who: str, chosen: int, hashes: list) -> tuple:
        types = ["bytes32", "uint256", "uint256", "bytes32"]
        values = [book.task, book.number, chosen, keccak(b"".join(hashes))]
        return self.sign(who, VOUCH_TYPE, types, values)

    def sign_ballot(
        self, book: TaskBook, who: str, phase: int, included: int, hash_: bytes
    ) -> tuple:
        types = ["bytes32", "uint256", "uint256", "uint256", "bytes32"]
        values = [book.task, book.number, phase, included, hash_]
        return self.sign(who, BALLOT_TYPE, types, values)

    def claim(self, book: TaskBook, place: int) -> tuple:
        """The arguments of `claim` and `credit`."""
        words = book.words
        return book.task, place, words[place], proof_of(book.task, words, place)

    # --- invariants, from the state of the chain --------------------------------------------------

    def look(self) -> None:
        """Supply, bonds, escrow and votes are what the books say."""
        check, burnt = self.books.check, self.books.burnt.total()
        balances = {who: self.balance(who) for who in (*self.everybody, *self.m, *self.contracts)}
        supply = self.pair.view("Token", "totalSupply")
        made = FUNDS * len(self.everybody)
        check(supply == sum(balances.values()), SUPPLY, "supply is not the sum of balances")
        check(supply == made - burnt, SUPPLY, f"supply {supply}, made {made}, burnt {burnt}")
        votes: Counter = Counter()
        bonded = 0
        for who, role in self.roles():
            amount, unbonding, _, locks = self.bond(who, role)
            bonded, votes[who] = bonded + amount + unbonding, votes[who] + amount
            due = self.books.bonds[who, role], self.books.unbonding[who, role]
            check((amount + unbonding, unbonding) == due, BONDS, f"bond of {who} is not {due}")
            check(locks >= self.least_locks(who, role), BONDS, f"{who} works without a lock")
        found = balances[self.contracts[1]] - self.mistakes["Stakes"]
        check(found == bonded, BONDS, f"Stakes holds {found}, bonds are {bonded}")
        for who, amount in votes.items():
            given = self.pair.view("Stakes", "getVotes", who)
            check(given == amount, VOTES, f"{who} votes with {given} of {amount}")
        self.look_at_tasks(balances[self.contracts[0]] - self.mistakes["Tasks"])

    def least_locks(self, who: str, role: int) -> int:
        """Tasks that run and cannot do without this bond."""
        books = [book for book in self.books.tasks.values() if not book.ended]
        if role == PARTICIPANT:
            return sum(who in book.joined for book in books)
        seated = [(book, place) for book in books if book.open for place in places(book.seats)]
        return sum(
            book.validators[place] == who and not book.expelled >> place & 1
            for book, place in seated
        )

    def look_at_tasks(self, held: int) -> None:
        check, total = self.books.check, 0
        for task, book in self.books.tasks.items():
            left = int(self.pair.view("Tasks", "deal_of", task)[1])
            due = self.books.held(book)
            total += left
            check(left >= due, UNPAID, f"{left} left of the escrow, {due} due")
            check(left <= due, TWICE, f"{left} left of the escrow, {due} due")
            if book.entries:
                found = self.pair.view("Tasks", "ledger_of", task)
                good = tuple(found[1:2] + found[4:]) == (self.books.digest(book), book.spent)
                check(good, UNPAID, "the ledger is not what was earned")
            facts = self.facts(task)
            if facts.state == RUNNING and facts.phase == VOTE_REVEAL:
                good = facts.cast | facts.held == book.taken
                check(good, VOTES, "votes due and heard are not those taken")
        check(held == total, UNPAID if held < total else TWICE, f"Tasks holds {held}, not {total}")
        for subject, count in self.books.ballots.items():
            yes = self.pair.view("Members", "yes_votes", subject)
            no = self.pair.view("Members", "no_votes", subject)
            good = yes & no == 0 and (yes | no).bit_count() == count
            check(good, VOTES, "a member voted twice")
