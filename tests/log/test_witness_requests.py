"""The witness's rule for requests: refusals, forks kept as evidence, races, its state."""

import json
import threading

import pytest

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import DamagedError, EncodingError, InputError, VerificationError
from quorate.core.files import observe_writes
from quorate.core.hashing import Digest
from quorate.log.checkpoint import WitnessIdentity
from quorate.log.note import ED25519_NOTE, ML_DSA_44_COSIGNATURE, Note, NoteKey
from quorate.log.verify import verify_note
from quorate.log.witness import Witness, WitnessedLog, logs_of
from quorate.log.witness_protocol import (
    AddCheckpoint,
    ForkError,
    StaleSizeError,
    UnknownLogError,
    UnprovenError,
    UnsignedError,
)
from quorate.log.witness_state import MAX_CONFLICTS, FolderState
from tests.log.forks import Branch
from tests.log.parties import ALICE, CLOCK, IDENTITY, MALLORY, ORIGIN, WITNESSES

NAME = "quorate.example/bob/witness"
LOGS = {ORIGIN: WitnessedLog.of(IDENTITY)}
ONE, TWO = Branch("one", shared=2), Branch("two", shared=2)
ED25519_VKEY = NoteKey(ORIGIN, ED25519_NOTE, IDENTITY.ed25519).vkey
ML_DSA_VKEY = NoteKey(ORIGIN, ML_DSA_44_COSIGNATURE, IDENTITY.ml_dsa_44).vkey


def open_witness(folder):
    ed25519, ml_dsa_44 = WITNESSES[0].witness_signers
    return Witness(NAME, ed25519, folder, CLOCK, quantum_signer=ml_dsa_44)


@pytest.fixture(params=["memory", "disk"])
def witness(request, tmp_path):
    return open_witness(tmp_path / "seen" if request.param == "disk" else None)


def ask(witness, branch, old, new, logs=LOGS):
    request = AddCheckpoint.of(old, branch.proof(old, new), branch.note(new))
    return witness.add_checkpoint(request, logs)


def test_add_checkpoint__growing_log__both_lines_verify(witness):
    for old, new in ((0, 1), (1, 3), (3, 3), (3, 40)):
        lines = ask(witness, ONE, old, new)
        verified = verify_note(ONE.note(new) + "".join(lines), IDENTITY, witness.identities, 1)
        assert [c.witness for c in verified.cosigners] == list(witness.identities)
        assert [k.key.scheme for k in witness.identities] == ["ed25519", "ml-dsa-44"]
        assert witness.size_seen(ORIGIN) == new


def test_add_checkpoint__other_old_size__the_one_cosigned_is_told(witness):
    ask(witness, ONE, 0, 3)
    for old, new in ((0, 3), (2, 3), (0, 5), (2, 5), (4, 5), (5, 5), (1, 2), (0, 1)):
        with pytest.raises(StaleSizeError) as caught:
            ask(witness, ONE, old, new)
        assert (caught.value.size, caught.value.step) == (3, "witness.size")
        assert not isinstance(caught.value, ForkError)
    assert witness.size_seen(ORIGIN) == 3


def test_add_checkpoint__never_seen__size_zero_told(witness):
    with pytest.raises(StaleSizeError) as caught:
        ask(witness, ONE, 2, 3)
    assert caught.value.size == 0


def test_add_checkpoint__unknown_origin__before_anything_else(witness):
    note = ONE.note(3, origin="example.org/other", signers=MALLORY.log_signers)
    with pytest.raises(UnknownLogError):
        witness.add_checkpoint(AddCheckpoint.of(0, [], note), LOGS)
    text = note.replace("\n3\n", "\nthree\n", 1)
    with pytest.raises(UnknownLogError):
        witness.add_checkpoint(AddCheckpoint.of(0, [], text), LOGS)


