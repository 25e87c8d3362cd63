#!/usr/bin/env bash
# Runs fuzzers, for `make fuzz`.
#
#   scripts/fuzz.sh FOLDER [TARGET...]
#
# FOLDER holds the fuzzers (VARIANT=fuzz builds them); without a TARGET each is run. Each runs for FUZZ_SECONDS
# (60) from tests/fuzz/corpus/TARGET, which stays as it is: what is found new goes to FOLDER/corpus/TARGET, and an
# input that breaks something to FOLDER/broken-TARGET-*. FUZZ_MERGE=1 brings what reaches new code into the corpus
# of the tree instead. Exit status: 0 nothing found, 1 something broke, 2 usage.
set -euo pipefail

[[ $# -ge 1 && -d $1 ]] || {
    echo "usage: scripts/fuzz.sh FOLDER [TARGET...]" >&2
    exit 2
}
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${FUZZ_SECONDS:-60}
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
    for path in tests/fuzz/corpus/*/; do
        targets+=("$(basename "$path")")
    done
fi

broken=0
for target in "${targets[@]}"; do
    [[ -x $folder/$target && -d tests/fuzz/corpus/$target ]] || {
        echo "fuzz: there is no target '$target' in $folder" >&2
        exit 2
    }
    found=$folder/corpus/$target
    mkdir -p "$found"
    if [[ -n ${FUZZ_MERGE:-} ]]; then
        "$folder/$target" -merge=1 -max_len=4096 "tests/fuzz/corpus/$target" "$found" >"$folder/$target.log" 2>&1
    elif ! "$folder/$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="$folder/broken-$target-" "$found" "tests/fuzz/corpus/$target" >"$folder/$target.log" 2>&1; then
        broken=$((broken + 1))
        tail -n 40 "$folder/$target.log" >&2
    fi
    printf '%-12s %s runs, %s files in the corpus\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$target.log")" \
        "$(find "tests/fuzz/corpus/$target" -type f | wc -l)"
done
[[ $broken -eq 0 ]]
