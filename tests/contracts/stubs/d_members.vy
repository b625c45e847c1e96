# pragma version 0.4.3
"""
@title   A list of rights in the place of Members, one packed slot per account as there
@license Apache-2.0
"""

_facts: HashMap[address, uint256]
_controllers: HashMap[address, bytes32]
_anchorers: HashMap[address, HashMap[bytes32, HashMap[address, bool]]]


@external
def put(account: address, roles: uint256, controller: bytes32, active: bool):
    self._facts[account] = roles | (convert(active, uint256) << 8)
    self._controllers[account] = controller


@external
def set_anchorer(log_id: bytes32, anchorer: address, allowed: bool):
    self._anchorers[msg.sender][log_id][anchorer] = allowed


@external
@view
def is_active(account: address) -> bool:
    return self._facts[account] >> 8 == 1


@external
@view
def has_role(account: address, role: uint256) -> bool:
    return self._facts[account] >> 8 == 1 and self._facts[account] & role & 255 != 0


@external
@view
def controller_of(account: address) -> bytes32:
    return self._controllers[account]


@external
@view
def may_anchor(owner: address, log_id: bytes32, who: address) -> bool:
    if self._facts[owner] >> 8 != 1:
        return False
    return who == owner or self._anchorers[owner][log_id][who]
