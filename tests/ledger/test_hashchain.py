"""The running hash over events, against a reading of its definition by hand."""

import pytest
from eth_utils import keccak

from quorate.core.errors import EncodingError
from quorate.ledger.contracts import Contract
from quorate.ledger.hashchain import EMPTY, entry_of, extended, head_of
from quorate.ledger.interface import Log, LoggedEvent

TOKEN = Contract("Token", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
TOPIC = keccak(b"Transfer(address,address,uint256)")


def word(number):
    return number.to_bytes(32, "big")


def transfer(sender, receiver, amount, topic=TOPIC):
    log = Log(TOKEN.address, (topic, word(sender), word(receiver)), word(amount))
    return LoggedEvent(1, 1, bytes(32), 0, log)


def test_entry__indexed_or_not__all_parameters_in_their_order():
    assert entry_of(TOKEN, transfer(5, 6, 7)) == keccak(TOPIC + word(5) + word(6) + word(7))


def test_head__each_event__hash_above_count():
    first, second = entry_of(TOKEN, transfer(5, 6, 7)), entry_of(TOKEN, transfer(8, 9, 1))
    one = keccak(EMPTY + first)[:27] + (1).to_bytes(5, "big")
    two = keccak(one + second)[:27] + (2).to_bytes(5, "big")
    assert head_of(TOKEN, []) == EMPTY
    assert head_of(TOKEN, [transfer(5, 6, 7)]) == extended(EMPTY, first) == one
    assert head_of(TOKEN, [transfer(5, 6, 7), transfer(8, 9, 1)]) == two


def test_head__order_or_an_event_missing__another():
    one, two, three = transfer(1, 2, 3), transfer(2, 3, 4), transfer(3, 4, 5)
    lists = [
        [one, two, three],
        [two, one, three],
        [one, three],
        [one, two],
        [two, three],
        [one] * 3,
    ]
    assert len({head_of(TOKEN, each) for each in lists}) == len(lists)


def test_entry__of_another_contract__refused():
    with pytest.raises(EncodingError):
        entry_of(TOKEN, transfer(5, 6, 7, topic=bytes(32)))
