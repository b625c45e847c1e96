"""A witness as a stranger meets it: a transcript of requests and answers, byte for byte."""

import errno
import os

import pytest
import urllib3

from quorate.core.files import FolderLock
from quorate.log.note import Note
from quorate.log.verify import verify_note
from quorate.log.web.hosting import hosted
from quorate.log.web.witness_server import WITNESS_LIMITS, witness_routes
from quorate.log.witness import Witness, WitnessedLog
from quorate.log.witness_protocol import MAX_REQUEST, AddCheckpoint
from quorate.log.witness_state import MAX_CONFLICTS, FolderState
from tests.log.forks import Branch
from tests.log.parties import CLOCK, IDENTITY, MALLORY, ORIGIN, WITNESSES

NAME = "quorate.example/bob/witness"
ONE, TWO = Branch("one", shared=2), Branch("two", shared=2)


@pytest.fixture
def reports():
    return []


@pytest.fixture
def witness(tmp_path):
    ed25519, ml_dsa_44 = WITNESSES[0].witness_signers
    return Witness(NAME, ed25519, tmp_path / "seen", CLOCK, quantum_signer=ml_dsa_44)


@pytest.fixture
def post(witness, reports):
    routes = witness_routes(witness, {ORIGIN: WitnessedLog.of(IDENTITY)}, report=reports.append)
    with (
        hosted(routes, limits=WITNESS_LIMITS, report=reports.append) as address,
        urllib3.PoolManager(retries=False, timeout=10) as pool,
    ):

        def send(body: bytes | str, method: str = "POST", path: str = "/add-checkpoint"):
            data = body.encode() if isinstance(body, str) else body
            return pool.request(method, f"{address.url}{path}", body=data)

        yield send


def request(branch: Branch, old: int, new: int, **note) -> bytes:
    return bytes(AddCheckpoint.of(old, branch.proof(old, new), branch.note(new, **note)))


def test_transcript__a_log_grows_forks_and_errs__status_by_status(post, witness, reports):
    first = request(ONE, 0, 1)
    answer = post(first)
    assert answer.status == 200
    note = ONE.note(1) + answer.data.decode()
    assert len(verify_note(note, IDENTITY, witness.identities, 1).cosigners) == 2

    assert post(request(ONE, 1, 3, signers=MALLORY.log_signers)).status == 403
    assert post(request(ONE, 1, 3, origin="quorate.example/other")).status == 404
    grown = request(ONE, 1, 3)
    assert post(bytes(AddCheckpoint.of(1, [], ONE.note(3)))).status == 422
    assert post(bytes(AddCheckpoint.of(1, TWO.proof(1, 3), ONE.note(3)))).status == 422
    assert post(grown).status == 200
    assert post(request(ONE, 3, 3)).status == 200

    for stale in (grown, first, request(ONE, 1, 5), request(ONE, 0, 5), request(ONE, 4, 5)):
        answer = post(stale)
        assert (answer.status, answer.data) == (409, b"3\n")
        assert answer.headers["content-type"] == "text/x.tlog.size"
    assert reports == []

    answer = post(request(TWO, 3, 3))
    assert (answer.status, answer.data) == (409, b"3\n")
    assert len(witness.conflicts()) == 1
    assert reports[0].startswith("FORK: quorate.example/alice: another tree of size 3")
    assert post(request(TWO, 3, 5)).status == 422
    assert post(request(ONE, 3, 5)).status == 200


def test_forks__replayed_and_ever_new_ones__said_once_each_then_counted(post, reports):
    assert post(request(ONE, 0, 3)).status == 200
    for _ in range(12):
        assert post(request(TWO, 3, 3)).status == 409
    said = [each for each in reports if "both notes are kept" in each]
    assert len(said) == 1
    assert [each.split(": ")[-1] for each in reports[1:]] == [
        f"shown again, {n} times by now" for n in (1, 10)
    ]
    for number in range(8):
        assert post(request(Branch(f"branch {number}", shared=2), 3, 3)).status == 409
    said = [each for each in reports if "both notes are kept" in each]
    assert (len(said), len(reports)) == (MAX_CONFLICTS, MAX_CONFLICTS + 2)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 0\n",
        "old 0\n\n",
        f"old 0\n\n{ORIGIN}\n0\n",
        "old 1\n\n" + ONE.note(3).replace("\n\n", "\n"),
        "old 4\n\n" + ONE.note(3),
        "old -1\n\n" + ONE.note(3),
        "0\n\n" + ONE.note(3),
        b"\xff" * 100,
    ],
)
def test_body__malformed__400_and_one_public_sentence(post, witness, reports, body):
    answer = post(body)
    assert (answer.status, answer.data) == (400, b"The input was not accepted.\n")
    assert (witness.size_seen(ORIGIN), reports) == (0, [])


def test_body__checkpoint_that_is_none_but_signed__400(post):
    text = f"{ORIGIN}\nfive\nAAAA\n"
    lines = [str(line) for line in Note.parse(ONE.note(3)).signatures]
    assert post(f"old 0\n\n{text}\n{''.join(lines)}").status in (400, 403)


def test_body__too_large__413(post):
    assert post(b"x" * (MAX_REQUEST + 1)).status == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/add-checkpoint", 405), ("POST", "/", 404), ("POST", "/add-checkpoint/", 404)],
)
def test_request__of_something_else__refused(post, method, path, status):
    assert post(b"", method, path).status == status


def test_state__held_by_another_process__503_nothing_signed(post, tmp_path, reports):
    with FolderLock(tmp_path / "seen", "witness state"):
        assert post(request(ONE, 0, 1)).status == 503
    assert "another process holds it" in reports[0]
    assert post(request(ONE, 0, 1)).status == 200


def test_state__damaged__500_told_to_the_operator_alone(post, tmp_path, reports):
    assert post(request(ONE, 0, 1)).status == 200
    (path,) = (tmp_path / "seen").glob("*.json")
    path.write_text("{}")
    answer = post(request(ONE, 1, 3))
    assert answer.status == 500
    assert str(tmp_path) in reports[0] and str(tmp_path).encode() not in answer.data


def test_disk__full__503_nothing_signed_and_later_asked_again(post, witness, reports, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FolderState, "write", full)
    answer = post(request(ONE, 0, 1))
    assert (answer.status, answer.data) == (503, b"The service is not available.\n")
    assert "No space left" in reports[0]
    monkeypatch.undo()
    assert witness.size_seen(ORIGIN) == 0
    assert post(request(ONE, 0, 1)).status == 200
