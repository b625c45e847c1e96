"""One decision by the trained model, recorded before its result is released."""

from dataclasses import dataclass, replace
from pathlib import Path

from quorate.core.files import make_folder, write_durable
from quorate.learning.arrays import Floats, Model
from quorate.learning.client import millionths
from quorate.node.federation import Federation
from quorate.provenance.book import DECISION
from quorate.provenance.commitments import commit_to_input

FOLDER = "decisions"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model decided about one case, and where the record lies."""

    party: str
    positive: bool
    confidence: float
    index: int


def decide(federation: Federation, model: Model, party_name: str, features: Floats) -> Decision:
    """Applies ``model`` to one standardised row (k,) and records it; once per run.

    The record holds commitments keyed per record, the model's digest and the confidence: nothing
    about the case itself.
    """
    party = federation.parties[party_name]
    probability = float(
        federation.trainer.probabilities(model.to_floats(), features.reshape(1, -1))[0]
    )
    positive = probability >= 0.5
    confidence = probability if positive else 1 - probability
    index = _already_decided(federation, party_name)
    if index is None:
        key = party.keyring.derive("decisions")
        draft = party.book.draft(DECISION, "classify")
        cells = [repr(float(value)) for value in features]
        record = replace(
            draft,
            object=[{"digest": str(model.digest), "type": "model", "name": "model"}],
            outcome={"confidence": millionths(confidence)},
            commitments={
                "input": str(commit_to_input(key, f"{draft.id}/input", cells)),
                "output": str(commit_to_input(key, f"{draft.id}/output", [str(positive)])),
            },
        )
        index = party.book.append_record(record)
    return Decision(party_name, positive, confidence, index)


def _already_decided(federation: Federation, party_name: str) -> int | None:
    party = federation.parties[party_name]
    return next((i for i, record in party.book.records() if record.type == DECISION), None)


def save_receipt(federation: Federation, decision: Decision) -> Path:
    """Writes the decision's record and receipt side by side; the path of the receipt."""
    party = federation.parties[decision.party]
    folder = federation.home / FOLDER
    make_folder(folder)
    stem = f"{decision.party}-{decision.index:04d}"
    write_durable(folder / f"{stem}.json", party.log.entry(decision.index))
    path = folder / f"{stem}.tlog-proof"
    write_durable(path, party.log.receipt(decision.index).encode())
    return path
