"""A proof that a log signed two trees: with a trust file, without one, altered, of another log."""

import json
from pathlib import Path

import pytest

from quorate.core.hashing import Digest
from quorate.log.checkpoint import LogIdentity
from quorate.log.equivocation import Evidence
from quorate.provenance.roots import ChainRoot, MemberRoot, Roots
from tests.log.parties import ALICE, IDENTITY, MALLORY, ORIGIN, WITNESSES
from tests.log.test_equivocation import FORKED, HONEST, accuse


def roots(alice=ALICE) -> Roots:
    """A consortium of two, as a trust file lists it."""
    members = (
        MemberRoot(alice.identity, ORIGIN, "alice", 7),
        MemberRoot(MALLORY.identity, "quorate.example/mallory", "mallory", 7),
    )
    keys, account = members[0].identity.statement_keys, members[0].identity.account
    code = {"Rounds": (str(Digest.of(b"code")), 4)}
    chain = ChainRoot(7, str(Digest.of(b"")), keys[0], {"Rounds": account}, code)
    return Roots(chain, members, tuple((member.name,) for member in members))


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust.json"
    path.write_bytes(roots().to_bytes())
    return path


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    path = tmp_path / "fork.equivocation"
    path.write_text(str(accuse(HONEST[:21], FORKED[:70])), "utf-8")
    return path


def test_verify__evidence_and_trust__proven(call, evidence, trust):
    ending = call("verify", evidence, "--trust", trust)
    assert (ending.code, ending.err) == (0, "")
    assert f"proven: {ORIGIN} signed two trees of which neither extends the other" in ending.out
    assert "SELF" not in ending.out
    assert "differ in: leaves 0 to 15" in ending.out


def test_verify__evidence_without_trust__level_self_comes_first(call, evidence):
    ending = call("verify", evidence)
    assert ending.code == 0
    assert ending.out.splitlines()[1] == "  trust level: SELF"
    assert "nobody vouched" in ending.out
    facts = json.loads(call("verify", evidence, "--json").out)["facts"]
    assert facts["proven"].startswith(ORIGIN)


def test_verify__two_roots_of_one_size__proven(call, tmp_path, trust):
    path = tmp_path / "twins.equivocation"
    path.write_text(str(accuse(HONEST[:20], FORKED[:20])), "utf-8")
    ending = call("verify", path, "--trust", trust)
    assert ending.code == 0 and "differ in" not in ending.out


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("old", ['"peak":0', '"hash":"', "21\\n", "ed25519:3", "quorate.example"])
def test_verify__altered_evidence__exits_1(call, evidence, trust, trusted, old):
    text = evidence.read_text("utf-8")
    new = {'"peak":0': '"peak":1', '"hash":"': '"hash":"A', "21\\n": "22\\n"}.get(old, old[::-1])
    evidence.write_text(text.replace(old, new, 1), "utf-8")
    assert evidence.read_text("utf-8") != text
    ending = call("verify", evidence, *(("--trust", trust) if trusted else ()))
    assert (ending.code, ending.out) == (1, "")
    assert ending.err.count("\n") == 1 and "Traceback" not in ending.err


def test_verify__evidence_about_a_log_that_nobody_trusts__exits_1(call, evidence, tmp_path):
    others = tmp_path / "others.json"
    others.write_bytes(roots(WITNESSES[0]).to_bytes())
    ending = call("verify", evidence, "--trust", others)
    assert ending.code == 1 and "and its keys" in ending.err
    honest = Evidence.parse(evidence.read_text("utf-8"))
    assert honest.log.origin == ORIGIN
    others.write_bytes(roots().to_bytes().replace(ORIGIN.encode(), b"quorate.example/alina"))
    ending = call("verify", evidence, "--trust", others)
    assert ending.code == 1 and "unknown log" in ending.err


def test_verify__evidence_and_a_policy__proven_of_the_log_that_it_lists(
    call, evidence, trust, tmp_path
):
    policy = tmp_path / "mine.policy"
    policy.write_text("".join(f"log {each.note_key.vkey}\n" for each in IDENTITY.verifiers))
    policy.write_text(policy.read_text() + "quorum none\n")
    ending = call("verify", evidence, "--policy", policy)
    assert (ending.code, ending.err) == (0, "") and "keys: your policy's" in ending.out
    assert "SELF" not in ending.out
    ending = call("verify", evidence, "--policy", policy, "--trust", trust)
    assert ending.code == 0 and "your trust file's and your policy's" in ending.out
    other = LogIdentity(ORIGIN, *(each.public_key for each in MALLORY.log_signers))
    for keys, code in ((other.verifiers, 1), (IDENTITY.verifiers[:1], 2), ((), 1)):
        lines = "".join(f"log {each.note_key.vkey}\n" for each in keys)
        policy.write_text(f"{lines}quorum none\n")
        assert call("verify", evidence, "--policy", policy).code == code
