"""A log as its users have it: processes that append, serve, follow and check over HTTP."""

import json
import shutil
import signal
import threading

import pytest

from quorate.core.sources import SeededRandomness
from quorate.log.fsck import check_log
from quorate.log.recorder import Promise, Recorder
from tests.cli.log_process import LogProcess, finish, request, run, start
from tests.log.parties import ALICE, IDENTITY, create_log, leaf, open_log
from tests.log.recording import SOURCE, make
from tests.log.web.witness_process import IDENTITIES, LOG_KEYS, WitnessProcess, make_state

pytestmark = pytest.mark.slow  # many processes, one after the other

SHARED = 300


@pytest.fixture(scope="module")
def histories(tmp_path_factory):
    """One log of alice at 300 leaves, and how it went on twice; 40 more, and 500 others."""
    base = tmp_path_factory.mktemp("histories")
    create_log(base / "early", SHARED - 1).close()
    for name, count in (("honest", 40), ("forked", 500), ("twin", 40)):
        shutil.copytree(base / "early", base / name)
        with open_log(base / name) as log:
            log.append_many(leaf(i) if name == "honest" else b"other %d" % i for i in range(count))
    return base


def monitor(url, state, *options):
    return run("log", "monitor", url, "--state", state, "--once", *options)


def evidence_in(state):
    return sorted(path.name for path in state.glob("*.equivocation"))


def test_log__created_appended_served_followed_and_verified__as_the_guide_says(tmp_path):
    folder, keys, policy = tmp_path / "log", tmp_path / "log.key", tmp_path / "log.policy"
    key = tmp_path / "append.key"
    assert run("log", "create", folder, "--origin", "example.org/log")[0] == 0
    (tmp_path / "a.json").write_text('{"a": 1}')
    receipts = tmp_path / "receipts"
    code, out, _ = run(
        "log", "append", folder, tmp_path / "a.json", "--keyring", keys, "--receipts", receipts
    )
    assert (code, out.split(" at ")[0]) == (0, "1 record")
    assert run("verify", receipts / "1.tlog-proof", "--policy", policy)[0] == 0
    with LogProcess(folder, "--keyring", keys, "--append-key", key) as serving:
        token = key.read_text().strip()
        status, answer = request("POST", f"{serving.url}/append?receipt=1", token, b"second")
        assert (status, json.loads(answer)["index"]) == (200, 2)
        proof = request("GET", f"{serving.url}/proof?index=1", token)[1]
        (tmp_path / "b.tlog-proof").write_bytes(proof)
        known = ("--policy", policy)
        code, out, _ = run(
            "verify", tmp_path / "b.tlog-proof", "--record", tmp_path / "a.json", *known
        )
        assert code == 0, out
        code, out, err = run("log", "fsck", serving.url, *known)
        assert (code, "3 records" in out, "nobody vouched" in err) == (0, True, False)
        assert monitor(serving.url, tmp_path / "state", "--full", *known)[0] == 0
        code, out, _ = run("log", "tail", serving.url, "--last", 2)
        assert out == '1 {"a": 1}\n2 second\n'
        code, err = serving.end()
        assert (code, err.splitlines()[-1]) == (0, "stopped")
    assert run("log", "fsck", folder, *known)[0] == 0


def test_serve__with_a_witness__its_lines_served_and_a_rollback_refused(tmp_path):
    folder, key, keyring = tmp_path / "log", tmp_path / "append.key", tmp_path / "alice.key"
    create_log(folder, 3).close()
    shutil.copytree(folder, tmp_path / "backup")
    ALICE.save(keyring, SeededRandomness("file"))
    with WitnessProcess(make_state(tmp_path / "state")) as witness:
        policy = tmp_path / "policy"
        lines = [f"log {each}\n" for each in LOG_KEYS]
        for number, each in enumerate(IDENTITIES):
            lines.append(f"witness w{number} {each.verifier.note_key.vkey} {witness.url}\n")
        policy.write_text("".join([*lines, "group all 2 w0 w1\n", "quorum all\n"]))
        options = ("--keyring", keyring, "--append-key", key, "--witnesses", policy)
        with LogProcess(folder, *options) as serving:
            token = key.read_text().strip()
            request("POST", f"{serving.url}/append", token, b"a record")
            status, proof = 503, b""
            while status == 503:
                status, proof = request("GET", f"{serving.url}/proof?index=4&witnessed=1", token)
            (tmp_path / "r.tlog-proof").write_bytes(proof)
            (tmp_path / "r").write_bytes(b"a record")
            known = ("--policy", policy)
            assert (
                run("verify", tmp_path / "r.tlog-proof", "--record", tmp_path / "r", *known)[0] == 0
            )
            assert run("log", "fsck", serving.url, *known)[0] == 0
            assert request("GET", f"{serving.url}/witnessed", token)[0] == 200
            assert "1 of 1 witnesses cosigned" in serving.end()[1]
        with LogProcess(tmp_path / "backup", *options) as serving:
            code, _, err = finish(serving.process)
        assert code == 65 and "claims a head of 5 leaves" in err


