"""Gates over stand-ins of Members, Assets and Council; Timelock is an account."""

from typing import Any

from tests.contracts.pair import DAY, MEMBER, VALIDATOR, Done, Pair, account, word
from tests.contracts.stubs.d_stubs import AssetsStub, CouncilStub, MembersStub
from tests.twins.gates import Gates

OWNER, STRANGER, TIMELOCK = (account(name) for name in ("owner", "stranger", "timelock"))
VALIDATORS = [account(f"validator{i}") for i in range(4)]
BIAS, SAFETY = word("bias was measured"), word("safety was reviewed")
MODEL = 7  # the asset's number; its class is 2
WEEK = 7 * DAY


class GatesPair(Pair):
    """One model of OWNER with two versions; two validators must say SAFETY within a week."""

    def __init__(self) -> None:
        super().__init__()
        self.members, self.assets, self.council = MembersStub(self), AssetsStub(self), None
        self.council = CouncilStub(self)
        self.members.put(OWNER, MEMBER | VALIDATOR)
        for who in VALIDATORS:
            self.members.put(who, VALIDATOR)
        self.assets.put(MODEL, OWNER)
        for version in (1, 2):
            self.assets.add_version(MODEL, digest(version))
        contracts = [self.members.address, self.assets.address, TIMELOCK, self.council.address]
        self.add("Gates", Gates, *contracts)

    def act(self, sender: str, function: str, *arguments: Any) -> Done:
        return self.send(sender, "Gates", function, *arguments)

    def ask(self, function: str, *arguments: Any) -> Any:
        return self.view("Gates", function, *arguments)

    def rule(self, kind: bytes = SAFETY, role: int = VALIDATOR, least: int = 2) -> None:
        self.act(TIMELOCK, "set_rule", 2, kind, role, least, WEEK)

    def attest(self, who: str, version: int = 1, kind: bytes = SAFETY, expires: int = 0) -> bytes:
        arguments = (kind, MODEL, digest(version), expires, word("evidence"))
        return self.act(who, "attest", *arguments).value

    def approve(self, *versions: int) -> None:
        """What the one rule asks for."""
        for version in versions:
            for who in VALIDATORS[:2]:
                self.attest(who, version)

    def deploy(self, *versions: int) -> None:
        self.approve(*versions)
        for version in versions:
            self.act(OWNER, "deploy", MODEL, version)

    def check(self, version: int = 1) -> str:
        """Why the version may not be deployed; nothing when it may."""
        good, reason = self.ask("check", MODEL, version)
        assert good == (reason == "")
        return reason


def digest(version: int) -> bytes:
    return word(f"model, version {version}")
