"""A tiled log of ours, read by a checker that shares no code with it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from quorate.core.sources import SteppedClock
from quorate.log.checkpoint import LogIdentity
from quorate.log.witness import Witness as OurWitness
from tests.architecture.source import ROOT, imports_of, tree_of
from tests.independent import checker
from tests.independent.checker import check_log, check_older, check_receipt_of, load
from tests.independent.logs import ORIGIN, Party, Witness, varied_leaves

ALLOWED = {"cryptography", *sys.stdlib_module_names} - {"importlib", "runpy"}


@pytest.mark.parametrize("name", ["checker.py", "policy.py"])
def test_checker__imports__nothing_of_the_package(name):
    path = ROOT / "tests/independent" / name
    found = {module.split(".")[0] for _, module in imports_of(tree_of(path))}
    assert found
    assert found <= ALLOWED
    called = {n.func.id for n in ast.walk(tree_of(path)) if isinstance(n, ast.Call)
              and isinstance(n.func, ast.Name)}  # fmt: skip
    assert not called & {"__import__", "exec", "eval"}


SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 1023, 1025]


@pytest.mark.parametrize("size", SIZES)
def test_checker__log_of_one_batch__accepted_with_receipts(tmp_path, size):
    alice = Party()
    leaves = varied_leaves(size - 1, seed=size)
    log = alice.create(tmp_path)
    if leaves:
        log.append_many(leaves)
    receipts = [log.receipt(i).encode() for i in sorted({0, 1, size // 2, size - 1} - {size})]
    log.close()
    read = check_log(load(tmp_path), alice.trust)
    assert read.leaves[1:] == leaves
    assert read.head.size == size
    for receipt in receipts:
        check_receipt_of(read, receipt, alice.trust)


def test_checker__log_grown_in_steps__every_checkpoint_receipt_and_proof_is_of_one_tree(tmp_path):
    alice = Party()
    log = alice.create(tmp_path)
    heads, receipts = [log.checkpoint_note().encode()], []
    for step, count in enumerate([1, 1, 5, 247, 1, 1, 200, 300, 12, 1]):
        log.append_many(varied_leaves(count, seed=step))
        heads.append(log.checkpoint_note().encode())
        receipts.append(log.receipt(log.size - count).encode())
        site = load(tmp_path)
        read = check_log(site, alice.trust)
        older = [check_older(read, site, alice.trust, head) for head in heads]
        for head in older:
            made = log.consistency(head.size)
            assert made == checker.subproof(head.size, read.hashes, 0, read.head.size)
            checker.check_consistency(head.size, log.size, head.root, log.root, made)
        for receipt in receipts:
            check_receipt_of(read, receipt, alice.trust)
    log.close()


def test_checker__all_pairs_of_checkpoints_and_leaves__proofs_as_defined(tmp_path):
    alice = Party()
    log = alice.create(tmp_path)
    for i in range(1, 34):
        log.append_many([b"%d" % i])
        read = check_log(load(tmp_path), alice.trust)
        for m in range(1, log.size + 1):
            made = log.consistency(m)
            assert made == checker.subproof(m, read.hashes, 0, log.size)
            old = checker.mth(read.hashes, 0, m)
            checker.check_consistency(m, log.size, old, log.root, made)
            check_receipt_of(read, log.receipt(m - 1).encode(), alice.trust)
    log.close()


def test_checker__log_reopened_between_batches__accepted(tmp_path):
    alice = Party()
    alice.create(tmp_path).close()
    for step in range(5):
        log = alice.open(tmp_path)
        log.append_many(varied_leaves(100, seed=step))
        log.close()
    assert check_log(load(tmp_path), alice.trust).head.size == 501


def test_checker__folder_of_a_log__holds_nothing_that_is_served_but_the_log(tmp_path):
    alice = Party()
    alice.write(tmp_path, [varied_leaves(300)])
    others = {p.name for p in tmp_path.iterdir()} - {"checkpoint", "tile"}
    assert all(name.startswith(".") for name in others), others


@pytest.mark.slow
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
def test_checker__log_of_three_levels__accepted(tmp_path, size):
    alice = Party()
    leaves = varied_leaves(size - 1)
    log = alice.create(tmp_path)
    log.append_many(leaves[:40_000])
    older = log.checkpoint_note().encode()
    log.append_many(leaves[40_000:])
    receipts = [log.receipt(i).encode() for i in (0, 39_999, 40_001, size - 1)]
    log.close()
    site = load(tmp_path)
    read = check_log(site, alice.trust)
    assert read.leaves[1:] == leaves
    assert check_older(read, site, alice.trust, older).size == 40_001
    for receipt in receipts:
        check_receipt_of(read, receipt, alice.trust)


def test_checker__cosignatures_of_both_types__k_of_n(tmp_path):
    alice = Party()
    witnesses = [Witness(f"witness.example/w{i}", (0x04, 0x06)[i % 2]) for i in range(5)]
    log = alice.create(tmp_path)
    log.append_many(varied_leaves(300))
    log.add_cosignatures([w.line(log.checkpoint_note()) for w in witnesses[:3]])
    receipt = log.receipt(7).encode()
    log.close()
    vkeys = [w.vkey for w in witnesses]
    for k in range(6):
        trust = checker.trust_keys(alice.vkeys, vkeys, k)
        if k <= 3:
            check_receipt_of(check_log(load(tmp_path), trust), receipt, trust)
        else:
            with pytest.raises(checker.Refused, match="no quorum"):
                check_log(load(tmp_path), trust)


def test_checker__cosignature_by_our_witness__counts(tmp_path):
    alice = Party()
    signer = Party("bob").signers[0]
    name = "quorate.example/bob/witness"
    vkey = checker.Key(name, checker.COSIGNED, signer.public_key.raw)
    log = alice.create(tmp_path)
    log.append_many(varied_leaves(10))
    identity = LogIdentity(ORIGIN, *(s.public_key for s in alice.signers))
    witness = OurWitness(name, signer, None, SteppedClock())
    log.add_cosignatures([witness.cosign(log.checkpoint_note(), identity, [])])
    log.close()
    trust = checker.Trust(alice.trust.logs, (vkey,), lambda cosigned: len(cosigned) == 1)
    assert check_log(load(tmp_path), trust).head.size == 11


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = Path(checker.__file__)
    command = [sys.executable, "-I", str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def test_checker__as_a_program_of_its_own__accepts_and_refuses(tmp_path):
    alice = Party()
    folder = tmp_path / "log"
    older, *_ = alice.write(folder, [varied_leaves(299)])
    (tmp_path / "older").write_bytes(older)
    keys = [word for vkey in alice.vkeys for word in ("--vkey", vkey)]
    accepted = run(folder, *keys, "--older", tmp_path / "older")
    assert accepted.returncode == 0, accepted.stderr
    assert accepted.stdout.startswith(f"accepted: {ORIGIN}, 300 leaves, 6 files")
    (folder / "tile/1/000.p/1").unlink()
    refused = run(folder, *keys)
    assert (refused.returncode, refused.stdout) == (1, "refused: tile/1/000.p/1: missing\n")
    assert run(folder).returncode == 1
