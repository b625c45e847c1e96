"""Running the rounds: ask the state machine what each party may do, do it, look again."""

from collections import Counter

from quorate.core.errors import InternalError
from quorate.core.sources import Clock
from quorate.learning.arrays import Model
from quorate.learning.execution import aggregate_round
from quorate.learning.lanes import to_lanes
from quorate.learning.round import (
    Act,
    Phase,
    TaskView,
    act_of_keeper,
    act_of_participant,
    act_of_validator,
)
from quorate.learning.settlement import medians_of, settle
from quorate.ledger.contracts import Call
from quorate.ledger.faces.anchor_facts import Anchored
from quorate.ledger.faces.appeals_facts import Suspended
from quorate.ledger.faces.rounds_facts import Aborted, Reveal, SetFixed, Settled, Vote
from quorate.ledger.faces.stakes_facts import Slashed
from quorate.ledger.faces.tasks_facts import LowScore
from quorate.node.federation import Federation
from quorate.node.flows.progress import Progress, RoundResult
from quorate.node.participant import Participant
from quorate.node.tasks import initial_model
from quorate.node.validator import Assessment, Offer, Validator

PADDING = 28  # zero bytes behind the lanes that are shown to settle
PAUSE = 0.1  # seconds between looks while a deadline is waited for


