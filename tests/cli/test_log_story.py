"""The whole story of a log in one piece, each part a process of its own, over HTTP."""

import json
import shutil
import time

import pytest

from quorate.core.sources import SeededRandomness
from tests.cli.log_process import LogProcess, finish, request, run
from tests.log.parties import ALICE, IDENTITY, create_log, open_log
from tests.log.web.witness_process import IDENTITIES, LOG_KEYS, WitnessProcess, make_state

pytestmark = pytest.mark.slow  # a dozen processes


def write_policy(path, url):
    lines = [f"log {each}\n" for each in LOG_KEYS]
    for number, each in enumerate(IDENTITIES):
        lines.append(f"witness w{number} {each.verifier.note_key.vkey} {url}\n")
    path.write_text("".join([*lines, "group all 2 w0 w1\n", "quorum all\n"]))
    return path


def test_story__a_witnessed_log_put_back_then_forked__refused_then_proven_to_everybody(tmp_path):
    folder, backup, state = tmp_path / "log", tmp_path / "backup", tmp_path / "monitor"
    keyring, key = tmp_path / "alice.key", tmp_path / "append.key"
    create_log(folder, 3).close()
    shutil.copytree(folder, backup)
    ALICE.save(keyring, SeededRandomness("file"))
    with WitnessProcess(make_state(tmp_path / "witness")) as witness:
        known = ("--policy", write_policy(tmp_path / "policy", witness.url))
        writing = ("--keyring", keyring, "--append-key", key, "--witnesses", tmp_path / "policy")

        keys = [word for vkey in LOG_KEYS for word in ("--vkey", vkey)]

        def watch(url, *trusting, state=state):
            return run("log", "monitor", url, "--state", state, "--once", "--full", *trusting)

        # It is written, witnessed, and watched.
        with LogProcess(folder, *writing) as serving:
            port, token = serving.port, key.read_text().strip()
            for record in (b"the first decision", b"the second decision"):
                status, answer = request("POST", f"{serving.url}/append", token, record)
                assert status == 200
            index, status, ends = json.loads(answer)["index"], 503, time.monotonic() + 30
            while status == 503 and time.monotonic() < ends:
                asked = f"{serving.url}/proof?index={index}&witnessed=1"
                status, proof = request("GET", asked, token)
            (tmp_path / "r.tlog-proof").write_bytes(proof)
            (tmp_path / "r").write_bytes(b"the second decision")
            shown = ("--record", tmp_path / "r", *known)
            assert run("verify", tmp_path / "r.tlog-proof", *shown)[0] == 0
            for trusting, place in ((keys, state), (known, tmp_path / "strict")):
                code, out, err = watch(serving.url, *trusting, state=place)
                assert (code, "6 records (first seen)" in out) == (0, True), err
            assert serving.end()[0] == 0

        # An old copy is put in its place: the witness knows better, and nothing is signed.
        before = (backup / "checkpoint").read_bytes()
        with LogProcess(backup, *writing) as serving:
            code, _, err = finish(serving.process)
        assert code == 65 and "claims a head of 6 leaves; this log has 4" in err
        assert (backup / "checkpoint").read_bytes() == before

        # Its owner signs another history all the same, and shows it where the first one was.
        with open_log(backup) as log:
            log.append_many([b"the first decision", b"another second decision"])
        with LogProcess(backup, port=port) as serving:
            code, out, err = watch(serving.url, *keys)
            assert (code, out) == (1, "") and "FORK" in err
            code, out, err = watch(serving.url, *known, state=tmp_path / "strict")
            assert (code, out) == (1, "") and "FORK" in err  # not only that no witness cosigned it
        (proof,) = state.glob("*.equivocation")
        assert len(list((tmp_path / "strict").glob("*.equivocation"))) == 1
        assert witness.process.poll() is None

    # Whoever is handed the evidence needs nobody's word for it.
    code, out, _ = run("verify", proof)
    assert code == 0 and "proof of equivocation" in out and IDENTITY.origin in out
    spoiled = tmp_path / "spoiled.equivocation"
    changed = proof.read_bytes().replace(rb"\n6\n", rb"\n7\n")
    spoiled.write_bytes(changed)
    assert changed != proof.read_bytes() and run("verify", spoiled)[0] == 1
