"""Receipts, notes and whole logs: the good accepted, each lie refused at its step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import Checkpoint, LogIdentity, WitnessIdentity, sign_cosignature
from quorate.log.note import Note
from quorate.log.receipt import Receipt
from quorate.log.verify import verify_log, verify_note, verify_receipt
from quorate.log.witness import Witness
from tests.log.parties import (
    CLOCK,
    IDENTITY,
    MALLORY,
    ORIGIN,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """Note, receipt of leaf 4 and entries of a log with two of three witnesses' lines."""
    with create_log(tmp_path_factory.mktemp("log"), 8) as log:
        for identity, witness in zip(WITNESS_IDENTITIES[:2], WITNESSES[:2], strict=True):
            line = Witness(identity.name, witness.witness_signer, None, CLOCK).cosign(
                log.checkpoint_note(), IDENTITY, []
            )
            log.add_cosignatures([line])
        return log.checkpoint_note(), log.receipt(4), list(log.entries())


def step_of(call, *arguments, **options) -> str:
    with pytest.raises(VerificationError) as caught:
        call(*arguments, **options)
    assert caught.value.place
    return caught.value.step


def test_receipt__good__says_what_is_proven(evidence):
    _, receipt, _ = evidence
    verified = verify_receipt(receipt, leaf(4), IDENTITY, WITNESS_IDENTITIES, 2)
    assert (verified.index, verified.checkpoint.size, len(verified.cosigners)) == (4, 9, 2)


def test_log__good__says_what_is_proven(evidence):
    note, _, entries = evidence
    verified = verify_log(entries, note, IDENTITY, WITNESS_IDENTITIES, 2)
    assert (verified.checkpoint.size, len(verified.leaf_hashes)) == (9, 9)


def test_receipt__each_lie__refused_at_its_step(evidence):
    _, receipt, _ = evidence
    parsed = Receipt.parse(receipt)
    other_index = str(Receipt(3, parsed.proof, parsed.note))
    shorter = str(Receipt(4, parsed.proof[:-1], parsed.note))
    assert step_of(verify_receipt, receipt, leaf(5), IDENTITY) == "receipt.proof"
    assert step_of(verify_receipt, other_index, leaf(4), IDENTITY) == "receipt.proof"
    assert step_of(verify_receipt, shorter, leaf(4), IDENTITY) == "receipt.proof"
    assert step_of(verify_receipt, "x" + receipt, leaf(4), IDENTITY) == "receipt.form"
    assert step_of(verify_receipt, receipt.replace("\n9\n", "\n8\n"), leaf(4), IDENTITY)
    assert step_of(verify_receipt, receipt, leaf(4), IDENTITY, WITNESS_IDENTITIES, 3)


def test_log__each_lie__refused_at_its_step(evidence):
    note, _, entries = evidence
    swapped = [entries[0], entries[2], entries[1], *entries[3:]]
    changed = [*entries[:-1], b"another leaf"]
    foreign = [b"{}", *entries[1:]]
    assert step_of(verify_log, entries[:-1], note, IDENTITY) == "log.size"
    assert step_of(verify_log, [*entries, b""], note, IDENTITY) == "log.size"
    assert step_of(verify_log, foreign, note, IDENTITY) == "log.genesis"
    assert step_of(verify_log, swapped, note, IDENTITY) == "log.root"
    assert step_of(verify_log, changed, note, IDENTITY) == "log.root"


def test_note__one_of_the_two_signatures_stripped__refused(evidence):
    note, _, _ = evidence
    lines = note.split("\n")
    for own in (4, 5):  # after three lines of text and the blank one
        stripped = "\n".join(lines[:own] + lines[own + 1 :])
        with pytest.raises(VerificationError, match="missing") as caught:
            verify_note(stripped, IDENTITY)
        assert caught.value.step == "note.log"


def test_note__other_log_or_other_keys__refused(evidence):
    note, _, _ = evidence
    keys = IDENTITY.ed25519, IDENTITY.ml_dsa_44
    assert step_of(verify_note, note, LogIdentity("other", *keys)) == "note.origin"
    for wrong in (
        LogIdentity(ORIGIN, MALLORY.log_ed25519.public_key, keys[1]),
        LogIdentity(ORIGIN, keys[0], MALLORY.log_ml_dsa_44.public_key),
    ):
        assert step_of(verify_note, note, wrong) == "note.log"


