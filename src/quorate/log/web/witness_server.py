"""A witness over HTTP: ``POST <prefix>/add-checkpoint`` and nothing else (C2SP tlog-witness).

There is no authentication but the log's signature on its checkpoint, so everything else that comes
is taken for an attack: it is bounded by `hosting`, parsed strictly, and costs one signature check.
"""

import threading
from collections import Counter
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from quorate.core.errors import EncodingError, UnavailableError
from quorate.log.checkpoint import Checkpoint
from quorate.log.web.connection import Limits
from quorate.log.web.hosting import Report, refusal, unheard
from quorate.log.witness import Witness, WitnessedLog
from quorate.log.witness_protocol import (
    MALFORMED,
    MAX_REQUEST,
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
    encode_lines,
    encode_size,
)
from quorate.log.witness_state import MAX_CONFLICTS

WITNESS_LIMITS = Limits(body=MAX_REQUEST, answer_seconds=30.0)


def witness_routes(
    witness: Witness,
    logs: Mapping[str, WitnessedLog],
    prefix: str = "",
    *,
    report: Report = unheard,
) -> list[BaseRoute]:
    """The route of a witness of ``logs``; serve it with `WITNESS_LIMITS`.

    ``report`` hears of every log that showed two trees of one size, as `Forks` says.
    """

    forks = Forks(report)

    async def add_checkpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(answer, witness, logs, body, forks)

    return [Route(f"{prefix}{PATH}", add_checkpoint, methods=["POST"])]


class Forks:
    """Reports each fork once, the first few of a log, and of the rest how many there were.

    Whoever has seen two signed trees can send them again and again: that must not fill a disk.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._said: dict[str, set[Checkpoint]] = {}
        self._more: Counter[str] = Counter()

    def seen(self, error: ForkError, shown: Checkpoint) -> None:
        """Another request showed one."""
        with self._lock:
            said = self._said.setdefault(shown.origin, set())
            if shown not in said and len(said) < MAX_CONFLICTS:
                said.add(shown)
                self._report(f"FORK: {error}; both notes are kept among the conflicts")
                return
            self._more[shown.origin] = more = self._more[shown.origin] + 1
            if str(more).strip("0") == "1":  # 1, 10, 100, ...
                self._report(f"FORK: {shown.origin}: shown again, {more} times by now")


def answer(
    witness: Witness, logs: Mapping[str, WitnessedLog], body: bytes, forks: Forks
) -> Response:
    """The answer to one request; what is no refusal of the protocol is raised."""
    try:
        request = AddCheckpoint.parse(body)
        lines = witness.add_checkpoint(request, logs)
    except UnknownLogError as error:
        return refusal(UNKNOWN, error.public)
    except UnsignedError as error:
        return refusal(UNSIGNED, error.public)
    except StaleSizeError as error:
        if isinstance(error, ForkError):
            forks.seen(error, request.checkpoint())
        return Response(encode_size(error.size), STALE, {"content-type": SIZE_TYPE})
    except UnprovenError as error:
        return refusal(UNPROVEN, error.public)
    except EncodingError as error:
        return refusal(MALFORMED, error.public)
    except OSError as error:  # a full disk: nothing was signed
        raise UnavailableError(f"could not keep the witness's state: {error.strerror}") from error
    return Response(encode_lines(lines), OK, media_type=REQUEST_TYPE)