def test_add_checkpoint__signature_bad_missing_or_of_one_scheme_only__refused(witness):
    good = Note.parse(ONE.note(3))
    for note in (
        Note.parse(ONE.note(3, signers=MALLORY.log_signers)),
        Note(good.text, good.signatures[:1]),
        Note(good.text, good.signatures[1:]),
        Note(Note.parse(ONE.note(4)).text, good.signatures),
    ):
        with pytest.raises(UnsignedError):
            witness.add_checkpoint(AddCheckpoint(0, (), note), LOGS)
    assert witness.size_seen(ORIGIN) == 0


def test_add_checkpoint__old_above_new_or_no_checkpoint__malformed(witness):
    with pytest.raises(EncodingError):
        witness.add_checkpoint(AddCheckpoint.of(4, [], ONE.note(3)), LOGS)
    text = f"{ORIGIN}\nthree\nAAAA\n"
    line = Note.parse(ONE.note(3)).signatures[0]
    signed = ALICE.log_ed25519.sign(text.encode())
    note = Note(text, (type(line)(ORIGIN, line.key_id, signed),))
    with pytest.raises(EncodingError):
        witness.add_checkpoint(AddCheckpoint(0, (), note), logs_of([ED25519_VKEY]))


def test_add_checkpoint__bad_proof__unproven(witness):
    ask(witness, ONE, 0, 3)
    for proof in ([], ONE.proof(2, 5), [*ONE.proof(3, 5), bytes(32)], TWO.proof(3, 5)):
        with pytest.raises(UnprovenError) as caught:
            witness.add_checkpoint(AddCheckpoint.of(3, proof, ONE.note(5)), LOGS)
        assert caught.value.step == "witness.consistency"
    with pytest.raises(UnprovenError):
        ask(witness, TWO, 3, 5)
    with pytest.raises(UnprovenError):
        witness.add_checkpoint(AddCheckpoint.of(3, [bytes(32)], ONE.note(3)), LOGS)
    assert not witness.conflicts()


def test_add_checkpoint__first_with_a_proof__unproven(witness):
    with pytest.raises(UnprovenError):
        witness.add_checkpoint(AddCheckpoint.of(0, [bytes(32)], ONE.note(3)), LOGS)


@pytest.mark.parametrize("old", [0, 2, 3])
def test_add_checkpoint__another_tree_of_the_size__fork_and_both_notes_kept(witness, old):
    ask(witness, ONE, 0, 3)
    with pytest.raises(ForkError) as caught:
        ask(witness, TWO, old, 3)
    assert (caught.value.size, caught.value.step) == (3, "witness.consistency")
    (conflict,) = witness.conflicts()
    first, second = (verify_note(n, IDENTITY).checkpoint for n in (conflict.seen, conflict.shown))
    assert (first.size, first.root, second.size, second.root) == (3, ONE.root(3), 3, TWO.root(3))
    ask(witness, ONE, 3, 5)  # the branch that was cosigned goes on


def test_conflicts__same_again_and_many__few_kept(witness):
    ask(witness, ONE, 0, 3)
    for _ in range(3):
        with pytest.raises(ForkError):
            ask(witness, TWO, 3, 3)
    assert len(witness.conflicts()) == 1
    for number in range(MAX_CONFLICTS + 3):
        with pytest.raises(ForkError):
            ask(witness, Branch(f"branch {number}"), 3, 3)
    assert len(witness.conflicts()) == MAX_CONFLICTS


def test_conflicts__unsigned_other_tree__nothing_kept(witness):
    ask(witness, ONE, 0, 3)
    note = TWO.note(3, signers=MALLORY.log_signers)
    with pytest.raises(UnsignedError):
        witness.add_checkpoint(AddCheckpoint.of(3, [], note), LOGS)
    assert not witness.conflicts()


def test_logs_of__ed25519_key_alone__foreign_log_witnessed(witness):
    logs = logs_of([ED25519_VKEY])
    note = Note.parse(ONE.note(3))
    alone = Note(note.text, note.signatures[:1])
    lines = witness.add_checkpoint(AddCheckpoint(0, (), alone), logs)
    assert len(lines) == 2


