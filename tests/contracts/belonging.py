"""Members alone, and Stakes with its Token and Members; accounts play all that calls them."""

from typing import Any

import pytest

from quorate.core.errors import RefusedError
from tests.contracts.pair import MEMBER, PARTICIPANT, VALIDATOR, Pair, account, word
from tests.twins.members import Members
from tests.twins.stakes import Stakes
from tests.twins.token import Token
from tests.twins.world import Revert

TIMELOCK, COUNCIL, TASKS, ROUNDS = (account(n) for n in ("timelock", "council", "tasks", "rounds"))
EVERYBODY = MEMBER | PARTICIPANT | VALIDATOR


def names(prefix: str, count: int) -> list[str]:
    return [account(f"{prefix}{i}") for i in range(count)]


def founder(who: str, roles: int, controller: str | None = None) -> tuple:
    return (who, word(f"keys of {who}"), word(controller or f"house of {who}"), roles)


def membership(founders: list[tuple], pair: Pair | None = None) -> Pair:
    """Members with accounts as Timelock and Council."""
    pair = pair or Pair()
    pair.add("Members", Members, founders, TIMELOCK, COUNCIL)
    return pair


def staking(founders: list[tuple], funds: int, delay: int, approved: int | None = None) -> Pair:
    """Stakes with accounts as Tasks and Rounds; every founder has `funds`."""
    pair = membership(founders)
    holders = [(who, funds) for who, *_ in founders]
    total = funds * len(founders)
    token = pair.add("Token", Token, "Token", "T", holders, total, 0, 1, TIMELOCK)
    members = pair.address("Members")
    stakes = pair.add("Stakes", Stakes, token, members, TASKS, ROUNDS, delay)
    for who, *_ in founders:
        pair.send(who, "Token", "approve", stakes, funds if approved is None else approved)
    return pair


def view_refused(pair: Pair, message: str, name: str, function: str, *arguments: Any) -> None:
    """Contract and twin both refuse the view with `message`."""
    with pytest.raises(Revert, match=message):
        getattr(pair.twins[name], function)(*arguments)
    with pytest.raises(RefusedError, match=message):
        pair.chain.view(name, function, *arguments)
