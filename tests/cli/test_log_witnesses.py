"""What a log asks its witnesses before it signs, and what it does when they do not agree."""

import contextlib
import shutil
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quorate.core.sources import SeededRandomness
from tests.cli.calls import Caller, refused, tree
from tests.cli.log_process import LogProcess, finish, request, run, start
from tests.log.parties import ALICE, create_log, leaf, open_log
from tests.log.web.witness_process import IDENTITIES, LOG_KEYS, NAME, WitnessProcess, make_state


@pytest.fixture
def call(capsys):
    return Caller(capsys)


@pytest.fixture
def keyring(tmp_path):
    path = tmp_path / "alice.key"
    ALICE.save(path, SeededRandomness("file"))
    return path


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "log"
    create_log(folder, 5).close()
    return folder


def policy(path, url, quorum="w0"):
    """One witness with its Ed25519 key, called w0."""
    lines = [f"log {each}\n" for each in LOG_KEYS]
    lines.append(f"witness w0 {IDENTITIES[0].verifier.note_key.vkey} {url}\n")
    path.write_text("".join([*lines, f"quorum {quorum}\n"]))
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextlib.contextmanager
def liar(size):
    """A witness that answers everything with one number."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b"%d\n" % size
            self.send_response(409)
            self.send_header("Content-Type", "text/x.tlog.size")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def commands(log, keyring, journals):
    """The three that sign, with their own options."""
    record = log.parent / "record"
    record.write_bytes(b"a record")
    return {
        "append": ("log", "append", log, record, "--keyring", keyring),
        "collect": ("log", "collect", log, "--keyring", keyring, "--journals", journals),
        "serve": ("log", "serve", log, "--keyring", keyring, "--listen", "127.0.0.1:0"),
    }


@pytest.mark.parametrize("which", ["append", "collect", "serve"])
def test_open__put_back_and_the_witness_is_up__signs_nothing(call, log, keyring, tmp_path, which):
    shutil.copytree(log, tmp_path / "backup")
    command = commands(tmp_path / "backup", keyring, tmp_path / "journals")[which]
    with WitnessProcess(make_state(tmp_path / "state")) as witness:
        known = ("--witnesses", policy(tmp_path / "policy", witness.url))
        with open_log(log) as opened:
            opened.append_many(leaf(i) for i in range(6, 216))
        assert call(*commands(log, keyring, None)["append"], *known).code == 0
        before = tree(tmp_path / "backup")
        ending = call(*command, *known)
    refused(ending, 65, f"{NAME} claims a head of 217 leaves; this log has 6", f"--without {NAME}")
    assert tree(tmp_path / "backup") == before


@pytest.mark.parametrize("which", ["append", "collect", "serve"])
def test_open__the_witness_is_away__signs_nothing(call, log, keyring, tmp_path, which):
    before = tree(log)
    known = ("--witnesses", policy(tmp_path / "policy", f"http://127.0.0.1:{free_port()}", "none"))
    ending = call(*commands(log, keyring, tmp_path / "journals")[which], *known)
    refused(ending, 69, NAME, "--unwitnessed")
    assert tree(log) == before


def test_append__unwitnessed__goes_on_and_says_so(call, log, keyring, tmp_path):
    known = ("--witnesses", policy(tmp_path / "policy", f"http://127.0.0.1:{free_port()}"))
    ending = call(*commands(log, keyring, None)["append"], *known, "--unwitnessed")
    assert ending.code == 0 and "signing unwitnessed" in ending.err and NAME in ending.err
    with open_log(log) as opened:
        assert opened.size == 7


def test_append__forked_log_that_has_outgrown_the_witness__refused(call, log, keyring, tmp_path):
    shutil.copytree(log, tmp_path / "backup")
    with WitnessProcess(make_state(tmp_path / "state")) as witness:
        known = ("--witnesses", policy(tmp_path / "policy", witness.url))
        assert call(*commands(log, keyring, None)["append"], *known).code == 0
        with open_log(tmp_path / "backup") as forked:
            forked.append_many([b"one", b"two", b"three"])
        ending = call(*commands(tmp_path / "backup", keyring, None)["append"], *known)
    refused(ending, 65, "claims another head of 7 leaves")


def test_append__a_liar__stops_it_until_it_is_left_out(call, log, keyring, tmp_path):
    command = commands(log, keyring, None)["append"]
    with liar(2**63 - 1) as url:
        known = ("--witnesses", policy(tmp_path / "policy", url))
        ending = call(*command, *known)
        refused(ending, 65, "or the witness is wrong", "checkpoint that it signed")
        assert "end this log" not in ending.err
        for name in ("w0", NAME):
            ending = call(*command, *known, "--without", name)
            assert (ending.code, "without the witness w0" in ending.err) == (0, True)
    refused(call(*command, *known, "--without", "x"), 64, "no witness of the policy")
    assert call(*command, "--without", "w0").code == 64


@pytest.mark.slow
def test_serve__witness_comes_back_with_more__stops(log, keyring, tmp_path):
    shutil.copytree(log, tmp_path / "backup")
    state, port, key = make_state(tmp_path / "state"), free_port(), tmp_path / "append.key"
    known = ("--witnesses", policy(tmp_path / "policy", f"http://127.0.0.1:{port}"))
    with WitnessProcess(state, port=port):
        assert run(*commands(log, keyring, None)["append"], *known)[0] == 0
    options = ("--keyring", keyring, "--append-key", key, *known)
    with LogProcess(tmp_path / "backup", *options, "--unwitnessed") as serving:
        token = key.read_text().strip()
        assert request("POST", f"{serving.url}/append", token, b"put back")[0] == 200
        assert request("POST", f"{serving.url}/append", token, b"and on")[0] == 200
        with WitnessProcess(state, port=port):
            code, _, err = finish(serving.process)
    assert code == 65 and "claims another head of 7 leaves; this log has 8" in err


@pytest.mark.slow
def test_collect__witness_comes_back_with_more__stops(log, keyring, tmp_path):
    shutil.copytree(log, tmp_path / "backup")
    state, port = make_state(tmp_path / "state"), free_port()
    known = ("--witnesses", policy(tmp_path / "policy", f"http://127.0.0.1:{port}"))
    with WitnessProcess(state, port=port):
        assert run(*commands(log, keyring, None)["append"], *known)[0] == 0
    command = commands(tmp_path / "backup", keyring, tmp_path / "journals")["collect"]
    process = start(*command, *known, "--unwitnessed")
    while "collecting" not in process.stderr.readline():
        assert process.poll() is None
    with WitnessProcess(state, port=port):
        code, _, err = finish(process)
    assert code == 65 and "claims a head of 7 leaves; this log has 6" in err
