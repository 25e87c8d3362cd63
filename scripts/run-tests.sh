#!/usr/bin/env bash
# The tests, for `make test`: unit tests as released, unit tests under the sanitizers, those of threads under
# ThreadSanitizer, then pytest.
#
#   scripts/run-tests.sh [unit|asan|tsan|pytest]... [-- PYTEST-ARGUMENT...]
#
# Builds first. Each program has a time limit. The last line says how many passed and failed over all;
# the exit status is 1 when one failed, when a program crashed or when there was no test at all.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly UNIT_SECONDS=120 PYTEST_SECONDS=480
release=${BUILD:-build/release}
asan=${BUILD:+$BUILD-asan}
asan=${asan:-build/asan}
tsan=${BUILD:+$BUILD-tsan}
tsan=${tsan:-build/tsan}

passed=0 failed=0 skipped=0
launcher=()
out=$(mktemp -d)
trap 'rm -rf -- "$out"' EXIT

# make VARIANT BUILD TARGET...
build()
{
    local variant=$1 folder=$2
    shift 2
    if ! VARIANT=$variant BUILD=$folder MAKEFLAGS='' make --no-print-directory -j"$(nproc)" "$@" >"$out/make" 2>&1; then
        cat "$out/make"
        printf '  FAIL  the %s build\n' "$variant"
        failed=$((failed + 1))
        return 1
    fi
}

# The number that stands before "test(s)" in one of cmocka's closing lines; 0 without such a line.
cmocka_count() # WORD FILE
{
    sed -n "s/^\[ *$1 *\] \([0-9]\{1,\}\) test(s).*/\1/p" "$2" | awk '{ sum += $1 } END { print sum + 0 }'
}

run_unit() # LABEL PROGRAM
{
    local label=$1 program=$2 status=0 good bad skips began=$SECONDS
    timeout --kill-after=5 "$UNIT_SECONDS" "${launcher[@]}" "$program" >"$out/unit" 2>&1 </dev/null || status=$?
    good=$(cmocka_count PASSED "$out/unit")
    bad=$(cmocka_count FAILED "$out/unit")
    skips=$(cmocka_count SKIPPED "$out/unit")
    if [[ $status -eq 0 && $good -eq 0 && $skips -eq 0 ]]; then
        echo "(it ended well but reported no test)" >>"$out/unit"
        bad=1
    elif [[ $status -ne 0 && $bad -eq 0 ]]; then
        echo "(exit status $status$([[ $status -eq 124 || $status -eq 137 ]] && echo ": over $UNIT_SECONDS s"))" >>"$out/unit"
        bad=1
    fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
    if [[ $bad -gt 0 ]]; then
        printf '  FAIL  %-40s %4d passed, %d failed\n' "$label" "$good" "$bad"
        grep -v '^\[ RUN \|^\[       OK ' "$out/unit" | tail -n 60 | sed 's/^/        /'
    else
        printf '  ok    %-40s %4d passed%s  %d s\n' "$label" "$good" \
            "$([[ $skips -eq 0 ]] || echo ", $skips skipped")" $((SECONDS - began))
    fi
}

