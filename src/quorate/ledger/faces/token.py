"""The Token contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.token_facts import (
    Approval,
    AuthorizationCanceled,
    AuthorizationUsed,
    DelegateChanged,
    DelegateVotesChanged,
    Holding,
    Transfer,
)


class Token(Face):
    """The consortium's unit of account: ERC-20, 2612, 3009 and 5805. Governance mints it
    through the Timelock alone, no more than a cap in all and a limit per period, both
    fixed at deployment. Nobody can pause it, freeze an account or take what another
    holds.
    """

    NAME = "Token"
    EVENTS = (
        DelegateVotesChanged,
        Transfer,
        Approval,
        DelegateChanged,
        AuthorizationUsed,
        AuthorizationCanceled,
    )

    @staticmethod
    def deployment(
        *,
        name: str,
        symbol: str,
        holders: Sequence[Holding],
        cap: int,
        per_period: int,
        period: int,
        timelock: str,
    ) -> Call:
        """The call that creates the contract."""
        return load_artifact("Token").deployment(
            name, symbol, holders, cap, per_period, period, timelock
        )

    def CLOCK_MODE(self) -> str:
        """ERC-6372: what timepoints count."""
        return self._ask(str, "CLOCK_MODE")

    def DOMAIN_SEPARATOR(self) -> bytes:
        """ERC-2612: the EIP-712 domain separator."""
        return self._ask(bytes, "DOMAIN_SEPARATOR")

    def allowance(self, arg0: str, arg1: str) -> int:
        """How much of the first account's tokens the second may still move."""
        return self._ask(int, "allowance", arg0, arg1)

    def approve(self, spender: str, amount: int) -> Call:
        """Lets `spender` move up to `amount`; the greatest value stands for no limit."""
        return self._encode("approve", spender, amount)

    def authorizationState(self, arg0: str, arg1: bytes) -> bool:
        """True when an authorization of this account with this nonce was used or canceled."""
        return self._ask(bool, "authorizationState", arg0, arg1)

    def balanceOf(self, arg0: str) -> int:
        """What an account holds."""
        return self._ask(int, "balanceOf", arg0)

    def burn(self, amount: int) -> Call:
        """Destroys `amount` of the caller's own tokens for good."""
        return self._encode("burn", amount)

    def burnFrom(self, owner: str, amount: int) -> Call:
        """Destroys `amount` of `owner`'s tokens for good, out of the caller's allowance."""
        return self._encode("burnFrom", owner, amount)

    def cancelAuthorization(
        self, authorizer: str, nonce: bytes, v: int, r: bytes, s: bytes
    ) -> Call:
        """ERC-3009: takes an authorization back before anyone used it, by its signer's
        signature.
        """
        return self._encode("cancelAuthorization", authorizer, nonce, v, r, s)

    def cap(self) -> int:
        """The most that may ever be made, the first supply included."""
        return self._ask(int, "cap")

    def clock(self) -> int:
        """ERC-6372: the present timepoint."""
        return self._ask(int, "clock")

    def decimals(self) -> int:
        """A unit has 10**6 parts."""
        return self._ask(int, "decimals")

    def delegate(self, delegatee: str) -> Call:
        """Lets all tokens that the caller holds, now and later, vote through `delegatee`."""
        return self._encode("delegate", delegatee)

    def delegateBySig(
        self, *, delegatee: str, nonce: int, expiry: int, v: int, r: bytes, s: bytes
    ) -> Call:
        """ERC-5805: lets the signer's tokens vote through `delegatee`."""
        return self._encode("delegateBySig", delegatee, nonce, expiry, v, r, s)

    def delegates(self, arg0: str) -> str:
        """Through whom an account's tokens vote; zero for nobody."""
        return self._ask(str, "delegates", arg0)

    def deployed_at(self) -> int:
        """When the contract was made, in seconds since 1970."""
        return self._ask(int, "deployed_at")

    def eip712Domain(self) -> tuple[bytes, str, str, int, str, bytes, tuple[int, ...]]:
        """ERC-5267: the fields of the domain (bits 0 to 3), and no extensions."""
        return self._ask(tuple[bytes, str, str, int, str, bytes, tuple[int, ...]], "eip712Domain")

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def getPastTotalSupply(self, timepoint: int) -> int:
        """All votes that there were at the end of a second, delegated or not."""
        return self._ask(int, "getPastTotalSupply", timepoint)

    def getPastVotes(self, account: str, timepoint: int) -> int:
        """The votes that an account had at the end of a second."""
        return self._ask(int, "getPastVotes", account, timepoint)

    def getVotes(self, account: str) -> int:
        """The votes that an account has now."""
        return self._ask(int, "getVotes", account)

    def mint(self, receiver: str, amount: int) -> Call:
        """Makes new tokens, within the cap and the present period's limit; only by the Timelock."""
        return self._encode("mint", receiver, amount)

    def mintable(self) -> int:
        """What the Timelock could mint in this second."""
        return self._ask(int, "mintable")

    def minted(self) -> int:
        """All that was ever made, the first supply included; burning does not lower it."""
        return self._ask(int, "minted")

    def name(self) -> str:
        """ERC-20 name."""
        return self._ask(str, "name")

    def nonces(self, arg0: str) -> int:
        """How many permits and delegations of an account were carried out: the next one's nonce."""
        return self._ask(int, "nonces", arg0)

    def per_period(self) -> int:
        """The most that may be minted in one period."""
        return self._ask(int, "per_period")

    def period(self) -> int:
        """The length of a period, in seconds; the first begins with the deployment."""
        return self._ask(int, "period")

    def permit(
        self, *, owner: str, spender: str, amount: int, deadline: int, v: int, r: bytes, s: bytes
    ) -> Call:
        """ERC-2612: sets an allowance by `owner`'s signature."""
        return self._encode("permit", owner, spender, amount, deadline, v, r, s)

    def receiveWithAuthorization(
        self,
        *,
        owner: str,
        receiver: str,
        amount: int,
        validAfter: int,
        validBefore: int,
        nonce: bytes,
        v: int,
        r: bytes,
        s: bytes,
    ) -> Call:
        """ERC-3009: moves `owner`'s tokens by its signature, submitted by the receiver
        alone, so that a receiving contract sees them arrive within its own call.
        """
        return self._encode(
            "receiveWithAuthorization",
            owner,
            receiver,
            amount,
            validAfter,
            validBefore,
            nonce,
            v,
            r,
            s,
        )

    def symbol(self) -> str:
        """ERC-20 symbol."""
        return self._ask(str, "symbol")

    def timelock(self) -> str:
        """Who may mint."""
        return self._ask(str, "timelock")

    def totalSupply(self) -> int:
        """All tokens that exist."""
        return self._ask(int, "totalSupply")

    def transfer(self, receiver: str, amount: int) -> Call:
        """Moves `amount` from the caller to `receiver`."""
        return self._encode("transfer", receiver, amount)

    def transferFrom(self, owner: str, receiver: str, amount: int) -> Call:
        """Moves `amount` from `owner` to `receiver`, out of the caller's allowance."""
        return self._encode("transferFrom", owner, receiver, amount)

    def transferWithAuthorization(
        self,
        *,
        owner: str,
        receiver: str,
        amount: int,
        validAfter: int,
        validBefore: int,
        nonce: bytes,
        v: int,
        r: bytes,
        s: bytes,
    ) -> Call:
        """ERC-3009: moves `owner`'s tokens by its signature, submitted by anybody."""
        return self._encode(
            "transferWithAuthorization",
            owner,
            receiver,
            amount,
            validAfter,
            validBefore,
            nonce,
            v,
            r,
            s,
        )
