# pragma version 0.4.3
# A contract with one of everything that the engine must get right; used by tests only.

event Stored:
    sender: indexed(address)
    key: indexed(uint256)
    text: String[64]

interface Probe:
    def store(key: uint256, amount: uint256): nonpayable
    def fail(key: uint256): nonpayable
    def read(key: uint256) -> uint256: view

struct Pair:
    account: address
    amount: int256

owner: immutable(address)
values: public(HashMap[uint256, uint256])
members: public(DynArray[address, 8])
total: public(uint256)

@deploy
def __init__(first: uint256):
    owner = msg.sender
    self.total = first

@external
def store(key: uint256, amount: uint256):
    self.total += amount
    self.values[key] = amount
    log Stored(sender=msg.sender, key=key, text="stored")

@external
def store_and_undo(key: uint256, amount: uint256):
    before: uint256 = self.values[key]
    self.values[key] = amount
    self.values[key] = before

@external
@nonreentrant
def enter(member: address):
    self.members.append(member)

@external
def leave() -> address:
    return self.members.pop()

@external
def fail(key: uint256):
    self.values[key] = 99
    raise "Probe: always"

@external
def divide(a: uint256, b: uint256) -> uint256:
    return a // b

@external
def burn_gas():
    for i: uint256 in range(1_000_000):
        self.total += 1

@external
def poke(other: address, key: uint256, amount: uint256):
    extcall Probe(other).store(key, amount)
    self.total = staticcall Probe(other).read(key)

@external
def poke_failing(other: address, key: uint256) -> bool:
    success: bool = raw_call(
        other, abi_encode(key, method_id=method_id("fail(uint256)")), revert_on_failure=False
    )
    self.values[key] = 1
    return success

@external
def twin(salted: bool) -> address:
    if salted:
        return create_minimal_proxy_to(self, salt=keccak256("salt"))
    return create_minimal_proxy_to(self)

@external
def hashes(data: Bytes[512]) -> bytes32:
    a: bytes32 = sha256(data)
    b: bytes32 = keccak256(data)
    c: address = ecrecover(a, 27, convert(b, uint256), convert(a, uint256))
    return convert(c, bytes32)

@external
@view
def read(key: uint256) -> uint256:
    return self.values[key]

@external
@view
def who() -> (address, address, uint256, uint256, uint256):
    return owner, msg.sender, block.number, block.timestamp, chain.id

@external
@pure
def flip(pairs: DynArray[Pair, 4]) -> DynArray[Pair, 4]:
    result: DynArray[Pair, 4] = pairs
    for i: uint256 in range(len(pairs), bound=4):
        result[i].amount = -pairs[i].amount
    return result
