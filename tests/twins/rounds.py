"""The rest of Rounds in plain Python: batches, settlement, the ledger, ways out, views."""

from tests.twins.phases import Phases, Task
from tests.twins.signing import digest_in, separator_of, signer_of
from tests.twins.table import (
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    NO_TERMS,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
    digest_of,
    lanes_of,
    root_of,
    roster_of,
    scores_of,
)
from tests.twins.world import (
    NOBODY,
    PARTICIPANT,
    VALIDATOR,
    ZERO,
    bits,
    need,
    places,
    two_thirds,
)

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
        need(roster_of(roster) == roster_of(t.accounts()), "Rounds: not the roster")
        indices = places(chosen)
        need(set(indices) <= t.eligible - t.committed, "Rounds: not due")
        need(len(indices) == len(commitments) == len(signatures), "Rounds: not due")
        for index, commitment, signature in zip(indices, commitments, signatures, strict=True):
            need(commitment != ZERO, "Rounds: no commitment")
            values = [task, t.number, commitment]
            found = self._signer(COMMIT_TYPE, ["bytes32", "uint256", "bytes32"], values, signature)
            need(found == t.trainees[index].account, "Rounds: not the signer")
            t.committed.add(index)
        self.emit(
            "CommittedMany",
            task=task,
            round=t.number,
            bits=chosen,
            commitments=tuple(commitments),
        )
        self._step(task)

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
        everybody = len(t.seats) == len(commitments) == len(signatures)
        need(everybody, "Rounds: not all validators")
        for place, commitment, signature in zip(
            sorted(t.seats), commitments, signatures, strict=True
        ):
            need(commitment != ZERO, "Rounds: no commitment")
            signer = self.ballot_signer(
                task, t.number, VOTE_COMMIT, included, commitment, signature
            )
            need(signer == t.judges[place].account, "Rounds: not the signer")
            t.ballots[place] = commitment
        self._fix(task, set(places(included)))
        t.cast = set(t.seats)
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
        t = self.state.tasks.get(task)
        need(t is not None and t.phase == VOTE_REVEAL, "Rounds: not the phase for it")
        shown = self._shown(task, votes, lanes)
        need(t.held <= shown.keys(), "Rounds: a revealed vote is missing")
        over = self.world.now > t.deadline or t.cast <= shown.keys()
        need(over, "Rounds: the phase is not over")
        for place in sorted(shown.keys() - t.held):
            aggregate, accept, own = shown[place]
            self._vote(task, place, aggregate, accept, own)
        self._fault_silent(task, t.cast - shown.keys())
        t.cast = set()
        winners = self._winners(t, shown)
        if not winners:
            self._abort(task, "no agreement")
            return
        true = self.medians(task, winners, {place: shown[place][2] for place in winners})
        need(medians == lanes_of(true), "Rounds: not the median")
        words = [entry.word() for entry in t.entries]
        need(list(before) == words, "Rounds: not the ledger")
        self._conclude(task, shown, winners, true)

    def _shown(self, task: bytes, votes: list[tuple], lanes: bytes) -> dict[int, tuple]:
        """By place, the votes that match what was committed."""
        t = self._task(task)
        width = 4 * len(t.included)
        need(len(lanes) == len(votes) * width + 28, "Rounds: wrong number of scores")
        shown: dict[int, tuple] = {}
        for nth, (place, aggregate, accept, salt) in enumerate(votes):
            need(place > max(shown, default=-1), "Rounds: votes out of order")
            own = lanes[nth * width : (nth + 1) * width]
            matches = place in t.cast | t.held and t.ballots[place] == self.vote_hash(
                task, place, aggregate, accept, salt, own
            )
            need(matches, "Rounds: vote does not match")
            shown[place] = (aggregate, accept, own)
        return shown

    def _winners(self, t: Task, shown: dict[int, tuple]) -> set[int]:
        for aggregate in {vote[0] for vote in shown.values()}:
            same = {place for place, vote in shown.items() if vote[0] == aggregate}
            if two_thirds(t.stake_of(same), t.stake):
                return same
        return set()

    def medians(self, task: bytes, winners: set[int], lanes: dict[int, bytes]) -> list[int]:
        """Per included participant the greatest score that half of the stake gave or beat."""
        t = self._task(task)
        scores = {place: scores_of(lanes[place]) for place in winners}
        found = []
        for nth, index in enumerate(sorted(t.included)):
            judges = winners - t.trainees[index].conflicts
            given = [(scores[place][nth], t.judges[place].stake) for place in judges]
            whole, above, median = sum(stake for _, stake in given), 0, 0
            for score, stake in sorted(given, reverse=True):
                above += stake
                if 2 * above >= whole:
                    median = score
                    break
            found.append(median)
        return found

    def _conclude(
        self, task: bytes, shown: dict[int, tuple], winners: set[int], medians: list[int]
    ) -> None:
        t = self._task(task)
        aggregate = shown[min(winners)][0]
        accepting = {place for place in winners if shown[place][1]}
        accepted = two_thirds(t.stake_of(accepting), t.stake)
        earned = sum(entry.amount for entry in t.entries)
        for place in winners:
            t.entries[place].amount += t.terms["validator_reward"] // t.seated
            t.entries[place].settled += 1
        positive = sum(max(median, 0) for median in medians)
        for index, median in zip(sorted(t.included), medians, strict=True):
            entry = t.entries[len(t.judges) + index]
            entry.settled += 1
            entry.score += median
            if accepted and median > 0:
                entry.amount += t.terms["participant_reward"] * median // positive
            if median < t.terms["score_floor"]:
                self._punish_low(task, index, median)
        spent = sum(entry.amount for entry in t.entries) - earned
        t.root = root_of(task, [entry.word() for entry in t.entries])
        t.result = (t.number, aggregate, accepted)
        for place in sorted(shown.keys() - winners):
            self._suspend(task, place, shown[place][0])
        self.emit(
            "Settled",
            task=task,
            round=t.number,
            aggregate=aggregate,
            included=bits(t.included),
            accepted=accepted,
            winners=bits(winners),
            medians=lanes_of(medians),
            spent=spent,
            root=t.root,
        )
        self._close(task, SETTLED)

    def _punish_low(self, task: bytes, index: int, median: int) -> None:
        t = self._task(task)
        trainee, penalty = t.trainees[index], t.terms["low_score_penalty"]
        trainee.dirty = True
        self.emit(
            "LowScore",
            task=task,
            round=t.number,
            participant=trainee.account,
            median=median,
            penalty=penalty,
        )
        stakes = self.world.at[self._stakes]
        stakes.slash(self.address, trainee.account, PARTICIPANT, penalty, "low score")

    def _suspend(self, task: bytes, place: int, aggregate: bytes) -> None:
        t = self._task(task)
        judge = t.judges[place]
        judge.suspended = judge.dirty = True
        seconds = t.terms["appeal_seconds"]
        appeals = self.world.at[self._appeals]
        appeals.suspend(self.address, task, t.number, judge.account, aggregate, seconds)

    # --- ways out -----------------------------------------------------------------------------

    def release(self, sender: str, task: bytes, account: str) -> None:
        t = self.state.tasks.get(task)
        need(t is not None and t.state == ENDED, "Rounds: the task has not ended")
        place, index = t.place(account), t.index(account)
        judge = None if place is None else t.judges[place]
        trainee = None if index is None else t.trainees[index]
        holds_judge = judge is not None and judge.locked
        holds_trainee = trainee is not None and trainee.locked
        waits = holds_judge and judge.suspended
        need(holds_trainee or not waits, "Rounds: suspended")
        need(holds_judge or holds_trainee, "Rounds: nothing held")
        if holds_judge and not waits:
            self._let_go(judge)
        if holds_trainee:
            trainee.locked = False
            self.world.at[self._stakes].unlock(self.address, account, PARTICIPANT)

    def expel(self, sender: str, task: bytes, validator: str, reason: str) -> None:
        need(sender == self._appeals, "Rounds: only Appeals")
        t = self._task(task)
        place = t.place(validator)
        judge = t.judges[place]
        judge.expelled, judge.suspended = True, False
        if COMMIT <= t.phase < SETTLED:
            for group in (t.seats, t.cast, t.held):
                group.discard(place)
        self._punish_judge(t, place, t.terms["lie_penalty"], reason)
        self._let_go(judge)

    def reinstate(self, sender: str, task: bytes, validator: str) -> None:
        need(sender == self._appeals, "Rounds: only Appeals")
        t = self._task(task)
        judge = t.judges[t.place(validator)]
        judge.suspended, judge.dirty = False, True
        self._let_go(judge)

    def _let_go(self, judge) -> None:
        if judge.locked:
            judge.locked = False
            self.world.at[self._stakes].unlock(self.address, judge.account, VALIDATOR)

    # --- views --------------------------------------------------------------------------------

    def separator(self) -> bytes:
        return separator_of("Quorate Rounds", self.world.chain_id, self.address)

    def terms_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return tuple(t.terms.values()) if t else NO_TERMS

    def round_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        if t is None:
            return (0,) * 11
        sets = (t.eligible, t.committed, t.included, t.seats, t.cast, t.held)
        return (t.state, t.phase, t.number, t.deadline, *map(bits, sets), t.stake)

    def stake_of(self, task: bytes, place: int) -> int:
        t = self.state.tasks.get(task)
        return t.judges[place].stake if t and place < len(t.judges) else 0

    def ballot_of(self, task: bytes, place: int) -> bytes:
        t = self.state.tasks.get(task)
        return t.ballots.get(place, ZERO) if t else ZERO

    def result_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return t.result if t else (0, ZERO, False)

    def ledger_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        if t is None or not t.entries:
            return (ZERO, ZERO, ZERO, 0, 0)
        words = [entry.word() for entry in t.entries]
        spent = sum(entry.amount for entry in t.entries)
        return (t.root, digest_of(words), roster_of(t.accounts()), len(words), spent)

    def entries(self, task: bytes) -> list[int]:
        """Not in the contract: what its digest and root stand for."""
        return [entry.word() for entry in self._task(task).entries]

    def account_at(self, task: bytes, place: int) -> str:
        t = self.state.tasks.get(task)
        accounts = t.accounts() if t else []
        return accounts[place] if place < len(accounts) else NOBODY

    def role_at(self, task: bytes, place: int) -> int:
        t = self.state.tasks.get(task)
        if t is None or place >= len(t.accounts()):
            return 0
        return VALIDATOR if place < len(t.judges) else PARTICIPANT

    def validators_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return tuple(judge.account for judge in t.judges) if t else ()

    def participants_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return tuple(trainee.account for trainee in t.trainees) if t else ()

    def place_of(self, task: bytes, validator: str) -> int:
        t = self.state.tasks.get(task)
        place = t.place(validator) if t else None
        return 0 if place is None else place + 1

    def position_of(self, task: bytes, participant: str) -> int:
        t = self.state.tasks.get(task)
        index = t.index(participant) if t else None
        return 0 if index is None else index + 1

    def conflicts_of(self, task: bytes, place: int) -> int:
        t = self.state.tasks.get(task)
        trainees = t.trainees if t else []
        return bits(i for i, trainee in enumerate(trainees) if place in trainee.conflicts)

    def expelled(self, task: bytes, validator: str) -> bool:
        t = self.state.tasks.get(task)
        place = t.place(validator) if t else None
        return place is not None and t.judges[place].expelled

    def members(self) -> str:
        return self._members

    def stakes(self) -> str:
        return self._stakes

    def tasks(self) -> str:
        return self._tasks

    def appeals(self) -> str:
        return self._appeals

    def council(self) -> str:
        return self._council
