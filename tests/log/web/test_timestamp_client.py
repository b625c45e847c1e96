"""The client of a timestamp authority against a real one, over real HTTP, honest and not."""

import socket
import time
from collections.abc import Iterator

import pytest

from quorate.core.errors import InputError, UnavailableError, VerificationError
from quorate.core.sources import SystemRandomness
from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.merkle import leaf_hash
from quorate.log.timestamp import (
    MAX_ANSWER,
    Stamp,
    TimestampAuthority,
    obtain_timestamp,
    verify_timestamp,
)
from quorate.log.web.timestamp_client import REQUEST_TYPE, HttpTimestampSource
from tests.log.parties import ALICE, IDENTITY, ORIGIN
from tests.simulators.authority import Authority, Desk, serving

NOTE = sign_checkpoint(Checkpoint(ORIGIN, 1, leaf_hash(b"leaf")), *ALICE.log_signers, 1)
TSA = Authority()
TRUSTED = TimestampAuthority("the office", TSA.root_der)


def ask(url: str, seconds: float = 5.0) -> Stamp:
    """A verified timestamp from ``url``."""
    with HttpTimestampSource(url, seconds=seconds) as source:
        return obtain_timestamp(source, NOTE, IDENTITY, [TRUSTED], SystemRandomness())


@pytest.fixture
def desk() -> Desk:
    """How the server of this test behaves."""
    return Desk(TSA)


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    """Where it answers."""
    with serving(desk) as where:
        yield where


def test_authority__asked_over_http__token_that_verifies_alone(desk: Desk, url: str) -> None:
    stamp = ask(url)
    assert verify_timestamp(stamp.token, NOTE, IDENTITY, [TRUSTED]) == stamp.said
    ((kind, _),) = desk.asked
    assert kind == REQUEST_TYPE


@pytest.mark.parametrize("path", ["", "/", "/tsr", "/tsr/"])
def test_authority__address_with_or_without_path__asked_there(
    desk: Desk, url: str, path: str
) -> None:
    assert ask(url.removesuffix("/tsr") + path).token
    assert desk.paths == [path or "/"]


def test_authority__two_requests__two_nonces(desk: Desk, url: str) -> None:
    ask(url)
    ask(url)
    assert desk.asked[0] != desk.asked[1]


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_authority__http_error__unavailable_with_its_status(
    desk: Desk, url: str, status: int
) -> None:
    desk.status, desk.headers = status, {"location": url}
    with pytest.raises(UnavailableError, match=f"status {status}"):
        ask(url)
    assert len(desk.asked) == 1  # no redirect is followed


def test_authority__huge_answer__not_read_to_its_end(desk: Desk, url: str) -> None:
    desk.body = bytes(50 * MAX_ANSWER)
    with pytest.raises(UnavailableError, match="longer than"):
        ask(url)


def test_authority__answer_byte_by_byte__cut_off_in_time(desk: Desk, url: str) -> None:
    desk.body, desk.drip_seconds = bytes(10_000), 0.02
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="no answer within"):
        ask(url, seconds=0.3)
    assert time.monotonic() - begun < 5


def test_authority__page_in_place_of_an_answer__refused(desk: Desk, url: str) -> None:
    desk.body = b"<html>welcome to this network</html>"
    with pytest.raises(VerificationError) as caught:
        ask(url)
    assert caught.value.step == "timestamp.answer"


def test_authority__answer_to_somebody_elses_request__refused(desk: Desk, url: str) -> None:
    ask(url)
    desk.body = TSA.answer(desk.asked[0][1])
    with pytest.raises(VerificationError) as caught:
        ask(url)
    assert caught.value.step == "timestamp.nonce"


def test_authority__nobody_there__unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnavailableError, match="could not reach"):
        ask(f"http://127.0.0.1:{port}/tsr")


@pytest.mark.parametrize("url", ["", "tsa.example", "ftp://tsa.example", "file:///etc/passwd"])
def test_authority__address_of_another_kind__refused(url: str) -> None:
    with pytest.raises(InputError):
        HttpTimestampSource(url)
