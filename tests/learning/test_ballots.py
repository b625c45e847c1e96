"""What is committed and signed in a round, spelled out by hand; tests/contracts meet the chain."""

import pytest
from eth_keys import keys
from eth_utils import keccak

from quorate.core.keys import Secp256k1Signer
from quorate.learning.ballots import (
    Ballot,
    Place,
    ballot_digest,
    commit_digest,
    commit_to_inclusion,
    commit_to_update,
    compact,
    expand,
    sign_ballot,
    vouch_digest,
)

SIGNER = Secp256k1Signer(b"\x05" * 32)
CONTRACT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
TASK, SALT, MODEL = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
PLACE = Place(7, CONTRACT, TASK, 4, SIGNER.address)
BALLOT = Ballot(0b101, MODEL, (3, -4), True)


def word(number):
    return (number % 2**256).to_bytes(32, "big")


def address(text):
    return bytes(12) + bytes.fromhex(text[2:])


def head(tag):
    words = (word(7), address(CONTRACT), TASK, word(4), address(SIGNER.address))
    return tag.ljust(32, b"\0") + b"".join(words)


def typed(kind, *words):
    domain = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    names = keccak(b"Quorate Rounds") + keccak(b"1")
    separator = keccak(keccak(domain) + names + word(7) + address(CONTRACT))
    return keccak(b"\x19\x01" + separator + keccak(keccak(kind) + b"".join(words)))


def test_commitments__by_hand__the_same():
    assert commit_to_update(PLACE, MODEL, SALT) == keccak(head(b"quorate/update/v1") + MODEL + SALT)
    assert commit_to_inclusion(PLACE, 6, SALT) == keccak(
        head(b"quorate/include/v1") + word(6) + SALT
    )
    lanes = bytes.fromhex("800000037ffffffc")
    body = word(5) + MODEL + word(1) + SALT + keccak(lanes)
    assert BALLOT.lanes == lanes
    assert BALLOT.commit(PLACE, SALT) == keccak(head(b"quorate/vote/v1") + body)


def test_digests__by_hand__the_same():
    kind = b"Commit(bytes32 task,uint256 round,bytes32 commitment)"
    assert commit_digest(PLACE, SALT) == typed(kind, TASK, word(4), SALT)
    kind = b"Vouch(bytes32 task,uint256 round,uint256 bits,bytes32[] commitments)"
    expected = typed(kind, TASK, word(4), word(5), keccak(SALT + MODEL))
    assert vouch_digest(PLACE, 5, [SALT, MODEL]) == expected
    kind = b"Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"
    expected = typed(kind, TASK, word(4), word(2), word(6), SALT)
    assert ballot_digest(PLACE, 2, 6, SALT) == expected


@pytest.mark.parametrize("included", [5, 6])
def test_signature__compact__another_library_recovers_the_signer(included):
    signature = sign_ballot(PLACE, 4, included, SALT, SIGNER)
    assert len(signature) == 64 and compact(expand(signature)) == signature
    found = keys.Signature(expand(signature))
    digest = ballot_digest(PLACE, 4, included, SALT)
    recovered = found.recover_public_key_from_msg_hash(digest).to_checksum_address()
    assert recovered == SIGNER.address