run_units() # VARIANT BUILD
{
    local program sources=(tests/unit/test_*.c)
    [[ ${#sources[@]} -gt 0 ]] || return 0
    if [[ $1 == release ]]; then
        build release "$2" all tests probes || return 0
    else
        build "$1" "$2" tests || return 0
    fi
    for program in "${sources[@]}"; do
        program=${program##*/}
        run_unit "$1 ${program%.c}" "$2/tests/${program%.c}"
    done
}

# ThreadSanitizer maps fixed addresses; where the kernel draws others it is run without drawing.
choose_launcher() # PROGRAM
{
    timeout --kill-after=5 "$UNIT_SECONDS" "$1" >"$out/unit" 2>&1 </dev/null || true
    if grep -q 'unexpected memory mapping' "$out/unit"; then
        launcher=(setarch "$(uname -m)" -R)
    fi
}

# What threads share: the laps of the framework, and a program that measures on several threads. A race is
# reported, and ends the program or the benchmark's process with a status of its own.
run_tsan() # BUILD
{
    local name status=0 began
    local -a units=()
    for name in test_team test_team_laps test_bench test_bench_batches test_bench_says test_otlp_receiver \
        test_otlp_transport_http test_otlp_transport_grpc test_otlp_transport_faults \
        test_otlp_batch test_otlp_provider test_otlp_pipeline_threads; do
        [[ ! -f tests/unit/$name.c ]] || units+=("$name")
    done
    [[ ${#units[@]} -gt 0 ]] || return 0
    build tsan "$1" "${units[@]/#/$1/tests/}" "$1/probes/threads" || return 0
    choose_launcher "$1/tests/${units[0]}"
    for name in "${units[@]}"; do
        run_unit "tsan $name" "$1/tests/$name"
    done
    began=$SECONDS
    timeout --kill-after=5 "$UNIT_SECONDS" "${launcher[@]}" "$1/probes/threads" --warm-up-time 0.05 --measurement-time 0.1 \
        --nresamples 1000 --discard-baseline >"$out/unit" 2>&1 </dev/null || status=$?
    launcher=()
    if [[ $status -eq 0 ]] && ! grep -q 'WARNING: ThreadSanitizer' "$out/unit"; then
        passed=$((passed + 1))
        printf '  ok    %-40s %4d passed  %d s\n' "tsan threads" 1 $((SECONDS - began))
    else
        failed=$((failed + 1))
        printf '  FAIL  %-40s (exit status %d)\n' "tsan threads" "$status"
        tail -n 60 "$out/unit" | sed 's/^/        /'
    fi
}

# Sets counts to "passed failed skipped" of a JUnit file.
read_junit() # FILE
{
    counts=$("$python" - "$1" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

sums = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
for suite in tree.parse(sys.argv[1]).getroot().iter("testsuite"):
    for name in sums:
        sums[name] += int(suite.get(name, 0))
bad = sums["failures"] + sums["errors"]
print(sums["tests"] - bad - sums["skipped"], bad, sums["skipped"])
PYTHON
    )
}

run_pytest() # ARGUMENT...
{
    local status=0 good=0 bad=0 skips=0 began=$SECONDS counts
    build release "$release" all probes || return 0
    timeout --kill-after=10 "$PYTEST_SECONDS" "$python" -m pytest -q -rs -p no:cacheprovider -n "$workers" --dist loadfile \
        --junitxml="$out/pytest.xml" tests "$@" >"$out/pytest" 2>&1 </dev/null || status=$?
    if [[ $status -eq 5 ]]; then
        printf '  --    pytest: no test\n'
        return
    fi
    if [[ -s $out/pytest.xml ]] && read_junit "$out/pytest.xml"; then
        read -r good bad skips <<<"$counts"
    fi
    if [[ $status -ne 0 && $bad -eq 0 ]]; then
        echo "(exit status $status$([[ $status -eq 124 || $status -eq 137 ]] && echo ": over $PYTEST_SECONDS s"))" >>"$out/pytest"
        bad=1
    fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
    if [[ $bad -gt 0 ]]; then
        printf '  FAIL  %-40s %4d passed, %d failed\n' pytest "$good" "$bad"
        tail -n 200 "$out/pytest" | sed 's/^/        /'
    else
        printf '  ok    %-40s %4d passed%s  %d s\n' pytest "$good" \
            "$([[ $skips -eq 0 ]] || echo ", $skips skipped")" $((SECONDS - began))
        sed -n 's/^SKIPPED /        skipped /p' "$out/pytest"
    fi
}

parts=()
while [[ $# -gt 0 && $1 != -- ]]; do
    case $1 in
        unit | asan | tsan | pytest) parts+=("$1") ;;
        *)
            echo "run-tests: there is no part '$1'; there are: unit asan tsan pytest" >&2
            exit 2
            ;;
    esac
    shift
done
[[ $# -eq 0 ]] || shift
[[ ${#parts[@]} -gt 0 ]] || parts=(unit asan tsan pytest)

export ASAN_OPTIONS=${ASAN_OPTIONS-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1:halt_on_error=1}
python=$(scripts/find-python.sh pytest xdist jinja2 jsonschema google.protobuf numpy scipy)
workers=$(($(nproc) + 1)) # many tests wait for something
workers=$((workers > 4 ? 4 : workers)) # several browsers and comparisons at once need memory too
for part in "${parts[@]}"; do
    case $part in
        unit) run_units release "$release" ;;
        asan) run_units asan "$asan" ;;
        tsan) run_tsan "$tsan" ;;
        pytest) run_pytest "$@" ;;
    esac
done

if [[ $((passed + failed + skipped)) -eq 0 ]]; then
    echo "run-tests: there was no test to run" >&2
fi
printf '%d passed, %d failed%s\n' "$passed" "$failed" "$([[ $skipped -eq 0 ]] || echo ", $skipped skipped")"
[[ $failed -eq 0 && $passed -gt 0 ]]
