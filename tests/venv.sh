#!/bin/sh
# Makes a Python environment with the named packages. Quick when it is there.
#   venv.sh DIR PACKAGE...    then: DIR/bin/python …
set -eu

[ $# -ge 2 ] || { echo "usage: venv.sh DIR PACKAGE..." >&2; exit 2; }
dir=$1
shift
[ "$(cat "$dir/.installed" 2>/dev/null || true)" != "$*" ] || exit 0

# One that was left half made has a python and no pip: it is made anew.
"$dir/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
echo "$*" > "$dir/.installed"
