"""Timestamps over a checkpoint: what is stamped, what is asked, what is believed and refused."""

import datetime
import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, UnavailableError, VerificationError
from quorate.core.sources import SeededRandomness
from quorate.log.checkpoint import Checkpoint, sign_checkpoint, sign_cosignature
from quorate.log.merkle import leaf_hash
from quorate.log.note import Note
from quorate.log.timestamp import (
    MAX_ANSWER,
    MAX_TOKEN,
    TimestampAuthority,
    Timestamped,
    accept_answer,
    obtain_timestamp,
    read_root,
    request_for,
    stamped_bytes,
    verify_timestamp,
)
from tests.log.parties import (
    ALICE,
    IDENTITY,
    MALLORY,
    ORIGIN,
    WITNESS_IDENTITIES,
    WITNESSES,
)
from tests.simulators.authority import (
    NOW,
    POLICY,
    UTC,
    Authority,
    Making,
    Wish,
    refusal,
)

CHECKPOINT = Checkpoint(ORIGIN, 1, leaf_hash(b"leaf"))
NOTE = sign_checkpoint(CHECKPOINT, *ALICE.log_signers, 1_800_000_000)
OTHER = sign_checkpoint(Checkpoint(ORIGIN, 1, leaf_hash(b"other")), *ALICE.log_signers, 1)
IMPRINT = hashlib.sha256(stamped_bytes(NOTE, IDENTITY)).digest()
TSA = Authority()
TRUSTED = TimestampAuthority("the office", TSA.root_der)
SAID = Timestamped("the office", int(NOW.timestamp()), POLICY)


def token(**changes: Any) -> bytes:
    """A token of `TSA` over `NOTE`."""
    return TSA.token(replace(Wish(IMPRINT), **changes))


HONEST = token()


def check(data: bytes, *authorities: TimestampAuthority, note: Note = NOTE) -> Timestamped:
    """What ``data`` says over ``note`` to a reader who trusts ``authorities``, or `TRUSTED`."""
    return verify_timestamp(data, note, IDENTITY, authorities or (TRUSTED,))


def refused(step: str, data: bytes, *authorities: TimestampAuthority, note: Note = NOTE) -> None:
    """That ``data`` is refused at ``step``."""
    with pytest.raises(VerificationError) as caught:
        check(data, *authorities, note=note)
    assert caught.value.step == f"timestamp.{step}", caught.value


# -- what is stamped


def test_stamped_bytes__with_witnesses_and_turned_round__the_logs_own_two_lines():
    cosigned = [
        sign_cosignature(CHECKPOINT, identity.name, party.witness_signer, 5)
        for identity, party in zip(WITNESS_IDENTITIES, WITNESSES, strict=True)
    ]
    turned = Note(NOTE.text, (*cosigned, *reversed(NOTE.signatures)))
    assert stamped_bytes(turned, IDENTITY) == str(NOTE).encode() == stamped_bytes(NOTE, IDENTITY)


@pytest.mark.parametrize("kept", [0, 1])
def test_stamped_bytes__one_of_the_logs_lines_missing__refused(kept):
    with pytest.raises(VerificationError) as caught:
        stamped_bytes(Note(NOTE.text, (NOTE.signatures[kept],)), IDENTITY)
    assert caught.value.step == "timestamp.note"


def test_stamped_bytes__of_another_log_or_signed_by_somebody_else__refused():
    strange = Checkpoint("quorate.example/else", 1, CHECKPOINT.root)
    for note in (
        sign_checkpoint(strange, *ALICE.log_signers, 1),
        sign_checkpoint(CHECKPOINT, *MALLORY.log_signers, 1),
        Note(OTHER.text, NOTE.signatures),
    ):
        with pytest.raises(VerificationError) as caught:
            stamped_bytes(note, IDENTITY)
        assert caught.value.step == "timestamp.note"


# -- what is asked


