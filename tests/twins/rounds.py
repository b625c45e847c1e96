"""The rest of Rounds in plain Python: batches, settlement, the ledger, ways out, views."""

from tests.twins.phases import Phases, vote_digest
from tests.twins.signing import digest_in, separator_of, signer_of
from tests.twins.table import (
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    RUNNING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
    keccak,
)
from tests.twins.world import (
    ZERO,
    bits,
    need,
    places,
    two_thirds,
)

VOUCH_TYPE = "Vouch(bytes32 task,uint256 round,uint256 bits,bytes32[] commitments)"
COMMIT_TYPE = "Commit(bytes32 task,uint256 round,bytes32 commitment)"
BALLOT_TYPE = "Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"


class Rounds(Phases):
    """All of Rounds."""

    # --- many at once -------------------------------------------------------------------------

    def commit_many(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        roster: list[str],
        chosen: int,
        commitments: list[bytes],
        signatures: list[tuple[bytes, bytes]],
    ) -> None:
        t = self._in_phase(task, COMMIT)
        everybody = [*t.validators, *t.participants]
        need(list(roster) == everybody, "Rounds: not the roster")
        indices = places(chosen)
        need(indices and set(indices) <= t.eligible - t.committed, "Rounds: not due")
        whole = len(indices) == len(commitments) == len(signatures)
        need(whole, "Rounds: not one per bit")
        for index, commitment, signature in zip(indices, commitments, signatures, strict=True):
            need(commitment != ZERO, "Rounds: no commitment")
            values = [task, t.number, commitment]
            found = self._signer(COMMIT_TYPE, ["bytes32", "uint256", "bytes32"], values, signature)
            need(found == t.participants[index], "Rounds: not the signer")
        self._take(task, chosen, commitments)

    def vouch(
        self,
        sender: str,
        task: bytes,
        chosen: int,
        commitments: list[bytes],
        signatures: list[tuple[bytes, bytes]],
    ) -> None:
        t = self._in_phase(task, COMMIT)
        indices = places(chosen)
        need(indices and set(indices) <= t.eligible - t.committed, "Rounds: not due")
        need(len(indices) == len(commitments), "Rounds: not one per bit")
        types = ["bytes32", "uint256", "uint256", "bytes32"]
        values = [task, t.number, chosen, keccak(b"".join(commitments))]
        hands = [self._signer(VOUCH_TYPE, types, values, signature) for signature in signatures]
        self._need_all_seats(task, hands)
        self._take(task, chosen, commitments)

    def _take(self, task: bytes, chosen: int, commitments: list[bytes]) -> None:
        t = self._task(task)
        t.committed |= set(places(chosen))
        self.emit(
            "CommittedMany",
            task=task,
            round=t.number,
            bits=chosen,
            commitments=tuple(commitments),
        )
        self._step(task)

    def _need_all_seats(self, task: bytes, hands: list[str]) -> None:
        """Every seated validator, and two thirds of the stake, signed in the order of places."""
        t = self._task(task)
        enough = two_thirds(self._stake(task, t.seats), t.stake)
        need(enough and len(hands) == len(t.seats), "Rounds: not all validators")
        seated = [t.validators[place] for place in sorted(t.seats)]
        need(hands == seated, "Rounds: not the signer")

    def concur(
        self,
        sender: str,
        task: bytes,
        included: int,
        commitments: list[bytes],
        signatures: list[tuple[bytes, bytes]],
    ) -> None:
        t = self._in_phase(task, INCLUDE_COMMIT)
        need(not t.cast, "Rounds: already committed")
        need(set(places(included)) <= t.committed, "Rounds: bit without commitment")
        enough = len(places(included)) >= t.terms["min_participants"]
        need(enough, "Rounds: too few included")
        need(ZERO not in commitments, "Rounds: no commitment")
        paired = len(commitments) == len(signatures) == len(t.seats)
        need(paired, "Rounds: not all validators")
        hands = [
            self.ballot_signer(task, t.number, VOTE_COMMIT, included, commitment, signature)
            for commitment, signature in zip(commitments, signatures, strict=True)
        ]
        self._need_all_seats(task, hands)
        t.ballots |= dict(zip(sorted(t.seats), commitments, strict=True))
        self._fix(task, set(places(included)), t.committed - set(places(included)))
        t.cast, t.held = set(t.seats), set()
        self.emit(
            "Concurred",
            task=task,
            round=t.number,
            seats=bits(t.seats),
            commitments=tuple(commitments),
        )
        self._enter(task, VOTE_REVEAL, "reveal_seconds")

    def ballot_signer(  # noqa: PLR0917 (what is signed)
        self,
        task: bytes,
        number: int,
        phase: int,
        included: int,
        commitment: bytes,
        signature: tuple[bytes, bytes],
    ) -> str:
        """Who signed this ballot for this contract."""
        types = ["bytes32", "uint256", "uint256", "uint256", "bytes32"]
        values = [task, number, phase, included, commitment]
        return self._signer(BALLOT_TYPE, types, values, signature)

    def _signer(self, shape: str, types: list[str], values: list, signature: tuple) -> str:
        return signer_of(digest_in(self.separator(), shape, types, values), signature)

    # --- settlement ---------------------------------------------------------------------------

    def settle(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        votes: list[tuple],
        lanes: bytes,
        medians: bytes,
        before: list[int],
    ) -> None:
        t = self.state.rounds.get(task)
        there = t is not None and t.phase == VOTE_REVEAL and t.state == RUNNING
        need(there, "Rounds: not the phase for it")
        shown = self._shown(task, votes, lanes)
        need(t.held <= shown.keys(), "Rounds: a vote is missing")
        over = self.world.now > t.deadline or t.cast <= shown.keys()
        need(over, "Rounds: the phase is not over")
        for place in sorted(shown.keys() - t.held):
            self._vote(task, place, *shown[place])
        self._fault_silent(task, t.cast - shown.keys())
        t.cast = set()
        winners = self.winners(task, {place: vote[0] for place, vote in shown.items()})
        if not winners:
            self._abort(task, "no agreement")
            return
        accepting = {place for place in winners if shown[place][1]}
        accepted = two_thirds(self._stake(task, accepting), t.stake)
        aggregate = shown[min(winners)][0]
        t.result = (t.number, aggregate, accepted)
        outcome = (t.number, bits(t.included), bits(shown), bits(winners), t.seated, accepted)
        tasks = self.world.at[self._tasks]
        spent, root = tasks.settle(self.address, task, outcome, lanes, medians, before)
        self.emit(
            "Settled",
            task=task,
            round=t.number,
            aggregate=aggregate,
            included=bits(t.included),
            accepted=accepted,
            winners=bits(winners),
            medians=medians,
            spent=spent,
            root=root,
        )
        liars = sorted(shown.keys() - winners)
        tasks.suspend(self.address, task, bits(liars))
        for place in liars:
            who, seconds = t.validators[place], t.terms["appeal_seconds"]
            appeals = self.world.at[self._appeals]
            appeals.suspend(self.address, task, t.number, who, shown[place][0], seconds)
        self._close(task, SETTLED)

    def _shown(self, task: bytes, votes: list[tuple], lanes: bytes) -> dict[int, tuple]:
        """By place, the votes that match what was committed."""
        t = self._task(task)
        width = 4 * len(t.included)
        need(len(lanes) == len(votes) * width + 28, "Rounds: wrong number of scores")
        shown: dict[int, tuple] = {}
        for nth, (place, aggregate, accept, salt) in enumerate(votes):
            need(place in t.cast | t.held, "Rounds: nothing to reveal")
            need(place > max(shown, default=-1), "Rounds: votes out of order")
            own = lanes[nth * width : (nth + 1) * width]
            found = self.vote_hash(task, place, aggregate, accept, salt, own)
            if place in t.held:
                found = vote_digest(aggregate, accept, own)
            need(found == t.ballots[place], "Rounds: vote does not match")
            shown[place] = (aggregate, accept, own)
        return shown

    def winners(self, task: bytes, aggregates: dict[int, bytes]) -> set[int]:
        """Those behind the aggregate that has two thirds of the stake."""
        for aggregate in set(aggregates.values()):
            same = {place for place, said in aggregates.items() if said == aggregate}
            if two_thirds(self._stake(task, same), self._task(task).stake):
                return same
        return set()

    # --- what Appeals decides -----------------------------------------------------------------

    def expel(self, sender: str, task: bytes, validator: str, reason: str) -> None:
        place = self._appealed(sender, task, validator)
        t = self._task(task)
        if t.state == RUNNING and t.phase < SETTLED:
            for group in (t.seats, t.cast, t.held):
                group.discard(place)
        self.world.at[self._tasks].expel(self.address, task, place, reason)

    def reinstate(self, sender: str, task: bytes, validator: str) -> None:
        place = self._appealed(sender, task, validator)
        self.world.at[self._tasks].reinstate(self.address, task, place)

    def _appealed(self, sender: str, task: bytes, validator: str) -> int:
        need(sender == self._appeals, "Rounds: only Appeals")
        place = self.place_of(task, validator)
        need(place > 0, "Rounds: not a validator here")
        return place - 1

    # --- views --------------------------------------------------------------------------------

    def separator(self) -> bytes:
        return separator_of("Quorate Rounds", self.world.chain_id, self.address)

    def round_of(self, task: bytes) -> tuple:
        t = self.state.rounds.get(task)
        if t is None:
            return (0,) * 11
        sets = (t.eligible, t.committed, t.included, t.seats, t.cast, t.held)
        return (t.state, t.phase, t.number, t.deadline, *map(bits, sets), t.stake)

    def ballot_of(self, task: bytes, place: int) -> bytes:
        t = self.state.rounds.get(task)
        return t.ballots.get(place, ZERO) if t else ZERO

    def result_of(self, task: bytes) -> tuple:
        t = self.state.rounds.get(task)
        return t.result if t else (0, ZERO, False)

    def place_of(self, task: bytes, validator: str) -> int:
        t = self.state.rounds.get(task)
        place = t.place(validator) if t else None
        return 0 if place is None else place + 1

    def position_of(self, task: bytes, participant: str) -> int:
        t = self.state.rounds.get(task)
        index = t.index(participant) if t else None
        return 0 if index is None else index + 1

    def idle(self, task: bytes) -> bool:
        t = self.state.rounds.get(task)
        return t is not None and t.state == RUNNING and t.phase >= SETTLED

    def ended(self, task: bytes) -> bool:
        t = self.state.rounds.get(task)
        return t is not None and t.state == ENDED

    def tasks(self) -> str:
        return self._tasks

    def appeals(self) -> str:
        return self._appeals

    def council(self) -> str:
        return self._council
