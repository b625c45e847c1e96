# pragma version 0.4.3
"""
@title   Roster: who has which position, and may act now
@license Apache-2.0
@notice  The records of Members, and the ERC-5192 shape of a membership: one token per position,
         bound to its account for good.
@dev     All that other contracts ask again and again is one storage slot per account, see `Facts`:
         position (16 bits from bit 0), roles (8), suspended (8), changes (24), key_count (32),
         first_block (40), joined (40), until (40), length (32).
"""

from ..interfaces import IMembers

# @notice One account. Times in seconds.
struct Facts:
    position: uint256     # 0 for a stranger, and for an account that was replaced
    roles: uint256
    suspended: bool       # by Timelock, until admitted again
    changes: uint256      # admissions, suspensions and replacements so far
    key_count: uint256    # digests in its history of keys
    first_block: uint256  # where the first of them begins to count
    joined: uint256       # since when it has the position
    until: uint256        # the end of its newest suspension by Council
    length: uint256       # how long that was

# @notice What is left of an account after its replacement.
struct Former:
    successor: address
    position: uint256     # what it had
    left: uint256         # since when it is another's

ERC165: constant(bytes4) = 0x01ffc9a7
ERC5192: constant(bytes4) = 0xb45a3c0e

# @notice The contract that executes what the members decided.
timelock: public(immutable(address))
# @notice The contract of the council, for emergencies.
council: public(immutable(address))

# @notice How many positions there are.
size: public(uint256)
# @notice The account at a position, counted from 1.
account_at: public(HashMap[uint256, address])

_words: HashMap[address, uint256]
_controllers: HashMap[address, bytes32]
_former: HashMap[address, Former]


@deploy
def __init__(_timelock: address, _council: address):
    """
    @notice Names who may change memberships.
    @param _timelock The Timelock contract.
    @param _council The Council contract.
    """
    assert _timelock != empty(address), "Members: no Timelock"
    timelock = _timelock
    council = _council


@external
@view
def is_active(account: address) -> bool:
    """
    @notice True for an admitted account that is not suspended, by Timelock or by Council.
    @param account The account asked about.
    @return True or false.
    """
    return self.acts(account)


@external
@view
def has_role(account: address, role: uint256) -> bool:
    """
    @notice True when the account is active and has any role of the mask `role`.
    @param account The account asked about.
    @param role Any of these bits.
    @return True or false.
    """
    return (self._words[account] >> 16) & 255 & role != 0 and self.acts(account)


@external
@view
def controller_of(account: address) -> bytes32:
    """
    @notice Who stands behind the account, suspended, replaced or not; zero for a stranger.
    @param account The account asked about.
    @return The controller.
    """
    return self._controllers[account]


@external
@view
def suspended_until(account: address) -> uint256:
    """
    @notice The end of the account's newest suspension by Council.
    @param account The account asked about.
    @return Seconds since 1970; 0 when there never was one.
    """
    return self.load(account).until


@external
@view
def successor_of(account: address) -> address:
    """
    @notice Who replaced the account after a loss of its key.
    @param account The account asked about.
    @return The new account; zero when nobody did.
    """
    return self._former[account].successor


@external
@view
def ownerOf(token_id: uint256) -> address:
    """
    @notice ERC-5192 shape: the account at a position, suspended or not.
    @param token_id The position.
    @return The account.
    """
    self._exists(token_id)
    return self.account_at[token_id]


@external
@view
def balanceOf(owner: address) -> uint256:
    """
    @notice ERC-5192 shape: an account has one membership or none.
    @param owner The account.
    @return 0 or 1.
    """
    assert owner != empty(address), "Members: no account"
    return min(self.load(owner).position, 1)


@external
@view
def locked(token_id: uint256) -> bool:
    """
    @notice ERC-5192: memberships cannot be transferred.
    @param token_id The position.
    @return Always true; it reverts for a position that does not exist.
    """
    self._exists(token_id)
    return True


@external
@pure
def supportsInterface(interface_id: bytes4) -> bool:
    """
    @notice ERC-165.
    @param interface_id The interface asked about.
    @return True for ERC-165 and ERC-5192.
    """
    return interface_id == ERC165 or interface_id == ERC5192


@internal
@view
def acts(account: address) -> bool:
    """@notice True for an admitted account that is not suspended."""
    word: uint256 = self._words[account]
    if word & 65535 == 0 or (word >> 24) & 255 != 0:
        return False
    return (word >> 168) & (2**40 - 1) <= block.timestamp


@internal
@view
def bit(account: address) -> uint256:
    """@notice The account's bit in every bitmap of members; 0 for a stranger."""
    position: uint256 = self._words[account] & 65535
    return 0 if position == 0 else 1 << (position - 1)


@internal
@view
def controller(account: address) -> bytes32:
    """@notice Who stands behind the account."""
    return self._controllers[account]


@internal
@view
def former(account: address) -> Former:
    """@notice What is left of an account after its replacement; zeros for any other."""
    return self._former[account]


@internal
@view
def load(account: address) -> Facts:
    """@notice What is stored about an account; zeros for a stranger."""
    word: uint256 = self._words[account]
    return Facts(
        position=word & 65535,
        roles=(word >> 16) & 255,
        suspended=(word >> 24) & 255 != 0,
        changes=(word >> 32) & (2**24 - 1),
        key_count=(word >> 56) & (2**32 - 1),
        first_block=(word >> 88) & (2**40 - 1),
        joined=(word >> 128) & (2**40 - 1),
        until=(word >> 168) & (2**40 - 1),
        length=word >> 208,
    )


@internal
def save(account: address, facts: Facts):
    """@notice Stores what `load` returned, changed. Counts grow by one at a time, so none fills."""
    self._words[account] = (
        facts.position
        | (facts.roles << 16)
        | (convert(facts.suspended, uint256) << 24)
        | (facts.changes << 32)
        | (facts.key_count << 56)
        | (facts.first_block << 88)
        | (facts.joined << 128)
        | (facts.until << 168)
        | (facts.length << 208)
    )


@internal
def take_seat(account: address) -> uint256:
    """@notice Gives `account` the next position."""
    position: uint256 = self.size + 1
    self.size = position
    self.account_at[position] = account
    return position


@internal
def set_controller(account: address, controller: bytes32):
    """@notice Says who stands behind the account."""
    self._controllers[account] = controller


@internal
def hand_over(account: address, successor: address):
    """@notice `successor` has the position of `account` from this second on."""
    facts: Facts = self.load(account)
    self.account_at[facts.position] = successor
    self._controllers[successor] = self._controllers[account]
    self._former[account] = Former(
        successor=successor, position=facts.position, left=block.timestamp
    )
    taken: Facts = facts
    taken.changes = 1
    taken.key_count = 1
    taken.first_block = block.number
    taken.joined = block.timestamp
    taken.until = 0  # what Council did is over
    self.save(successor, taken)
    facts.position = 0
    facts.roles = 0
    facts.suspended = True
    facts.changes += 1
    self.save(account, facts)


@internal
@view
def _exists(position: uint256):
    assert position != 0 and position <= self.size, "Members: no such position"