@given(st.integers())
def test_request__any_nonce__one_der_that_asks_for_sha256_and_certificates(seed):
    request = request_for(NOTE, IDENTITY, SeededRandomness(seed))
    asked = tsp.TimeStampReq.load(request.der, strict=True)
    assert asked["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert asked["message_imprint"]["hashed_message"].native == IMPRINT
    assert asked["nonce"].native == request.nonce
    assert 2**62 <= request.nonce < 2**63
    assert asked["cert_req"].native is True
    assert asked.copy().dump(force=True) == request.der


# -- what is believed


def test_token__by_the_trusted_authority__who_and_when():
    assert check(token()) == SAID
    assert check(token(), TimestampAuthority("named", TSA.root_der, POLICY)).authority == "named"


def test_token__fraction_of_a_second__cut_off():
    assert check(token(when=NOW + datetime.timedelta(milliseconds=999))) == SAID


def test_token__several_authorities_trusted__the_one_that_signed_is_named():
    other = TimestampAuthority("other", Authority().root_der)
    assert check(token(), other, TRUSTED) == SAID
    strict = TimestampAuthority("strict", TSA.root_der, "1.2.3")
    assert check(token(), strict, TRUSTED) == SAID


def test_token__sha512_in_the_signature__believed():
    assert check(token(digest="sha512")) == SAID


# -- what is refused


def test_token__over_other_bytes_or_another_checkpoint__refused():
    refused("imprint", token(imprint=bytes(32)))
    refused("imprint", token(), note=OTHER)


@pytest.mark.parametrize("algorithm", ["sha1", "sha384", "sha512"])
def test_token__over_another_hash__refused(algorithm):
    digest = hashlib.new(algorithm, stamped_bytes(NOTE, IDENTITY)).digest()
    refused("imprint", token(algorithm=algorithm, imprint=digest))
    refused("imprint", token(algorithm=algorithm))  # the right bytes under the wrong name


def test_token__signed_over_sha1__refused():
    refused("imprint", token(digest="sha1"))


def test_token__root_of_somebody_else_or_none__refused():
    refused("authority", token(), TimestampAuthority("other", Authority().root_der))
    with pytest.raises(VerificationError) as caught:
        verify_timestamp(token(), NOTE, IDENTITY, ())
    assert caught.value.step == "timestamp.authority"


def test_token__root_of_the_same_name_with_another_key__refused():
    refused("authority", token(), TimestampAuthority("the office", Authority(Making()).root_der))


@pytest.mark.parametrize(
    "when", [datetime.datetime(2019, 12, 31, tzinfo=UTC), datetime.datetime(2041, 1, 1, tzinfo=UTC)]
)
def test_token__stated_time_outside_the_certificate__refused(when):
    refused("authority", token(when=when))


@pytest.mark.parametrize("ended", ["ends", "root_ends"])
def test_token__certificate_or_root_expired_at_that_time__refused(ended):
    early = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    tsa = Authority(Making(**{ended: early}))  # type: ignore[arg-type]
    trusted = TimestampAuthority("old", tsa.root_der)
    before = early - datetime.timedelta(days=1)
    refused("authority", tsa.token(Wish(IMPRINT)), trusted)
    assert check(tsa.token(Wish(IMPRINT, when=before)), trusted).authority == "old"


@pytest.mark.parametrize(
    "making",
    [
        Making(purposes=()),
        Making(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)),
        Making(purposes=(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH)),
        Making(purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        Making(critical=False),
        Making(is_ca=True),
    ],
)
def test_token__certificate_not_for_timestamping_only__refused(making):
    tsa = Authority(making)
    trusted = TimestampAuthority("wrong", tsa.root_der)
    refused("certificate", tsa.token(Wish(IMPRINT)), trusted)


def test_token__without_its_certificate__refused():
    refused("certificate", token(certificates=False))


def test_token__under_another_policy__refused():
    refused("policy", token(), TimestampAuthority("strict", TSA.root_der, "1.2.3"))


def test_token__time_or_imprint_altered_after_signing__refused():
    stated = NOW.strftime("%Y%m%d%H%M%SZ").encode()
    assert token().count(stated) == 1
    refused("authority", token().replace(stated, b"20260115080000Z"))
    other = hashlib.sha256(stamped_bytes(OTHER, IDENTITY)).digest()
    refused("authority", token().replace(IMPRINT, other), note=OTHER)


def test_token__of_another_version_or_content__refused():
    refused("form", token(version=2))
    refused("form", token(content_type="data"))


def test_token__cut_anywhere_or_longer__refused():
    data = token()
    for size in range(len(data)):
        refused("form", data[:size])
    refused("form", data + b"\0")
    refused("form", bytes(MAX_TOKEN + 1))


def test_token__an_answer_in_its_place__refused():
    refused("form", TSA.granted(token()))


@given(st.binary(max_size=200))
def test_token__any_bytes__refused_at_its_form(data):
    refused("form", data)


@given(st.data())
def test_token__any_small_change__says_the_same_or_is_refused(data):
    """Parts that nobody signed (a version, an unused certificate) can be varied, to no effect."""
    changed = bytearray(HONEST)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed) - 1))
        byte = data.draw(st.integers(0, 255))
        match data.draw(st.sampled_from(["set", "insert", "delete"])):
            case "set":
                changed[place] = byte
            case "insert":
                changed.insert(place, byte)
            case "delete":
                del changed[place]
    try:
        assert check(bytes(changed)) == SAID
    except VerificationError as error:
        assert error.step.startswith("timestamp.")


# -- asking


class Source:
    """An authority that answers in this process."""

    def __init__(self, answer: bytes | None = None, **changes: Any) -> None:
        self._answer, self._changes = answer, changes

    def stamp(self, request: bytes) -> bytes:
        """The answer."""
        return self._answer if self._answer is not None else TSA.answer(request, **self._changes)


def ask(source: Source) -> bytes:
    """The token that `obtain_timestamp` accepts from ``source``."""
    stamp = obtain_timestamp(source, NOTE, IDENTITY, [TRUSTED], SeededRandomness(1))
    assert stamp.said == SAID
    return stamp.token


def ask_in_vain(source: Source, step: str) -> None:
    """That an answer is refused at ``step``."""
    with pytest.raises(VerificationError) as caught:
        ask(source)
    assert caught.value.step == f"timestamp.{step}", caught.value


