# pragma version 0.4.3
"""
@title   Rules: what an asset of a class needs before a version of it is deployed
@license Apache-2.0
@notice  Set by Timelock alone. All rules of a class must hold; a class without rules lets nothing
         through.
"""

from ..interfaces import IGates
from . import hashchain

uses: hashchain

CLASSES: constant(uint256) = 3  # the kinds of Assets: 1 data set, 2 model, 3 service
ROLES: constant(uint256) = 7    # all roles of Members
MAX_RULES: constant(uint256) = 16
MAX_LEAST: constant(uint256) = 16
RULE_SET: constant(bytes32) = keccak256("RuleSet(uint256,bytes32,uint256,uint256,uint256)")
RULE_REMOVED: constant(bytes32) = keccak256("RuleRemoved(uint256,bytes32,uint256)")

timelock: public(immutable(address))

of_class: HashMap[uint256, DynArray[IGates.Rule, MAX_RULES]]


@deploy
def __init__(_timelock: address):
    """
    @notice Names who sets the rules.
    @param _timelock The Timelock contract.
    """
    timelock = _timelock


@external
@nonreentrant
def set_rule(asset_class: uint256, kind: bytes32, role: uint256, least: uint256, max_age: uint256):
    """
    @notice Timelock: adds a rule to a class, or changes the one with the same kind and role.
    @param asset_class 1 data set, 2 model, 3 service.
    @param kind The kind of attestation that is needed.
    @param role The attester holds one of these roles: MEMBER 1, PARTICIPANT 2, VALIDATOR 4.
    @param least From how many different controllers, 1 to 16; the asset's owner's does not count.
    @param max_age Seconds since an attestation was made, at most.
    """
    assert msg.sender == timelock, "Gates: only Timelock"
    assert asset_class != 0 and asset_class <= CLASSES, "Gates: no such class"
    assert kind != empty(bytes32), "Gates: no kind"
    assert role != 0 and role <= ROLES, "Gates: no such role"
    assert least != 0 and least <= MAX_LEAST, "Gates: not 1 to 16 attesters"
    assert max_age != 0, "Gates: no age"
    rule: IGates.Rule = IGates.Rule(kind=kind, role=role, least=least, max_age=max_age)
    place: uint256 = self._place(asset_class, kind, role)
    if place == len(self.of_class[asset_class]):
        assert place < MAX_RULES, "Gates: too many rules"
        self.of_class[asset_class].append(rule)
    else:
        self.of_class[asset_class][place] = rule
    log IGates.RuleSet(asset_class=asset_class, kind=kind, role=role, least=least, max_age=max_age)
    hashchain.extend(keccak256(abi_encode(RULE_SET, asset_class, kind, role, least, max_age)))


@external
@nonreentrant
def remove_rule(asset_class: uint256, kind: bytes32, role: uint256):
    """
    @notice Timelock: takes a rule away.
    @param asset_class 1 data set, 2 model, 3 service.
    @param kind The rule's kind of attestation.
    @param role The rule's roles.
    """
    assert msg.sender == timelock, "Gates: only Timelock"
    place: uint256 = self._place(asset_class, kind, role)
    assert place < len(self.of_class[asset_class]), "Gates: no such rule"
    last: IGates.Rule = self.of_class[asset_class].pop()
    if place < len(self.of_class[asset_class]):
        self.of_class[asset_class][place] = last
    log IGates.RuleRemoved(asset_class=asset_class, kind=kind, role=role)
    hashchain.extend(keccak256(abi_encode(RULE_REMOVED, asset_class, kind, role)))


@external
@view
def rules_of(asset_class: uint256) -> DynArray[IGates.Rule, MAX_RULES]:
    """
    @notice All rules of a class; every one must hold.
    @param asset_class 1 data set, 2 model, 3 service.
    @return The rules, in no order.
    """
    return self.of_class[asset_class]


@internal
@view
def _place(asset_class: uint256, kind: bytes32, role: uint256) -> uint256:
    """@notice Where the rule stands; the number of rules when it is not there."""
    index: uint256 = 0
    for rule: IGates.Rule in self.of_class[asset_class]:
        if rule.kind == kind and rule.role == role:
            break
        index += 1
    return index
