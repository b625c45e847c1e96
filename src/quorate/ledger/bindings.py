"""The suite's contracts as typed Python: ``Rounds(ledger, address).open(task)`` is a `Call`.

The faces themselves are written from the ABIs (`quorate.ledger.faces`) and cannot drift from the
artifacts: a test writes them again and compares.
"""

from quorate.ledger.faces.anchor import Anchor
from quorate.ledger.faces.appeals import Appeals
from quorate.ledger.faces.assets import Assets
from quorate.ledger.faces.council import Council
from quorate.ledger.faces.gates import Gates
from quorate.ledger.faces.governor import Governor
from quorate.ledger.faces.grants import Grants
from quorate.ledger.faces.members import Members
from quorate.ledger.faces.rounds import Rounds
from quorate.ledger.faces.stakes import Stakes
from quorate.ledger.faces.tasks import Tasks
from quorate.ledger.faces.timelock import Timelock
from quorate.ledger.faces.token import Token

__all__ = [
    "Anchor",
    "Appeals",
    "Assets",
    "Council",
    "Gates",
    "Governor",
    "Grants",
    "Members",
    "Rounds",
    "Stakes",
    "Tasks",
    "Timelock",
    "Token",
]
