"""Replaying a chain from its bytes: what is right passes, every lie is named at its step."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.encoding import canonical_bytes, parse_canonical
from quorate.core.errors import EncodingError, QuorateError, RefusedError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keys import Ed25519Signer
from quorate.ledger.blocks import Block, parse_block, seal_block
from quorate.ledger.contracts import Call
from quorate.ledger.evidence import CodeRoot, export_blocks, parse_blocks, replay
from quorate.ledger.transactions import Transaction, sign_transaction
from tests.ledger.chains import CHAIN_ID, OPERATOR, SIGNER, small_chain
from tests.ledger.probes import probe_artifact, probe_data


@cache
def chain() -> tuple[Block, ...]:
    with TemporaryDirectory() as folder:
        return small_chain(Path(folder) / "chain")


def resealed(blocks: list[Block], start: int) -> list[Block]:
    """Every header from ``start`` on rebuilt and signed again by the operator."""
    out = blocks[:start]
    for block in blocks[start:]:
        out.append(
            seal_block(
                out[-1].header if out else None,
                chain_id=block.header.chain_id,
                time=block.header.time,
                transactions=block.transactions,
                receipts=block.receipts,
                state=block.header.state,
                operator=OPERATOR,
            )
        )
    return out


def edited(index: int, **changes: object) -> list[Block]:
    blocks = list(chain())
    blocks[index] = replace(blocks[index], **changes)
    return resealed(blocks, index)


def raw_call(nonce: int, data: bytes, to: str | None = None) -> bytes:
    return sign_transaction(Transaction(CHAIN_ID, nonce, to, data, 3_000_000), SIGNER)


def root() -> CodeRoot:
    return probe_artifact().root


def test_export_and_parse__round_trip():
    data = export_blocks(chain())
    assert parse_blocks(data) == chain()
    assert data.count(b"\n") == len(chain()) == 6


def test_replay__honest_chain__answers_like_a_ledger():
    replayed = replay(chain(), OPERATOR.public_key, chain()[0].header.hash(), [root()])
    (contract, name), *rest = replayed.contracts.items()
    assert (name, rest) == ("Probe", [])
    assert replayed.code(contract).startswith(probe_artifact().runtime)
    assert replayed.nonce(SIGNER.address) == 5
    assert int.from_bytes(replayed.call(contract, probe_data("read", 2))) == 20
    with pytest.raises(RefusedError, match="Probe: always"):
        replayed.call(contract, probe_data("fail", 1))
    events = list(replayed.events(contract))
    assert [int.from_bytes(e.log.topics[2]) for e in events] == [1, 2, 1]
    assert list(replayed.events("0x" + "00" * 20)) == []
    head = replayed.head()
    assert (head.number, head.hash) == (5, chain()[-1].header.hash().raw)
    assert replayed.state.digest() == chain()[-1].header.state
    receipt = chain()[4].receipts[0]
    assert receipt.status == 0 and replayed.receipt(receipt.transaction) == receipt


def test_replay__without_roots__any_genesis_and_code():
    assert replay(chain(), OPERATOR.public_key).contracts == {}


def refusal(blocks: list[Block], code: list[CodeRoot] | None = None) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        replay(blocks, OPERATOR.public_key, chain()[0].header.hash(), code)
    return caught.value


def test_replay__no_blocks__step_0():
    assert refusal([]).step == "0"


def test_replay__other_genesis__step_0():
    with pytest.raises(VerificationError) as caught:
        replay(chain(), OPERATOR.public_key, Digest.of(b"other"))
    assert caught.value.step == "0"


def test_replay__other_operator__step_1():
    other = Ed25519Signer(b"\x0f" * 32).public_key
    with pytest.raises(VerificationError) as caught:
        replay(chain(), other)
    assert caught.value.step == "1"


@pytest.mark.parametrize(
    "order", [[1, 2, 3], [0, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2], [0, 1, 2, 3, 5]]
)
def test_replay__dropped_reordered_or_repeated_block__refused(order):
    assert refusal([chain()[i] for i in order]).step in {"0", "2"}


def test_replay__truncated_tail__passes_and_shows_in_the_head():
    """Only the log and anchors can show that a chain was cut: the auditor compares heads."""
    assert replay(chain()[:3], OPERATOR.public_key).head().number == 2


def test_replay__time_goes_back__step_3():
    blocks = list(chain())
    header = replace(blocks[2].header, time=blocks[2].header.time - 1)
    blocks[2] = replace(blocks[2], header=header)
    assert refusal(resealed(blocks, 2)).step == "3"


def test_replay__unsigned_header__signature_named():
    blocks = list(chain())
    blocks[2] = replace(blocks[2], signature=bytes(64))
    assert refusal(blocks).place == "block 2, signature"


def test_replay__signature_without_domain_tag__refused():
    blocks = list(chain())
    signature = OPERATOR.sign(blocks[2].header.to_bytes())
    blocks[2] = replace(blocks[2], signature=signature)
    assert refusal(blocks).place == "block 2, signature"


def test_replay__transaction_swapped_under_a_signed_header__step_5():
    blocks = list(chain())
    blocks[2] = replace(blocks[2], transactions=blocks[3].transactions)
    assert refusal(blocks).step == "5"


def test_replay__receipt_swapped_or_missing_under_a_signed_header__step_6():
    blocks = list(chain())
    for receipts in ((), (replace(blocks[2].receipts[0], gas_used=1),)):
        blocks[2] = replace(blocks[2], receipts=receipts)
        assert refusal(blocks).step == "6"


def test_replay__receipt_missing_and_resealed__step_6():
    assert refusal(edited(2, receipts=())).step == "6"


def test_replay__transaction_that_cannot_be_included__step_7():
    contract = chain()[1].receipts[0].contract
    for raw in (raw_call(9, b"", contract), b"\x02garbage"):
        error = refusal(edited(2, transactions=(raw,)))
        assert (error.step, error.place) == ("7", "block 2, transaction 0")


@pytest.mark.parametrize(
    "lie",
    [
        {"status": 0},
        {"gas_used": 21_000},
        {"logs": ()},
        {"sender": "0x" + "00" * 20},
        {"contract": "0x" + "00" * 20},
        {"transaction": bytes(32)},
    ],
)
def test_replay__false_receipt_repaired_by_the_operator__step_8(lie):
    receipt = replace(chain()[2].receipts[0], **lie)
    error = refusal(edited(2, receipts=(receipt,)))
    assert (error.step, error.place) == ("8", "block 2, transaction 0")


def test_replay__false_log_repaired_by_the_operator__step_8():
    receipt = chain()[2].receipts[0]
    log = replace(receipt.logs[0], data=receipt.logs[0].data[:-1] + b"\x01")
    assert refusal(edited(2, receipts=(replace(receipt, logs=(log,)),))).step == "8"


def test_replay__false_state_repaired_by_the_operator__step_9():
    header = replace(chain()[2].header, state=Digest.of(b"other"))
    error = refusal(edited(2, header=header))
    assert (error.step, error.place) == ("9", "block 2")


def test_replay__unknown_code__step_10():
    for code in ([], [replace(root(), creation=Digest.of(b"other"))], [replace(root(), size=3)]):
        error = refusal(list(chain()), code)
        assert (error.step, error.place) == ("10", "block 1, transaction 0")


def test_replay__contract_made_by_a_contract__step_10(tmp_path):
    from quorate.ledger.accounts import Account
    from tests.ledger.chains import fill, found

    with found(tmp_path) as ledger:
        contract = fill(ledger)
        Account(ledger, SIGNER).transact(Call(contract, probe_data("twin", False), "twin"))
        blocks = list(ledger.blocks())
    replay(blocks, OPERATOR.public_key)
    with pytest.raises(VerificationError) as caught:
        replay(blocks, OPERATOR.public_key, None, [root()])
    assert (caught.value.step, caught.value.place) == ("10", "block 6, transaction 0")


def test_parse_blocks__not_the_one_form__refused():
    data = export_blocks(chain()[:2])
    for other in (
        b"",
        data[:-1],
        data + b"\n",
        b"\n" + data,
        data.replace(b'"v":1', b'"v":2'),
        data.replace(b'"evm":"cancun"', b'"evm":"prague"'),
        data.replace(b'"gas_limit":30000000', b'"gas_limit":30000001'),
        data.replace(b'"number":1', b'"number":-1'),
        data.replace(b'"number":1', b'"number":true'),
        data.replace(b'{"header"', b'{"a":1,"header"'),
        data.replace(b"\n", b"\r\n"),
        data.replace(b":", b": "),
    ):
        assert other != data
        with pytest.raises(EncodingError):
            parse_blocks(other)


@given(st.data())
def test_parse_block__any_value_changed__encoding_error_or_another_block(data):
    """No value outside the form gets through, and none inside it is lost."""
    value = parse_canonical(chain()[1].to_bytes())
    target = data.draw(st.sampled_from(["header", "receipts", "signature", "transactions"]))
    junk = data.draw(
        st.one_of(st.none(), st.integers(-5, 5), st.text(max_size=3), st.lists(st.integers()))
    )
    if target == "header":
        field = data.draw(st.sampled_from(sorted(value["header"])))
        value["header"][field] = junk
    elif target == "receipts":
        field = data.draw(st.sampled_from(sorted(value["receipts"][0])))
        value["receipts"][0][field] = junk
    else:
        value[target] = junk
    try:
        encoded = canonical_bytes(value)
        assert parse_block(encoded).to_bytes() == encoded
    except EncodingError:
        pass


@given(st.integers(0, 10**9), st.integers(1, 255))
def test_one_byte_changed__anywhere__refused(position, flip):
    data = bytearray(export_blocks(chain()))
    data[position % len(data)] ^= flip
    with pytest.raises(QuorateError):
        replay(
            parse_blocks(bytes(data)),
            OPERATOR.public_key,
            chain()[0].header.hash(),
            [probe_artifact().root],
        )


def test_evidence__in_a_fresh_interpreter__loads_neither_sqlite_nor_the_adapter():
    import subprocess
    import sys

    program = (
        "import sys, quorate.ledger.evidence, quorate.ledger.contracts;"
        "assert 'sqlite3' not in sys.modules and 'quorate.ledger.embedded' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
