"""Keeping and checking a log by the command line: what it refuses, and that it changed nothing."""

import io
import json
import sys

import pytest

from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness
from quorate.log.fsck import check_log
from quorate.log.note import ED25519_NOTE, ML_DSA_44_COSIGNATURE, NoteKey
from tests.cli.calls import refused, tree
from tests.log.parties import ALICE, IDENTITY, MALLORY, ORIGIN, create_log, open_log

VKEYS = [
    NoteKey(ORIGIN, ED25519_NOTE, IDENTITY.ed25519).vkey,
    NoteKey(ORIGIN, ML_DSA_44_COSIGNATURE, IDENTITY.ml_dsa_44).vkey,
]
OTHER = NoteKey(ORIGIN, ED25519_NOTE, MALLORY.log_ed25519.public_key).vkey
STRANGER = NoteKey("elsewhere.example", ED25519_NOTE, MALLORY.log_ed25519.public_key).vkey


def keyring(folder, party=ALICE):
    path = folder / f"{party.name}.key"
    party.save(path, SeededRandomness("file"))
    return path


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "log"
    create_log(folder, 4).close()
    return folder


# -- create


def test_create__twice__the_first_stays(call, tmp_path):
    ending = call("log", "create", tmp_path / "a", "--origin", "example.org/a")
    assert ending.code == 0 and len(ending.out.splitlines()) == 2
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    policy = (tmp_path / "a.policy").read_text()
    assert policy == "".join(f"log {key}\n" for key in ending.out.splitlines()) + "quorum none\n"
    before = tree(tmp_path)
    refused(call("log", "create", tmp_path / "a", "--origin", "b"), 65, "there is one already")
    assert tree(tmp_path) == before


def test_create__interrupted_after_its_key__goes_on_with_it(call, tmp_path):
    keys = Keyring.generate("x", SeededRandomness("x"))
    keys.save(tmp_path / "a.key", SeededRandomness("file"))
    ending = call("log", "create", tmp_path / "a", "--origin", "x")
    assert NoteKey("x", ED25519_NOTE, keys.log_ed25519.public_key).vkey in ending.out


@pytest.mark.parametrize("place", ["a", "a/b", "a/../a/key"])
def test_create__key_inside_the_served_folder__refused(call, tmp_path, place):
    ending = call("log", "create", tmp_path / "a", "--origin", "x", "--keyring", tmp_path / place)
    refused(ending, 64, "which is served")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "x" * 256])
def test_create__bad_origin__refused(call, tmp_path, origin):
    refused(call("log", "create", tmp_path / "a", "--origin", origin), 65)
    assert tree(tmp_path) == {}


def test_create__policy_of_somebody_else_there__left_alone(call, tmp_path):
    (tmp_path / "a.policy").write_text("mine")
    refused(call("log", "create", tmp_path / "a", "--origin", "x"), 65, "a.policy")
    assert not (tmp_path / "a").exists() and (tmp_path / "a.policy").read_text() == "mine"


# -- append


