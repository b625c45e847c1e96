"""Recorded decisions: each names the model that decided, and a receipt proves it."""

from typing import Any

from quorate.audit.case import Case
from quorate.audit.logs import check_receipt
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.provenance.book import CHAIN_HEAD, DECISION, STATEMENT
from quorate.provenance.recorder import DURABLE, RECORDED
from quorate.provenance.records import Record


def check_decisions(case: Case) -> None:
    """Every decision record names the task's model, commits to input and output, and is proven.

    1. Every record in every log is of a kind that is known here; nothing is passed over.
    2. A decision names the audited model, a confidence in millionths, and commitments to its input
       and output (what they hide is not shown, and was not checked). It may say which promise
       its recorder waited for; without, it was durable before it was released.
    3. A receipt proves the record.
    """
    for name, log in case.logs.items():
        for index, record in enumerate(log.records):
            if record is None or record.type in (STATEMENT, CHAIN_HEAD):
                continue
            place = f"log/{name} record {index}"
            # 1.
            if record.type != DECISION:
                raise VerificationError(f"is of the unknown type {record.type[:40]!r}", place=place)
            # 2.
            confidence, promise = _check_decision(case, record, place)
            # 3.
            key = f"decision-{index:04d}"
            check_receipt(case, name, key, index)
            entry: dict[str, Any] = {"party": name, "key": key, "confidence": confidence}
            entry["promise"] = promise
            case.story.decisions.append(entry)
    case.story.receipts += len(case.story.decisions)
    case.passed(
        "decisions",
        2 * len(case.story.decisions),
        f"{len(case.story.decisions)} recorded decisions name the audited model and are proven"
        + _released_early(case.story.decisions),
    )


def _released_early(decisions: list[dict[str, Any]]) -> str:
    """How many waited for the kernel only; a power cut could have taken such, and shown a gap."""
    early = sum(each["promise"] == RECORDED for each in decisions)
    return f"; {early} of them were released when recorded, before they were durable" * bool(early)


def _check_decision(case: Case, record: Record, place: str) -> tuple[int, str]:
    models = [item.get("digest") for item in record.object if item.get("type") == "model"]
    if models != [case.story.model_digest]:
        raise VerificationError("was not made by the audited model", place=place)
    confidence = record.outcome.get("confidence") if isinstance(record.outcome, dict) else None
    if type(confidence) is not int or not 0 <= confidence <= 10**6:
        raise VerificationError("states no confidence", place=place)
    try:
        for what in ("input", "output"):
            Digest.parse(record.commitments[what])
    except (KeyError, TypeError, EncodingError):
        raise VerificationError("does not commit to its input and output", place=place) from None
    promise = (record.outcome or {}).get("promise", DURABLE)
    if promise not in (RECORDED, DURABLE):
        raise VerificationError("states an unknown promise", place=place)
    return confidence, promise
