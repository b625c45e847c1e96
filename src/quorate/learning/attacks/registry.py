"""The table of attacks."""

from quorate.core.errors import InternalError, TaskError
from quorate.learning.attacks.free_rider import FreeRider
from quorate.learning.attacks.interface import Attack
from quorate.learning.attacks.label_flip import LabelFlip
from quorate.learning.attacks.scaling import Scaling
from quorate.learning.attacks.sign_flip import SignFlip

_attacks: dict[str, Attack] = {}


def register(attack: Attack) -> None:
    """Adds ``attack`` under its name; a name that is taken raises `InternalError`."""
    if attack.name in _attacks:
        raise InternalError(f"could not register attack {attack.name}: the name is taken")
    _attacks[attack.name] = attack


def attack_names() -> tuple[str, ...]:
    """The names of all attacks, sorted."""
    return tuple(sorted(_attacks))


def attack_named(name: str) -> Attack:
    """The attack of that name; raises `TaskError` listing the known ones."""
    if name not in _attacks:
        raise TaskError(
            f"could not find attack {str(name)[:40]!r}",
            remedy=f"known are {', '.join(attack_names())}",
        )
    return _attacks[name]


for _attack in (FreeRider(), LabelFlip(), Scaling(), SignFlip()):
    register(_attack)