def test_append__lines_of_standard_input__each_a_record(call, tmp_path, log, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\n\ntwo\xff\n")))
    ending = call("log", "append", log, "-", "--lines", "--keyring", keyring(tmp_path), "--json")
    assert json.loads(ending.out) == {"count": 3, "index": 5, "size": 8}
    with open_log(log) as opened:
        assert list(opened.entries(5)) == [b"one", b"", b"two\xff"]
    assert check_log(log, IDENTITY).size == 8


def test_append__receipts__verify_with_the_policy_alone(call, tmp_path, log):
    (tmp_path / "record").write_bytes(b"not json")
    (tmp_path / "r.json").write_bytes(b"{}")
    (tmp_path / "policy").write_text("".join(f"log {key}\n" for key in VKEYS) + "quorum none\n")
    records = (tmp_path / "record", tmp_path / "r.json")
    out = tmp_path / "out"
    call("log", "append", log, *records, "--keyring", keyring(tmp_path), "--receipts", out)
    known = ("--policy", tmp_path / "policy")
    assert call("verify", out / "6.tlog-proof", *known).code == 0
    first = ("verify", out / "5.tlog-proof", *known, "--record")
    assert call(*first, out / "5.record").code == 0
    assert call(*first, out / "6.json").code == 1


def test_append__wrong_key_too_long_or_nothing_there__nothing_changed(call, tmp_path, log):
    good, other = keyring(tmp_path), keyring(tmp_path, MALLORY)
    record, long = tmp_path / "record", tmp_path / "long"
    record.write_bytes(b"a")
    long.write_bytes(b"x" * 65_536)
    before = tree(tmp_path)
    append = ("log", "append", log)
    refused(call(*append, record, "--keyring", other), 65, "log's keys")
    refused(call(*append, record, long, "--keyring", good), 65, "65535")
    refused(call(*append, long, "--lines", "--keyring", good), 65, "65535")
    refused(call(*append, tmp_path / "no", "--keyring", good), 65, "no such file")
    refused(call(*append, record, "--keyring", log / "k"), 64, "which is served")
    refused(
        call("log", "append", tmp_path / "none", record, "--keyring", good), 65, "no checkpoint"
    )
    with open_log(log):
        refused(call(*append, record, "--keyring", good), 69, "another process holds it")
    (tmp_path / "log" / ".lock").unlink(missing_ok=True)
    before.pop("log/.lock", None)
    assert tree(tmp_path) == before


# -- trust


def test_fsck__by_both_verifier_keys__whole_and_nobody_else_asked(call, log):
    ending = call("log", "fsck", log, "--vkey", VKEYS[0], "--vkey", VKEYS[1])
    assert (ending.code, ending.err) == (0, "")
    assert "whole: " in ending.out and "5 records" in ending.out


@pytest.mark.parametrize(
    ("keys", "code", "words"),
    [
        (VKEYS[:1], 2, "only one of its two keys"),
        ([STRANGER], 1, "whose keys were not given"),
        (["nonsense"], 64, "--vkey"),
        ([*VKEYS, OTHER], 65, "two different ones"),
        ([OTHER, *VKEYS], 65, "two different ones"),
    ],
    ids=["one", "stranger", "nonsense", "two of one type", "in another order"],
)
def test_fsck__by_other_keys__refused(call, log, keys, code, words):
    ending = call("log", "fsck", log, *(part for key in keys for part in ("--vkey", key)))
    assert ending.code == code and words in ending.err and ending.out == ""


def test_fsck__keys_of_another_under_the_same_name__refused(call, log):
    signers = MALLORY.log_signers
    keys = [
        NoteKey(ORIGIN, ED25519_NOTE, signers[0].public_key).vkey,
        NoteKey(ORIGIN, ML_DSA_44_COSIGNATURE, signers[1].public_key).vkey,
    ]
    assert call("log", "fsck", log, "--vkey", keys[0], "--vkey", keys[1]).code == 1


def test_fsck__a_head_that_was_kept__a_log_cut_or_rewritten_is_refused(call, tmp_path, log):
    kept, receipt = tmp_path / "kept", tmp_path / "3.tlog-proof"
    with open_log(log) as opened:
        opened.append(b"last")
        kept.write_text(opened.checkpoint_note(), "utf-8")
        receipt.write_text(opened.receipt(3), "utf-8")
    keys = ("--vkey", VKEYS[0], "--vkey", VKEYS[1])
    for held in (kept, receipt):
        assert call("log", "fsck", log, *keys, "--head", held).code == 0
    create_log(tmp_path / "cut", 4).close()
    with create_log(tmp_path / "other", 4) as other:
        other.append_many([b"another", b"more"])
    for folder, words in (
        ("cut", "saw 6 leaves where the log has 5"),
        ("other", "another history"),
    ):
        for held in (kept, receipt):
            ending = call("log", "fsck", tmp_path / folder, *keys, "--head", held)
            assert ending.code == 1 and words in ending.err and str(held) in ending.err
    kept.write_text("nonsense")
    assert call("log", "fsck", log, *keys, "--head", kept).code == 1


def test_fsck__by_a_policy_whose_quorum_is_not_reached__no(call, tmp_path, log):
    key = "".join(f"log {each}\n" for each in VKEYS)
    witness = NoteKey("w.example", 0x04, MALLORY.witness_signer.public_key).vkey
    policy = tmp_path / "policy"
    policy.write_text(f"{key}witness w {witness}\nquorum w\n")
    ending = call("log", "fsck", log, "--policy", policy)
    assert ending.code == 1 and "quorum" in ending.err
    policy.write_text(f"{key}witness w {witness}\nquorum none\n")
    assert call("log", "fsck", log, "--policy", policy).code == 0
    ending = call("log", "fsck", log, "--policy", policy, "--vkey", VKEYS[0])
    assert ending.code == 64 and "one of" in ending.err


def test_fsck__gap__no_unless_allowed(call, tmp_path):
    folder = tmp_path / "log"
    with create_log(folder) as log:
        log.append_many([b'{"seq":1,"source":"door"}', b'{"seq":3,"source":"door"}'])
    ending = call("log", "fsck", folder)
    assert ending.code == 1 and "door has 3 where 2 was due, 1 missing" in ending.err
    ending = call("log", "fsck", folder, "--allow-gaps")
    assert ending.code == 0 and "gap: leaf 2: door has 3" in ending.out
    value = json.loads(call("log", "fsck", folder, "--allow-gaps", "--json").out)
    assert value["gaps"] == ["leaf 2: door has 3 where 2 was due, 1 missing"]


# -- addresses


@pytest.mark.parametrize("command", ["fsck", "show", "tail", "monitor"])
def test_commands__nobody_at_the_address__69(call, tmp_path, command):
    state = ("--state", tmp_path / "state", "--once") if command == "monitor" else ()
    ending = call("log", command, "http://127.0.0.1:9", *state)
    assert ending.code == 69 and "could not reach" in ending.err
    assert not (tmp_path / "state" / "head.json").exists()


@pytest.mark.parametrize("url", ["http://", "http://a b", "https://u:p@host", "http://h/?q"])
def test_commands__no_address__65(call, url):
    refused(call("log", "fsck", url), 65, "address")


def test_serve__one_key_file_or_no_log_or_busy__refused(call, tmp_path, log):
    serve = ("log", "serve", log, "--listen", "127.0.0.1:0")
    assert call(*serve, "--keyring", keyring(tmp_path)).code == 64
    assert call(*serve, "--append-key", tmp_path / "k").code == 64
    assert call("log", "serve", log, "--listen", "nowhere").code == 64
    refused(call("log", "serve", tmp_path, "--listen", "127.0.0.1:0"), 65, "no checkpoint")
    (tmp_path / "weak.key").write_text("weak\n")
    (tmp_path / "weak.key").chmod(0o600)
    keys = ("--keyring", keyring(tmp_path), "--append-key")
    refused(call(*serve, *keys, tmp_path / "weak.key"), 65, "weak.key")
    refused(call(*serve, *keys, log / "append.key"), 64, "which is served")


def test_tail__binary_and_control_bytes__shown_escaped(call, tmp_path):
    with create_log(tmp_path / "log") as log:
        log.append_many([b"a\x1b[2Jb", b"\xff\n", "é".encode()])
    ending = call("log", "tail", tmp_path / "log", "--last", "3")
    assert ending.out == "1 a\\x1b[2Jb\n2 \\xff\\x0a\n3 é\n"
    assert call("log", "tail", tmp_path / "log", "--last", "0").out == ""


def test_monitor__memory_of_another_log__refused(call, tmp_path, log):
    from quorate.log.folder import FolderReader
    from quorate.log.monitor import MonitorState, look
    from quorate.log.verify import verify_note

    state = tmp_path / "state"
    reader = FolderReader(log)
    head = look(reader, IDENTITY, lambda note: verify_note(note, IDENTITY), None)[1]
    with MonitorState(state) as memory:
        memory.remember(head)
    call("log", "create", tmp_path / "other", "--origin", "example.org/other")
    before = tree(state)
    ending = call("log", "monitor", tmp_path / "other", "--state", state, "--once")
    assert ending.code == 1 and "another log" in ending.err
    assert tree(state) == before
