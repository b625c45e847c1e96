# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Names: of the Governor, of a proposal, of its operation in the Timelock
@license Apache-2.0
@notice  A proposal is named by the hash of its calls and its description, as in OpenZeppelin's
         Governor: whoever queues or executes it brings the calls again.
"""

MAX_CALLS: constant(uint256) = 8
MAX_DATA: constant(uint256) = 2048


@external
@pure
def hashProposal(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice The proposal that these calls and this description make.
    @param targets The contracts to call.
    @param values 0 for each.
    @param calldatas What to call them with.
    @param descriptionHash Keccak-256 of the description.
    @return Its id.
    """
    return self.id_of(targets, values, calldatas, descriptionHash)


@external
@pure
def name() -> String[16]:
    """
    @notice The name in the signing domain.
    @return "Quorate Governor".
    """
    return "Quorate Governor"


@external
@pure
def version() -> String[1]:
    """
    @notice The version in the signing domain.
    @return "1".
    """
    return "1"


@internal
@pure
def id_of(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_DATA], MAX_CALLS],
    description_hash: bytes32,
) -> uint256:
    """@notice The id: a hash of all that the proposal consists of."""
    digest: bytes32 = keccak256(abi_encode(targets, values, calldatas, description_hash))
    return convert(digest, uint256)


@internal
@view
def salt_of(description_hash: bytes32) -> bytes32:
    """@notice The Timelock's salt: two proposals with equal calls stay two operations."""
    own: uint256 = convert(self, uint256) << 96
    return convert(own ^ convert(description_hash, uint256), bytes32)
