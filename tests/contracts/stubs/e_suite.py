"""Governor, Timelock and Council with small contracts around them: votes, a target, wallets."""

from typing import Any

from eth_abi.abi import decode, encode

from quorate.core.hashing import keccak256
from tests.contracts.pair import DAY, Done, Pair, account, signer, spelled
from tests.contracts.stubs.c_suite import stub_artifact
from tests.twins.council import Council
from tests.twins.governor import Governor
from tests.twins.signing import ORDER
from tests.twins.timelock import Timelock
from tests.twins.votes import ALL, Votes, Voting
from tests.twins.world import Revert, Twin, World, need

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
AGAINST, FOR, ABSTAIN = range(3)
NEVER = 2**256 - 1
GOOD, WRONG, REFUSES, LONG, BURNS = range(5)
ZERO = bytes(32)

PEOPLE = [account(f"person {n}") for n in range(4)]
WEIGHTS = dict(zip(PEOPLE, (40, 30, 20, 10), strict=True))
SEATS = [account(f"seat {n}") for n in range(5)]
STRANGER = account("stranger")
SETTINGS = (100, 1_000, 10, 50, 3_600)  # delay, period, threshold, quorum %, grace
DELAY = 2 * DAY


class Source(Voting):
    """The twin of e_votes.vy."""

    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, Votes())

    @property
    def votes(self) -> Votes:
        return self.state

    def give(self, account: str, amount: int) -> None:
        now = self.world.now
        self.state.push(ALL, now, self.state.latest(ALL) + amount - self.state.latest(account))
        self.state.push(account, now, amount)


class Target(Twin):
    """The twin of e_target.vy: the state is what was recorded, by whom, and how often."""

    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, {"number": 0, "caller": None, "calls": 0})

    def record(self, sender: str, number: int) -> None:
        calls = self.state["calls"] + 1
        self.state = {"number": number, "caller": sender, "calls": calls}

    def refuse(self, sender: str) -> None:
        raise Revert("Target: not today")

    def refuse_silently(self, sender: str) -> None:
        raise Revert("no reason given")

    def refuse_at_length(self, sender: str, size: int) -> None:
        need(size <= 128, "no reason given")
        raise Revert(("0123456789abcdef" * 8)[:size])

    def refuse_hugely(self, sender: str) -> None:
        raise Revert("no reason given")

    def burn_gas(self, sender: str) -> None:
        raise Revert("no reason given")

    def poke(self, sender: str) -> None:
        """Whatever it calls back refuses, and it does not mind."""
        self.state["calls"] += 1


class Wallet(Twin):
    """The twin of e_wallet.vy."""

    def __init__(self, world: World, address: str, owner: str, mode: int) -> None:
        super().__init__(world, address, None)
        self._owner, self._mode = owner, mode

    def accepts(self, digest: bytes, signature: bytes) -> bool:
        right = sign(self._owner_name, digest) == signature
        return right and self._mode in (GOOD, LONG)

    _owner_name = ""


def sign(name: str, digest: bytes) -> bytes:
    """65 bytes r, s, v by the account of this name."""
    raw = signer(name).sign_digest(digest)
    return raw[:64] + bytes([27 + raw[64]])


