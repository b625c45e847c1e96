"""Settlement, appeals and lies in plain Python."""

from coincurve import PublicKey
from Crypto.Hash import keccak

from tests.twins.phases import Phases
from tests.twins.tasks import INCLUDE_COMMIT, SETTLED, VOTE_COMMIT, VOTE_REVEAL, Suspension, Task
from tests.twins.world import (
    NOBODY,
    PARTICIPANT,
    VALIDATOR,
    Revert,
    bits,
    keccak_of,
    need,
    tag,
    two_thirds,
)


class Rounds(Phases):
    """All of Rounds."""

    # --- settlement -------------------------------------------------------------------------

    def settle(self, sender: str, task: bytes) -> None:
        t = self.state.tasks.get(task)
        need(t is not None and t.round.phase == VOTE_REVEAL, "Rounds: not the phase for it")
        self._need_over(t)
        self._fault_silent(task)
        r = t.round
        agreed: set[int] = set()
        for aggregate in {t.ballots[place].aggregate for place in r.held}:
            same = {place for place in r.held if t.ballots[place].aggregate == aggregate}
            if two_thirds(self._stake(t, same), r.stake):
                agreed = same
        if not agreed:
            self._abort(task, "no agreement")
            return
        aggregate = t.ballots[min(agreed)].aggregate
        accepting = {place for place in agreed if t.ballots[place].accept}
        accepted = two_thirds(self._stake(t, accepting), r.stake)
        t.results[t.number] = (aggregate, bits(r.included), accepted)
        self.emit(
            "Settled",
            task=task,
            round=t.number,
            aggregate=aggregate,
            included=bits(r.included),
            accepted=accepted,
        )
        self._score(task, agreed, accepted)
        for place in sorted(agreed):
            self._reward(task, t.validators[place], t.terms["validator_reward"] // r.seated)
        for place in sorted(r.held - agreed):
            self._suspend(task, place)
        self._close(task, SETTLED)

    def _score(self, task: bytes, agreed: set[int], accepted: bool) -> None:
        t = self._task(task)
        included = sorted(t.round.included)
        medians = [self._median(t, agreed, i, nth) for nth, i in enumerate(included)]
        positive = sum(max(median, 0) for median in medians)
        for index, median in zip(included, medians, strict=True):
            account = t.participants[index]
            reward = 0
            if accepted and median > 0:
                reward = t.terms["participant_reward"] * median // positive
            t.escrow -= reward
            self._owe(account, reward)
            low = median < t.terms["score_floor"]
            penalty = t.terms["low_score_penalty"] if low else 0
            if low:
                self._stakes.slash(self.address, account, PARTICIPANT, penalty, "low score")
            self._stakes.record(self.address, account, PARTICIPANT, median, False)
            self.emit(
                "Scored",
                task=task,
                round=t.number,
                participant=account,
                median=median,
                reward=reward,
                penalty=penalty,
            )

    def _median(self, t: Task, agreed: set[int], index: int, nth: int) -> int:
        own = self._members.controller_of(t.participants[index])
        scored = [
            (t.ballots[place].scores[nth], t.ballots[place].stake)
            for place in agreed
            if self._members.controller_of(t.validators[place]) != own
        ]
        whole = sum(stake for _, stake in scored)
        above = 0
        for score, stake in sorted(scored, reverse=True):
            above += stake
            if 2 * above >= whole:
                return score
        return 0

    def _reward(self, task: bytes, account: str, amount: int) -> None:
        t = self._task(task)
        t.escrow -= amount
        self._owe(account, amount)
        self._stakes.record(self.address, account, VALIDATOR, 0, False)
        self.emit("Rewarded", task=task, round=t.number, validator=account, amount=amount)

    def _suspend(self, task: bytes, place: int) -> None:
        t = self._task(task)
        deadline = self.world.now + t.terms["appeal_seconds"]
        t.suspensions[place] = Suspension(t.number, deadline)
        self.emit(
            "Suspended",
            task=task,
            round=t.number,
            validator=t.validators[place],
            aggregate=t.ballots[place].aggregate,
            deadline=deadline,
        )

    # --- appeals and lies -------------------------------------------------------------------

    def appeal(
        self, sender: str, task: bytes, number: int, validator: str, evidence: bytes
    ) -> None:
        t, _, suspension = self._suspended(task, number, validator)
        need(self.world.now <= suspension.deadline, "Rounds: the window is over")
        if not suspension.appealed:
            suspension.deadline += t.terms["appeal_seconds"]
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
        _, place, suspension = self._suspended(task, number, validator)
        reinstated = self._members.approved(self.appeal_subject(task, number, validator))
        late = self.world.now > suspension.deadline
        need(reinstated or late, "Rounds: the window is open")
        self.emit("Resolved", task=task, round=number, validator=validator, reinstated=reinstated)
        if reinstated:
            self._release(task, place)
        else:
            self._expel(task, place, "lie")

    def prove_equivocation(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        number: int,
        validator: str,
        phase: int,
        hash_a: bytes,
        signature_a: tuple[bytes, bytes],
        hash_b: bytes,
        signature_b: tuple[bytes, bytes],
    ) -> None:
        t = self.state.tasks.get(task)
        need(t is not None, "Rounds: not a validator here")
        place = self._place(t, validator)
        need(1 <= number <= t.number, "Rounds: no such round")
        need(phase in (INCLUDE_COMMIT, VOTE_COMMIT), "Rounds: no such phase")
        need(hash_a != hash_b, "Rounds: the hashes are the same")
        need(place not in t.expelled, "Rounds: already expelled")
        for hash_, signature in ((hash_a, signature_a), (hash_b, signature_b)):
            types = ["bytes32", "uint256", "address", "bytes32", "uint256", "uint256", "bytes32"]
            head = [tag("quorate/sign/v1"), self.world.chain_id, self.address, task]
            digest = keccak_of(types, [*head, number, phase, hash_])
            need(signer_of(digest, signature) == validator, "Rounds: not the validator's hand")
        self.emit("Equivocated", task=task, round=number, validator=validator, phase=phase)
        self._expel(task, place, "equivocation")

    def _suspended(self, task: bytes, number: int, validator: str) -> tuple[Task, int, Suspension]:
        t = self.state.tasks.get(task)
        if t is None or validator not in t.validators:
            raise Revert("Rounds: not suspended there")
        place = t.validators.index(validator)
        suspension = t.suspensions.get(place)
        if suspension is None or suspension.round != number:
            raise Revert("Rounds: not suspended there")
        return t, place, suspension

    def _expel(self, task: bytes, place: int, reason: str) -> None:
        t = self._task(task)
        t.expelled.add(place)
        if t.round.phase < SETTLED:
            for group in (t.round.seats, t.round.cast, t.round.waiting, t.round.held):
                group.discard(place)
        self._punish(t.validators[place], VALIDATOR, t.terms["lie_penalty"], reason)
        self._release(task, place)

    def _release(self, task: bytes, place: int) -> None:
        t = self._task(task)
        t.suspensions.pop(place, None)
        if place in t.locked:
            t.locked.remove(place)
            self._stakes.unlock(self.address, t.validators[place], VALIDATOR)


def signer_of(digest: bytes, signature: tuple[bytes, bytes]) -> str:
    """Whose compact signature (EIP-2098: r, then s with the recovery id on top) this is."""
    packed = int.from_bytes(signature[1], "big")
    s, odd = packed % 2**255, packed >> 255
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    if s > order // 2:
        return NOBODY
    try:
        key = PublicKey.from_signature_and_message(
            signature[0] + s.to_bytes(32, "big") + bytes([odd]), digest, hasher=None
        )
    except Exception:  # coincurve raises bare Exceptions for impossible points
        return NOBODY
    raw = key.format(compressed=False)[1:]
    return spell(keccak.new(digest_bits=256, data=raw).digest()[12:])


def spell(raw: bytes) -> str:
    """EIP-55."""
    digits = raw.hex()
    nibbles = keccak.new(digest_bits=256, data=digits.encode()).hexdigest()
    pairs = zip(digits, nibbles, strict=False)
    return "0x" + "".join(c.upper() if int(n, 16) > 7 else c for c, n in pairs)
