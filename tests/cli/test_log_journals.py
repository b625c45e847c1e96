"""A served log that collects journals: its collector dies, somebody posts another's records."""

import shutil
import struct

import pytest

from quorate.core.sources import SeededRandomness
from quorate.log.recorder import Promise, Recorder
from quorate.log.web.log_server import BATCH_TYPE
from tests.cli.log_process import LogProcess, finish, request
from tests.log.parties import ALICE, create_log, open_log
from tests.log.recording import SOURCE, logged, make, making


@pytest.fixture
def serving(tmp_path):
    create_log(tmp_path / "log").close()
    ALICE.save(tmp_path / "alice.key", SeededRandomness("file"))
    journals = tmp_path / "journals"
    options = ("--keyring", tmp_path / "alice.key", "--append-key", tmp_path / "key")
    with LogProcess(tmp_path / "log", *options, "--journals", journals) as serving:
        yield serving


def test_serve__its_collector_dies__ends_and_says_why(serving, tmp_path):
    shutil.rmtree(tmp_path / "journals")
    code, _, err = finish(serving.process)
    assert code == 69 and "could not collect the journals" in err.splitlines()[-1]


def test_append__a_source_that_is_recorded_here__refused(serving, tmp_path):
    url, token = f"{serving.url}/append", (tmp_path / "key").read_text().strip()
    batch = b"".join(struct.pack(">H", len(each)) + each for each in (b"other", make(5)))
    with Recorder.open(tmp_path / "journals", SOURCE) as recorder:
        recorder.record(make, Promise.DURABLE)
        status, answer = request("POST", url, token, make(5))
        assert (status, b"recorded here" in answer) == (400, True)
        status, answer = request("POST", url, token, batch, BATCH_TYPE)
        assert (status, b"nothing of this request was taken" in answer) == (400, True)
        for fine in (making("bob")(5), making("no name of a journal")(1), b"plain"):
            assert request("POST", url, token, fine)[0] == 200
        assert recorder.record(make, Promise.DURABLE) == 2
    assert serving.end()[0] == 0
    with open_log(tmp_path / "log") as log:
        assert (log.size, list(logged(log))) == (6, [1, 2])