def malleable(signature: bytes) -> bytes:
    """The other signature of the same key over the same digest: n - s."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def name_of(address: str) -> str:
    """The name whose account this is."""
    known = [f"person {n}" for n in range(8)] + [f"seat {n}" for n in range(20)] + ["stranger"]
    return next(name for name in known if account(name) == address)


def words(description: str) -> bytes:
    return keccak256(description.encode())


def calldata(signature: str, *arguments: Any) -> bytes:
    """The bytes of a call such as `record(uint256)`."""
    types = signature.partition("(")[2].removesuffix(")")
    parts = [kind for kind in types.split(",") if kind]
    return keccak256(signature.encode())[:4] + encode(parts, arguments)


class Stage:
    """A pair with a target, and small contracts around it."""

    def __init__(self) -> None:
        self.pair = Pair()
        self.target = self.stub("e_target", Target)

    def stub(self, name: str, twin: type, *arguments: Any) -> str:
        data = stub_artifact(name).deployment(*arguments).data
        outcome = self.pair.chain.execute(account("stubs"), None, data)
        assert outcome.status, outcome.reason
        twin(self.pair.world, outcome.contract, *arguments)
        return str(outcome.contract)

    def wallet(self, owner: str, mode: int = GOOD) -> str:
        """A contract that signs as the account named `owner`."""
        address = self.stub("e_wallet", Wallet, account(owner), mode)
        self.pair.world.at[address]._owner_name = owner
        return address

    def poke_stub(self, name: str, address: str, function: str, *arguments: Any) -> None:
        shape = stub_artifact(name).functions[function]
        data = shape.selector + encode(shape.inputs, arguments)
        outcome = self.pair.chain.execute(account("stubs"), address, data)
        assert outcome.status, outcome.reason

    def arm(self, where: str, payload: bytes) -> None:
        """`poke` of the target calls `where` with `payload` from now on."""
        self.poke_stub("e_target", self.target, "arm", where, payload)

    def seen(self, what: str) -> Any:
        """number, caller, calls or successes of the target, on the chain."""
        shape = stub_artifact("e_target").functions[what]
        chain = self.pair.chain
        output = chain.machine.call(self.target, shape.selector, chain.block())
        value = decode(shape.outputs, output)[0]
        twin = self.pair.world.at[self.target].state
        if what in ("number", "calls"):
            assert value == twin[what]
        return spelled(int(value, 16)) if what == "caller" else value

    def send(self, who: str, name: str, function: str, *arguments: Any) -> Done:
        return self.pair.send(who, name, function, *arguments)

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        return self.pair.view(name, function, *arguments)

    def calls(self, *data: bytes, target: str = "") -> tuple[list[str], list[int], list[bytes]]:
        """What `propose` takes; without data one call that records 7."""
        data = data or (calldata("record(uint256)", 7),)
        return [target or self.target] * len(data), [0] * len(data), list(data)


class Suite(Stage):
    """The three contracts over stubs; `weights` are given at once, a second before the rest."""

    def __init__(
        self,
        weights: dict[str, int] | None = None,
        seats: list[str] | None = None,
        threshold: int = 3,
        settings: tuple = SETTINGS,
    ) -> None:
        super().__init__()
        self.weights, self.seats, self.threshold = weights or WEIGHTS, seats or SEATS, threshold
        self.votes = self.stub("e_votes", Source)
        for who, weight in self.weights.items():
            self.give(who, weight)
        council, governor = self.pair.predict(1), self.pair.predict(2)
        self.timelock = self.pair.add("Timelock", Timelock, governor, council, DELAY)
        self.council = self.pair.add("Council", Council, self.seats, self.threshold, self.timelock)
        self.governor = self.pair.add(
            "Governor", Governor, self.votes, self.timelock, self.council, settings
        )
        assert (self.council, self.governor) == (council, governor)
        self.pair.wait(1)

    # --- acts -----------------------------------------------------------------------------------

    def give(self, who: str, votes: int) -> None:
        self.poke_stub("e_votes", self.votes, "give", who, votes)
        self.pair.world.at[self.votes].give(who, votes)

    def propose(self, calls: tuple, text: str = "why", who: str = PEOPLE[0]) -> int:
        return int(self.send(who, "Governor", "propose", *calls, text).value)

    def vote(self, proposal: int, support: int, *people: str) -> None:
        for who in people:
            self.send(who, "Governor", "castVote", proposal, support)

    def open_vote(self, proposal: int) -> None:
        """Waits for the first second in which votes count."""
        self.pair.wait(self.view("Governor", "proposalSnapshot", proposal) + 1 - self.pair.now)

    def close_vote(self, proposal: int) -> None:
        """Waits for the first second in which votes count no more."""
        self.pair.wait(self.view("Governor", "proposalDeadline", proposal) + 1 - self.pair.now)

    def carried(self, calls: tuple, text: str = "why") -> int:
        """A proposal that everybody but the last supported."""
        proposal = self.propose(calls, text)
        self.open_vote(proposal)
        self.vote(proposal, FOR, *PEOPLE[:2])
        self.close_vote(proposal)
        return proposal

    def queued(self, calls: tuple, text: str = "why") -> int:
        proposal = self.carried(calls, text)
        self.send(STRANGER, "Governor", "queue", *calls, words(text))
        return proposal

    def ready(self, calls: tuple, text: str = "why") -> int:
        proposal = self.queued(calls, text)
        self.pair.wait(self.view("Timelock", "getMinDelay"))
        return proposal

    def decide(self, calls: tuple, text: str = "why") -> Done:
        """The whole way of a proposal."""
        self.ready(calls, text)
        return self.send(STRANGER, "Governor", "execute", *calls, words(text))

    def state(self, proposal: int) -> int:
        """The state, on both sides."""
        found = self.pair.chain.view("Governor", "state", proposal)
        assert found == self.pair.twins["Governor"].state_(proposal)
        return int(found)

    def propose_id(self, calls: tuple, text: str = "why") -> int:
        return int(self.view("Governor", "hashProposal", *calls, words(text)))

    def operation(self, calls: tuple, text: str = "why") -> bytes:
        """The name of a proposal in the Timelock."""
        salt = self.pair.twins["Governor"]._salt(words(text))
        return self.view("Timelock", "hashOperationBatch", *calls, ZERO, salt)

    # --- the council ----------------------------------------------------------------------------

    def consents(
        self, target: str, data: bytes, deadline: int, seats: list[str]
    ) -> list[tuple[str, bytes]]:
        """Signatures by these seats over the next act, in the order that is due."""
        nonce = self.view("Council", "nonce")
        act = self.view("Council", "act_hash", target, data, nonce, deadline)
        pairs = [(seat, sign(name_of(seat), act)) for seat in seats]
        return sorted(pairs, key=lambda consent: int(consent[0], 16))

    def act(self, target: str, data: bytes, seats: list[str] | None = None) -> Done:
        """An act of the council, brought by a stranger."""
        deadline = self.pair.now
        consents = self.consents(target, data, deadline, (seats or self.seats)[: self.threshold])
        return self.send(STRANGER, "Council", "execute", target, data, deadline, consents)

    def pause(self, target: str, seconds: int) -> Done:
        return self.act(self.council, calldata("pause(address,uint256)", target, seconds))
