"""Checkpoints: three lines, two signatures; the structure that ML-DSA-44 signs, spelled apart."""

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.encoding import encode_base64
from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import (
    Checkpoint,
    LogIdentity,
    WitnessIdentity,
    is_cosignature_size,
    sign_checkpoint,
    sign_cosignature,
    witnesses_among,
)
from quorate.log.merkle import EMPTY_ROOT
from quorate.log.note import Note, signatures_by
from tests.log.parties import ALICE, IDENTITY, MALLORY, ORIGIN, WITNESS_IDENTITIES, WITNESSES

POINT = Checkpoint(ORIGIN, 70_000, bytes(range(32)))
NOTE = sign_checkpoint(POINT, *ALICE.log_signers, 1_800_000_000)
ROOT_LINE = encode_base64(POINT.root)


def test_checkpoint__text__three_lines():
    assert str(POINT) == f"{ORIGIN}\n70000\n{ROOT_LINE}\n"
    assert Checkpoint.parse(str(POINT)) == POINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n70000\n{ROOT_LINE}",
        f"{ORIGIN}\n70000\n{ROOT_LINE}\nextension\n",
        f"{ORIGIN}\n70000\n{ROOT_LINE}\n\n",
        f"{ORIGIN}\n070000\n{ROOT_LINE}\n",
        f"{ORIGIN}\n+7\n{ROOT_LINE}\n",
        f"{ORIGIN}\n7 \n{ROOT_LINE}\n",
        f"{ORIGIN}\n٧\n{ROOT_LINE}\n",
        f"{ORIGIN}\n{2**63}\n{ROOT_LINE}\n",
        f"{ORIGIN}\n-1\n{ROOT_LINE}\n",
        f"{ORIGIN}\n7\n{ROOT_LINE[:-4]}\n",
        f"{ORIGIN}\n7\n{ROOT_LINE[:-1]}\n",
        f"{ORIGIN}\n0\n{ROOT_LINE}\n",
        f"\n7\n{ROOT_LINE}\n",
        f"two words\n7\n{ROOT_LINE}\n",
    ],
)
def test_checkpoint__other_spelling__refused(text):
    with pytest.raises(EncodingError):
        Checkpoint.parse(text)


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoint__any_size_and_root__round_trips(size, root):
    point = Checkpoint(ORIGIN, size, root)
    assert Checkpoint.parse(str(point)) == point


def test_note__of_a_log__carries_both_signatures_and_round_trips():
    parsed = Note.parse(str(NOTE))
    assert [len(line.blob) for line in parsed.signatures] == [64, 8 + 2420]
    assert sorted(signatures_by(parsed, IDENTITY.verifiers)) == [0, 1]


def test_subtree_signature__structure_spelled_by_hand__verifies():
    name = ORIGIN.encode()
    message = b"subtree/v1\n\x00" + bytes([len(name)]) + name
    message += (1_800_000_000).to_bytes(8, "big") + bytes([len(name)]) + name
    message += (0).to_bytes(8, "big") + (70_000).to_bytes(8, "big") + POINT.root
    blob = NOTE.signatures[1].blob
    assert blob[:8] == (1_800_000_000).to_bytes(8, "big")
    IDENTITY.ml_dsa_44.verify(blob[8:], message)


def test_cosignature__message_spelled_by_hand__verifies():
    name = WITNESS_IDENTITIES[0].name
    line = sign_cosignature(POINT, name, WITNESSES[0].witness_signer, 1_679_315_147)
    message = b"cosignature/v1\ntime 1679315147\n" + str(POINT).encode()
    WITNESS_IDENTITIES[0].key.verify(line.blob[8:], message)
    assert struct.unpack(">Q", line.blob[:8]) == (1_679_315_147,)


def test_cosignature__ml_dsa_44__structure_spelled_by_hand_verifies():
    witness = WitnessIdentity("quorate.example/w", WITNESSES[0].witness_ml_dsa_44.public_key)
    line = sign_cosignature(POINT, witness.name, WITNESSES[0].witness_ml_dsa_44, 1_679_315_147)
    name, origin = witness.name.encode(), ORIGIN.encode()
    message = b"subtree/v1\n\x00" + bytes([len(name)]) + name
    message += (1_679_315_147).to_bytes(8, "big") + bytes([len(origin)]) + origin
    message += (0).to_bytes(8, "big") + (70_000).to_bytes(8, "big") + POINT.root
    assert len(line.blob) == 8 + 2420
    witness.key.verify(line.blob[8:], message)
    digest = hashlib.sha256(name + b"\n\x06" + witness.key.raw).digest()
    assert line.key_id == digest[:4]
    assert signatures_by(Note(str(POINT), (line,)), [witness.verifier]) == {0: line.blob}


