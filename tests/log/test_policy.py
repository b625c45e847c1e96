"""Policies: every rule of the specification, nested quorums, both of a log's keys demanded."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.keys import Ed25519Signer, PublicKey
from quorate.log.checkpoint import Checkpoint, sign_checkpoint, sign_cosignature
from quorate.log.merkle import inclusion_proof, leaf_hash, root_of
from quorate.log.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    ML_DSA_44_COSIGNATURE,
    Note,
    NoteKey,
    SignatureLine,
)
from quorate.log.policy import Policy
from quorate.log.receipt import Receipt
from tests.log.parties import ALICE, IDENTITY, MALLORY, ORIGIN, WITNESSES

LOG_KEYS = [verifier.note_key for verifier in IDENTITY.verifiers]
NAMES = ("x1", "x2", "y1")
KEYS = {
    name: NoteKey(f"{name}.example/w", ED25519_COSIGNATURE, party.witness_signer.public_key)
    for name, party in zip(NAMES, WITNESSES, strict=True)
}
HEAD = "".join(f"log {key.vkey}\n" for key in LOG_KEYS)
HEAD += "".join(f"witness {name} {key.vkey}\n" for name, key in KEYS.items())
GROUPS = "group X 2 x1 x2\ngroup Y any y1\ngroup both all X Y\n"
POLICY = Policy.parse(f"{HEAD}{GROUPS}quorum both\n")
LEAVES = [b"genesis", b"leaf 1", b"leaf 2"]
HASHES = [leaf_hash(each) for each in LEAVES]
POINT = Checkpoint(ORIGIN, 3, root_of(HASHES))
BARE = sign_checkpoint(POINT, *ALICE.log_signers, 1_800_000_000)
LINES = {
    name: sign_cosignature(POINT, KEYS[name].name, party.witness_signer, 1_800_000_001)
    for name, party in zip(NAMES, WITNESSES, strict=True)
}


def vkey(number: int, kind: int = ED25519_COSIGNATURE) -> str:
    """A key of nobody, by number."""
    raw = Ed25519Signer(number.to_bytes(32, "big")).public_key
    return NoteKey(f"key{number}.example", kind, raw).vkey


def note(*names: str, lines: tuple[SignatureLine, ...] = BARE.signatures) -> str:
    """The head of the log's three leaves, cosigned by witnesses that the policy calls so."""
    return str(Note(BARE.text, (*lines, *(LINES[name] for name in names))))


def step_of(call, *arguments, **options) -> str:
    with pytest.raises(VerificationError) as caught:
        call(*arguments, **options)
    assert caught.value.place
    return caught.value.step


def test_policy__every_kind_of_line__read_and_spelled_alike():
    text = f"""# a comment\n \t \n\t log  {LOG_KEYS[0].vkey}\thttps://log.example/ \n
  # another ü\nwitness w {KEYS["x1"].vkey} https://w.example/\ngroup g any w\nquorum g\n"""
    policy = Policy.parse(text)
    assert [(log.key, log.url) for log in policy.logs] == [(LOG_KEYS[0], "https://log.example/")]
    assert [(w.name, w.key, w.url) for w in policy.witnesses] == [
        ("w", KEYS["x1"], "https://w.example/")
    ]
    assert policy.groups[0].threshold == 1
    assert Policy.parse(str(policy)) == policy
    assert Policy.from_bytes(policy.to_bytes()) == policy


def test_policy__of_the_least_form__accepts_no_log_at_all():
    policy = Policy.parse("quorum none\n")
    assert str(policy) == "quorum none\n"
    assert step_of(policy.check, note()) == "policy.log"
    assert policy.check(note(), log=IDENTITY).checkpoint == POINT


def test_policy__names_and_comments_that_are_no_utf8__kept_as_octets():
    data = f"# \xff\nwitness w\xfe {KEYS['x1'].vkey} \xa0url\nquorum w\xfe\n".encode("latin-1")
    policy = Policy.from_bytes(data)
    assert policy.to_bytes() == data.split(b"\n", 1)[1]
    kelvin = f"witness \u212a {KEYS['x1'].vkey}\nwitness K {KEYS['x2'].vkey}\nquorum K\n"
    assert len(Policy.parse(kelvin).witnesses) == 2


def test_policy__names_that_look_like_words_of_the_format__allowed():
    text = "".join(
        f"witness {name} {vkey(i + 1)}\n"
        for i, name in enumerate(["any", "all", "group", "quorum", "#7", "7"])
    )
    text += "group log all any all group quorum #7 7\nquorum log\n"
    assert Policy.parse(text).groups[0].threshold == 6


def test_policy__many_of_each__accepted():
    text = "".join(f"log {vkey(i, ED25519_NOTE)}\n" for i in range(1, 65))
    text += "".join(f"witness w{i} {vkey(i + 100)}\n" for i in range(64))
    text += "group g0 any w0\n"
    text += "".join(f"group g{i} 2 g{i - 1} w{i}\n" for i in range(1, 64)) + "quorum g63\n"
    policy = Policy.parse(text)
    everybody = [f"w{i}" for i in range(64)]
    assert policy.is_satisfied_by(everybody)
    assert not any(policy.is_satisfied_by({*everybody} - {each}) for each in everybody)


