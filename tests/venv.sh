#!/bin/sh
# Makes a Python environment with the named packages. Quick when it is there.
#   venv.sh DIR PACKAGE...    then: DIR/bin/python …
set -eu

[ $# -ge 2 ] || { echo "usage: venv.sh DIR PACKAGE..." >&2; exit 2; }
dir=$1
shift
[ "$(cat "$dir/.installed" 2>/dev/null || true)" != "$*" ] || exit 0

[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check "$@"
echo "$*" > "$dir/.installed"
