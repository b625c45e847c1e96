"""Every byte of every file is re-derived, and the file that is wrong is the one that is named."""

import shutil
from collections.abc import Sequence

import pytest

from quorate.core.errors import InputError, VerificationError
from quorate.log.fsck import check_log
from quorate.log.witness import Witness
from tests.log.parties import (
    ALICE,
    CLOCK,
    IDENTITY,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
    open_log,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """300 leaves and partial files of older sizes, one witness's line."""
    folder = tmp_path_factory.mktemp("log")
    with create_log(folder, 290) as log:
        log.append_many(leaf(i) for i in range(291, 298))
        log.append_many(leaf(i) for i in range(298, 300))
        witness = Witness(WITNESS_IDENTITIES[0].name, WITNESSES[0].witness_signer, None, CLOCK)
        log.add_cosignatures([witness.cosign(log.checkpoint_note(), IDENTITY, [])])
    return folder


NOTES = ("checkpoint", "witnessed")


def files_of(folder):
    paths = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != ".lock")
    return [path.relative_to(folder).as_posix() for path in paths]


def test_check_log__whole__reports(folder):
    report = check_log(folder, IDENTITY, WITNESS_IDENTITIES, 1)
    assert (report.size, report.leftovers, len(report.cosigners)) == (300, (), 1)
    assert report.files == len(files_of(folder))
    with open_log(folder) as log:
        assert log.root == report.root


def test_check_log__any_byte_of_any_file__that_file_named(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for name in files_of(folder):
        good = (folder / name).read_bytes()
        spots = {0, len(good) // 2, len(good) - 1} | set(range(7, len(good), 1009))
        if name in NOTES:  # up to the witness's line, which is nobody's once renamed
            spots = set(range(0, good.rindex(b"\xe2\x80\x94"), 97))
        for at in sorted(spots):
            changed = bytearray(good)
            changed[at] ^= 0x20
            (copy / name).write_bytes(changed)
            with pytest.raises(VerificationError) as caught:
                check_log(copy, IDENTITY)
            assert caught.value.place == name, (at, str(caught.value))
            assert caught.value.step.startswith("fsck.")
        (copy / name).write_bytes(good)
    check_log(copy, IDENTITY)


def test_check_log__any_file_missing_truncated_or_longer__that_file_named(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    older = "tile/0/001.p/35", "tile/entries/001.p/35", "tile/0/001.p/42", "tile/entries/001.p/42"
    assert set(older) <= set(files_of(folder))
    for name in files_of(folder):
        good = (folder / name).read_bytes()
        for data in (b"", good[:-1], good + b"\0", None):
            if data is not None:
                (copy / name).write_bytes(data)
            elif name not in (*NOTES, *older):
                (copy / name).unlink()
            else:
                continue
            with pytest.raises(VerificationError) as caught:
                check_log(copy, IDENTITY)
            assert caught.value.place == name
        (copy / name).write_bytes(good)


def test_check_log__tiles_and_entries_forged_together__root_disagrees(folder, tmp_path):
    other = tmp_path / "other"
    with create_log(other, 299) as log:
        assert log.size == 300
    for name in ("tile/entries/000", "tile/0/000", "tile/1/000.p/1"):
        assert (other / name).read_bytes() == (folder / name).read_bytes()
    with create_log(tmp_path / "forged") as log:
        log.append_many([b"forged", *(leaf(i) for i in range(2, 300))])
    shutil.copy(folder / "checkpoint", tmp_path / "forged" / "checkpoint")
    with pytest.raises(VerificationError) as caught:
        check_log(tmp_path / "forged", IDENTITY)
    assert (caught.value.step, caught.value.place) == ("fsck.root", "checkpoint")


def test_check_log__no_witness_where_one_is_demanded__refused(folder):
    with pytest.raises(VerificationError, match="1 of the 2"):
        check_log(folder, IDENTITY, WITNESS_IDENTITIES, 2)


def test_check_log__files_beyond_the_checkpoint__reported_not_judged(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for name in ("tile/0/001.p/77", "tile/0/notes.txt", "tile/entries/001"):
        (copy / name).write_bytes(b"not ours")
    found = check_log(copy, IDENTITY).leftovers
    assert found == ("tile/0/001.p/77", "tile/0/notes.txt", "tile/entries/001")


def test_check_log__no_log_there__refused(tmp_path):
    with pytest.raises(InputError):
        check_log(tmp_path, IDENTITY)
    with pytest.raises(InputError):
        check_log(tmp_path / "nothing", IDENTITY)


def test_check_log__genesis_of_another_log__refused(tmp_path):
    from quorate.log.writer import Log

    class Forgetful(Log):
        """A writer that leaves the genesis out."""

        def _commit(self, batch: Sequence[bytes]) -> None:
            super()._commit([b"no genesis"])

    Forgetful.create(tmp_path, IDENTITY.origin, *ALICE.log_signers, CLOCK).close()
    with pytest.raises(VerificationError, match="genesis"):
        check_log(tmp_path, IDENTITY)


def test_check_log__cosigned_checkpoint_of_another_tree__named(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    longer, other = tmp_path / "longer", tmp_path / "other"
    create_log(longer, 300).close()
    with create_log(other) as log:
        log.append(b"another")
    for wrong in (b"", b"\xff", b"no note\n"):
        (copy / "witnessed").write_bytes(wrong)
        with pytest.raises(VerificationError) as caught:
            check_log(copy, IDENTITY)
        assert (caught.value.step, caught.value.place) == ("fsck.witnessed", "witnessed")
    for log, words in ((longer, "covers 301 leaves"), (other, "another tree")):
        shutil.copy(log / "checkpoint", copy / "witnessed")
        with pytest.raises(VerificationError, match=words) as caught:
            check_log(copy, IDENTITY)
        assert (caught.value.step, caught.value.place) == ("fsck.witnessed", "witnessed")
    (copy / "witnessed").unlink()
    (copy / "witnessed").mkdir()  # what cannot be read is not absent
    with pytest.raises(VerificationError):
        check_log(copy, IDENTITY)
    (copy / "witnessed").rmdir()
    check_log(copy, IDENTITY)
