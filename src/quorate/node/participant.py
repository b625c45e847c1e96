"""A participant of a task: trains next to its rows, commits, and hands over when it is time."""

from dataclasses import dataclass

from quorate.core.errors import UnavailableError
from quorate.core.hashing import Digest
from quorate.core.sealing import SealingPublicKey
from quorate.learning.arrays import Model
from quorate.learning.ballots import Place, commit_to_update
from quorate.learning.client import Cheat, local_update
from quorate.learning.contribution import opening_of
from quorate.learning.draws import seed_of
from quorate.learning.execution import clip_bound
from quorate.learning.specification import Specification
from quorate.learning.tables import Dataset
from quorate.learning.trainers.interface import Trainer
from quorate.node.party import Party
from quorate.provenance.kinds import Update as UpdateClaim
from quorate.provenance.statement import parse_envelope


@dataclass(frozen=True, slots=True)
class CheatPlan:
    """What a dishonest participant of a simulation does, from which round on."""

    cheat: Cheat
    first_round: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What leaves the participant when the commit window has closed."""

    statement: bytes
    envelope: bytes


class Participant:
    """One organisation's training side."""

    def __init__(
        self,
        party: Party,
        spec: Specification,
        trainer: Trainer,
        data: Dataset,
        plan: CheatPlan | None = None,
    ) -> None:
        self.party = party
        self._spec = spec
        self._trainer = trainer
        self._data = data
        self._plan = plan

    def prepare(self, place: Place, base: Model, committee: list[SealingPublicKey]) -> bytes:
        """Trains from ``base``, seals and publishes the update; the commitment for the ledger.

        Done once per round: a resumed process finds the published statement and repeats nothing.
        """
        published = self.party.publisher.publish(
            _key(place.round), lambda: self._claim(place, base, committee)
        )
        return bytes.fromhex(_claim_in(published.envelope).commitment)

    def deliver(self, number: int, *, window_closed: bool) -> Delivery:
        """The sealed update of a round; refused while others could still copy or adapt it."""
        if not window_closed:
            raise UnavailableError(
                f"could not deliver the update of round {number}: commitments are still open"
            )
        published = self.party.publisher.publish(_key(number), _not_prepared)
        blob = Digest.parse(_claim_in(published.envelope).blob)
        return Delivery(published.envelope, self.party.vault.envelope(blob))

    def _claim(self, place: Place, base: Model, committee: list[SealingPublicKey]) -> UpdateClaim:
        spec, number = self._spec, place.round
        plan = self._plan
        cheat = plan.cheat if plan is not None and number >= plan.first_round else None
        seed = seed_of("local", spec.seed, self.party.name, number)
        update = local_update(
            self._trainer, base, self._data, seed=seed, bound=clip_bound(spec), cheat=cheat
        )
        salt = self.party.keyring.derive("update", place.task.hex(), str(number))
        return UpdateClaim(
            author=self.party.name,
            time=str(self.party.clock.now_ns()),
            task=place.task.hex(),
            round=number,
            base=str(base.digest),
            commitment=commit_to_update(place, update.digest.raw, salt).hex(),
            blob=str(self.party.vault.put(opening_of(update, salt), committee)),
        )


def _key(number: int) -> str:
    return f"update-{number:04d}"


def _claim_in(envelope: bytes) -> UpdateClaim:
    return UpdateClaim.from_statement(parse_envelope(envelope).statement)


def _not_prepared() -> UpdateClaim:
    raise UnavailableError("could not deliver an update: none was prepared for this round")
