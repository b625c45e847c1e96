"""Token in plain Python: balances, allowances, signed orders, votes that follow the tokens."""

from dataclasses import dataclass, field

from tests.twins.signing import ORDER, digest_in, separator_of, signer_of
from tests.twins.votes import ALL, Votes, Voting
from tests.twins.world import NOBODY, World, need

UNLIMITED = 2**256 - 1
PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
DELEGATION = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
CANCEL = "CancelAuthorization(address authorizer,bytes32 nonce)"
AUTHORIZATION = (
    "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
AUTHORIZATION_TYPES = ["address", "address", "uint256", "uint256", "uint256", "bytes32"]


@dataclass
class State:
    balances: dict[str, int] = field(default_factory=dict)
    allowances: dict[tuple[str, str], int] = field(default_factory=dict)
    delegates: dict[str, str] = field(default_factory=dict)
    votes: Votes = field(default_factory=Votes)
    nonces: dict[str, int] = field(default_factory=dict)
    spent: set[tuple[str, bytes]] = field(default_factory=set)
    minted: int = 0
    minted_in: dict[int, int] = field(default_factory=dict)


class Token(Voting):
    def __init__(  # noqa: PLR0917 (the contract's)
        self,
        world: World,
        address: str,
        name: str,
        symbol: str,
        holders: list[tuple[str, int]],
        cap: int,
        per_period: int,
        period: int,
        timelock: str,
    ) -> None:
        need(cap < 2**96, "Token: cap over 2**96 - 1")
        need(period > 0, "Token: period of 0 seconds")
        need(timelock != NOBODY, "Token: no Timelock")
        super().__init__(world, address, State())
        self._name, self._symbol = name, symbol
        self._cap, self._per_period, self._period = cap, per_period, period
        self._timelock, self._deployed_at = timelock, world.now
        for account, amount in holders:
            need(self.state.minted + amount <= cap, "Token: over the cap")
            self.state.minted += amount
            self._create(account, amount)

    # --- supply -----------------------------------------------------------------------------

    def mint(self, sender: str, receiver: str, amount: int) -> None:
        need(sender == self._timelock, "Token: only Timelock")
        need(self.state.minted + amount <= self._cap, "Token: over the cap")
        need(amount <= self._left(), "Token: over the period's limit")
        self.state.minted += amount
        self.state.minted_in[self._index()] = self._per_period - self._left() + amount
        self._create(receiver, amount)

    def burn(self, sender: str, amount: int) -> None:
        self._destroy(sender, amount)

    def burnFrom(self, sender: str, owner: str, amount: int) -> None:
        self._spend(sender, owner, amount)
        self._destroy(owner, amount)

    def minted(self) -> int:
        return self.state.minted

    def mintable(self) -> int:
        return min(self._cap - self.state.minted, self._left())

    def totalSupply(self) -> int:
        return sum(self.state.balances.values())

    # --- ERC-20 -----------------------------------------------------------------------------

    def transfer(self, sender: str, receiver: str, amount: int) -> bool:
        self._move(sender, receiver, amount)
        return True

    def transferFrom(self, sender: str, owner: str, receiver: str, amount: int) -> bool:
        self._spend(sender, owner, amount)
        self._move(owner, receiver, amount)
        return True

    def approve(self, sender: str, spender: str, amount: int) -> bool:
        self._allow(sender, spender, amount)
        return True

    def balanceOf(self, account: str) -> int:
        return self.state.balances.get(account, 0)

    def allowance(self, owner: str, spender: str) -> int:
        return self.state.allowances.get((owner, spender), 0)

    # --- votes ------------------------------------------------------------------------------

    def delegate(self, sender: str, delegatee: str) -> None:
        self._entrust(sender, delegatee)

    def delegates(self, account: str) -> str:
        return self.state.delegates.get(account, NOBODY)

    # --- signed orders: v, r, s come last ---------------------------------------------------

    def permit(self, _: str, owner: str, spender: str, amount: int, deadline: int, *vrs) -> None:
        need(self.world.now <= deadline, "Token: signature expired")
        types = ["address", "address", "uint256", "uint256", "uint256"]
        order = [owner, spender, amount, self.nonces(owner), deadline]
        self._need_signed(owner, PERMIT, types, order, vrs)
        self.state.nonces[owner] = self.nonces(owner) + 1
        self._allow(owner, spender, amount)

    def delegateBySig(self, _: str, delegatee: str, nonce: int, expiry: int, *vrs) -> None:
        need(self.world.now <= expiry, "Token: signature expired")
        types = ["address", "uint256", "uint256"]
        owner = self._signer(DELEGATION, types, [delegatee, nonce, expiry], vrs)
        need(owner != NOBODY, "Token: no valid signature")
        need(nonce == self.nonces(owner), "Token: wrong nonce")
        self.state.nonces[owner] = nonce + 1
        self._entrust(owner, delegatee)

    def transferWithAuthorization(self, _: str, *given) -> None:
        self._carry_out("TransferWithAuthorization", *given)

    def receiveWithAuthorization(self, sender: str, *given) -> None:
        need(sender == given[1], "Token: only the receiver")
        self._carry_out("ReceiveWithAuthorization", *given)

    def cancelAuthorization(self, _: str, authorizer: str, nonce: bytes, *vrs) -> None:
        need(not self.authorizationState(authorizer, nonce), "Token: authorization spent")
        self._need_signed(authorizer, CANCEL, ["address", "bytes32"], [authorizer, nonce], vrs)
        self.state.spent.add((authorizer, nonce))
        self.emit("AuthorizationCanceled", authorizer=authorizer, nonce=nonce)

    def nonces(self, account: str) -> int:
        return self.state.nonces.get(account, 0)

    def authorizationState(self, authorizer: str, nonce: bytes) -> bool:
        return (authorizer, nonce) in self.state.spent

    def DOMAIN_SEPARATOR(self) -> bytes:
        return separator_of("Quorate Token", self.world.chain_id, self.address)

    def eip712Domain(self) -> tuple:
        where = (self.world.chain_id, self.address)
        return (b"\x0f", "Quorate Token", "1", *where, bytes(32), ())

    # --- facts ------------------------------------------------------------------------------

    def name(self) -> str:
        return self._name

    def symbol(self) -> str:
        return self._symbol

    def decimals(self) -> int:
        return 6

    def cap(self) -> int:
        return self._cap

    def per_period(self) -> int:
        return self._per_period

    def period(self) -> int:
        return self._period

    def deployed_at(self) -> int:
        return self._deployed_at

    def timelock(self) -> str:
        return self._timelock

    # --- steps ------------------------------------------------------------------------------

    def _index(self) -> int:
        return (self.world.now - self._deployed_at) // self._period

    def _left(self) -> int:
        return self._per_period - self.state.minted_in.get(self._index(), 0)

    def _create(self, receiver: str, amount: int) -> None:
        need(receiver != NOBODY, "Token: no receiver")
        self._add(receiver, amount)
        self._settle(NOBODY, receiver, amount)

    def _destroy(self, owner: str, amount: int) -> None:
        self._take(owner, amount)
        self._settle(owner, NOBODY, amount)

    def _move(self, owner: str, receiver: str, amount: int) -> None:
        need(receiver != NOBODY, "Token: no receiver")
        self._take(owner, amount)
        self._add(receiver, amount)
        self._settle(owner, receiver, amount)

    def _take(self, owner: str, amount: int) -> None:
        need(self.balanceOf(owner) >= amount, "Token: balance too low")
        self._add(owner, -amount)

    def _add(self, account: str, amount: int) -> None:
        self.state.balances[account] = self.balanceOf(account) + amount

    def _settle(self, owner: str, receiver: str, amount: int) -> None:
        """Tokens have moved: say so; the supply and the votes follow."""
        self.state.votes.push(ALL, self.world.now, self.totalSupply())
        self.emit("Transfer", sender=owner, receiver=receiver, value=amount)
        self._shift(self.delegates(owner), self.delegates(receiver), amount)

    def _spend(self, sender: str, owner: str, amount: int) -> None:
        need(owner != NOBODY, "Token: no owner")
        allowed = self.allowance(owner, sender)
        need(allowed >= amount, "Token: allowance too low")
        if allowed != UNLIMITED:
            self.state.allowances[owner, sender] = allowed - amount

    def _allow(self, owner: str, spender: str, amount: int) -> None:
        need(spender != NOBODY, "Token: no spender")
        self.state.allowances[owner, spender] = amount
        self.emit("Approval", owner=owner, spender=spender, value=amount)

    def _entrust(self, owner: str, delegatee: str) -> None:
        before = self.delegates(owner)
        self.state.delegates[owner] = delegatee
        self.emit("DelegateChanged", delegator=owner, fromDelegate=before, toDelegate=delegatee)
        self._shift(before, delegatee, self.balanceOf(owner))

    def _shift(self, before: str, after: str, amount: int) -> None:
        if before == after:
            return
        for account, change in ((before, -amount), (after, amount)):
            if account != NOBODY and change != 0:
                had = self.getVotes(account)
                self.state.votes.push(account, self.world.now, had + change)
                votes = {"previousVotes": had, "newVotes": had + change}
                self.emit("DelegateVotesChanged", delegate=account, **votes)

    def _carry_out(self, kind: str, *given) -> None:
        """An authorization as signed (six fields), then v, r, s."""
        order, vrs = list(given[:6]), given[6:]
        owner, receiver, amount, after, before, nonce = order
        need(self.world.now > after, "Token: authorization too early")
        need(self.world.now < before, "Token: authorization expired")
        need(not self.authorizationState(owner, nonce), "Token: authorization spent")
        self._need_signed(owner, kind + AUTHORIZATION, AUTHORIZATION_TYPES, order, vrs)
        self.state.spent.add((owner, nonce))
        self.emit("AuthorizationUsed", authorizer=owner, nonce=nonce)
        self._move(owner, receiver, amount)

    def _need_signed(self, owner: str, shape: str, types: list[str], order: list, vrs) -> None:
        signer = self._signer(shape, types, order, vrs)
        need(signer == owner != NOBODY, "Token: not the owner's signature")

    def _signer(self, shape: str, types: list[str], order: list, vrs) -> str:
        """Whose signature v, r, s is; nobody's if s is in the upper half or v is no recovery id."""
        v, r, s = vrs[0], vrs[1], int.from_bytes(vrs[2], "big")
        if s > ORDER // 2 or v not in (27, 28):
            return NOBODY
        packed = (v - 27 << 255 | s).to_bytes(32, "big")
        return signer_of(digest_in(self.DOMAIN_SEPARATOR(), shape, types, order), (r, packed))
