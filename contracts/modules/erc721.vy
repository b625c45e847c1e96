# pragma version 0.4.3
"""
@title   ERC-721: who owns a numbered token, and who else may move it
@license Apache-2.0
@notice  Transfers and approvals as the ERC says. A token is never burnt. What a token stands for
         is the business of the contract that mints it.
@dev     Views stay open while a receiver is asked, so that it can look at what it gets; all state
         is final by then. Whatever changes state is locked.
"""

from ..interfaces import IAssets
from . import hashchain

uses: hashchain

TRANSFER: constant(bytes32) = keccak256("Transfer(address,address,uint256)")
APPROVAL: constant(bytes32) = keccak256("Approval(address,address,uint256)")
APPROVAL_FOR_ALL: constant(bytes32) = keccak256("ApprovalForAll(address,address,bool)")
ON_RECEIVED: constant(bytes4) = method_id(
    "onERC721Received(address,address,uint256,bytes)", output_type=bytes4
)
MAX_DATA: constant(uint256) = 1024

# @notice How many tokens there are; they are numbered from 1.
count: uint256
# @notice How often a token went to another owner.
epoch_of: public(HashMap[uint256, uint256])
# @notice True when the operator may move all of the owner's tokens.
isApprovedForAll: public(HashMap[address, HashMap[address, bool]])

_owner: HashMap[uint256, address]
_approved: HashMap[uint256, address]
_balance: HashMap[address, uint256]


@external
@view
def balanceOf(owner: address) -> uint256:
    """
    @notice How many tokens an account owns.
    @param owner Any account but the zero address.
    @return Their number.
    """
    assert owner != empty(address), "Assets: no account"
    return self._balance[owner]


@external
@view
def ownerOf(token_id: uint256) -> address:
    """
    @notice Who owns a token.
    @param token_id The token; reverts when there is none of that number.
    @return Its owner.
    """
    return self.owner(token_id)


@external
@view
def getApproved(token_id: uint256) -> address:
    """
    @notice Who beside the owner and its operators may move a token.
    @param token_id The token; reverts when there is none of that number.
    @return The account, or the zero address.
    """
    self.owner(token_id)
    return self._approved[token_id]


@external
@view
def is_allowed_to_manage(asset: uint256, who: address) -> bool:
    """
    @notice True for the owner, the approved account and the owner's operators.
    @param asset The asset; nobody manages one that does not exist.
    @param who The account asked about.
    @return True or false.
    """
    return self.may_move(asset, who)


@external
@nonreentrant
def approve(approved: address, token_id: uint256):
    """
    @notice Lets one account move a token, until its next transfer; by the owner or its operator.
    @param approved The account; the zero address for nobody.
    @param token_id The token.
    """
    owner: address = self.owner(token_id)
    allowed: bool = msg.sender == owner or self.isApprovedForAll[owner][msg.sender]
    assert allowed, "Assets: not allowed"
    self._approved[token_id] = approved
    log IAssets.Approval(owner=owner, approved=approved, token_id=token_id)
    hashchain.extend(keccak256(abi_encode(APPROVAL, owner, approved, token_id)))


@external
@nonreentrant
def setApprovalForAll(operator: address, approved: bool):
    """
    @notice Lets an account move all of the caller's tokens, present and future, or no longer.
    @param operator The account.
    @param approved True or false.
    """
    assert operator != empty(address), "Assets: no account"
    self.isApprovedForAll[msg.sender][operator] = approved
    log IAssets.ApprovalForAll(owner=msg.sender, operator=operator, approved=approved)
    hashchain.extend(keccak256(abi_encode(APPROVAL_FOR_ALL, msg.sender, operator, approved)))


@external
@nonreentrant
def transferFrom(owner: address, receiver: address, token_id: uint256):
    """
    @notice Moves a token without asking the receiver; by its owner, approved account or operator.
    @param owner Who owns it now.
    @param receiver Who owns it then.
    @param token_id The token.
    """
    self._transfer(owner, receiver, token_id)


@external
@nonreentrant
def safeTransferFrom(
    owner: address, receiver: address, token_id: uint256, data: Bytes[MAX_DATA] = b""
):
    """
    @notice Moves a token; a contract that receives must accept it, else nothing happens.
    @param owner Who owns it now.
    @param receiver Who owns it then.
    @param token_id The token.
    @param data Passed on to the receiver, at most 1,024 bytes.
    """
    self._transfer(owner, receiver, token_id)
    if not receiver.is_contract:
        return
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        receiver,
        abi_encode(msg.sender, owner, token_id, data, method_id=ON_RECEIVED),
        max_outsize=32,
        revert_on_failure=False,
    )
    accepted: bool = success and len(answer) == 32
    if accepted:
        accepted = convert(answer, bytes32) == convert(ON_RECEIVED, bytes32)
    assert accepted, "Assets: the receiver refuses"


@internal
@view
def owner(token_id: uint256) -> address:
    """@notice The token's owner; it must exist."""
    found: address = self._owner[token_id]
    assert found != empty(address), "Assets: no such asset"
    return found


@internal
@view
def may_move(token_id: uint256, who: address) -> bool:
    """@notice True for the owner, the approved account and the owner's operators."""
    found: address = self._owner[token_id]
    if found == empty(address) or who == empty(address):
        return False
    if who == found or self.isApprovedForAll[found][who]:
        return True
    return who == self._approved[token_id]


@internal
def mint(receiver: address) -> uint256:
    """@notice The next token, to `receiver`, who is not asked."""
    token_id: uint256 = self.count + 1
    self.count = token_id
    self._owner[token_id] = receiver
    self._balance[receiver] += 1
    self._moved(empty(address), receiver, token_id)
    return token_id


@internal
def _transfer(owner: address, receiver: address, token_id: uint256):
    """@notice A token to itself stays in its epoch: nothing that its owner decided ends."""
    assert self.owner(token_id) == owner, "Assets: not the owner"
    assert self.may_move(token_id, msg.sender), "Assets: not allowed"
    assert receiver != empty(address), "Assets: no account"
    self._approved[token_id] = empty(address)
    if receiver != owner:
        self._balance[owner] -= 1
        self._balance[receiver] += 1
        self._owner[token_id] = receiver
        self.epoch_of[token_id] += 1
    self._moved(owner, receiver, token_id)


@internal
def _moved(owner: address, receiver: address, token_id: uint256):
    log IAssets.Transfer(sender=owner, receiver=receiver, token_id=token_id)
    hashchain.extend(keccak256(abi_encode(TRANSFER, owner, receiver, token_id)))