def test_cosignature__ml_dsa_44_of_another_name_or_tree__refused():
    signer = WITNESSES[0].witness_ml_dsa_44
    witness = WitnessIdentity("quorate.example/w", signer.public_key)
    for point, name in (
        (POINT, "quorate.example/v"),
        (Checkpoint(ORIGIN, 70_001, POINT.root), witness.name),
        (Checkpoint("quorate.example/mallory", 70_000, POINT.root), witness.name),
    ):
        line = sign_cosignature(point, name, signer, 5)
        moved = type(line)(witness.name, witness.verifier.note_key.key_id, line.blob)
        with pytest.raises(VerificationError):
            signatures_by(Note(str(POINT), (moved,)), [witness.verifier])


def test_cosignature__key_that_cannot_cosign__refused():
    with pytest.raises(EncodingError):
        sign_cosignature(POINT, "quorate.example/w", WITNESSES[0].account, 5)


@pytest.mark.parametrize(("size", "expected"), [(64, False), (72, True), (2428, True), (0, False)])
def test_cosignature_size__each_type__known(size, expected):
    assert is_cosignature_size(size) is expected


def test_witnesses_among__shared_names_and_keys__counted_once():
    keys = [signer.public_key for witness in WITNESSES for signer in witness.witness_signers]
    a, a_again, b = (WitnessIdentity(n, k) for n, k in zip("aab", keys, strict=False))
    alias = WitnessIdentity("c", a.key)
    bridge = WitnessIdentity("b", a.key)
    assert witnesses_among([]) == 0
    assert witnesses_among([a, a]) == 1
    assert witnesses_among([a, a_again]) == 1
    assert witnesses_among([a, alias, a_again]) == 1
    assert witnesses_among([a, b]) == 2
    assert witnesses_among([a, b, bridge]) == 1
    assert witnesses_among([a, b], known=[a, b, bridge]) == 1  # told so though it did not sign


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("change", ["origin", "size", "root"])
def test_log_signatures__over_another_tree__refused(position, change):
    other = {
        "origin": Checkpoint("quorate.example/mallory", 70_000, POINT.root),
        "size": Checkpoint(ORIGIN, 70_001, POINT.root),
        "root": Checkpoint(ORIGIN, 70_000, EMPTY_ROOT),
    }[change]
    note = Note(str(other), (NOTE.signatures[position],))
    with pytest.raises(VerificationError):
        signatures_by(note, IDENTITY.verifiers)


def test_timestamped_signatures__other_time__refused():
    for line, verifiers in (
        (NOTE.signatures[1], IDENTITY.verifiers),
        (
            sign_cosignature(POINT, WITNESS_IDENTITIES[0].name, WITNESSES[0].witness_signer, 5),
            [WITNESS_IDENTITIES[0].verifier],
        ),
    ):
        for blob in (bytes(7) + b"\x06" + line.blob[8:], b"\xff" + line.blob[1:], line.blob[:5]):
            changed = type(line)(line.name, line.key_id, blob)
            with pytest.raises(VerificationError):
                signatures_by(Note(str(POINT), (changed,)), verifiers)


def test_cosignature__signed_time_out_of_range__refused():
    name, signer = WITNESS_IDENTITIES[0].name, WITNESSES[0].witness_signer
    verifiers = [WITNESS_IDENTITIES[0].verifier]
    for time, accepted in ((0, True), (2**63 - 1, True), (2**63, False)):
        note = Note(str(POINT), (sign_cosignature(POINT, name, signer, time),))
        if accepted:
            assert signatures_by(note, verifiers)
        else:
            with pytest.raises(VerificationError, match="out of range"):
                signatures_by(note, verifiers)


def test_identities__keys_of_another_scheme__refused():
    with pytest.raises(EncodingError):
        LogIdentity(ORIGIN, IDENTITY.ml_dsa_44, IDENTITY.ed25519)
    with pytest.raises(EncodingError):
        WitnessIdentity("witness", MALLORY.account.public_key)
    with pytest.raises(EncodingError):
        LogIdentity("x" * 256, IDENTITY.ed25519, IDENTITY.ml_dsa_44)
