"""A round in plain Python, phase by phase, up to the settlement."""

from tests.twins.tasks import (
    ABORTED,
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    JOINING,
    NONE,
    RUNNING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
    Ballot,
    Round,
    Task,
    Tasks,
)
from tests.twins.world import PARTICIPANT, VALIDATOR, ZERO, bits, need, places, two_thirds


class Phases(Tasks):
    """Opening, committing, revealing, going on."""

    # --- a round ----------------------------------------------------------------------------

    def open(self, sender: str, task: bytes) -> None:
        t = self.state.tasks.get(task)
        need(t is not None and t.state != ENDED, "Rounds: no running task")
        least = t.terms["min_participants"]
        early = False
        if t.state == JOINING:
            need(len(t.participants) >= least, "Rounds: too few joined")
            early = self.world.now <= t.join_deadline
            need(not early or sender == t.terms["sponsor"], "Rounds: too early to open")
        else:
            need(t.round.phase >= SETTLED, "Rounds: a round is still open")
        eligible = {i for i, who in enumerate(t.participants) if self._eligible(t, who)}
        stakes = [self._seatable(t, place, who) for place, who in enumerate(t.validators)]
        seats = {place for place, stake in enumerate(stakes) if stake}
        if len(eligible) < least or not two_thirds(len(seats), len(stakes)):
            need(not early, "Rounds: too few are eligible")
            self._finish(task, "too few are eligible")
            return
        t.state = RUNNING
        t.number += 1
        for place, stake in enumerate(stakes):
            t.ballots.setdefault(place, Ballot()).stake = stake
            if stake and place not in t.locked:
                self._stakes.lock(self.address, t.validators[place], VALIDATOR)
        t.locked |= seats
        t.round = Round(eligible=eligible, seats=set(seats), seated=len(seats), stake=sum(stakes))
        self.emit(
            "RoundOpened",
            task=task,
            round=t.number,
            eligible=bits(eligible),
            validators=tuple(t.validators),
            stakes=tuple(stakes),
        )
        self._enter(task, COMMIT, "commit_seconds")

    def _eligible(self, t: Task, who: str) -> bool:
        enough = self._stakes.bond(who, PARTICIPANT) >= t.terms["participant_bond"]
        return enough and self._members.has_role(who, PARTICIPANT)

    def _seatable(self, t: Task, place: int, who: str) -> int:
        """Its stake, or 0 if it gets no seat."""
        stake = self._stakes.bond(who, VALIDATOR)
        barred = place in t.expelled or place in t.suspensions
        may = self._members.has_role(who, VALIDATOR) and not barred
        return stake if may and stake >= t.terms["validator_bond"] else 0

    def commit(self, sender: str, task: bytes, commitment: bytes) -> None:
        t = self._in_phase(task, COMMIT)
        need(sender in t.people, "Rounds: not a participant here")
        index = t.people[sender][0] - 1
        need(index in t.round.eligible, "Rounds: not eligible")
        need(index not in t.round.committed, "Rounds: already committed")
        need(commitment != ZERO, "Rounds: no commitment")
        t.round.committed.add(index)
        self.emit("Committed", task=task, round=t.number, participant=sender, commitment=commitment)
        self._step(task)

    def include_commit(self, sender: str, task: bytes, commitment: bytes) -> None:
        self._pledge(sender, task, INCLUDE_COMMIT, commitment, "IncludeCommitted")

    def vote_commit(self, sender: str, task: bytes, commitment: bytes) -> None:
        self._pledge(sender, task, VOTE_COMMIT, commitment, "VoteCommitted")

    def _pledge(self, sender: str, task: bytes, phase: int, commitment: bytes, event: str) -> None:
        t = self._in_phase(task, phase)
        place = self._place(t, sender)
        need(place in t.round.seats, "Rounds: not seated")
        need(place not in t.round.cast, "Rounds: already committed")
        need(commitment != ZERO, "Rounds: no commitment")
        t.round.cast.add(place)
        t.round.waiting.add(place)
        t.ballots[place].commitment = commitment
        self.emit(event, task=task, round=t.number, validator=sender, commitment=commitment)
        self._step(task)

    def include_reveal(self, sender: str, task: bytes, bitmap: int, salt: bytes) -> None:
        t = self._in_phase(task, INCLUDE_REVEAL)
        place = self._due(t, sender)
        need(set(places(bitmap)) <= t.round.committed, "Rounds: bit without commitment")
        found = self._hash("quorate/include/v1", task, sender, ["uint256"], [bitmap], salt)
        if self._matches(task, place, found):
            t.ballots[place].bitmap = bitmap
            self.emit("Included", task=task, round=t.number, validator=sender, bitmap=bitmap)
        self._step(task)

    def vote_reveal(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        aggregate: bytes,
        scores: tuple[int, ...],
        accept: bool,
        salt: bytes,
    ) -> None:
        t = self._in_phase(task, VOTE_REVEAL)
        place = self._due(t, sender)
        need(len(scores) == len(t.round.included), "Rounds: one score per included")
        need(all(abs(score) <= 10**9 for score in scores), "Rounds: score over 10**9")
        types = ["uint256", "bytes32", "int256[]", "bool"]
        vote = [bits(t.round.included), aggregate, list(scores), accept]
        found = self._hash("quorate/vote/v1", task, sender, types, vote, salt)
        if self._matches(task, place, found):
            ballot = t.ballots[place]
            ballot.aggregate, ballot.scores, ballot.accept = aggregate, tuple(scores), accept
            ballot.voted = True
            self.emit(
                "VoteRevealed",
                task=task,
                round=t.number,
                validator=sender,
                aggregate=aggregate,
                scores=tuple(scores),
                accept=accept,
            )

    def _due(self, t: Task, sender: str) -> int:
        place = self._place(t, sender)
        need(place in t.round.waiting, "Rounds: nothing to reveal")
        return place

    def _matches(self, task: bytes, place: int, found: bytes) -> bool:
        t = self._task(task)
        t.round.waiting.remove(place)
        if found == t.ballots[place].commitment:
            t.round.held.add(place)
            return True
        self._fault(task, place, "reveal does not match")
        return False

    def _fault(self, task: bytes, place: int, reason: str) -> None:
        t = self._task(task)
        validator = t.validators[place]
        self.emit(
            "Faulted",
            task=task,
            round=t.number,
            validator=validator,
            phase=t.round.phase,
            reason=reason,
        )
        self._punish(validator, VALIDATOR, t.terms["fault_penalty"], reason)

    # --- from phase to phase ----------------------------------------------------------------

    def advance(self, sender: str, task: bytes) -> None:
        t = self.state.tasks.get(task)
        phase = t.round.phase if t else NONE
        need(COMMIT <= phase < VOTE_REVEAL, "Rounds: not the phase for it")
        self._need_over(t)
        self._leave(task)

    def _need_over(self, t: Task) -> None:
        over = self.world.now > t.round.deadline or self._done(t.round)
        need(over, "Rounds: the phase is not over")

    def _done(self, r: Round) -> bool:
        if r.phase == COMMIT:
            return r.committed == r.eligible
        if r.phase in (INCLUDE_COMMIT, VOTE_COMMIT):
            return r.cast == r.seats
        return not r.waiting

    def _step(self, task: bytes) -> None:
        if self._done(self._task(task).round):
            self._leave(task)

    def _leave(self, task: bytes) -> None:
        t = self._task(task)
        r = t.round
        if r.phase == COMMIT:
            if len(r.committed) < t.terms["min_participants"]:
                self._abort(task, "too few commitments")
            else:
                self._enter(task, INCLUDE_COMMIT, "include_seconds")
        elif r.phase == INCLUDE_REVEAL:
            self._fix(task)
        elif not two_thirds(self._stake(t, r.cast), r.stake):
            self._abort(task, "too few validators")
        else:
            self._enter(task, r.phase + 1, "reveal_seconds")

    def _fix(self, task: bytes) -> None:
        t = self._task(task)
        r = t.round
        self._fault_silent(task)
        if not two_thirds(self._stake(t, r.held), r.stake):
            self._abort(task, "too few validators")
            return
        for index in range(len(t.participants)):
            holders = {place for place in r.held if t.ballots[place].bitmap >> index & 1}
            if two_thirds(self._stake(t, holders), r.stake):
                r.included.add(index)
        absent = r.committed - r.included
        self.emit(
            "SetFixed", task=task, round=t.number, included=bits(r.included), absent=bits(absent)
        )
        for index in sorted(absent):
            account = t.participants[index]
            self._punish(account, PARTICIPANT, t.terms["absence_penalty"], "absent")
        if len(r.included) < t.terms["min_participants"]:
            self._abort(task, "too few included")
        else:
            r.cast, r.held = set(), set()
            self._enter(task, VOTE_COMMIT, "vote_seconds")

    def _fault_silent(self, task: bytes) -> None:
        r = self._task(task).round
        silent, r.waiting = sorted(r.waiting), set()
        for place in silent:
            self._fault(task, place, "no reveal")

    def _enter(self, task: bytes, phase: int, seconds: str) -> None:
        t = self._task(task)
        t.round.phase = phase
        t.round.deadline = self.world.now + t.terms[seconds]
        self.emit("PhaseStarted", task=task, round=t.number, phase=phase, deadline=t.round.deadline)

    def _abort(self, task: bytes, reason: str) -> None:
        self.emit("Aborted", task=task, round=self._task(task).number, reason=reason)
        self._close(task, ABORTED)

    def _close(self, task: bytes, phase: int) -> None:
        t = self._task(task)
        t.round.phase = phase
        if t.number == t.terms["rounds"]:
            self._finish(task, "all rounds done")