class RoundRunner:
    """Drives one task to its end; keeps nothing that it could not derive again."""

    def __init__(self, federation: Federation, progress: Progress) -> None:
        self._federation = federation
        self._chain = federation.chain
        self._rounds = federation.suite.rounds
        self._progress = progress
        self._models: list[Model] = [initial_model(federation.task, federation.trainer)]
        self._folded = 0  # rounds that are folded into the newest model
        self._assessments: dict[tuple[str, int], Assessment] = {}
        self._told = 0
        self._clock: Clock = federation.clock

    @property
    def model(self) -> Model:
        """The last good model."""
        return self._models[-1]

    def run(self) -> Model:
        """Runs until the task has ended and no appeal is open; the final model."""
        while True:
            view = self._chain.view()
            self._after_settled(view)
            acted = self._step(view)
            if view.ended and not view.suspensions:
                return self.model
            if not acted:
                self._clock.sleep(PAUSE)

    def _step(self, view: TaskView) -> bool:
        """One pass over all parties; whether any of them acted."""
        federation = self._federation
        for participant in federation.participants.values():
            if act_of_participant(view, participant.party.address):
                self._commit(view, participant)
                return True
        for validator in federation.validators.values():
            act = act_of_validator(view, validator.party.address)
            if act:
                self._validate(view, validator, act)
                return True
        act = act_of_keeper(view, self._clock.now_ns() // 10**9)
        if act:
            self._keep(view, act)
        return act is not None

    def _commit(self, view: TaskView, participant: Participant) -> None:
        place = self._chain.place(_number(view), participant.party.address)
        committee = [
            validator.party.keyring.identity.sealing
            for validator in self._federation.validators.values()
        ]
        commitment = participant.prepare(place, self.model, committee)
        participant.party.transact(self._rounds.commit(self._chain.task, commitment))

    def _validate(self, view: TaskView, validator: Validator, act: Act) -> None:
        number, party, task = _number(view), validator.party, self._chain.task
        place = self._chain.place(number, party.address)
        if act in (Act.COMMIT_INCLUSION, Act.REVEAL_INCLUSION):
            bitmap = validator.collect(number, self._offers(view))
            commitment, salt = validator.inclusion(place, bitmap)
            if act == Act.COMMIT_INCLUSION:
                party.transact(self._rounds.include_commit(task, commitment))
            else:
                opening = Reveal(self._chain.validators().index(party.address), bitmap, salt)
                party.transact(self._rounds.include_reveal(task, [opening]))
            return
        assessment = self._assess(view, validator)
        commitment, salt = validator.vote(place, assessment)
        if act == Act.COMMIT_VOTE:
            party.transact(self._rounds.vote_commit(task, commitment))
        else:
            validator.publish(place, assessment)
            ballot = assessment.ballot
            reveal = self._rounds.vote_reveal(
                task, ballot.aggregate, ballot.accept, salt, ballot.lanes
            )
            party.transact(reveal)

    def _assess(self, view: TaskView, validator: Validator) -> Assessment:
        number = _number(view)
        key = (validator.party.name, number)
        if key not in self._assessments:
            assert view.round is not None
            included = view.round.included
            self._hold(validator, number)
            weights = self._weights_in(included)
            self._assessments[key] = validator.assess(number, self.model, included, weights)
        return self._assessments[key]

    def _weights_in(self, included: int) -> list[int]:
        weights = self._chain.weights()
        return [weight for index, weight in enumerate(weights) if included >> index & 1]

    def _hold(self, validator: Validator, number: int) -> None:
        """After a restart a validator opens again what it had opened before."""
        for past in range(1, number + 1):
            if not validator.has_opened(past):
                validator.collect(past, self._offers_of(past))

    def _offers(self, view: TaskView) -> list[Offer]:
        return self._offers_of(_number(view))

    def _offers_of(self, number: int) -> list[Offer]:
        """What the participants hand over once the commit window has closed."""
        people = self._chain.participants()
        commitments = self._chain.commitments(number)
        offers = []
        for index, account in enumerate(people):
            if account in commitments:
                party = self._federation.party_at(account)
                participant = self._federation.participants[party.name]
                offers.append(
                    Offer(
                        index,
                        party.keyring.identity,
                        self._chain.place(number, account),
                        commitments[account],
                        participant.deliver(number, window_closed=True),
                    )
                )
        return offers

    def _keep(self, view: TaskView, act: Act) -> None:
        founder, task = self._federation.founder, self._chain.task
        if act == Act.RESOLVE:
            now = self._clock.now_ns() // 10**9
            late = next(item for item in view.suspensions if now > item.deadline)
            appeals = self._federation.suite.appeals
            founder.transact(appeals.resolve(task, late.round, late.validator))
        elif act == Act.SETTLE:
            founder.transact(self._settlement())
        else:
            step = self._rounds.open if act == Act.OPEN else self._rounds.advance
            founder.transact(step(task))

    def _settlement(self) -> Call:
        """The call that closes a round: all revealed votes, and what follows from them.

        The contract checks instead of computing: the medians, and all entries before the round.
        """
        accounts = self._chain.accounts()
        facts = accounts.reader.facts()
        votes, lanes = [], b""
        for place, account in enumerate(self._chain.validators()):
            vote = facts.votes.held.get(account)
            if vote is not None:
                # Revealed already: the contract does not look at the salt again.
                votes.append(Vote(place, vote.aggregate, vote.accept, bytes(32)))
                lanes += to_lanes(vote.scores)
        medians = medians_of(facts, settle(facts, accounts.terms))
        padded = lanes + bytes(PADDING)
        before = accounts.ledger.packed
        return self._rounds.settle(self._chain.task, votes, padded, medians, before)

    # After a round is closed.

    def _after_settled(self, view: TaskView) -> None:
        """Folds settled rounds into the model; lets every log see and anchor what happened."""
        if view.round is None:
            return
        closed = self._chain.settled()
        last = view.round.number
        if view.round.phase not in (Phase.SETTLED, Phase.ABORTED):
            last -= 1
        for number in range(self._folded + 1, last + 1):
            if number in closed:
                self._fold(closed[number])
            self._folded = number
            self._anchor_all(number)
            self._tell(number, closed.get(number))

    def _fold(self, closed: Settled) -> None:
        """Re-executes an accepted round from what any validator holds."""
        if not closed.accepted:
            return
        validator = next(iter(self._federation.validators.values()))
        self._hold(validator, closed.round)
        updates = validator.updates(closed.round, closed.included)
        weights = self._weights_in(closed.included)
        model = aggregate_round(self._federation.spec, self.model, updates, weights)
        if model.digest.raw != closed.aggregate:
            raise InternalError(f"round {closed.round} settled on another model than re-execution")
        self._models.append(model)

    def _anchor_all(self, number: int) -> None:
        """Every organisation sees the head and anchors its log."""
        federation, suite = self._federation, self._federation.suite
        last = max(self._chain.blocks_of(number))
        fresh = {e.owner for e in suite.anchors.of(Anchored) if e.logged.block > last}
        for party in federation.parties.values():
            if party.address not in fresh:
                party.anchor_log(suite)

    def _tell(self, number: int, closed: Settled | None) -> None:
        self._progress.round_closed(round_result(self._federation, number, closed))


def round_result(federation: Federation, number: int, closed: Settled | None) -> RoundResult:
    """A closed round as the ledger's events tell it."""
    chain, suite = federation.chain, federation.suite

    def name(account: str) -> str:
        return federation.party_at(account).name

    result = chain.accounts().results[number]
    people = chain.participants()
    absent = sum(event.absent for event in chain.events_in(number, SetFixed))
    blocks = chain.blocks_of(number)
    slashed: Counter[str] = Counter()
    for event in suite.bonds.of(Slashed):
        if event.logged.block in blocks:
            slashed[name(event.account)] += event.amount
    return RoundResult(
        number=number,
        rounds=federation.spec.rounds,
        settled=closed is not None,
        accepted=closed is not None and closed.accepted,
        medians={name(who): median for who, median in result.scores.items()},
        rewards={name(who): amount for who, amount in result.rewards.items()}
        | {name(who): amount for who, amount in result.validator_rewards.items()},
        penalties={
            name(e.participant): e.penalty for e in chain.events_in(number, LowScore) if e.penalty
        },
        absent=tuple(name(people[i]) for i in range(len(people)) if absent >> i & 1),
        suspended=tuple(name(e.validator) for e in chain.events_in(number, Suspended)),
        slashed=dict(slashed),
        reason="".join(e.reason for e in chain.events_in(number, Aborted)),
    )


def _number(view: TaskView) -> int:
    assert view.round is not None, "only an open round asks parties to act"
    return view.round.number
