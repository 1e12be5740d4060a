#!/usr/bin/env python3
"""Counts the events of ETL files by provider and opcode with dissect.etl, one line each:
file<TAB>provider<TAB>opcode<TAB>count, sorted. The second reader that the conformance test is pinned against.

    python3 -m venv /tmp/etl-venv && /tmp/etl-venv/bin/pip install dissect.etl==3.14
    /tmp/etl-venv/bin/python scripts/etl_second_reader.py FILE.etl...

scripts/etl-compare.sh runs it against `cargo run --example etl_census` and says when the package is not there.
"""

import collections
import os
import sys
from uuid import UUID

try:
    from dissect.etl.etl import ETL
except ImportError:
    sys.exit("dissect.etl is not installed: see the head of this script")


def name(header):
    """Provider and opcode. The package finds the records; where its own accessors differ from the published
    layouts (it swaps the first fields of manifest providers, and gives classic events no opcode) the header's
    bytes are read here."""
    kind = header._marker.header_type
    if kind in (10, 11, 20, 21):
        return str(UUID(bytes_le=bytes(header.data[0x18:0x28]))), header.data[4]
    if kind in (18, 19):
        return str(UUID(bytes_le=bytes(header.data[0x18:0x28]))), header.data[0x2D]
    if kind in (1, 2, 3, 4, 16, 17):
        return str(header.provider_id), header.opcode
    return str(UUID(int=0)), 0


def main(paths):
    for path in paths:
        counts = collections.Counter()
        with open(path, "rb") as file:
            for record in ETL(file):
                counts[name(record.header)] += 1
        for (provider, opcode), count in sorted(counts.items()):
            print(os.path.basename(path), provider, opcode, count, sep="\t")


main(sys.argv[1:])
