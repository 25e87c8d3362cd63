#!/usr/bin/env bash
# Interoperability with programs that are not ours, for `make interop`: curl, nghttp and h2load,
# OpenTelemetry's JavaScript exporters, @grpc/grpc-js as a server, and a real OpenTelemetry Collector.
#
#   scripts/run-interop.sh [PYTEST-ARGUMENT...]
#
# Builds, sets the peers up (npm ci in tests/interop/js, scripts/collector.sh), then runs the tests of
# tests/interop. A peer that cannot be had is told with its reason, and its tests are skipped; with
# INTEROP_REQUIRED=1 they fail. Exit status: 0 all is well, 1 not, 4 what the tests need is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TEST_SECONDS=600 COLLECTOR_SECONDS=1800 NPM_SECONDS=300 NODE_MAJOR_MIN=20
readonly JS=tests/interop/js OUT=build/interop

without()
{
    printf 'interop: WITHOUT %s: %s\n' "$1" "$2" >&2
}

# Sets NODE, or NO_NODE.
find_node()
{
    local major
    NODE='' NO_NODE=''
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        NO_NODE='Node.js with npm is not installed'
        return
    fi
    major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
    if [[ $major -lt $NODE_MAJOR_MIN ]]; then
        NO_NODE="Node.js $major is older than $NODE_MAJOR_MIN, which the packages need"
    elif [[ $JS/node_modules/.package-lock.json -nt $JS/package-lock.json && $JS/node_modules/.package-lock.json -nt $JS/package.json ]] ||
        (cd "$JS" && timeout "$NPM_SECONDS" npm ci --ignore-scripts --no-audit --no-fund >"$root/$OUT/npm.log" 2>&1 </dev/null); then
        NODE=$(command -v node)
    else
        NO_NODE="npm ci failed: $(grep -v '^$' "$OUT/npm.log" | head -n 1) ($OUT/npm.log)"
    fi
}

# Sets OTELCOL, or NO_OTELCOL.
find_collector()
{
    OTELCOL='' NO_OTELCOL=''
    if OTELCOL=$(timeout "$COLLECTOR_SECONDS" scripts/collector.sh 2> >(tee "$OUT/collector.log" >&2) </dev/null); then
        OTELCOL=$root/$OTELCOL
    else
        OTELCOL=''
        NO_OTELCOL=$(tail -n 1 "$OUT/collector.log")
        NO_OTELCOL=${NO_OTELCOL:-scripts/collector.sh took longer than $COLLECTOR_SECONDS s}
    fi
}

root=$PWD
export BUILD=${BUILD:-build/release}
mkdir -p "$OUT"
python=$(scripts/find-python.sh pytest xdist google.protobuf)
MAKEFLAGS='' make -s --no-print-directory -j"$(nproc)" BUILD="$BUILD" "$BUILD/bin/otlp-receiver" "$BUILD"/probes/interop_{send,record}

find_node
[[ -z $NO_NODE ]] || without "OpenTelemetry's JavaScript exporters and grpc-js" "$NO_NODE"
find_collector
[[ -z $NO_OTELCOL ]] || without 'an OpenTelemetry Collector' "$NO_OTELCOL"
export NODE NO_NODE OTELCOL NO_OTELCOL

workers=$(nproc)
status=0
timeout --kill-after=10 "$TEST_SECONDS" "$python" -m pytest -q -rs -p no:cacheprovider -n "$((workers > 4 ? 4 : workers))" \
    --dist loadfile -o python_files='interop_*.py' tests/interop "$@" </dev/null || status=$?
if [[ $status -eq 124 || $status -eq 137 ]]; then
    echo "interop: over $TEST_SECONDS s" >&2
fi
[[ $status -eq 0 ]] || exit 1
