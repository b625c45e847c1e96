"""How far a lone receipt can be relied on: who says when, who else saw it, what is not proven."""

from collections.abc import Sequence
from datetime import UTC, datetime

from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import Cosignature, LogIdentity
from quorate.log.receipt import Receipt
from quorate.log.timestamp import Timestamped, verify_timestamp
from quorate.provenance.roots import MemberRoot, Roots

PLACE = "receipt: timestamp"
_UNCHECKED = "there is one, not checked: your trust file names no timestamp authority"


def check_timestamp(receipt: Receipt, log: LogIdentity, trust: Roots) -> Timestamped | None:
    """What the receipt's token says, or None where there is none or nobody to believe.

    Raises `VerificationError` when a token does not verify under the authorities of ``trust``, and
    when the receipt carries anything else that nobody signed.
    """
    token = _token(receipt)
    if token is None or not trust.authorities:
        return None
    return verify_timestamp(token, receipt.note, log, trust.authorities, place=PLACE)


def standing_of(
    receipt: Receipt,
    stamped: Timestamped | None,
    cosigners: Sequence[Cosignature],
    owner: MemberRoot,
    trust: Roots,
) -> dict[str, str]:
    """What a verified receipt of the log of ``owner`` may be relied on for, and what not."""
    hands = _independent_hands(cosigners, owner, trust)
    return _standing(receipt, stamped, hands, len(trust.hands) - 1)


def standing_under_policy(receipt: Receipt, witnesses: int, possible: int) -> dict[str, str]:
    """The same for a receipt that only a policy vouches for: whom it lists, it calls independent.

    A policy names no timestamp authority; raises `VerificationError` as `check_timestamp` does.
    """
    _token(receipt)
    return _standing(receipt, None, witnesses, possible)


def _standing(
    receipt: Receipt, stamped: Timestamped | None, hands: int, possible: int
) -> dict[str, str]:
    levels = [f"WITNESSED {hands}/{possible}"] if hands else []
    if stamped is not None:
        levels.append("TIMESTAMPED")
    missing = ["that the record is true"]
    if not hands:
        missing.append("that the log shows everybody the same tree: nobody independent cosigned")
    if stamped is not None:
        missing.append("when the record was made: only that it was not after the timestamp")
    else:
        missing.append("when it was logged: times are the parties' own")
    return {
        "timestamp": _words(receipt, stamped),
        "trust level": ", ".join(levels) or "SELF",
        "not proven": "; ".join(missing),
    }


def _token(receipt: Receipt) -> bytes | None:
    try:
        return receipt.timestamp
    except EncodingError as error:
        raise VerificationError(error.message, step="timestamp.form", place=PLACE) from None


def _independent_hands(cosigners: Sequence[Cosignature], owner: MemberRoot, trust: Roots) -> int:
    """How many operators other than the log's own cosigned; keys of one hand count once."""
    names = {cosigner.witness.name for cosigner in cosigners}
    hands = {trust.hand_of(m.name) for m in trust.members if f"{m.origin}/witness" in names}
    return len(hands - {trust.hand_of(owner.name)})


def moment_of(stamped: Timestamped) -> str:
    """The time that an authority stated, for people."""
    return f"{datetime.fromtimestamp(stamped.time, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _words(receipt: Receipt, stamped: Timestamped | None) -> str:
    if stamped is not None:
        return f"{moment_of(stamped)}, says {stamped.authority}"
    return "none" if receipt.extra is None else _UNCHECKED
