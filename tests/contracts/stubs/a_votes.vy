# pragma version 0.4.3
"""Anybody may say how many votes anybody has."""

from contracts.modules import votes

initializes: votes
exports: (votes.getVotes, votes.getPastVotes, votes.getPastTotalSupply)


@external
def push(account: address, amount: uint256):
    votes.push(account, amount)


@external
def push_total(amount: uint256):
    votes.push_total(amount)
