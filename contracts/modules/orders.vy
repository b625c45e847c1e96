# pragma version 0.4.3
"""
@title   Signed orders: an owner signs, anybody submits
@license Apache-2.0
@notice  Allowances by ERC-2612, transfers by ERC-3009, delegation by ERC-5805. What is signed
         names this chain and this contract (EIP-712), is valid once, and until a given second.
@dev     Only a key signs here, as in the yardstick: a contract that holds tokens calls itself.
         Permits and delegations share one counter per account; authorizations carry nonces of
         their own, in any order.
"""

from ..interfaces import IToken
from . import balances
from . import eip712
from . import hashchain
from . import signatures

uses: balances
uses: eip712
uses: hashchain

PERMIT: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
DELEGATION: constant(bytes32) = keccak256(
    "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
)
TRANSFER_WITH: constant(bytes32) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,"
    "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
RECEIVE_WITH: constant(bytes32) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,"
    "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL: constant(bytes32) = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)")
USED: constant(bytes32) = keccak256("AuthorizationUsed(address,bytes32)")
CANCELED: constant(bytes32) = keccak256("AuthorizationCanceled(address,bytes32)")

# @notice How many permits and delegations of an account were carried out: the next one's nonce.
nonces: public(HashMap[address, uint256])
# @notice True when an authorization of this account with this nonce was used or canceled.
authorizationState: public(HashMap[address, HashMap[bytes32, bool]])


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice ERC-2612: the EIP-712 domain separator.
    @return Its hash.
    """
    return eip712.separator()


@external
def permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice ERC-2612: sets an allowance by `owner`'s signature.
    @param owner Whose tokens.
    @param spender Who may move them.
    @param amount In token units; the greatest stands for no limit.
    @param deadline The last second in which it may be submitted.
    @param v Recovery id, 27 or 28.
    @param r The signature's first half.
    @param s The signature's second half.
    """
    assert block.timestamp <= deadline, "Token: signature expired"
    nonce: uint256 = self.nonces[owner]
    order: bytes32 = keccak256(abi_encode(PERMIT, owner, spender, amount, nonce, deadline))
    self._check(owner, order, v, r, s)
    self.nonces[owner] = nonce + 1
    balances.allow(owner, spender, amount)


@external
def delegateBySig(
    delegatee: address, nonce: uint256, expiry: uint256, v: uint8, r: bytes32, s: bytes32
):
    """
    @notice ERC-5805: lets the signer's tokens vote through `delegatee`.
    @param delegatee Who votes, or zero for nobody.
    @param nonce The signer's counter, as in `nonces`.
    @param expiry The last second in which it may be submitted.
    @param v Recovery id, 27 or 28.
    @param r The signature's first half.
    @param s The signature's second half.
    """
    assert block.timestamp <= expiry, "Token: signature expired"
    order: bytes32 = keccak256(abi_encode(DELEGATION, delegatee, nonce, expiry))
    owner: address = self._signer(order, v, r, s)
    assert owner != empty(address), "Token: no valid signature"
    assert nonce == self.nonces[owner], "Token: wrong nonce"
    self.nonces[owner] = nonce + 1
    balances.entrust(owner, delegatee)


@external
def transferWithAuthorization(
    owner: address,
    receiver: address,
    amount: uint256,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice ERC-3009: moves `owner`'s tokens by its signature, submitted by anybody.
    @param owner Whose tokens.
    @param receiver Who gets them.
    @param amount In token units.
    @param validAfter Valid later than this second.
    @param validBefore Valid earlier than this second.
    @param nonce Any 32 bytes that the owner did not use before.
    @param v Recovery id, 27 or 28.
    @param r The signature's first half.
    @param s The signature's second half.
    """
    self._check_time(validAfter, validBefore)
    order: bytes32 = keccak256(
        abi_encode(TRANSFER_WITH, owner, receiver, amount, validAfter, validBefore, nonce)
    )
    self._use(owner, nonce, order, v, r, s)
    balances.move(owner, receiver, amount)


@external
def receiveWithAuthorization(
    owner: address,
    receiver: address,
    amount: uint256,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice ERC-3009: moves `owner`'s tokens by its signature, submitted by the receiver alone, so
            that a receiving contract sees them arrive within its own call.
    @param owner Whose tokens.
    @param receiver Who gets them: the caller.
    @param amount In token units.
    @param validAfter Valid later than this second.
    @param validBefore Valid earlier than this second.
    @param nonce Any 32 bytes that the owner did not use before.
    @param v Recovery id, 27 or 28.
    @param r The signature's first half.
    @param s The signature's second half.
    """
    assert msg.sender == receiver, "Token: only the receiver"
    self._check_time(validAfter, validBefore)
    order: bytes32 = keccak256(
        abi_encode(RECEIVE_WITH, owner, receiver, amount, validAfter, validBefore, nonce)
    )
    self._use(owner, nonce, order, v, r, s)
    balances.move(owner, receiver, amount)


@external
def cancelAuthorization(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice ERC-3009: takes an authorization back before anyone used it, by its signer's signature.
    @param authorizer Who signed it.
    @param nonce Its nonce.
    @param v Recovery id, 27 or 28.
    @param r The signature's first half.
    @param s The signature's second half.
    """
    self._spend_nonce(authorizer, nonce)
    self._check(authorizer, keccak256(abi_encode(CANCEL, authorizer, nonce)), v, r, s)
    log IToken.AuthorizationCanceled(authorizer=authorizer, nonce=nonce)
    hashchain.extend(keccak256(abi_encode(CANCELED, authorizer, nonce)))


@internal
def _use(owner: address, nonce: bytes32, order: bytes32, v: uint8, r: bytes32, s: bytes32):
    self._spend_nonce(owner, nonce)
    self._check(owner, order, v, r, s)
    log IToken.AuthorizationUsed(authorizer=owner, nonce=nonce)
    hashchain.extend(keccak256(abi_encode(USED, owner, nonce)))


@internal
def _spend_nonce(owner: address, nonce: bytes32):
    assert not self.authorizationState[owner][nonce], "Token: authorization spent"
    self.authorizationState[owner][nonce] = True


@internal
@view
def _check_time(valid_after: uint256, valid_before: uint256):
    assert block.timestamp > valid_after, "Token: authorization too early"
    assert block.timestamp < valid_before, "Token: authorization expired"


@internal
@view
def _check(owner: address, order: bytes32, v: uint8, r: bytes32, s: bytes32):
    """@notice `owner` must have signed `order`; zero signs nothing."""
    signer: address = self._signer(order, v, r, s)
    assert signer != empty(address) and signer == owner, "Token: not the owner's signature"


@internal
@view
def _signer(order: bytes32, v: uint8, r: bytes32, s: bytes32) -> address:
    return signatures.recover(
        eip712.digest(order), convert(v, uint256), convert(r, uint256), convert(s, uint256)
    )
