"""Several sources in one log: each is numbered and linked on its own."""

import pytest

from quorate.audit.logs import records_of
from quorate.core.errors import VerificationError
from quorate.provenance.records import Record, leaf_digest

GENESIS = b"genesis"


def log_of(*places: tuple[str, int]) -> list[bytes]:
    """Leaves with the given sources and numbers, each linked to its source's last."""
    leaves, last = [GENESIS], dict[str, bytes]()
    for source, seq in places:
        record = Record(
            type="decision",
            id="x",
            seq=seq,
            source=source,
            ts_start="1",
            ts_end="1",
            actor="x",
            action="x",
            prev_source_head=leaf_digest(last.get(source, GENESIS)),
        )
        last[source] = record.to_leaf()
        leaves.append(last[source])
    return leaves


def test_records__two_sources_interleaved__accepted():
    leaves = log_of(("north", 1), ("north/a", 1), ("north", 2), ("north/a", 2), ("north/b", 1))
    assert [record.seq for record in records_of("north", leaves)[1:]] == [1, 1, 2, 2, 1]


@pytest.mark.parametrize(
    ("places", "bad"),
    [
        ([("north", 1), ("north/a", 2)], 2),
        ([("north", 1), ("north/a", 1), ("north", 3)], 3),
        ([("north/a", 1), ("north/a", 1)], 2),
        ([("north", 1), ("south", 1)], 2),
        ([("northern", 1)], 1),
    ],
)
def test_records__gap_repeat_or_strangers_source__named(places, bad):
    with pytest.raises(VerificationError, match="not at its place") as raised:
        records_of("north", log_of(*places))
    assert raised.value.place == f"log/north record {bad}"


def test_records__link_to_another_sources_record__named():
    leaves = log_of(("north", 1), ("north/a", 1), ("north", 2))
    wrong = leaves[3].replace(leaf_digest(leaves[1]).encode(), leaf_digest(leaves[2]).encode())
    with pytest.raises(VerificationError, match="does not name the record before it"):
        records_of("north", [*leaves[:3], wrong])
