"""A key that merely lies beside a bundle can open it or not; it can never stop an audit."""

import shutil

from quorate.cli.application import run
from tests.scenarios.small import run_small


def test_audit__garbage_beside_the_bundle__named_passed_over_and_decided(tmp_path, capsys):
    home = tmp_path / "home"
    run_small(home, rounds=1)
    lone = tmp_path / "handed-over"
    lone.mkdir()
    shutil.copy(home / "evidence.zip", lone)
    (lone / "auditor.key").write_bytes(b"garbage")
    trust = str(home / "auditor" / "trust.json")
    key = str(home / "auditor" / "auditor.key")
    assert run(["audit", str(lone / "evidence.zip")]) == 2
    assert "passed over a key that lies beside" in capsys.readouterr().err
    assert run(["audit", str(lone), "--trust", trust]) == 0  # the trust file's folder has the key
    assert run(["audit", str(lone), "--trust", trust, "--key", key]) == 0
    assert run(["audit", str(lone), "--key", str(lone / "auditor.key")]) == 65
