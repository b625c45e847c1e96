#!/usr/bin/env bash
# Installs this checkout with the extras named in $1 (`learn` or `learn,dev`) into .venv, pinned.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
extras=$1

# The EVM engine has wheels for 3.11 and 3.12 only; on others it would need a Rust toolchain.
find_python() {
  local name
  for name in ${PYTHON:-} python3.11 python3.12 python3 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  echo "could not find Python 3.11 or 3.12 as python3.11, python3.12, python3 or python; install one, or name it: PYTHON=/path/to/python make ..." >&2
  exit 69
}

# A .venv whose Python has gone, or that was interrupted half way, is made anew.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  echo "making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv || {
    echo "could not make .venv: $python has no venv module; on Debian and Ubuntu install python3-venv" >&2
    exit 69
  }
fi

pip=(.venv/bin/python -m pip --disable-pip-version-check install --quiet
  --only-binary :all: --constraint constraints.txt)
echo "installing quorate[$extras] into .venv as pinned in constraints.txt"
# The build backend is pinned too: it is installed first, and pip is told not to fetch another.
"${pip[@]}" setuptools
"${pip[@]}" --no-build-isolation --editable ".[$extras]"
