"""The checker against what others published: it is judged before it judges."""

import json
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.independent import checker
from tests.independent.checker import Refused, check_log, check_older, load

VECTORS = ROOT.parent / "shared/vectors"
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the published vectors are not at ../shared/vectors"
)


def as_hash(text: str | None) -> bytes:
    return checker.unbase64(text or "", "vector")


def verdict(path: Path) -> bool:
    """Whether the checker's own verifiers accept a case."""
    case = json.loads(path.read_text("utf-8"))
    proof = [as_hash(line) for line in case["proof"] or []]
    try:
        if "leafIdx" in case:
            leaf, root = as_hash(case["leafHash"]), as_hash(case["root"])
            checker.check_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
        else:
            roots = as_hash(case["root1"]), as_hash(case["root2"])
            checker.check_consistency(case["size1"], case["size2"], *roots, proof)
    except Refused:
        return False
    return True


@needs_vectors
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_proofs__98_published_cases__the_published_verdicts(kind):
    """All 98: `check_consistency` refuses what starts at size 0, and takes roots of any length
    (a checkpoint's is of 32 bytes; one published case, of equal sizes, has two of 12).
    """
    cases = sorted((VECTORS / "rfc6962" / kind).rglob("*.json"))
    assert len(cases) == 98
    wanted = {p: not json.loads(p.read_text("utf-8"))["wantErr"] for p in cases}
    assert {p: verdict(p) for p in cases} == wanted
    assert set(wanted.values()) == {True, False}


def test_consistency__from_size_0__refused_whatever_the_proof():
    empty, one = checker.sha256(), checker.sha256(b"\0one")
    for size, root in ((0, empty), (1, one)):
        for proof in ([], [empty], [one]):
            with pytest.raises(Refused, match="none can lead from size 0"):
                checker.check_consistency(0, size, empty, root, proof)


@needs_vectors
def test_published_log__all_16_checkpoints__accepted():
    folder = VECTORS / "tlog-tiles"
    site, trust = load(folder), checker.trust_keys([TESSERA])
    log = check_log(site, trust, genesis=False)
    assert log.head.size == 15
    heads = [folder / f"checkpoint.{i}" for i in range(16)]
    sizes = [check_older(log, site, trust, head.read_bytes()).size for head in heads]
    assert sizes == list(range(16))


@needs_vectors
def test_published_log__every_file_with_one_byte_changed__refused():
    site, trust = load(VECTORS / "tlog-tiles"), checker.trust_keys([TESSERA])
    for name, content in site.items():
        for at in range(len(content)):
            changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            with pytest.raises(Refused):
                check_log(site | {name: changed}, trust, genesis=False)


def test_published_note__example_of_the_specification__verifies():
    """The example and key of signed-note; its text is no checkpoint, so its parts are used."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5"
        "/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs"
        "X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    head = checker.Head.parse(note.encode(), "example")
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert [(name, len(blob)) for name, _, blob in head.lines] == [
        ("example.com/behind-the-sofa", 64),
        ("witness.example.com/w1", 72),
    ]


@pytest.mark.parametrize(
    ("index", "width", "name"),
    [
        (0, 256, "tile/0/000"),
        (1, 44, "tile/0/001.p/44"),
        (999, 256, "tile/0/999"),
        (1000, 256, "tile/0/x001/000"),
        (1234067, 255, "tile/0/x001/x234/067.p/255"),
        (1_000_000_000, 256, "tile/0/x001/x000/x000/000"),
    ],
)
def test_tile_path__of_an_index__as_specified(index, width, name):
    assert checker.tile_path("0", index, width) == name


def test_tiles__of_70_000_leaves__as_the_specification_counts_them():
    served = list(checker.tiles(70_000))
    whole = [kind for kind, _, _, width in served if width == 256]
    partial = [(kind, width) for kind, _, _, width in served if width < 256]
    assert {kind: whole.count(kind) for kind in whole} == {"0": 273, "entries": 273, "1": 1}
    assert partial == [("0", 112), ("entries", 112), ("1", 17), ("2", 1)]
    assert list(checker.tiles(256)) == [
        ("0", 1, 0, 256),
        ("entries", 1, 0, 256),
        ("1", 256, 0, 1),
    ]
