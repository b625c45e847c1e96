"""What a validator checks of an opened update before it counts, in numbered steps.

1. It is no longer and no shorter than the task's layout needs (checked before parsing: strangers
   cannot make us work).
2. Its bytes are the one spelling of an update (safetensors, int32, scale 2**-24): nothing that is
   not finite, and nothing hidden in the header, can be said in it.
3. Its array names and shapes are the task's.
4. Its L2 norm is within the task's bound, exactly.
5. It is not the replay of an update of this task that was seen before, its own or another's.
"""

from collections.abc import Container

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.learning.arrays import Layout, Update

STEPS = ("size", "bytes", "layout", "bound", "replay")


def check_update(
    data: bytes, layout: Layout, bound: int, seen: Container[Digest], place: str = "update"
) -> Update:
    """The update of ``data``; raises `VerificationError` with the step that failed.

    ``bound`` is the task's L2 bound in update units (2**-24); ``seen`` holds the digests of earlier
    updates of the task; ``place`` names the update in the error.
    """
    # 1. size
    due = Update.encoded_size(layout)
    if len(data) != due:
        raise _refused(f"{len(data)} bytes where the layout takes {due}", 1, place)
    # 2. bytes
    try:
        update = Update.from_bytes(data)
    except EncodingError as error:
        raise _refused(error.message, 2, place) from None
    # 3. layout
    if update.layout != layout:
        raise _refused("array names or shapes are not the task's", 3, place)
    # 4. bound
    if update.squared_norm > bound * bound:
        raise _refused(f"its L2 norm is beyond the task's bound of {bound} units", 4, place)
    # 5. replay
    if update.digest in seen:
        raise _refused(f"{update.digest} was sent before", 5, place)
    return update


def _refused(reason: str, step: int, place: str) -> VerificationError:
    return VerificationError(reason, step=f"{step} {STEPS[step - 1]}", place=place)
