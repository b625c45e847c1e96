"""Key files: for the owner only, whole or refused; one secret, many keys, none of them twice."""

import json
import stat

import pytest

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import EncodingError, InputError, KeyFileError
from quorate.core.files import observe_writes
from quorate.core.keyring import Keyring, PublicIdentity
from quorate.core.sources import SeededRandomness, SystemRandomness

ALICE = Keyring.generate("alice", SeededRandomness("alice"))
DICE = SystemRandomness()


@pytest.fixture(scope="module")
def wrapped_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "alice.key"
    ALICE.save(path, DICE, "correct horse")
    return path


@pytest.fixture
def plain_file(tmp_path):
    path = tmp_path / "alice.key"
    ALICE.save(path, DICE)
    return path


def test_save__file__owner_only_and_loads_to_the_same_keys(plain_file):
    assert stat.S_IMODE(plain_file.stat().st_mode) == 0o600
    assert Keyring.load(plain_file).identity == ALICE.identity


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666, 0o601])
def test_load__others_can_read_it__refused_with_the_remedy(plain_file, mode):
    plain_file.chmod(mode)
    with pytest.raises(KeyFileError) as caught:
        Keyring.load(plain_file)
    assert "chmod 600" in caught.value.remedy


def test_save__passphrase__secret_not_in_the_file_and_loads(wrapped_file, plain_file):
    secret = json.loads(plain_file.read_text())["secret"]
    assert secret not in wrapped_file.read_text()
    assert "secret" not in json.loads(wrapped_file.read_text())
    assert Keyring.load(wrapped_file, "correct horse").identity == ALICE.identity


@pytest.mark.parametrize("passphrase", ["", "correct horse ", "Correct horse"])
def test_load__wrong_passphrase__refused(wrapped_file, passphrase):
    with pytest.raises(KeyFileError, match="wrong passphrase"):
        Keyring.load(wrapped_file, passphrase)


def test_load__no_passphrase_where_there_is_one__refused_with_the_remedy(wrapped_file):
    with pytest.raises(KeyFileError) as caught:
        Keyring.load(wrapped_file)
    assert "QUORATE_PASSPHRASE" in caught.value.remedy


def test_save__same_passphrase_twice__other_salt_and_bytes(tmp_path, wrapped_file):
    ALICE.save(tmp_path / "again", DICE, "correct horse")
    assert (tmp_path / "again").read_bytes() != wrapped_file.read_bytes()


def test_load__missing__refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        Keyring.load(tmp_path / "none")


FIELDS = {"format": "quorate/keyring/v1", "name": "a", "secret": "AA=="}
WRAPPED = {
    "format": "quorate/keyring/v1",
    "name": "a",
    "nonce": "AAAAAAAAAAAAAAAA",
    "salt": "AAAAAAAAAAAAAAAAAAAAAA==",
    "wrapped": "A" * 64,
}


@pytest.mark.parametrize(
    "value",
    [
        FIELDS,
        [],
        5,
        "text",
        None,
        {},
        FIELDS | {"format": "quorate/keyring/v2"},
        FIELDS | {"secret": "A"},
        FIELDS | {"secret": None},
        FIELDS | {"secret": ["AA=="]},
        {"format": FIELDS["format"], "name": "a"},
        WRAPPED,
        WRAPPED | {"nonce": ""},
        WRAPPED | {"nonce": 7},
        WRAPPED | {"salt": ""},
        WRAPPED | {"wrapped": ""},
        WRAPPED | {"nonce": "A" * 400},
    ],
)
def test_load__not_a_key_file__refused(tmp_path, value):
    path = tmp_path / "bad.key"
    path.touch(mode=0o600)
    path.write_bytes(canonical_bytes(value))
    with pytest.raises(KeyFileError):
        Keyring.load(path, "passphrase")


@pytest.mark.parametrize("data", [b"", b"\xff", b"{", b'{"format": 1}'])
def test_load__not_canonical__refused(tmp_path, data):
    path = tmp_path / "bad.key"
    path.touch(mode=0o600)
    path.write_bytes(data)
    with pytest.raises(KeyFileError):
        Keyring.load(path)


def test_load__any_byte_of_a_wrapped_file_changed__refused_or_only_the_name(tmp_path, wrapped_file):
    good = wrapped_file.read_bytes()
    path = tmp_path / "changed.key"
    path.touch(mode=0o600)
    for at in range(0, len(good), 9):  # each try pays for scrypt where the form still holds
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        try:
            keyring = Keyring.load(path, "correct horse")
        except KeyFileError:
            continue
        assert keyring.name != ALICE.name
        assert keyring.identity.statement_keys == ALICE.identity.statement_keys


def test_save__killed__old_file_or_new(plain_file):
    def kill(_when: str, _name: str) -> None:
        raise KeyboardInterrupt

    other = Keyring.generate("bob", DICE)
    with observe_writes(kill), pytest.raises(KeyboardInterrupt):
        other.save(plain_file, DICE)
    assert Keyring.load(plain_file).identity == ALICE.identity


def test_keys__one_secret__same_keys_again_and_none_twice():
    again = Keyring("alice", SeededRandomness("alice").bytes(32))
    assert again.identity == ALICE.identity
    assert again.derive("row", "1") == ALICE.derive("row", "1")
    ed25519 = {
        ALICE.ed25519.public_key,
        ALICE.log_ed25519.public_key,
        ALICE.witness_signer.public_key,
    }
    ml_dsa = {
        ALICE.ml_dsa_44.public_key,
        ALICE.log_ml_dsa_44.public_key,
        ALICE.witness_ml_dsa_44.public_key,
    }
    assert (len(ed25519), len(ml_dsa)) == (3, 3)
    assert len({ALICE.derive(*c) for c in (("a",), ("b",), ("a", "b"), ("ab",))}) == 4


def test_identity__value__round_trips():
    value = ALICE.identity.to_value()
    assert PublicIdentity.from_value(value) == ALICE.identity
    canonical_bytes(value)


def test_identity__fields_unknown_missing_or_wrong__refused():
    value = ALICE.identity.to_value()
    assert isinstance(value["log_keys"], list)
    wrong = [
        value | {"extra": 1},
        {k: v for k, v in value.items() if k != "account"},
        value | {"name": 5},
        value | {"account": str(value["account"]).lower()},
        value | {"log_keys": value["log_keys"][:1]},
        value | {"log_keys": value["log_keys"][::-1]},
        value | {"log_keys": value["log_keys"] * 2},
        value | {"statement_keys": "ed25519:00"},
        value | {"witness_key": "rsa:00"},
        value | {"sealing": "x25519:00"},
        [],
        None,
    ]
    for each in wrong:
        with pytest.raises(EncodingError):
            PublicIdentity.from_value(each)
