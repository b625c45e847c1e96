"""Every round again: updates opened, sets, aggregates and scores recomputed, byte for byte."""

import statistics
from dataclasses import dataclass, field

from quorate.audit.case import Case
from quorate.audit.task import TaskEvidence
from quorate.audit.transcript import Reveal, Transcript
from quorate.core.encoding import decode_base64, decode_hex, parse_canonical
from quorate.core.errors import EncodingError, UndecidedError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keys import recover_signer
from quorate.core.sealing import open_with, unseal
from quorate.learning.arrays import Model, Update
from quorate.learning.ballots import VOTE_PHASE, Ballot, Place, expand, signing_digest
from quorate.learning.contribution import open_contribution
from quorate.learning.execution import aggregate_round, clip_bound
from quorate.learning.valuation import shapley
from quorate.provenance.bundle import FINAL_MODEL, OPENINGS
from quorate.provenance.kinds import DataSet, Vote
from quorate.provenance.kinds import Model as ModelClaim
from quorate.provenance.kinds import Update as UpdateClaim

SCORE_LIMIT = 10**9  # millionths


@dataclass(slots=True)
class Reexecution:
    """What re-executing the rounds gave: valid updates by round and index, testimony, models."""

    updates: dict[int, dict[int, Update]] = field(default_factory=dict)
    refused: dict[int, dict[int, str]] = field(default_factory=dict)
    votes: dict[tuple[int, str], Vote] = field(default_factory=dict)
    model: Model | None = None


def check_updates(case: Case, task: TaskEvidence, rounds: list[Transcript]) -> Reexecution:
    """Every committed update is opened and judged by the validators' own numbered checks.

    1. Its participant's signed statement names the commitment on the chain and the sealed blob.
    2. The content key, given to this auditor alone, opens the blob; the envelope commits to its
       key, so the validators saw the same bytes.
    3. The opening is the one committed to, and the update passes the task's checks. One that does
       not may not be in the round's set; one in the set must.
    """
    keys = _content_keys(case)
    found = Reexecution()
    seen: set[Digest] = set()
    count = 0
    for round_ in rounds:
        valid: dict[int, Update] = {}
        refused: dict[int, str] = {}
        for index, account in enumerate(task.participants):
            if account not in round_.commitments:
                continue
            try:
                valid[index] = _open(case, task, round_, account, keys=keys, seen=seen)
                seen.add(valid[index].digest)
            except (VerificationError, EncodingError) as error:
                if round_.included is not None and round_.included >> index & 1:
                    place = f"update/{round_.number:04d}/{case.name_of(account)}.sealed"
                    raise VerificationError(
                        f"is in the round's set but not valid: {error}", place=place
                    ) from None
                refused[index] = str(error)
            count += 1
        found.updates[round_.number], found.refused[round_.number] = valid, refused
        _note_left_out(case, task, round_, valid)
    _check_no_strangers(case, rounds)
    case.passed(
        "updates",
        count,
        f"{count} sealed updates opened: each is the one committed to before any was revealed; "
        f"{sum(map(len, found.refused.values()))} were refused by the validators, rightly",
    )
    return found


def _content_keys(case: Case) -> dict[str, bytes]:
    assert case.manifest is not None
    if case.manifest.form != "sealed" or OPENINGS not in case.members:
        raise UndecidedError("the bundle is public: it holds no openings of the updates")
    if case.opener is None:
        raise UndecidedError(
            f"the updates are sealed to {case.manifest.auditor}",
            remedy="pass that auditor's key with --key FILE",
        )
    try:
        value = parse_canonical(unseal(case.members[OPENINGS], case.opener))
        keys = {str(path): decode_base64(text) for path, text in value.items()}
    except (EncodingError, VerificationError) as error:
        raise VerificationError(error.message, place=OPENINGS) from None
    if set(keys) != set(case.member_paths("update/")):
        raise VerificationError("does not open exactly the updates that are there", place=OPENINGS)
    return keys


def _open(
    case: Case,
    task: TaskEvidence,
    round_: Transcript,
    account: str,
    *,
    keys: dict[str, bytes],
    seen: set[Digest],
) -> Update:
    name = case.name_of(account)
    path = f"update/{round_.number:04d}/{name}.sealed"
    # 1.
    evidence = case.statements.get((name, f"update-{round_.number:04d}"))
    if evidence is None or path not in case.members:
        raise VerificationError("was not handed over", place=path)
    claim = UpdateClaim.from_statement(evidence.statement)
    commitment = round_.commitments[account]
    stated = (claim.task, claim.round, decode_hex(claim.commitment, 32))
    if stated != (task.task.hex(), round_.number, commitment):
        raise VerificationError("statement and chain differ", place=path)
    if Digest.of(case.members[path]) != Digest.parse(claim.blob):
        raise VerificationError("is not the blob of its statement", place=path)
    # 2.
    opening = open_with(case.members[path], keys[path])
    # 3.
    return open_contribution(
        opening,
        commitment,
        place_of(case, task, round_.number, account),
        layout=task.layout,
        bound=clip_bound(task.spec),
        seen=seen,
        name=path,
    )


def place_of(case: Case, task: TaskEvidence, number: int, account: str) -> Place:
    """Where a commitment of ``account`` was made."""
    root = case.roots.chain
    return Place(root.chain_id, root.contracts["Rounds"], task.task, number, account)


def _note_left_out(
    case: Case, task: TaskEvidence, round_: Transcript, valid: dict[int, Update]
) -> None:
    """A valid update outside the set is no contradiction (a delivery may fail), but is told."""
    for index in valid:
        if round_.included is not None and not round_.included >> index & 1:
            name = case.name_of(task.participants[index])
            case.notes.append(f"round {round_.number}: the valid update of {name} was left out")


