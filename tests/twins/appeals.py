"""Appeals in plain Python: suspensions, and two ballots by one hand."""

from dataclasses import dataclass, field

from tests.twins.table import INCLUDE_COMMIT, VOTE_COMMIT
from tests.twins.world import Twin, World, need, sha256_of, tag


@dataclass
class Suspension:
    round: int
    deadline: int
    appealed: bool = False


@dataclass
class State:
    suspensions: dict[tuple[bytes, str], Suspension] = field(default_factory=dict)


class Appeals(Twin):
    def __init__(self, world: World, address: str, members: str, rounds: str, tasks: str) -> None:
        super().__init__(world, address, State())
        self._members, self._rounds, self._tasks = members, rounds, tasks

    def suspend(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        number: int,
        validator: str,
        aggregate: bytes,
        seconds: int,
    ) -> None:
        need(sender == self._rounds, "Appeals: only Rounds")
        deadline = self.world.now + seconds
        self.state.suspensions[task, validator] = Suspension(number, deadline)
        self.emit(
            "Suspended",
            task=task,
            round=number,
            validator=validator,
            aggregate=aggregate,
            deadline=deadline,
        )

    def appeal(
        self, sender: str, task: bytes, number: int, validator: str, evidence: bytes
    ) -> None:
        suspension = self._suspended(task, number, validator)
        need(self.world.now <= suspension.deadline, "Appeals: the window is over")
        if not suspension.appealed:
            suspension.deadline += self.world.at[self._tasks].appeal_seconds(task)
            suspension.appealed = True
        self.emit(
            "Appealed",
            task=task,
            round=number,
            validator=validator,
            appellant=sender,
            evidence=evidence,
            deadline=suspension.deadline,
        )

    def resolve(self, sender: str, task: bytes, number: int, validator: str) -> None:
        suspension = self._suspended(task, number, validator)
        subject = self.appeal_subject(task, number, validator)
        reinstated = self.world.at[self._members].approved(subject)
        late = self.world.now > suspension.deadline
        need(reinstated or late, "Appeals: the window is open")
        del self.state.suspensions[task, validator]
        self.emit("Resolved", task=task, round=number, validator=validator, reinstated=reinstated)
        rounds = self.world.at[self._rounds]
        if reinstated:
            rounds.reinstate(self.address, task, validator)
        else:
            rounds.expel(self.address, task, validator, "lie")

    def prove_equivocation(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        number: int,
        validator: str,
        phase: int,
        included_a: int,
        hash_a: bytes,
        signature_a: tuple[bytes, bytes],
        included_b: int,
        hash_b: bytes,
        signature_b: tuple[bytes, bytes],
    ) -> None:
        rounds = self.world.at[self._rounds]
        place = rounds.place_of(task, validator)
        need(place > 0, "Appeals: not a validator there")
        need(1 <= number <= rounds.round_of(task)[2], "Appeals: no such round")
        need(phase in (INCLUDE_COMMIT, VOTE_COMMIT), "Appeals: no such phase")
        need(hash_a != hash_b, "Appeals: the ballots are the same")
        need(included_a == included_b, "Appeals: for different sets")
        need(not self.world.at[self._tasks].expelled(task, place - 1), "Appeals: already expelled")
        for included, hash_, signature in (
            (included_a, hash_a, signature_a),
            (included_b, hash_b, signature_b),
        ):
            hand = rounds.ballot_signer(task, number, phase, included, hash_, signature)
            need(hand == validator, "Appeals: not the validator's hand")
        self.state.suspensions.pop((task, validator), None)
        self.emit("Equivocated", task=task, round=number, validator=validator, phase=phase)
        rounds.expel(self.address, task, validator, "equivocation")

    def _suspended(self, task: bytes, number: int, validator: str) -> Suspension:
        suspension = self.state.suspensions.get((task, validator))
        there = suspension is not None and suspension.round == number
        need(there, "Appeals: not suspended there")
        return suspension

    # --- views --------------------------------------------------------------------------------

    def appeal_subject(self, task: bytes, number: int, validator: str) -> bytes:
        types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        head = [tag("quorate/appeal/v1"), self.world.chain_id, self.address]
        return sha256_of(types, [*head, task, number, validator])

    def suspension_of(self, task: bytes, validator: str) -> tuple:
        found = self.state.suspensions.get((task, validator))
        return (found.round, found.deadline, found.appealed) if found else (0, 0, False)

    def members(self) -> str:
        return self._members

    def rounds(self) -> str:
        return self._rounds

    def tasks(self) -> str:
        return self._tasks
