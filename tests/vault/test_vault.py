"""What a vault hands out, to whom; what it takes in; what its addresses give away."""

import pytest

from quorate.core.errors import DamagedError, EncodingError, InputError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness, SystemRandomness
from quorate.vault.disk import DiskStore
from quorate.vault.memory import MemoryStore
from quorate.vault.vault import Vault

ALICE, BOB, CAROL = (
    Keyring.generate(name, SeededRandomness(name)) for name in ("alice", "bob", "carol")
)
SECRET = b"39,1,2,140,289,0,0,172,0,1.5"


def vault_of(party: Keyring, store=None) -> Vault:
    return Vault(store or MemoryStore(), party.sealing, SystemRandomness())


def test_put__for_oneself__given_back():
    vault = vault_of(ALICE)
    assert vault.get(vault.put(SECRET)) == SECRET
    assert vault.get(vault.put(b"")) == b""


def test_put__for_bob__bob_accepts_and_both_read_the_same():
    alice, bob = vault_of(ALICE), vault_of(BOB)
    address = alice.put(SECRET, [BOB.sealing.public_key])
    assert bob.accept(alice.envelope(address)) == address
    assert bob.get(address) == alice.get(address) == SECRET


def test_put__oneself_among_the_recipients__wrapped_once():
    alice = vault_of(ALICE)
    address = alice.put(SECRET, [ALICE.sealing.public_key])
    assert alice.envelope(address).count(ALICE.sealing.public_key.keyid.encode()) == 1
    assert alice.get(address) == SECRET


def test_store__what_lies_there__no_plaintext_and_no_digest_of_it():
    store = MemoryStore()
    address = vault_of(ALICE, store).put(SECRET)
    envelope = store.get(address)
    assert SECRET not in envelope
    for digest in (Digest.of(SECRET).raw, Digest.of(SECRET).hex.encode()):
        assert digest not in envelope
    assert address == Digest.of(envelope)


def test_put__same_bytes_twice__two_addresses():
    vault = vault_of(ALICE)
    assert vault.put(SECRET) != vault.put(SECRET)


def test_accept__sealed_to_somebody_else__refused_and_not_kept():
    alice, store = vault_of(ALICE), MemoryStore()
    address = alice.put(SECRET, [BOB.sealing.public_key])
    with pytest.raises(VerificationError, match="not sealed to"):
        vault_of(CAROL, store).accept(alice.envelope(address))
    assert not list(store.addresses())


def test_accept__altered_or_no_envelope__refused_and_not_kept():
    alice, store = vault_of(ALICE), MemoryStore()
    envelope = alice.envelope(alice.put(SECRET, [BOB.sealing.public_key]))
    bob = vault_of(BOB, store)
    for bad, error in (
        (envelope[:-1] + bytes([envelope[-1] ^ 1]), VerificationError),
        (envelope[:-1], VerificationError),
        (b"", EncodingError),
        (SECRET, EncodingError),
    ):
        with pytest.raises(error):
            bob.accept(bad)
    assert not list(store.addresses())


def test_get__unknown_or_damaged__refused(tmp_path):
    vault = vault_of(ALICE, DiskStore(tmp_path))
    with pytest.raises(InputError):
        vault.get(Digest.of(b"nothing"))
    address = vault.put(SECRET)
    (path,) = (p for p in tmp_path.rglob("*") if p.is_file())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedError):
        vault.get(address)
    with pytest.raises(DamagedError):
        vault.envelope(address)