TOO_MUCH = {
    "logs": "".join(f"log {vkey(i, ED25519_NOTE)}\n" for i in range(1, 1026)) + "quorum none\n",
    "groups": f"{HEAD}group g0 any x1\n"
    + "".join(f"group g{i} any g{i - 1}\n" for i in range(1, 1025))
    + "quorum none\n",
    "text": "#" * 9_000_000 + "\nquorum none\n",
}
"""Every other way to be no policy is a file in vectors/log/policy."""


@pytest.mark.parametrize("name", TOO_MUCH)
def test_policy__too_much_of_something__refused(name):
    with pytest.raises(EncodingError, match="could not read a policy"):
        Policy.parse(TOO_MUCH[name])


@given(st.sets(st.sampled_from(NAMES)))
def test_quorum__nested_groups__as_the_formula_says(cosigned):
    expected = {"x1", "x2"} <= cosigned and "y1" in cosigned
    assert POLICY.is_satisfied_by(cosigned) is expected
    assert not POLICY.is_satisfied_by({"X", "Y", "both", "x1"})  # groups cosign nothing


def test_check__every_set_of_witnesses__as_the_quorum_says():
    for count in range(4):
        for names in itertools.combinations(NAMES, count):
            if count == 3:
                verified = POLICY.check(note(*names))
                assert verified.checkpoint == POINT
                assert [c.witness.key for c in verified.cosigners] == [
                    KEYS[name].key for name in NAMES
                ]
            else:
                assert step_of(POLICY.check, note(*names)) == "policy.quorum"


@pytest.mark.parametrize(("quorum", "enough"), [("x1", True), ("none", True), ("x2", False)])
def test_check__quorum_of_one_witness_or_none__as_named(quorum, enough):
    policy = Policy.parse(f"{HEAD}quorum {quorum}\n")
    if enough:
        assert policy.check(note("x1")).cosigners
    else:
        assert step_of(policy.check, note("x1")) == "policy.quorum"


def test_check__one_of_the_logs_two_keys__refused_unless_only_one_is_listed():
    only = Policy.parse(f"log {LOG_KEYS[0].vkey}\nquorum none\n")
    for position, line in enumerate(BARE.signatures):
        half = note(lines=(line,))
        assert step_of(Policy.parse(f"{HEAD}quorum none\n").check, half) == "note.log"
        assert step_of(POLICY.check, half, log=IDENTITY) == "note.log"
        if position == 0:
            assert only.check(half).checkpoint == POINT
        else:
            assert step_of(only.check, half) == "note.log"


def test_check__witness_with_ml_dsa_44__counts():
    signer = WITNESSES[0].witness_ml_dsa_44
    key = NoteKey("pq.example/w", ML_DSA_44_COSIGNATURE, signer.public_key)
    policy = Policy.parse(f"{HEAD}witness pq {key.vkey}\ngroup g 2 x1 pq\nquorum g\n")
    line = str(sign_cosignature(POINT, key.name, signer, 9))
    assert [c.time for c in policy.check(note("x1") + line).cosigners] == [1_800_000_001, 9]
    assert step_of(policy.check, note("x1")) == "policy.quorum"


def test_check__bad_line_of_a_known_witness__refused_though_the_quorum_is_there():
    bad = SignatureLine(KEYS["y1"].name, KEYS["y1"].key_id, bytes(72))
    policy = Policy.parse(f"{HEAD}quorum x1\n")
    assert step_of(policy.check, note("x1") + str(bad)) == "note.witnesses"


def test_check__another_log__refused():
    other = sign_checkpoint(Checkpoint("m.example", 3, POINT.root), *MALLORY.log_signers, 5)
    forged = sign_checkpoint(POINT, *MALLORY.log_signers, 5)
    assert step_of(POLICY.check, str(other)) == "policy.log"
    assert step_of(POLICY.check, str(other), log=IDENTITY) == "policy.log"
    assert step_of(POLICY.check, str(forged)) == "note.log"
    assert step_of(POLICY.check, "no note") == "note.form"
    assert step_of(POLICY.check, str(Note("no\ncheckpoint\n", BARE.signatures))) == "note.form"


def test_check__log_known_from_elsewhere_listed_as_witness__is_none():
    policy = Policy.parse(f"witness self {LOG_KEYS[1].vkey}\nquorum self\n")
    assert step_of(policy.check, note(), log=IDENTITY) == "policy.quorum"


def test_check_receipt__good_and_each_lie__accepted_and_refused_at_its_step():
    proof = tuple(inclusion_proof(HASHES, 1))
    text = str(Receipt(1, proof, Note.parse(note(*NAMES))))
    assert POLICY.check_receipt(text, LEAVES[1]).index == 1
    assert step_of(POLICY.check_receipt, text, LEAVES[2]) == "receipt.proof"
    assert step_of(POLICY.check_receipt, text[1:], LEAVES[1]) == "receipt.form"
    poor = str(Receipt(1, proof, Note.parse(note("x1"))))
    assert step_of(POLICY.check_receipt, poor, LEAVES[1]) == "policy.quorum"


def test_policy__of_facts_that_no_line_can_hold__refused():
    log, witness, group = POLICY.logs[0], POLICY.witnesses[0], POLICY.groups[0]
    for make in (
        lambda: type(log)(log.key, "two words"),
        lambda: type(witness)("", witness.key),
        lambda: type(witness)("a\nb", witness.key),
        lambda: type(group)("g", 1, ("a\tb",)),
    ):
        with pytest.raises(EncodingError):
            make()


def test_policy__secp256k1_key__refused():
    with pytest.raises(EncodingError):
        NoteKey("n", ED25519_NOTE, PublicKey("secp256k1", bytes(64)))
