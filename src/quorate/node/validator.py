"""A validator of a task: opens every update, re-executes the aggregation, scores, votes."""

from collections.abc import Sequence
from dataclasses import dataclass

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keyring import PublicIdentity
from quorate.learning.arrays import Layout, Model, Update
from quorate.learning.ballots import (
    VOTE_PHASE,
    Ballot,
    Place,
    commit_to_inclusion,
    sign_ballot,
)
from quorate.learning.client import millionths, utility
from quorate.learning.contribution import open_contribution
from quorate.learning.execution import aggregate_round, clip_bound, updates_as_rows
from quorate.learning.specification import Specification
from quorate.learning.tables import Dataset
from quorate.learning.trainers.interface import Trainer
from quorate.learning.valuation import coalition_models, shapley
from quorate.node.participant import Delivery
from quorate.node.party import Party
from quorate.provenance.kinds import Update as UpdateClaim
from quorate.provenance.kinds import Vote
from quorate.provenance.statement import verify_statement

SCORE_LIMIT = 10**9  # millionths, what the contract accepts


@dataclass(frozen=True, slots=True)
class Offer:
    """One participant's commitment as the ledger holds it, and what the participant handed over.

    ``delivery`` is ``None`` when it handed over nothing.
    """

    index: int
    identity: PublicIdentity
    place: Place
    commitment: bytes
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A validator's finished vote, with the measurements behind it."""

    ballot: Ballot
    utilities: tuple[int, ...]
    loss: int
    accuracy: int


class Validator:
    """One organisation's validating side; ``lying_round`` makes it vote falsely once (demo)."""

    def __init__(
        self,
        party: Party,
        spec: Specification,
        trainer: Trainer,
        holdout: Dataset,
        *,
        holdout_commitment: str,
        lying_round: int | None = None,
    ) -> None:
        self.party = party
        self._spec = spec
        self._layout = Layout.parse(spec.layout)
        self._trainer = trainer
        self._holdout = holdout
        self._holdout_commitment = holdout_commitment
        self._lying_round = lying_round
        self._opened: dict[int, dict[int, Update]] = {}

    def collect(self, number: int, offers: Sequence[Offer]) -> int:
        """Opens what was handed over; the bitmap of updates that are held and valid."""
        earlier = {
            update.digest
            for past, opened in self._opened.items()
            if past < number
            for update in opened.values()
        }
        held: dict[int, Update] = {}
        for offer in offers:
            try:
                held[offer.index] = self._open(offer, earlier)
            except (VerificationError, EncodingError):
                continue  # not held or not valid: its bit stays unset, and the auditor sees why
            earlier.add(held[offer.index].digest)
        self._opened[number] = held
        return sum(1 << index for index in held)

    def _open(self, offer: Offer, seen: set[Digest]) -> Update:
        name = offer.identity.name
        if offer.delivery is None:
            raise VerificationError("was not handed over", place=name)
        statement = verify_statement(offer.delivery.statement, offer.identity, name)
        claim = UpdateClaim.from_statement(statement)
        if bytes.fromhex(claim.commitment) != offer.commitment:
            raise VerificationError("statement and ledger differ", place=name)
        address = self.party.vault.accept(offer.delivery.envelope)
        if str(address) != claim.blob:
            raise VerificationError("is not the blob that was stated", place=name)
        opening = self.party.vault.get(address)
        bound = clip_bound(self._spec)
        return open_contribution(
            opening,
            offer.commitment,
            offer.place,
            layout=self._layout,
            bound=bound,
            seen=seen,
            name=name,
        )

    def has_opened(self, number: int) -> bool:
        """Whether this process has opened the updates of a round."""
        return number in self._opened

    def updates(self, number: int, included: int) -> list[Update]:
        """The opened updates of a round's set, by index."""
        held = self._opened[number]
        missing = [i for i in range(included.bit_length()) if included >> i & 1 and i not in held]
        if missing:
            raise VerificationError(f"holds no update of participant {missing[0]}", place="set")
        return [held[i] for i in sorted(held) if included >> i & 1]

    def assess(self, number: int, base: Model, included: int, weights: Sequence[int]) -> Assessment:
        """Re-executes the aggregation and measures every coalition on the hold-out."""
        updates = self.updates(number, included)
        candidate = aggregate_round(self._spec, base, updates, weights)
        rows, shares = updates_as_rows(updates, weights)
        utilities = tuple(self._utility(model) for model in coalition_models(base, rows, shares))
        reached = self._trainer.evaluate(
            candidate.to_floats(), self._holdout.features, self._holdout.labels
        )
        value = millionths(-reached.loss)
        ballot = Ballot(
            included,
            candidate.digest.raw,
            tuple(bounded(score) for score in shapley(utilities)),
            value >= utilities[0] - self._spec.accept_tolerance,
        )
        honest = Assessment(ballot, utilities, -value, millionths(reached.accuracy))
        return _lie(honest) if number == self._lying_round else honest

    def _utility(self, model: Model) -> int:
        return utility(self._trainer, model, self._holdout)

    def inclusion(self, place: Place, bitmap: int) -> tuple[bytes, bytes]:
        """Commitment and salt of an inclusion vote; the same again after a restart."""
        salt = self._salt("include", place)
        return commit_to_inclusion(place, bitmap, salt), salt

    def vote(self, place: Place, assessment: Assessment) -> tuple[bytes, bytes]:
        """Commitment and salt of a vote; the same again after a restart."""
        salt = self._salt("vote", place)
        return assessment.ballot.commit(place, salt), salt

    def publish(self, place: Place, assessment: Assessment) -> None:
        """Publishes the vote and its testimony; done before the reveal, once."""
        self.party.publisher.publish(
            f"vote-{place.round:04d}", lambda: self._claim(place, assessment)
        )

    def _claim(self, place: Place, assessment: Assessment) -> Vote:
        commitment, salt = self.vote(place, assessment)
        ballot, account = assessment.ballot, self.party.keyring.account
        signature = sign_ballot(place, VOTE_PHASE, ballot.included, commitment, account)
        return Vote(
            author=self.party.name,
            time=str(self.party.clock.now_ns()),
            task=place.task.hex(),
            round=place.round,
            included=ballot.included,
            aggregate=str(Digest(ballot.aggregate)),
            utilities=list(assessment.utilities),
            scores=list(ballot.scores),
            accept=ballot.accept,
            loss=assessment.loss,
            accuracy=assessment.accuracy,
            holdout=self._holdout_commitment,
            salt=salt.hex(),
            commitment=commitment.hex(),
            commitment_signature=signature.hex(),
        )

    def _salt(self, phase: str, place: Place) -> bytes:
        return self.party.keyring.derive(phase, place.task.hex(), str(place.round))


def bounded(score: int) -> int:
    """A score within what the contract accepts."""
    return max(-SCORE_LIMIT, min(SCORE_LIMIT, score))


def _lie(honest: Assessment) -> Assessment:
    """A false vote: an aggregate that nothing gives, measurements turned upside down."""
    utilities = tuple(-value for value in honest.utilities)
    ballot = Ballot(
        honest.ballot.included,
        Digest.of(b"lie" + honest.ballot.aggregate).raw,
        tuple(bounded(score) for score in shapley(utilities)),
        not honest.ballot.accept,
    )
    return Assessment(ballot, utilities, honest.loss, honest.accuracy)
