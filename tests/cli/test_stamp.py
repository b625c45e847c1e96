"""``quorate stamp`` and ``quorate trust``: a token put into a receipt, or nothing changed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.merkle import leaf_hash
from quorate.log.receipt import Receipt
from quorate.provenance.roots import Roots
from tests.cli.calls import refused, tree
from tests.cli.test_equivocation import roots
from tests.cli.test_log import VKEYS
from tests.log.parties import ALICE, MALLORY, ORIGIN
from tests.simulators.authority import POLICY, Authority, Desk, serving

LEAF = b"{}"
SAID = "2027-01-15 08:00:00 UTC"
TSA = Authority()


def make_receipt(signers=ALICE.log_signers, origin=ORIGIN) -> bytes:
    note = sign_checkpoint(Checkpoint(origin, 1, leaf_hash(LEAF)), *signers, 1)
    return str(Receipt(0, (), note)).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A receipt with its record, a trust file, the authority's root in both forms."""
    files = {
        "it.tlog-proof": make_receipt(),
        "it.json": LEAF,
        "trust.json": roots().to_bytes(),
        "root.pem": TSA.root_pem,
        "root.der": TSA.root_der,
        "other.pem": Authority().root_pem,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "it.tlog-proof").chmod(0o640)
    return tmp_path


@pytest.fixture
def desk() -> Desk:
    return Desk(TSA)


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    with serving(desk) as where:
        yield where


@pytest.fixture
def stamp(call, folder, url):
    """Calls ``quorate stamp`` on the receipt with the trust file."""

    def stamp(*more: object):
        receipt, trust = folder / "it.tlog-proof", folder / "trust.json"
        return call("stamp", receipt, "--authority", url, "--trust", trust, *more)

    return stamp


def verify(call, folder: Path):
    return call("verify", folder / "it.tlog-proof", "--trust", folder / "trust.json")


@pytest.mark.parametrize("root", ["root.pem", "root.der"])
def test_stamp__root_given__token_in_the_receipt_and_nothing_else_changed(
    call, folder, stamp, url, root
):
    before = tree(folder)
    ending = stamp("--root", folder / root)
    assert (ending.code, ending.err) == (0, "")
    assert f"{SAID}, says {url}" in ending.out
    after = tree(folder)
    assert {name for name in before if before[name] != after[name]} == {"it.tlog-proof"}
    assert set(after) == set(before)
    assert after["it.tlog-proof"].startswith("100640 ")
    assert Receipt.parse((folder / "it.tlog-proof").read_text()).timestamp is not None
    checked = verify(call, folder)
    assert checked.code == 0 and "not checked" in checked.out


def test_stamp__authority_in_the_trust_file__verify_says_when_and_who(call, folder, stamp):
    trust = folder / "trust.json"
    name = ("--name", "the office")
    ending = call("trust", "add-authority", trust, *name, "--root", folder / "root.pem")
    assert ending.code == 0
    assert json.loads(stamp("--json").out) == {
        "authority": "the office",
        "policy": POLICY,
        "time": 1_800_000_000,
    }
    checked = verify(call, folder)
    assert (checked.code, checked.err) == (0, "")
    assert f"timestamp: {SAID}, says the office" in checked.out
    assert "trust level: TIMESTAMPED" in checked.out
    assert "not proven: " in checked.out


def test_verify__token_of_another_receipt__refused(call, folder, stamp):
    stamp("--root", folder / "root.pem")
    path, office = folder / "trust.json", ("--name", "the office", "--root", folder / "root.pem")
    assert call("trust", "add-authority", path, *office).code == 0
    receipt = folder / "it.tlog-proof"
    moved = Receipt.parse(receipt.read_text()).timestamp
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, leaf_hash(LEAF)), *ALICE.log_signers, 2)
    receipt.write_text(str(Receipt(0, (), note).with_timestamp(moved)))
    ending = verify(call, folder)
    assert ending.code == 1
    assert "receipt: timestamp: is over other bytes" in ending.err


