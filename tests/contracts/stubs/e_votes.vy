# pragma version 0.4.3
"""
@title A source of votes (ERC-5805) that a test fills in as it likes.
"""

_size: HashMap[address, uint256]
_entry: HashMap[address, HashMap[uint256, uint256[2]]]
_votes: HashMap[address, uint256]


@external
def give(account: address, votes: uint256):
    everyone: address = empty(address)
    self._votes[everyone] = self._votes[everyone] + votes - self._votes[account]
    self._votes[account] = votes
    for who: address in [account, everyone]:
        self._entry[who][self._size[who]] = [block.timestamp, self._votes[who]]
        self._size[who] += 1


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    return self._past(account, timepoint)


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    return self._past(empty(address), timepoint)


@internal
@view
def _past(account: address, timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "Votes: not in the past"
    size: uint256 = self._size[account]
    for i: uint256 in range(size, bound=1024):
        entry: uint256[2] = self._entry[account][size - 1 - i]
        if entry[0] <= timepoint:
            return entry[1]
    return 0