def test_answer__granted__token_that_verifies_alone():
    assert check(ask(Source())) == SAID


def test_answer__granted_with_modifications__believed():
    request = request_for(NOTE, IDENTITY, SeededRandomness(1))
    answer = TSA.granted(token(nonce=request.nonce), status=1)
    stamp = accept_answer(answer, request, NOTE, IDENTITY, [TRUSTED])
    assert check(stamp.token) == SAID


def test_answer__nonce_of_another_request_or_none__refused():
    ask_in_vain(Source(nonce=1), "nonce")
    ask_in_vain(Source(nonce=None), "nonce")
    old = TSA.answer(request_for(NOTE, IDENTITY, SeededRandomness(2)).der)
    ask_in_vain(Source(old), "nonce")


def test_answer__over_other_bytes__refused():
    ask_in_vain(Source(imprint=bytes(32)), "imprint")


def test_answer__refused_by_the_authority__its_words():
    with pytest.raises(UnavailableError, match=r"status 2 \(too busy"):
        ask(Source(refusal("too busy")))


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", bytes(MAX_ANSWER + 1), b"\x30\x05\x30\x03\2\1\0"]
)
def test_answer__no_answer_at_all__refused(answer):
    ask_in_vain(Source(answer), "answer")


@given(st.binary(max_size=200))
def test_answer__any_bytes__refused(answer):
    with pytest.raises((VerificationError, UnavailableError)):
        ask(Source(answer))


# -- who is trusted


@pytest.mark.parametrize(
    ("name", "root", "policy"),
    [
        ("", TSA.root_der, None),
        ("a\nb", TSA.root_der, None),
        ("a" * 201, TSA.root_der, None),
        ("a", b"", None),
        ("a", TSA.root_pem, None),
        ("a", TSA.middle.public_bytes(Encoding.DER), None),
        ("a", TSA.root_der, "1"),
        ("a", TSA.root_der, "1.02"),
        ("a", TSA.root_der, "1.2.3\n"),
    ],
)
def test_authority__name_root_or_policy_wrong__refused(name, root, policy):
    with pytest.raises(EncodingError):
        TimestampAuthority(name, root, policy)


def test_read_root__either_form__the_same_der():
    assert read_root(TSA.root_pem) == read_root(TSA.root_der) == TSA.root_der


def test_read_root__two_certificates_or_a_negative_serial_number__refused():
    """The library only warns of the serial number; a warning would reach the user's screen."""
    odd = asn1_x509.Certificate.load(TSA.root_der)
    odd["tbs_certificate"]["serial_number"] = -5
    for data in (TSA.root_pem * 2, pem.armor("CERTIFICATE", odd.dump())):
        with pytest.raises(EncodingError, match="not exactly one"):
            read_root(data)
    with pytest.raises(EncodingError):
        TimestampAuthority("odd", odd.dump())


# -- the same by another program


needs_openssl = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl is not installed: install it with your system"
)

OFFICE = """\
[tsa]
default_tsa = office
[office]
serial = serial
signer_cert = leaf.pem
signer_key = key.pem
certs = middle.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *arguments: str) -> str:
    """What ``openssl ts`` says in ``folder``."""
    command = ["openssl", "ts", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


@needs_openssl
def test_openssl__verifies_our_request_and_token__agrees(tmp_path: Path):
    """The second opinion: OpenSSL's own timestamp command reads what we ask and keep."""
    (tmp_path / "note").write_bytes(stamped_bytes(NOTE, IDENTITY))
    (tmp_path / "root.pem").write_bytes(TSA.root_pem)
    (tmp_path / "token").write_bytes(ask(Source()))
    (tmp_path / "request").write_bytes(request_for(NOTE, IDENTITY, SeededRandomness(1)).der)
    at = str(SAID.time)  # the time that it states, at which its certificates are looked at
    verify = ("-verify", "-token_in", "-in", "token", "-CAfile", "root.pem", "-attime", at)
    assert "Verification: OK" in openssl(tmp_path, *verify, "-data", "note")
    assert "Verification: OK" in openssl(tmp_path, *verify, "-queryfile", "request")


@needs_openssl
def test_openssl__answers_our_request__believed(tmp_path: Path):
    """An authority that shares no code with ours or with the library: OpenSSL's, with its chain."""
    for name, content in TSA.files().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "office.cnf").write_text(OFFICE)
    (tmp_path / "serial").write_text("01\n")
    request = request_for(NOTE, IDENTITY, SeededRandomness(1))
    (tmp_path / "request").write_bytes(request.der)
    reply = ("-reply", "-config", "office.cnf", "-queryfile", "request", "-out", "answer")
    openssl(tmp_path, *reply)
    answer = (tmp_path / "answer").read_bytes()
    stamp = accept_answer(answer, request, NOTE, IDENTITY, [TRUSTED])
    assert (stamp.said.authority, stamp.said.policy) == ("the office", "1.2.3.4")
    assert check(stamp.token) == stamp.said