def test_serve__with_journals__what_is_recorded_stands_beside_what_is_posted(tmp_path):
    folder, key, keyring = tmp_path / "log", tmp_path / "append.key", tmp_path / "alice.key"
    create_log(folder).close()
    ALICE.save(keyring, SeededRandomness("file"))
    options = ("--keyring", keyring, "--append-key", key, "--journals", tmp_path / "journals")
    with LogProcess(folder, *options) as serving:
        with Recorder.open(tmp_path / "journals", SOURCE) as recorder:
            recorder.record(make, Promise.DURABLE)
            request("POST", f"{serving.url}/append", key.read_text().strip(), b"posted")
            recorder.record(make)
        assert serving.end()[0] == 0  # collects what was recorded before it ends
    with open_log(folder) as log:
        assert list(log.entries(1)) == [make(1), b"posted", make(2)]


def test_serve__killed_while_appending__every_answered_record_is_there(tmp_path):
    folder, key = tmp_path / "log", tmp_path / "append.key"
    keyring = tmp_path / "alice.key"
    create_log(folder).close()
    ALICE.save(keyring, SeededRandomness("file"))
    answered = {}
    with LogProcess(folder, "--keyring", keyring, "--append-key", key) as serving:
        token = key.read_text().strip()

        def write(name):
            try:
                for number in range(1000):
                    record = f"{name} {number}".encode()
                    _, answer = request("POST", f"{serving.url}/append", token, record)
                    answered[json.loads(answer)["index"]] = record
            except Exception as gone:
                assert "Connection" in str(gone) or "Remote" in str(gone)

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        while len(answered) < 20:
            threads[0].join(0.01)
        serving.process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
    with open_log(folder) as log:
        assert {index: log.entry(index) for index in answered} == answered
    check_log(folder, IDENTITY)


@pytest.mark.parametrize("other", ["forked", "twin"])
def test_monitor__a_fork__alarm_and_evidence_for_everybody(histories, tmp_path, other):
    state = tmp_path / "state"
    with LogProcess(histories / "honest") as serving:
        code, out, err = monitor(serving.url, state)
        assert (code, "340 records (first seen)" in out) == (0, True)
        assert "nobody vouched" in err
        assert "+0" in monitor(serving.url, state)[1]
    with LogProcess(histories / other) as serving:
        for _ in range(2):  # it does not forget what it knew
            code, out, err = monitor(serving.url, state)
            assert (code, out) == (1, "") and "FORK" in err and err.count("\n") == 1
    (name,) = evidence_in(state)
    code, out, _ = run("verify", state / name)
    assert code == 0 and "proof of equivocation" in out and IDENTITY.origin in out


def test_monitor__the_fork_seen_from_the_other_side__alarm(histories, tmp_path):
    with LogProcess(histories / "early") as serving:
        assert monitor(serving.url, tmp_path / "state")[0] == 0
    with LogProcess(histories / "forked") as serving:
        code, out, _ = monitor(serving.url, tmp_path / "state", "--full")
        assert (code, f"(+{500})" in out) == (0, True)
    with LogProcess(histories / "honest") as serving:
        code, _, err = monitor(serving.url, tmp_path / "state")
        assert code == 1 and "monitor.rollback" in err and evidence_in(tmp_path / "state") == []


def test_monitor__following__sees_growth_then_the_fork(histories, tmp_path):
    state = tmp_path / "state"
    with LogProcess(histories / "early") as serving:
        port = serving.port
        following = start("log", "monitor", serving.url, "--state", state, "--every", "0.1")
        assert "300 records (first seen)" in following.stdout.readline()
    with LogProcess(histories / "honest", port=port):
        while "(+40)" not in (line := following.stdout.readline()):
            assert "consistent" in line
    with LogProcess(histories / "forked", port=port):
        code, _, err = finish(following)
        assert code == 1 and "FORK" in err  # it may have been away for a look or two
    assert evidence_in(state) == ["340-800.equivocation"]


def test_monitor__nobody_there__69_and_no_alarm(histories, tmp_path):
    with LogProcess(histories / "early") as serving:
        url = serving.url
        assert monitor(url, tmp_path / "state")[0] == 0
    code, _, err = monitor(url, tmp_path / "state")
    assert code == 69 and "could not reach" in err


@pytest.mark.parametrize(
    ("spoiled", "options", "step"),
    [
        ("tile/0/001.p/84", (), "monitor.tiles"),
        ("tile/entries/001.p/84", ("--full",), "monitor.entries"),
        ("tile/entries/000", ("--full",), "monitor.entries"),
    ],
)
def test_monitor__spoiled_file__alarm_without_evidence(histories, tmp_path, spoiled, options, step):
    folder = shutil.copytree(histories / "honest", tmp_path / "log")
    path = folder / spoiled
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with LogProcess(folder) as serving:
        code, _, err = monitor(serving.url, tmp_path / "state", *options)
    assert code == 1 and step in err and evidence_in(tmp_path / "state") == []
    assert not (tmp_path / "state" / "head.json").exists()


def test_fsck__of_an_address_with_a_bad_file__named(histories, tmp_path):
    folder = shutil.copytree(histories / "honest", tmp_path / "log")
    path = folder / "tile/entries/000"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with LogProcess(folder) as serving:
        code, out, err = run("log", "fsck", serving.url, "--json")
    assert (code, out) == (1, "") and "tile/entries/000" in err
