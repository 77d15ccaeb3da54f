#!/bin/sh
# Installs the official MCP clients into DIR: node packages (with Node 24) and a
# Python environment. Quick when they are already there.
#   install.sh DIR    then: DIR/node DIR/ts_client.mjs …, DIR/venv/bin/python DIR/py_client.py …
set -eu

[ $# -eq 1 ] || { echo "usage: install.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
python_sdk="mcp==2.3.0"
stamp=$( (cat "$here/package.json"; echo "$python_sdk") | cksum)

for file in ts_client.mjs conformance.mjs inject_auth.mjs py_client.py; do
    cp "$here/$file" "$dir/$file"
done
[ "$(cat "$dir/.installed" 2>/dev/null || true)" != "$stamp" ] || exit 0

cp "$here/package.json" "$dir/package.json"
(cd "$dir" && npm install --no-audit --no-fund --no-package-lock --loglevel=error)
ln -sfn node_modules/.bin/node "$dir/node"
sh "$here/../venv.sh" "$dir/venv" "$python_sdk"
echo "$stamp" > "$dir/.installed"
