#!/bin/bash
# Installs the Debian packages named, if they are not there: waits for apt's lock, asks nothing, tries three times.
set -euo pipefail

missing=()
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

export DEBIAN_FRONTEND=noninteractive
options=(-y -qq --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
for attempt in 1 2 3; do
    # The lists of a fresh machine are empty, and those of an old one may name packages that are gone.
    if apt-get update -qq -o DPkg::Lock::Timeout=600 && apt-get install "${options[@]}" "${missing[@]}"; then
        exit 0
    fi
    echo "apt-install: attempt $attempt failed: ${missing[*]}" >&2
    sleep $((attempt * 10))
done
exit 1
