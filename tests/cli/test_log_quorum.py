"""A quorum demanded of a served log: what it is bound to, and a log that outruns its witnesses."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quorate.log.checkpoint import Checkpoint, sign_cosignature
from quorate.log.note import Note
from tests.log.parties import IDENTITY, WITNESS_IDENTITIES, WITNESSES, create_log

BOB = WITNESSES[0]


def cosign(log, time=1000):
    """Has bob cosign the log's head."""
    note = log.checkpoint_note()
    point = Checkpoint.parse(Note.parse(note).text)
    line = sign_cosignature(point, WITNESS_IDENTITIES[0].name, BOB.witness_signer, time)
    log.add_cosignatures([str(line)], WITNESS_IDENTITIES[:1], note=note)


class Served:
    """A log that answers as ``shown`` says: what to answer at each time, the last one for ever."""

    def __init__(self, folder):
        self.folder, self.shown = folder, {}
        self._times = {}
        self._lock = threading.Lock()
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                data = served.answer(self.path.lstrip("/"))
                self.send_response(404 if data is None else 200)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path):
        with self._lock:
            time = self._times[path] = self._times.get(path, 0) + 1
        answers = self.shown.get(path)
        if answers is not None:
            return answers[min(time, len(answers)) - 1]
        found = self.folder / path
        return found.read_bytes() if found.is_file() else None

    def forget(self):
        self._times.clear()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def served(tmp_path):
    server = Served(tmp_path / "log")
    yield server
    server.close()


@pytest.fixture
def policy(tmp_path):
    """A policy that demands bob."""
    path = tmp_path / "mine.policy"
    keys = "".join(f"log {each.note_key.vkey}\n" for each in IDENTITY.verifiers)
    bob = WITNESS_IDENTITIES[0].verifier.note_key
    path.write_text(f"{keys}witness bob {bob.vkey}\nquorum bob\n")
    return path


def test_fsck__cosigned_head_at_first_then_a_fork__never_taken_for_whole(
    call, tmp_path, served, policy
):
    with create_log(tmp_path / "cosigned", 4) as log:
        cosign(log)
    with create_log(tmp_path / "log") as log:
        log.append_many([b"another"] * 4)
    good = (tmp_path / "cosigned" / "checkpoint").read_bytes()
    fork = (tmp_path / "log" / "checkpoint").read_bytes()
    for often in range(7):
        for paths in (("checkpoint",), ("witnessed",), ("checkpoint", "witnessed")):
            served.forget()
            served.shown = {path: [good] * often + [fork] for path in paths}
            for command in ("fsck", "monitor"):
                more = ("--state", tmp_path / "state", "--once") if command == "monitor" else ()
                ending = call("log", command, served.url, "--policy", policy, *more)
                assert ending.code == 1, (often, paths, command, ending)
