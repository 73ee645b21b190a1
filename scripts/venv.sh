#!/bin/sh
# Makes .venv and installs what $1 (a requirements file) lists; does nothing when that is done already.
# Whatever can be missing on a fresh machine is said in one line that tells what to do.
set -u
cd "$(dirname "$0")/.." || exit 1
requirements=$1
python=${PYTHON:-python3}
say() { printf 'OA Desk: %s\n' "$1" >&2; exit 1; }

command -v "$python" >/dev/null 2>&1 || say "Python is missing. Install it with: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || say "Python 3.11 or newer is needed; $python is older. Name another one with PYTHON=..."

stamp=".venv/.installed-$(cat requirements.txt "$requirements" | cksum | cut -d' ' -f1)"
[ -f "$stamp" ] && exit 0

if [ ! -x .venv/bin/python ]; then
  "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || say "Python's venv module is missing. Install it with: apt-get install python3-venv"
  "$python" -m venv .venv >/dev/null 2>&1 || say "cannot make .venv here: is the folder writable, and the disk not full?"
fi
printf 'OA Desk: installing packages into .venv (once, about a minute)\n' >&2
.venv/bin/python -m pip install --disable-pip-version-check --no-input --retries 1 --timeout 15 -r "$requirements" >.venv/install.log 2>&1 \
  || say "the packages could not be installed. Is a Python package index reachable? Details: .venv/install.log"
touch "$stamp"