def test_note__witness_line_of_a_known_key_is_bad__refused_not_skipped(evidence):
    note, _, _ = evidence
    lines = note.split("\n")
    head, encoded = lines[6].rsplit(" ", 1)
    bad = f"{head} {encoded[:30]}{'A' if encoded[30] != 'A' else 'B'}{encoded[31:]}"
    changed = "\n".join([*lines[:6], bad, *lines[7:]])
    assert step_of(verify_note, changed, IDENTITY, WITNESS_IDENTITIES) == "note.witnesses"
    assert verify_note(changed, IDENTITY, WITNESS_IDENTITIES[1:]).cosigners  # not known: ignored


def test_quorum__one_key_under_two_names__counts_once(evidence, tmp_path):
    name, key = "quorate.example/alias", WITNESSES[0].witness_signer
    alias = WitnessIdentity(name, key.public_key)
    note, _, _ = evidence
    line = Witness(name, key, None, CLOCK).cosign(note, IDENTITY, [])
    known = [WITNESS_IDENTITIES[0], alias]
    assert len(verify_note(note + line, IDENTITY, known, 1).cosigners) == 2
    assert step_of(verify_note, note + line, IDENTITY, known, 2) == "note.witnesses"


def test_quorum__one_witness_with_both_schemes__counts_once(evidence):
    note, name = evidence[0], WITNESS_IDENTITIES[0].name
    point = Checkpoint.parse(Note.parse(note).text)
    quantum = WitnessIdentity(name, WITNESSES[0].witness_ml_dsa_44.public_key)
    line = str(sign_cosignature(point, name, WITNESSES[0].witness_ml_dsa_44, 7))
    for known in ([quantum], [WITNESS_IDENTITIES[0], quantum]):
        assert len(verify_note(note + line, IDENTITY, known, 1).cosigners) == len(known)
        with pytest.raises(VerificationError, match="1 of the 2 demanded"):
            verify_note(note + line, IDENTITY, known, 2)


def test_quorum__the_log_itself_as_witness__not_counted(evidence):
    known = [WitnessIdentity(IDENTITY.origin, IDENTITY.ml_dsa_44)]
    with pytest.raises(VerificationError, match="0 of the 1 demanded"):
        verify_note(evidence[0], IDENTITY, known, 1)


def test_receipt__extra__carried_and_round_trips(evidence):
    _, receipt, _ = evidence
    parsed = Receipt.parse(receipt)
    with_extra = Receipt(parsed.index, parsed.proof, parsed.note, b"an opening")
    assert Receipt.parse(str(with_extra)) == with_extra
    assert str(with_extra).split("\n")[1] == "extra YW4gb3BlbmluZw=="
    verify_receipt(str(with_extra), leaf(4), IDENTITY)


def test_receipt__one_leaf_tree__empty_proof(tmp_path):
    with create_log(tmp_path) as log:
        text = log.receipt(0)
        assert Receipt.parse(text).proof == ()
        verify_receipt(text, log.entry(0), IDENTITY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tlog-proof@v1", "tlog-proof@v2"),
        ("index 4", "index 04"),
        ("index 4", "index -4"),
        ("index 4\n", ""),
        ("index 4", "extra \nindex 4\nindex 4"),
        ("index 4", "Index 4"),
        ("index 4\n", "index 4\nAAAA\n"),
        ("\n\n", "\n"),
        ("index 4", f"index {2**63}"),
    ],
)
def test_receipt__other_spelling__refused(evidence, old, new):
    _, receipt, _ = evidence
    assert old in receipt
    with pytest.raises(EncodingError):
        Receipt.parse(receipt.replace(old, new, 1))


@given(st.data())
def test_receipt__one_byte_changed__refused_or_the_same_claim(evidence, data):
    _, receipt, _ = evidence
    at = data.draw(st.integers(0, len(receipt) - 1))
    char = data.draw(st.sampled_from("\n 0A=+—\x00é"))
    changed = receipt[:at] + char + receipt[at + 1 :]
    if changed == receipt:
        return
    try:
        verified = verify_receipt(changed, leaf(4), IDENTITY, WITNESS_IDENTITIES)
    except VerificationError as error:
        assert error.step
        return
    # Only a witness's line can be spoilt unseen: by renaming it, which makes it nobody's.
    assert len(verified.cosigners) < 2
    assert (verified.index, verified.checkpoint.size) == (4, 9)