def test_logs_of__both_keys__the_same_as_the_identity(witness):
    logs = logs_of([ED25519_VKEY, ML_DSA_VKEY, ED25519_VKEY])
    assert list(logs) == [ORIGIN]
    note = Note.parse(ONE.note(3))
    with pytest.raises(UnsignedError):
        witness.add_checkpoint(AddCheckpoint(0, (), Note(note.text, note.signatures[:1])), logs)
    ask(witness, ONE, 0, 3, logs)


def test_logs_of__witness_key_or_nonsense__refused():
    cosigner = WitnessIdentity(NAME, WITNESSES[0].witness_signer.public_key).verifier.note_key
    with pytest.raises(InputError, match="0x04"):
        logs_of([cosigner.vkey])
    with pytest.raises(EncodingError):
        logs_of(["nonsense"])
    with pytest.raises(InputError, match="no key"):
        WitnessedLog(ORIGIN, ())


def test_witness__second_key_of_another_scheme__refused():
    signer = WITNESSES[0].witness_signer
    with pytest.raises(InputError, match="not ML-DSA-44"):
        Witness(NAME, signer, None, CLOCK, quantum_signer=signer)


def test_race__two_branches_many_threads__one_branch_cosigned(witness):
    signed: list[tuple[str, int]] = []
    start = threading.Barrier(8)

    def climb(name: str, branch: Branch) -> None:
        start.wait()
        old = 0
        for new in range(3, 12):
            try:
                ask(witness, branch, old, new)
                signed.append((name, new))
                old = new
            except StaleSizeError as error:
                old = min(error.size, new)
            except VerificationError:
                return

    threads = [
        threading.Thread(target=climb, args=pair) for pair in [("one", ONE), ("two", TWO)] * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({name for name, _ in signed}) == 1, signed


# -- the files


def state_file(folder):
    return folder / f"{Digest.of(ORIGIN.encode()).hex}.json"


def test_state__of_version_0_1_0__read_and_completed(tmp_path):
    folder = tmp_path / "seen"
    folder.mkdir()
    value = {"origin": ORIGIN, "root": ONE.root(3).hex(), "size": 3}
    state_file(folder).write_bytes(canonical_bytes(value))
    witness = open_witness(folder)
    assert witness.size_seen(ORIGIN) == 3
    with pytest.raises(ForkError):
        ask(witness, TWO, 3, 3)
    assert not witness.conflicts()  # the note that it once cosigned was not kept then
    ask(witness, ONE, 3, 3)
    with pytest.raises(ForkError):
        ask(witness, TWO, 3, 3)
    assert len(witness.conflicts()) == 1
    assert set(json.loads(state_file(folder).read_text())) == {"note", "origin", "root", "size"}


def test_state__note_of_another_tree_or_unknown_field__damaged(tmp_path):
    folder = tmp_path / "seen"
    witness = open_witness(folder)
    ask(witness, ONE, 0, 3)
    good = json.loads(state_file(folder).read_text())
    for change in ({"note": ONE.note(4)}, {"note": 5}, {"note": "x"}, {"more": 1}):
        text = json.dumps(good | change, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        state_file(folder).write_text(text)
        with pytest.raises(DamagedError):
            ask(witness, ONE, 3, 4)
        with pytest.raises(DamagedError):
            open_witness(folder)


def test_conflict_file__damaged__named_at_opening(tmp_path):
    witness = open_witness(tmp_path)
    ask(witness, ONE, 0, 3)
    with pytest.raises(ForkError):
        ask(witness, TWO, 3, 3)
    (path,) = (tmp_path / "conflicts").glob("*.json")
    path.write_text("{}")
    with pytest.raises(DamagedError, match="put it aside"):
        open_witness(tmp_path)


def test_write__failed__nothing_signed_and_the_next_time_written_again(tmp_path, monkeypatch):
    witness = open_witness(tmp_path)
    real = FolderState.write

    def fail(self, seen):
        real(self, seen)  # the name may be there: only the last sync was not heard of
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(FolderState, "write", fail)
    with pytest.raises(OSError):
        ask(witness, ONE, 0, 3)
    monkeypatch.undo()
    writes = []
    with observe_writes(lambda when, name: writes.append(when)):
        ask(witness, ONE, 3, 3)
    assert writes == ["before", "after"]
