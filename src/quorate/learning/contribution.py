"""The opening of a sealed update, and the numbered checks that make it count.

A participant seals ``salt | update`` to the validators. Validators and the auditor open it with the
same steps, so that who was rightly left out can be shown afterwards.
"""

from collections.abc import Container

from quorate.core.errors import VerificationError
from quorate.core.hashing import Digest
from quorate.learning.arrays import Layout, Update
from quorate.learning.ballots import Place, commit_to_update
from quorate.learning.validation import check_update

SALT_SIZE = 32  # bytes


def opening_of(update: Update, salt: bytes) -> bytes:
    """What is sealed: the salt (32 bytes), then the update's canonical bytes."""
    return salt + update.to_bytes()


def open_contribution(
    opening: bytes,
    commitment: bytes,
    place: Place,
    *,
    layout: Layout,
    bound: int,
    seen: Container[Digest],
    name: str,
) -> Update:
    """The update in ``opening``; raises `VerificationError` naming the step that failed.

    1. The opening is the one that the participant committed to on the ledger (32 bytes) before any
       update left its owner: no copying, no adapting.
    2. The update passes `check_update`: size, bytes, layout, bound, replay.
    """
    # 1.
    salt, data = opening[:SALT_SIZE], opening[SALT_SIZE:]
    if commit_to_update(place, Digest.of(data).raw, salt) != commitment:
        raise VerificationError("is not what was committed to", step="0 commitment", place=name)
    # 2.
    return check_update(data, layout, bound, seen, name)