def test_stamp__log_by_a_policy__as_by_a_trust_file(call, folder, url):
    policy, receipt = folder / "it.policy", folder / "it.tlog-proof"
    policy.write_text("".join(f"log {key}\n" for key in VKEYS) + "quorum none\n")
    known = ("--authority", url, "--policy", policy)
    refused(call("stamp", receipt, *known), 64, "--root FILE")
    root = ("--root", folder / "root.pem")
    refused(call("stamp", receipt, *known, *root, "--trust", folder / "trust.json"), 64, "either")
    ending = call("stamp", receipt, *known, *root)
    assert (ending.code, ending.err) == (0, "") and f"{SAID}, says {url}" in ending.out
    assert call("verify", receipt, "--policy", policy).code == 0
    policy.write_text(f"log {VKEYS[0]}\nquorum none\n")
    ending = call("stamp", receipt, *known, *root, "--again")
    assert ending.code == 2 and "only one of its two keys" in ending.err


def test_stamp__stamped_already__refused_unless_again(folder, stamp):
    root = ("--root", folder / "root.pem")
    stamp(*root)
    before = tree(folder)
    refused(stamp(*root), 65, "carries a timestamp already", "--again")
    assert tree(folder) == before
    assert stamp(*root, "--again").code == 0
    assert tree(folder) != before


def test_stamp__answer_that_does_not_verify__no_and_nothing_changed(desk, folder, stamp):
    before = tree(folder)
    ending = stamp("--root", folder / "other.pem")
    assert ending.code == 1 and "no timestamp authority that you trust" in ending.err
    ending = stamp("--root", folder / "root.pem", "--tsa-policy", "1.2.3")
    assert ending.code == 1 and "policy" in ending.err
    desk.body = b"<html>"
    assert stamp("--root", folder / "root.pem").code == 1
    assert tree(folder) == before


def test_stamp__authority_fails_or_is_slow__unavailable_and_nothing_changed(desk, folder, stamp):
    before = tree(folder)
    desk.status = 500
    refused(stamp("--root", folder / "root.pem"), 69, "status 500")
    desk.status, desk.body, desk.drip_seconds = 200, bytes(1000), 0.05
    refused(stamp("--root", folder / "root.pem", "--seconds", "0.2"), 69, "0.2 s")
    assert tree(folder) == before


def test_stamp__nobody_to_believe__refused_before_anything_is_sent(call, desk, folder, stamp, url):
    receipt = folder / "it.tlog-proof"
    refused(call("stamp", receipt, "--authority", url), 64, "--trust FILE")
    refused(stamp(), 64, "--root FILE")
    refused(stamp("--tsa-policy", "1.2.3"), 64, "--root")
    assert desk.asked == []


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", 65, "not in the form"),
        (b"\xff", 65, "not UTF-8"),
        (make_receipt(origin="quorate.example/else"), 65, "no member"),
        (make_receipt(MALLORY.log_signers), 1, "signature is missing"),
    ],
)
def test_stamp__receipt_wrong__refused_and_unchanged(folder, stamp, content, code, words):
    (folder / "it.tlog-proof").write_bytes(content)
    before = tree(folder)
    ending = stamp("--root", folder / "root.pem")
    assert ending.code == code and words in ending.err
    assert tree(folder) == before


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\n", TSA.root_pem * 2])
def test_stamp__root_unreadable__refused(desk, folder, stamp, content):
    (folder / "root.pem").write_bytes(content)
    refused(stamp("--root", folder / "root.pem"), 65, "root.pem")
    assert desk.asked == []


def test_stamp__address_unusable__refused(call, folder):
    trust = ("--trust", folder / "trust.json", "--root", folder / "root.pem")
    receipt = folder / "it.tlog-proof"
    refused(call("stamp", receipt, "--authority", "ftp://x.invalid", *trust), 65, "ftp://")


def test_add_authority__twice_or_a_bad_root_or_policy__refused_and_file_unchanged(call, folder):
    trust = folder / "trust.json"
    good = ("--name", "the office", "--root", folder / "root.pem")
    assert call("trust", "add-authority", trust, *good, "--tsa-policy", "1.2.3").code == 0
    (authority,) = Roots.from_bytes(trust.read_bytes()).authorities
    assert (authority.name, authority.root, authority.policy) == (
        "the office",
        TSA.root_der,
        "1.2.3",
    )
    before = tree(folder)
    refused(call("trust", "add-authority", trust, *good), 65, "there already")
    bad_root = ("--name", "b", "--root", folder / "it.json")
    refused(call("trust", "add-authority", trust, *bad_root), 65, "it.json")
    bad_policy = ("--name", "b", "--root", folder / "root.pem", "--tsa-policy", "x")
    refused(call("trust", "add-authority", trust, *bad_policy), 65, "policy")
    assert tree(folder) == before
