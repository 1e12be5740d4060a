#!/bin/bash
# Compares our event counts by provider and opcode with those of dissect.etl, for the traces given (default: the
# real samples). Prints one line and ends well when the package cannot be had; fails when a count differs.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
venv=${POOLSCOPE_ETL_VENV:-/tmp/poolscope-etl-venv}
[ $# -gt 0 ] || set -- "${POOLSCOPE_SAMPLES:-../shared/samples}"/etl/*.etl
[ -f "$1" ] || { echo "skipped: no traces at $1"; exit 0; }
if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import dissect.etl' 2>/dev/null; then
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install -q dissect.etl==3.14; } >/dev/null 2>&1; then
        echo "skipped: dissect.etl cannot be installed here"
        exit 0
    fi
fi
ours=$(cargo run -q --release -p poolscope-formats --example etl_census -- "$@" | sort) || exit 1
theirs=$("$venv/bin/python" scripts/etl_second_reader.py "$@" | sort) || exit 1
if diff <(echo "$ours") <(echo "$theirs"); then
    echo "equal: $(echo "$ours" | awk -F'\t' '{ n += $4 } END { print n }') events of $# files, by provider and opcode"
else
    echo "the counts above differ (< ours, > dissect.etl)"
    exit 1
fi
