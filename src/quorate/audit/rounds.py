"""Every round again: updates opened, sets, aggregates and scores recomputed, byte for byte."""

import statistics
from dataclasses import dataclass, field

from quorate.audit.case import Case, StatementEvidence
from quorate.audit.task import TaskEvidence, data_set
from quorate.audit.transcript import Reveal, Transcript
from quorate.core.encoding import decode_base64, decode_hex, parse_canonical
from quorate.core.errors import EncodingError, UndecidedError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keys import recover_signer
from quorate.core.sealing import open_with, recipients_of, unseal
from quorate.learning.arrays import Model, Update
from quorate.learning.ballots import VOTE_PHASE, Ballot, Place, ballot_digest, expand
from quorate.learning.contribution import open_contribution
from quorate.learning.execution import aggregate_round, clip_bound
from quorate.learning.valuation import shapley
from quorate.provenance.bundle import FINAL_MODEL, OPENINGS
from quorate.provenance.kinds import Model as ModelClaim
from quorate.provenance.kinds import Update as UpdateClaim
from quorate.provenance.kinds import Vote

SCORE_LIMIT = 10**9  # millionths


@dataclass(slots=True)
class Reexecution:
    """What re-executing the rounds gave: valid updates by round and index, testimony, models."""

    updates: dict[int, dict[int, Update]] = field(default_factory=dict)
    refused: dict[int, dict[int, str]] = field(default_factory=dict)
    votes: dict[tuple[int, str], Vote] = field(default_factory=dict)
    model: Model | None = None


class UnseenError(VerificationError):
    """The bundle does not hold an update, or nobody can open it: what it was cannot be told."""


