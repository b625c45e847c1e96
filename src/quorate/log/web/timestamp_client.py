"""A timestamp authority at the other end of a line, as the port `timestamp.TimestampSource`.

RFC 3161 section 3.4: POST of the request as ``application/timestamp-query``. What comes back is a
stranger's: bounded here, believed only by `timestamp.accept_answer`.
"""

from quorate.core.errors import UnavailableError
from quorate.log.timestamp import MAX_ANSWER
from quorate.log.web.calling import HttpCaller

REQUEST_TYPE = "application/timestamp-query"
_OK = 200


class HttpTimestampSource:
    """The authority at ``url``; ``seconds`` is the longest time that an answer may take.

    Plain http:// gives nothing away: an answer that somebody changed does not verify.
    """

    def __init__(self, url: str, *, seconds: float = 20.0) -> None:
        self._caller = HttpCaller(url, seconds=seconds)
        # The address is taken as it was given: some authorities answer below a slash only.
        has_path = "/" in url.partition("://")[2]
        self._path = "" if has_path and not url.endswith("/") else "/"

    def __enter__(self) -> "HttpTimestampSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; a later request opens it again."""
        self._caller.close()

    def stamp(self, request: bytes) -> bytes:
        """The authority's answer, as `timestamp.TimestampSource` says."""
        reply = self._caller.post(self._path, request, REQUEST_TYPE, limit=MAX_ANSWER)
        if reply.status != _OK:
            raise UnavailableError(
                f"could not get a timestamp from {self._caller.url}: "
                f"it answered with status {reply.status}"
            )
        return reply.body
