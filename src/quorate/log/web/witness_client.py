"""A witness at the other end of a line, as the port `cosigning.CheckpointWitness`."""

from collections.abc import Sequence

from quorate.core.errors import EncodingError, InputError, UnavailableError, VerificationError
from quorate.log.checkpoint import WitnessIdentity
from quorate.log.cosigning import size_seen
from quorate.log.web.calling import HttpCaller, Reply
from quorate.log.witness_protocol import (
    MALFORMED,
    MAX_ANSWER,
    OK,
    PATH,
    REQUEST_TYPE,
    SIZE_TYPE,
    STALE,
    UNKNOWN,
    UNPROVEN,
    UNSIGNED,
    AddCheckpoint,
    ForkError,
    StaleSizeError,
    UnknownLogError,
    UnprovenError,
    UnsignedError,
    believed,
    parse_size,
)


class HttpWitness:
    """The witness with the submission prefix ``url``; only lines of ``identities`` are believed."""

    def __init__(
        self, url: str, identities: Sequence[WitnessIdentity], *, seconds: float = 10.0
    ) -> None:
        if len({each.name for each in identities}) != 1:
            raise InputError(f"could not use witness {url[:200]}: not the keys of one name")
        self.name = identities[0].name
        self.identities = tuple(identities)
        self._caller = HttpCaller(url, seconds=seconds)

    def __enter__(self) -> "HttpWitness":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; a later call opens it again."""
        self._caller.close()

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note: str) -> tuple[str, ...]:
        """The witness's lines under ``note``, each verified.

        Raises the errors of `witness_protocol` when it refuses, `VerificationError` when its answer
        is not to be believed, `UnavailableError` when there is none.
        """
        request = AddCheckpoint.of(old_size, proof, note)
        reply = self._caller.post(PATH, bytes(request), REQUEST_TYPE, limit=MAX_ANSWER)
        if reply.status != OK:
            raise self._refusal(reply, request)
        return believed(reply.body, request, self.identities, self.name)

    def size_seen(self, note: str) -> int:
        """As `cosigning.size_seen` says."""
        return size_seen(self, note)

    def _refusal(self, reply: Reply, request: AddCheckpoint) -> Exception:
        if reply.status == STALE:
            return self._stale(reply, request)
        if reply.status == UNSIGNED:
            return UnsignedError(UnsignedError.public, step="note.log", place=self.name)
        if reply.status == UNPROVEN:
            words = UnprovenError.public
            return UnprovenError(words, step="witness.consistency", place=self.name)
        if reply.status == UNKNOWN:
            return UnknownLogError(f"could not be witnessed by {self.name}: it knows no such log")
        if reply.status == MALFORMED:
            return InputError(f"could not be witnessed by {self.name}: it could not read this")
        return UnavailableError(f"could not be witnessed by {self.name}: status {reply.status}")

    def _stale(self, reply: Reply, request: AddCheckpoint) -> Exception:
        try:
            if reply.content_type != SIZE_TYPE:
                raise EncodingError("another type")
            size = parse_size(reply.body)
        except EncodingError:
            return VerificationError("says 409 without a size", place=self.name)
        if size == request.old_size == request.checkpoint().size:
            words = f"another tree of size {size} was cosigned"
            return ForkError(size, words, step="witness.consistency", place=self.name)
        words = f"size {size} was cosigned last, not {request.old_size}"
        return StaleSizeError(size, words, step="witness.size", place=self.name)
