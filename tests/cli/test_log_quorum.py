"""A quorum demanded of a served log: what it is bound to, and a log that outruns its witnesses."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quorate.core.sources import SystemClock
from quorate.log.checkpoint import Checkpoint, sign_cosignature
from quorate.log.note import Note
from tests.log.parties import IDENTITY, WITNESS_IDENTITIES, WITNESSES, create_log, open_log

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


def grow(folder, count):
    """Appends to the log behind whose witnesses stay."""
    with open_log(folder) as log:
        log.append_many([b"more"] * count)


def monitor(call, served, policy, tmp_path, *more):
    state = ("--state", tmp_path / "state", "--once")
    return call("log", "monitor", served.url, "--policy", policy, *state, *more)


@pytest.mark.parametrize("more", [1, 300])
def test_fsck__checkpoint_outran_its_witnesses__says_up_to_where_it_is_witnessed(
    call, tmp_path, served, policy, more
):
    with create_log(tmp_path / "log", 4) as log:
        cosign(log)
    ending = call("log", "fsck", served.url, "--policy", policy)
    assert ending.code == 0 and "witnessed up to 5 of 5 records" in ending.out
    assert "rewritten" not in ending.out
    grow(tmp_path / "log", more)
    for place in (served.url, tmp_path / "log"):
        ending = call("log", "fsck", place, "--policy", policy)
        assert ending.code == 0, ending
        assert f"witnessed up to 5 of {5 + more} records" in ending.out
        assert f"the last {more} are signed by the log only" in ending.out
    value = json.loads(call("log", "fsck", served.url, "--policy", policy, "--json").out)
    assert (value["witnessed_size"], value["size"]) == (5, 5 + more)
    policy.write_text(policy.read_text().replace("quorum bob", "quorum none"))
    value = json.loads(call("log", "fsck", served.url, "--policy", policy, "--json").out)
    assert value["witnessed_size"] is None


def test_quorum__neither_head_reaches_it_or_the_witnessed_is_of_another_tree__no(
    call, tmp_path, served, policy
):
    create_log(tmp_path / "log", 9).close()
    ending = call("log", "fsck", served.url, "--policy", policy)
    assert ending.code == 1 and "quorum 'bob' is not reached" in ending.err
    heads = {}
    for name, size in (("fork", 5), ("twin", 10), ("longer", 11)):
        with create_log(tmp_path / name) as log:
            log.append_many([b"another"] * (size - 1))
            plain = (tmp_path / name / "checkpoint").read_bytes()
            cosign(log)
            heads[name] = (tmp_path / name / "checkpoint").read_bytes()
    for head in (plain, b"no note", heads["fork"], heads["twin"], heads["longer"]):
        served.shown = {"witnessed": [head]}
        for ending in (
            call("log", "fsck", served.url, "--policy", policy),
            monitor(call, served, policy, tmp_path, "--behind", 10**10),
        ):
            assert ending.code == 1, ending
    proofs = [path.name for path in (tmp_path / "state").glob("*.equivocation")]
    assert proofs == ["10-10.equivocation"]


def test_monitor__witnesses_left_behind__alarms_once_it_is_for_long(call, tmp_path, served, policy):
    now = SystemClock().now_ns() // 10**9
    with create_log(tmp_path / "log", 4) as log:
        cosign(log, now - 3600)
    ending = monitor(call, served, policy, tmp_path)  # idle for an hour
    assert ending.code == 0 and "witnessed up to 5 of 5" in ending.out
    grow(tmp_path / "log", 300)
    ending = monitor(call, served, policy, tmp_path, "--json")  # grew since the last look
    assert ending.code == 0 and json.loads(ending.out)["witnessed_size"] == 5
    assert monitor(call, served, policy, tmp_path, "--behind", 7200).code == 0
    for _ in range(2):
        ending = monitor(call, served, policy, tmp_path)
        assert ending.code == 1 and "ALARM (monitor.behind)" in ending.err, ending
    other = ("--state", tmp_path / "new", "--once")
    assert call("log", "monitor", served.url, "--policy", policy, *other).code == 1
    with open_log(tmp_path / "log") as log:
        cosign(log, now)
    grow(tmp_path / "log", 10)
    ending = monitor(call, served, policy, tmp_path)
    assert ending.code == 0 and "witnessed up to 305 of 315" in ending.out


def test_accept__log_grows_between_the_two_reads__no_alarm(call, tmp_path, served, policy):
    with create_log(tmp_path / "log", 4) as log:
        cosign(log)
        log.append(b"more")
        before = (tmp_path / "log" / "checkpoint").read_bytes()
        old = (tmp_path / "log" / "witnessed").read_bytes()
        log.append(b"more")
        cosign(log)
    seen = []

    def answer(path):
        seen.append(path)
        later = {"checkpoint", "witnessed"} <= set(seen)
        head = {"checkpoint": before, "witnessed": old}.get(path)
        return Served.answer(served, path) if later or head is None else head

    served.answer = answer
    for command in ("fsck", "monitor"):
        seen.clear()
        more = ("--state", tmp_path / "state", "--once") if command == "monitor" else ()
        ending = call("log", command, served.url, "--policy", policy, *more)
        assert ending.code == 0, (command, ending)
