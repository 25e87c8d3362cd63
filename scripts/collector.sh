#!/usr/bin/env bash
# Builds a real OpenTelemetry Collector for the interoperability tests, and prints its path.
#
#   scripts/collector.sh [--check]
#
# By the Collector's own builder, from Go modules, as tests/interop/collector.yaml says; the result is
# kept in build/collector and made again only when that file changes. --check builds nothing: the path
# of one that was built before, or exit 4.
# Exit status: 0 it is there, 2 usage, 4 it cannot be built here, with one sentence why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly MANIFEST=tests/interop/collector.yaml
readonly FOLDER=build/collector

fail()
{
    echo "collector: $1" >&2
    exit "${2:-4}"
}

check=false
case $# in
    0) ;;
    1) [[ $1 == --check ]] || fail "unknown option '$1'; usage: scripts/collector.sh [--check]" 2
        check=true ;;
    *) fail "usage: scripts/collector.sh [--check]" 2 ;;
esac

# The builder's version is that of the Collector itself.
version=$(sed -n 's/^  version: //p' "$MANIFEST")
stamp=$(cksum <"$MANIFEST")

if [[ -x $FOLDER/otelcol && -r $FOLDER/stamp && $(<"$FOLDER/stamp") == "$stamp" ]]; then
    echo "$FOLDER/otelcol"
    exit 0
fi
[[ $check == false ]] || fail "no Collector was built yet; run scripts/collector.sh"
command -v go >/dev/null || fail "Go is not installed, and a Collector is built with it"

mkdir -p "$FOLDER"
log=$FOLDER/build.log
: >"$log"
echo "collector: building version $version (some minutes; $log)" >&2
root=$PWD
GOBIN=$root/$FOLDER/tools GOFLAGS=-mod=mod go install "go.opentelemetry.io/collector/cmd/builder@v$version" >>"$log" 2>&1 ||
    fail "the builder could not be fetched or compiled: $(tail -n 1 "$log")"
rm -rf "$FOLDER/source"
mkdir -p "$FOLDER/source"
cp "$MANIFEST" "$FOLDER/source/builder.yaml"
(cd "$FOLDER/source" && GOFLAGS=-buildvcs=false ../tools/builder --config builder.yaml) >>"$log" 2>&1 ||
    fail "the Collector could not be built: $(tail -n 1 "$log")"
mv "$FOLDER/source/otelcol" "$FOLDER/otelcol"
rm -rf "$FOLDER/source"
printf '%s\n' "$stamp" >"$FOLDER/stamp"
echo "$FOLDER/otelcol"