def _check_no_strangers(case: Case, rounds: list[Transcript]) -> None:
    known = {
        f"update/{round_.number:04d}/{case.name_of(account)}.sealed"
        for round_ in rounds
        for account in round_.commitments
    }
    for path in case.member_paths("update/"):
        if path not in known:
            raise VerificationError("belongs to no commitment on the chain", place=path)


def check_votes(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """Every revealed vote is the committed one, with testimony from which its scores follow.

    1. The validator's signed statement, with its salt, gives the commitment on the chain, and the
       reveal on the chain says the same.
    2. There is one measurement per coalition; the scores are their exact Shapley values.
    3. It names the hold-out that the validator registered, and its account signed the commitment.
    """
    count = 0
    for round_ in rounds:
        for account, reveal in round_.reveals.items():
            vote = _vote(case, task, round_, account, reveal)
            found.votes[round_.number, account] = vote
            count += 1
    case.passed(
        "votes",
        3 * count,
        f"{count} votes are the ones committed to; every score follows from its validator's "
        "measurements by the exact Shapley value",
    )


def _vote(case: Case, task: TaskEvidence, round_: Transcript, account: str, reveal: Reveal) -> Vote:
    name = case.name_of(account)
    key = f"vote-{round_.number:04d}"
    place = f"statement/{name}/{key}.json"
    if (name, key) not in case.statements:
        raise VerificationError("missing", place=place)
    vote = Vote.from_statement(case.statements[name, key].statement)
    # 1.
    aggregate = Digest.parse(vote.aggregate).raw
    ballot = Ballot(vote.included, aggregate, tuple(vote.scores), vote.accept)
    where = place_of(case, task, round_.number, account)
    commitment = ballot.commit(where, decode_hex(vote.salt, 32))
    said = (vote.task, vote.round, vote.included, decode_hex(vote.commitment, 32))
    due = (task.task.hex(), round_.number, round_.included, round_.vote_commitments.get(account))
    if said != due or commitment != due[3]:
        raise VerificationError("is not the vote committed to on the chain", place=place)
    if (reveal.aggregate, reveal.scores, reveal.accept) != (aggregate, ballot.scores, vote.accept):
        raise VerificationError("says other things than the reveal on the chain", place=place)
    # 2.
    seats = (round_.included or 0).bit_count()
    if len(vote.utilities) != 1 << seats or any(type(u) is not int for u in vote.utilities):
        raise VerificationError("does not measure every coalition once", place=place)
    scores = tuple(max(-SCORE_LIMIT, min(SCORE_LIMIT, s)) for s in shapley(vote.utilities))
    if scores != ballot.scores:
        raise VerificationError("its scores do not follow from its measurements", place=place)
    # 3.
    signature = expand(decode_hex(vote.commitment_signature, 64))
    signed = signing_digest(where, VOTE_PHASE, commitment)
    if recover_signer(signature, signed, place).address != account:
        raise VerificationError("its commitment is not signed by its account", place=place)
    if vote.holdout != _holdout(case, name):
        raise VerificationError("measured on another hold-out than registered", place=place)
    return vote


def _holdout(case: Case, name: str) -> str:
    for (author, _), evidence in case.statements.items():
        if author == name and evidence.statement.kind == DataSet.kind:
            return DataSet.from_statement(evidence.statement).commitment
    return ""


def check_aggregates(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """Every settled aggregate is what the task's rule gives on the set's updates, byte for byte."""
    model, count = task.initial, 0
    for round_ in rounds:
        if round_.aggregate is None or round_.included is None:
            continue
        indices = [i for i in range(len(task.participants)) if round_.included >> i & 1]
        updates = [found.updates[round_.number][index] for index in indices]
        candidate = aggregate_round(task.spec, model, updates, [task.weights[i] for i in indices])
        if candidate.digest.raw != round_.aggregate:
            raise VerificationError(
                "settled on an aggregate that its updates do not give",
                place=f"round {round_.number}",
            )
        model = candidate if round_.accepted else model
        count += 1
    found.model = model
    case.passed(
        "aggregates",
        count,
        f"{count} aggregations with {task.spec.rule} executed again give the same bytes",
    )


def check_model(case: Case, task: TaskEvidence, found: Reexecution) -> None:
    """The final model is the re-executed one, byte for byte, and its sponsor signed for it."""
    assert found.model is not None
    if case.members.get(FINAL_MODEL) != found.model.to_bytes():
        raise VerificationError("is not the re-executed model", place=FINAL_MODEL)
    claims = [
        ModelClaim.from_statement(evidence.statement)
        for evidence in case.statements.values()
        if evidence.statement.kind == ModelClaim.kind
        and evidence.author == case.name_of(str(task.terms["sponsor"]))
    ]
    expected = (task.task.hex(), str(task.initial.digest), str(found.model.digest))
    if [(c.task, c.initial, c.digest) for c in claims] != [expected]:
        raise VerificationError("no signed statement names it as the task's result", place="model")
    case.story.model_digest = str(found.model.digest)
    size = len(found.model.to_bytes())
    case.passed("model", 2, f"the final model's {size} bytes are the re-executed ones")


def testimony(found: Reexecution, round_: Transcript) -> tuple[int | None, int | None]:
    """Median loss and accuracy of the candidate, as validators on the agreed aggregate said."""
    votes = [
        found.votes[round_.number, account]
        for account, reveal in round_.reveals.items()
        if reveal.aggregate == round_.aggregate
    ]
    if not votes:
        return None, None
    return (
        statistics.median_low(vote.loss for vote in votes),
        statistics.median_low(vote.accuracy for vote in votes),
    )