def check_updates(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """Every committed update is opened and judged by the validators' own numbered checks.

    1. Every sealed blob in the bundle belongs to a commitment on the chain and is the one that its
       participant's signed statement names; there is one content key for each.
    2. The content key, given to this auditor alone, opens the blob; the envelope commits to its
       key, so the validators saw the same bytes. One that is not there, or does not open, may not
       be in a round's set, and the report says that its exclusion cannot be judged.
    3. The statement names the commitment on the chain, the opening is the one committed to, and the
       update passes the task's checks. One that does not may not be in the round's set either.
    """
    keys = _content_keys(case)
    # 1.
    _check_blobs(case, rounds)
    seen: set[Digest] = set()
    count = 0
    for round_ in rounds:
        found.updates[round_.number], found.refused[round_.number] = {}, {}
        for index, account in enumerate(task.participants):
            if account in round_.commitments:
                _judge(case, task, round_, index, keys=keys, seen=seen, found=found)
                count += 1
    refused = sum(map(len, found.refused.values()))
    unseen = count - refused - sum(map(len, found.updates.values()))
    told = f"; {unseen} are not there to be judged" if unseen else ""
    case.passed(
        "updates",
        count,
        f"{count - unseen} sealed updates opened: each is the one committed to before any was "
        f"revealed; {refused} were refused by the validators, rightly{told}",
    )


def _content_keys(case: Case) -> dict[str, bytes]:
    assert case.manifest is not None
    auditor = case.manifest.auditor
    if case.manifest.form != "sealed":
        raise UndecidedError("the bundle is public: it holds no openings of the updates")
    try:
        recipients = recipients_of(case.members[OPENINGS])
    except EncodingError as error:
        raise VerificationError(error.message, place=OPENINGS) from None
    if auditor not in recipients:
        raise VerificationError("is not sealed to the auditor that is named", place=OPENINGS)
    if case.opener is None or case.opener.public_key.keyid not in recipients:
        raise UndecidedError(
            f"the updates are sealed to {auditor[:80]}",
            remedy="pass that auditor's key with --key FILE",
        )
    try:
        value = parse_canonical(unseal(case.members[OPENINGS], case.opener))
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise EncodingError("is not an object of content keys")
        keys = {path: decode_base64(text) for path, text in value.items()}
    except (EncodingError, VerificationError) as error:
        raise VerificationError(error.message, place=OPENINGS) from None
    if set(keys) != set(case.member_paths("update/")):
        raise VerificationError("does not open exactly the updates that are there", place=OPENINGS)
    return keys


def _check_blobs(case: Case, rounds: list[Transcript]) -> None:
    known = {
        update_path(case, round_, account): (case.name_of(account), round_.number)
        for round_ in rounds
        for account in round_.commitments
    }
    for path in case.member_paths("update/"):
        if path not in known:
            raise VerificationError("belongs to no commitment on the chain", place=path)
        claim = update_claim(case, *known[path])
        if claim is None or str(Digest.of(case.members[path])) != claim.blob:
            raise VerificationError("is not the blob of its statement", place=path)


def update_path(case: Case, round_: Transcript, account: str) -> str:
    """The bundle member that holds a participant's update of a round."""
    return f"update/{round_.number:04d}/{case.name_of(account)}.sealed"


def update_claim(case: Case, name: str, number: int) -> UpdateClaim | None:
    """What a participant stated about its update of a round, if it stated anything."""
    evidence = case.statements.get((name, f"update-{number:04d}"))
    if evidence is None or evidence.statement.kind != UpdateClaim.kind:
        return None
    return UpdateClaim.from_statement(evidence.statement)


def _judge(
    case: Case,
    task: TaskEvidence,
    round_: Transcript,
    index: int,
    *,
    keys: dict[str, bytes],
    seen: set[Digest],
    found: Reexecution,
) -> None:
    """Files the update of one participant as valid, refused, or not there to be judged."""
    account, number = task.participants[index], round_.number
    in_set = round_.included is not None and bool(round_.included >> index & 1)
    name = case.name_of(account)
    try:
        update = _open(case, task, round_, account, keys=keys, seen=seen)
    except (VerificationError, EncodingError) as error:
        if in_set:
            raise VerificationError(
                f"is in the round's set but not valid: {error.message}",
                place=update_path(case, round_, account),
            ) from None
        if isinstance(error, UnseenError):
            told = f"round {number}: whether {name} was rightly left out cannot be told"
            case.notes.append(f"{told}: its update {error.message}")
        else:
            found.refused[number][index] = str(error)
        return
    seen.add(update.digest)
    found.updates[number][index] = update
    if round_.included is not None and not in_set:  # no contradiction: a delivery may fail
        case.notes.append(f"round {number}: the valid update of {name} was left out")


def _open(
    case: Case,
    task: TaskEvidence,
    round_: Transcript,
    account: str,
    *,
    keys: dict[str, bytes],
    seen: set[Digest],
) -> Update:
    path = update_path(case, round_, account)
    claim = update_claim(case, case.name_of(account), round_.number)
    # 2.
    if claim is None or path not in case.members:
        raise UnseenError("was not handed over", place=path)
    try:
        opening = open_with(case.members[path], keys[path])
    except (VerificationError, EncodingError) as error:
        raise UnseenError(f"does not open: {error.message}", place=path) from None
    # 3.
    commitment = round_.commitments[account]
    stated = (claim.task, claim.round, claim.commitment)
    if stated != (task.task.hex(), round_.number, commitment.hex()):
        raise VerificationError("statement and chain differ", place=path)
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


def check_votes(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """Every revealed vote is the committed one, with testimony from which its scores follow.

    1. The validator's signed statement, with its salt, gives the commitment on the chain, and the
       reveal on the chain says the same.
    2. Measurements are numbers in range, one per coalition; the scores are their exact Shapley
       values.
    3. It names the hold-out that the validator registered, and its account signed the commitment.

    A validator that published no statement is told, not refused: what counts of its vote stands
    signed on the chain, its scores are then testimony without measurements, and one silent
    validator shall not spoil everybody's evidence. (A statement that its log records and the bundle
    lacks was refused by `check_statements`.)
    """
    count = 0
    for round_ in rounds:
        for account, reveal in round_.reveals.items():
            name, key = case.name_of(account), f"vote-{round_.number:04d}"
            if (name, key) not in case.statements:
                case.notes.append(f"round {round_.number}: {name} published no measurements")
                continue
            place = f"statement/{name}/{key}.json"
            try:
                vote = _vote(case, task, round_, account, reveal=reveal, place=place)
            except EncodingError as error:
                raise VerificationError(error.message, place=place) from None
            found.votes[round_.number, account] = vote
            count += 1
            # Testimony about itself: nothing but this vote hangs on it, so it is told, not refused.
            if vote.accept != (-vote.loss >= vote.utilities[0] - task.spec.accept_tolerance):
                verdict = "yes" if vote.accept else "no"
                told = f"round {round_.number}: the {verdict} of {name}"
                case.notes.append(f"{told} does not follow from its own measurements")
    case.passed(
        "votes",
        3 * count,
        f"{count} votes are the ones committed to; every score follows from its validator's "
        "measurements by the exact Shapley value",
    )


def _vote(
    case: Case, task: TaskEvidence, round_: Transcript, account: str, *, reveal: Reveal, place: str
) -> Vote:
    name = case.name_of(account)
    vote = _vote_in(case.statements[name, f"vote-{round_.number:04d}"], place)
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
    if len(vote.utilities) != 1 << seats:
        raise VerificationError("does not measure every coalition once", place=place)
    scores = tuple(max(-SCORE_LIMIT, min(SCORE_LIMIT, s)) for s in shapley(vote.utilities))
    if scores != ballot.scores:
        raise VerificationError("its scores do not follow from its measurements", place=place)
    # 3.
    signature = expand(decode_hex(vote.commitment_signature, 64))
    signed = ballot_digest(where, VOTE_PHASE, vote.included, commitment)
    if recover_signer(signature, signed, place).address != account:
        raise VerificationError("its commitment is not signed by its account", place=place)
    if vote.holdout != data_set(case, name, "hold-out")[0].commitment:
        raise VerificationError("measured on another hold-out than registered", place=place)
    return vote


def _vote_in(evidence: StatementEvidence, place: str) -> Vote:
    """The typed vote; lists hold integers, measurements are in range."""
    vote = Vote.from_statement(evidence.statement)
    numbers = (*vote.scores, *vote.utilities)
    if any(type(number) is not int for number in numbers) or vote.included < 0:
        raise VerificationError("its scores or measurements are not integers", place=place)
    if not 0 <= vote.accuracy <= 10**6 or vote.loss < 0:
        raise VerificationError("its loss or accuracy is out of range", place=place)
    return vote


def check_aggregates(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """Every settled aggregate is what the task's rule gives on the set's updates, byte for byte."""
    model, count = task.initial, 0
    for round_ in rounds:
        if round_.aggregate is None or round_.included is None:
            continue
        _note_other_base(case, task, round_, model)
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


def _note_other_base(case: Case, task: TaskEvidence, round_: Transcript, base: Model) -> None:
    """A stated base is testimony: nothing is computed from it, so it is told and not refused."""
    for name in map(case.name_of, task.participants):
        claim = update_claim(case, name, round_.number)
        if claim is not None and claim.base != str(base.digest):
            case.notes.append(f"round {round_.number}: {name} states another model to start from")


def check_model(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """The final model is the re-executed one, byte for byte, and its sponsor signed for it."""
    assert found.model is not None
    if case.members.get(FINAL_MODEL) != found.model.to_bytes():
        raise VerificationError("is not the re-executed model", place=FINAL_MODEL)
    claims = [
        ModelClaim.from_statement(evidence.statement)
        for evidence in case.statements.values()
        if evidence.statement.kind == ModelClaim.kind
        and evidence.author == case.name_of(task.terms.sponsor)
    ]
    initial, final = str(task.initial.digest), str(found.model.digest)
    expected = (task.task.hex(), len(rounds), initial, final)
    if [(c.task, c.rounds, c.initial, c.digest) for c in claims] != [expected]:
        raise VerificationError("no signed statement names it as the task's result", place="model")
    case.story.model_digest = str(found.model.digest)
    size = len(found.model.to_bytes())
    case.passed("model", 2, f"the final model's {size} bytes are the re-executed ones")


def testimony(found: Reexecution, round_: Transcript) -> tuple[int | None, int | None]:
    """Median loss and accuracy of the candidate, as validators on the agreed aggregate said."""
    votes = [
        found.votes[round_.number, account]
        for account, reveal in round_.reveals.items()
        if reveal.aggregate == round_.aggregate and (round_.number, account) in found.votes
    ]
    if not votes:
        return None, None
    return (
        statistics.median_low(vote.loss for vote in votes),
        statistics.median_low(vote.accuracy for vote in votes),
    )
