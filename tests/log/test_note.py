"""Signed notes: one spelling, sixteen signatures and more, unknown keys ignored, bad ones fatal."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.keys import Ed25519Signer
from quorate.log.checkpoint import Checkpoint, WitnessIdentity, sign_cosignature
from quorate.log.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    MAX_SIGNATURES,
    ML_DSA_44_COSIGNATURE,
    Note,
    NoteKey,
    PlainVerifier,
    SignatureLine,
    signatures_by,
)
from tests.log.parties import ALICE, published

TEXT = "Ognuno sta solo\n\ned è subito sera.\n"
# The verifier key of the published tiled log, as its project prints it.
PUBLISHED_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def signed_by(name: str, seed: int, text: str = TEXT) -> tuple[SignatureLine, PlainVerifier]:
    signer = Ed25519Signer(bytes([seed]) * 32)
    verifier = PlainVerifier(name, signer.public_key)
    line = SignatureLine(name, verifier.note_key.key_id, signer.sign(text.encode()))
    return line, verifier


LINE, VERIFIER = signed_by("one.example", 1)
NOTE = Note(TEXT, (LINE,))


def test_vkey__published_key__read_and_spelled_alike():
    key = NoteKey.parse_vkey(PUBLISHED_VKEY)
    assert (key.kind, key.key_id.hex(), key.vkey) == (ED25519_NOTE, "33d7b496", PUBLISHED_VKEY)


def test_signature__published_checkpoints__verify_with_the_published_key():
    key = NoteKey.parse_vkey(PUBLISHED_VKEY)
    verifier = PlainVerifier(key.name, key.key)
    for path in sorted(published("tlog-tiles").glob("checkpoint*")):
        note = Note.parse(path.read_text("utf-8"))
        assert signatures_by(note, [verifier]), path.name


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (ED25519_NOTE, ALICE.log_ed25519.public_key),
        (ED25519_COSIGNATURE, ALICE.witness_signer.public_key),
        (ML_DSA_44_COSIGNATURE, ALICE.log_ml_dsa_44.public_key),
    ],
)
def test_vkey__each_type__round_trips(kind, key):
    note_key = NoteKey("quorate.example/log", kind, key)
    assert NoteKey.parse_vkey(note_key.vkey) == note_key


def test_key_id__same_key_other_type_or_name__differs():
    key = ALICE.log_ed25519.public_key
    ids = {
        NoteKey(name, kind, key).key_id
        for name in ("a", "b")
        for kind in (ED25519_NOTE, ED25519_COSIGNATURE)
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name+00000000",
        PUBLISHED_VKEY.replace("33d7b496", "33d7b497"),
        PUBLISHED_VKEY.replace("+Ae", "+Ee"),
        PUBLISHED_VKEY.replace("example.com", "example.org"),
        PUBLISHED_VKEY[:-4],
        "name+00000000+",
    ],
)
def test_vkey__damaged__refused(text):
    with pytest.raises(EncodingError):
        NoteKey.parse_vkey(text)


def test_note_key__type_of_another_scheme__refused():
    with pytest.raises(EncodingError):
        NoteKey("name", ML_DSA_44_COSIGNATURE, ALICE.log_ed25519.public_key)


def test_note__parsed__same_text_and_spelling():
    parsed = Note.parse(str(NOTE))
    assert parsed == NOTE
    assert parsed.text == TEXT
    assert list(signatures_by(parsed, [VERIFIER])) == [0]


def test_note__sixteen_and_more_signatures__accepted_up_to_the_limit():
    pairs = [signed_by(f"key{i}.example", i + 1) for i in range(MAX_SIGNATURES)]
    note = Note(TEXT, tuple(line for line, _ in pairs))
    found = signatures_by(Note.parse(str(note)), [verifier for _, verifier in pairs])
    assert sorted(found) == list(range(MAX_SIGNATURES))
    with pytest.raises(EncodingError):
        Note.parse(str(note) + str(LINE))


def test_note__as_many_ml_dsa_44_signatures_as_allowed__accepted():
    point = Checkpoint("quorate.example/log", 5, bytes(32))
    signer = ALICE.witness_ml_dsa_44
    known = [WitnessIdentity(f"w{i}.example", signer.public_key) for i in range(MAX_SIGNATURES)]
    lines = tuple(sign_cosignature(point, each.name, signer, 7) for each in known)
    note = Note.parse(str(Note(str(point), lines)))
    found = signatures_by(note, [each.verifier for each in known])
    assert sorted(found) == list(range(MAX_SIGNATURES))
    moved = (*lines[:-1], replace(lines[-1], blob=lines[0].blob))  # made for another name
    with pytest.raises(VerificationError):
        signatures_by(Note(str(point), moved), [each.verifier for each in known])


def test_signatures__unknown_key__ignored_even_with_a_known_name_or_id():
    stranger, _ = signed_by("two.example", 2)
    same_name = SignatureLine("one.example", b"\0\0\0\0", b"anything")
    same_id = SignatureLine("other.example", LINE.key_id, b"anything")
    note = Note(TEXT, (stranger, same_name, same_id, LINE))
    assert signatures_by(note, [VERIFIER]) == {0: LINE.blob}
    assert signatures_by(Note(TEXT, (stranger,)), [VERIFIER]) == {}


def test_signatures__known_key_signed_another_text__note_refused():
    bad, _ = signed_by("one.example", 1, "another text\n")
    for lines in ((bad,), (LINE, bad), (bad, LINE)):
        with pytest.raises(VerificationError) as caught:
            signatures_by(Note(TEXT, lines), [VERIFIER], "note 7")
        assert "one.example" in caught.value.place


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT,
        TEXT + "\n",
        str(NOTE)[:-1],
        str(NOTE) + "\n",
        str(NOTE).replace("— ", "- "),
        str(NOTE).replace("— ", "—  "),
        str(NOTE).replace("one.example ", "one.example  "),
        str(NOTE).replace("one.example", "one+example"),
        str(NOTE).replace("one.example", ""),
        str(NOTE).replace("one.example", "one\u00a0example"),
        str(NOTE).replace("Ognuno", "Ogn\tuno"),
        str(NOTE).replace("\n", "\r\n"),
        str(NOTE).replace("Ognuno", "Ogn\ud800uno"),
        TEXT + "\n— one.example AAAA\n",
        TEXT + "\n— one.example AAAAAB==\n",
        "x" * 600_000,
    ],
)
def test_note__other_form__refused(text):
    with pytest.raises(EncodingError):
        Note.parse(text)


@given(st.text(max_size=200))
def test_note__arbitrary_text__parses_to_the_same_spelling_or_is_refused(text):
    for candidate in (text, TEXT + "\n" + text, TEXT + "\n— n " + text):
        try:
            note = Note.parse(candidate)
        except EncodingError:
            continue
        assert str(note) == candidate
