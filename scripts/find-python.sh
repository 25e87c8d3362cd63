#!/usr/bin/env bash
# Prints the Python 3 to run the project's tools with: one that can import the modules named, or jinja2.
#
#   scripts/find-python.sh [MODULE...]
#
# python3 on PATH is preferred; the system's own is next. Exit status 4 when neither will do.
set -euo pipefail

[[ $# -gt 0 ]] || set -- jinja2
modules=$(printf '%s, ' "$@")
modules=${modules%, }

for python in python3 /usr/bin/python3; do
    path=$(command -v "$python") || continue
    if "$path" -c "import $modules" >/dev/null 2>&1; then
        printf '%s\n' "$path"
        exit 0
    fi
done
echo "find-python: no python3 can import $modules; run 'scripts/setup.sh test', or install what is" \
    "missing for the python3 on PATH" >&2
exit 4
