"""Records, commitments to rows, roots of trust."""

import dataclasses
import json

import pytest

from quorate.core.encoding import canonical_bytes, encode_base64
from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness
from quorate.log.timestamp import TimestampAuthority
from quorate.provenance.commitments import commit_to_input, commit_to_row, commit_to_rows
from quorate.provenance.records import Record, record_id
from quorate.provenance.roots import ChainRoot, MemberRoot, Roots
from tests.simulators.authority import Authority

RECORD = Record(
    type="decision",
    id="018f0000-0000-7000-8000-000000000000",
    seq=4,
    source="alice",
    ts_start="1",
    ts_end="2",
    actor="alice",
    action="diagnose",
)


def roots() -> Roots:
    members = tuple(
        MemberRoot(
            Keyring.generate(name, SeededRandomness(name)).identity, f"x.invalid/{name}", name, 7
        )
        for name in ("alice", "bob")
    )
    address = members[0].identity.account
    chain = ChainRoot(
        7, str(Digest.of(b"")), members[0].identity.statement_keys[0], {"Rounds": address}, {}
    )
    chain = dataclasses.replace(chain, code={"Rounds": (str(Digest.of(b"code")), 4)})
    return Roots(chain, members, (("alice", "bob"),))


def test_record__round_trip__same():
    assert Record.from_leaf(RECORD.to_leaf()) == RECORD


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"extra": 1}, {"seq": "4"}, {"object": {}}, {"actor": None}]
)
def test_record__other_shape__refused(change):
    value = json.loads(RECORD.to_leaf()) | change
    with pytest.raises(EncodingError):
        Record.from_leaf(canonical_bytes(value))


def test_record_id__is_uuid_version_7():
    import uuid

    identifier = uuid.UUID(record_id(1_800_000_000_000_000_000, bytes(range(10))))
    assert identifier.version == 7
    assert identifier.variant == uuid.RFC_4122
    assert identifier.int >> 80 == 1_800_000_000_000


def test_row_commitments__other_key_row_or_place__differ():
    key, other = bytes(32), bytes([1]) * 32
    row = ["1", "2"]
    assert commit_to_row(key, 0, row) != commit_to_row(other, 0, row)
    assert commit_to_row(key, 0, row) != commit_to_row(key, 1, row)
    assert commit_to_row(key, 0, ["1", "2"]) != commit_to_row(key, 0, ["12"])
    assert commit_to_rows(key, [row, row]) != commit_to_rows(key, [row])


def test_input_commitment__same_input_twice__unlinkable():
    assert commit_to_input(bytes(32), "a", ["1"]) != commit_to_input(bytes(32), "b", ["1"])


def test_roots__round_trip__same():
    assert Roots.from_bytes(roots().to_bytes()) == roots()


def test_roots__timestamp_authorities__kept_and_absent_where_there_are_none():
    authority = TimestampAuthority("the office", Authority().root_der, "1.2.3")
    named = dataclasses.replace(roots(), authorities=(authority,))
    assert Roots.from_bytes(named.to_bytes()) == named
    assert "authorities" not in json.loads(roots().to_bytes())


def test_roots__timestamp_authorities_wrong__refused():
    root = encode_base64(Authority().root_der)
    one = {"name": "the office", "policy": None, "root": root}
    for wrong in (
        [],
        {},
        "",
        None,
        [one, one],
        [one | {"url": "https://x.invalid"}],
        [{"name": "the office", "root": root}],
        [one | {"name": 1}],
        [one | {"name": ""}],
        [one | {"policy": "x"}],
        [one | {"policy": 1}],
        [one | {"root": root[:-4]}],
        [one | {"root": None}],
        [root],
    ):
        value = json.loads(roots().to_bytes()) | {"authorities": wrong}
        with pytest.raises(EncodingError):
            Roots.from_bytes(canonical_bytes(value))


def test_roots__hands_or_names_wrong__refused():
    value = json.loads(roots().to_bytes())
    for hands in ([["alice"]], [["alice", "bob"], ["bob"]], [["alice", "bob", "eve"]]):
        with pytest.raises(EncodingError):
            Roots.from_bytes(canonical_bytes(value | {"hands": hands}))
    twice = value | {"members": [value["members"][0]] * 2, "hands": [["alice", "alice"]]}
    with pytest.raises(EncodingError):
        Roots.from_bytes(canonical_bytes(twice))
