"""Our own vectors: what was once given out verifies for good."""

import json
from pathlib import Path

import pytest

from quorate.core.errors import VerificationError
from quorate.core.keys import PublicKey
from quorate.log.checkpoint import LogIdentity, WitnessIdentity
from quorate.log.verify import verify_receipt

VECTORS = Path(__file__).parents[2] / "vectors" / "log"


def test_receipt__given_out_long_ago__verifies():
    trusted = json.loads((VECTORS / "trusted.json").read_text("utf-8"))
    log = LogIdentity(trusted["log"]["origin"], *map(PublicKey.parse, trusted["log"]["keys"]))
    witnesses = [
        WitnessIdentity(w["name"], PublicKey.parse(w["key"])) for w in trusted["witnesses"]
    ]
    text = (VECTORS / "leaf-3.tlog-proof").read_text("utf-8")
    verified = verify_receipt(text, (VECTORS / "leaf-3").read_bytes(), log, witnesses, 2)
    assert (verified.index, verified.checkpoint.size) == (3, 301)
    with pytest.raises(VerificationError):
        verify_receipt(text, b"another leaf", log, witnesses, 2)
