# shellcheck shell=bash
# Runs the chosen suites and keeps what they measured. Sourced by run_benchmarks.sh.

# `quick` is done within QUICK_MS, of which QUICK_RESERVE_MS are for starting programs and the report.
readonly QUICK_MS=60000 QUICK_RESERVE_MS=10000

# What a run as a whole ends with when its suites end differently, gravest first.
readonly PRECEDENCE=(130 2 4 3 1 5 0)

now_ms()
{
    local microseconds=${EPOCHREALTIME/[.,]/}
    printf '%s' $((microseconds / 1000))
}

seconds_of() # MS
{
    printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

# The graver of two exit statuses.
graver() # A B
{
    local status
    for status in "${PRECEDENCE[@]}"; do
        if [[ $1 -eq $status || $2 -eq $status ]]; then
            printf '%s' "$status"
            return
        fi
    done
}

meaning() # STATUS
{
    case $1 in
        0) echo "fine" ;;
        1) echo "a regression" ;;
        2) echo "refused its options" ;;
        3) echo "a benchmark failed" ;;
        4) echo "could not run here" ;;
        5) echo "inconclusive" ;;
        130) echo "interrupted" ;;
    esac
}

on_signal() # SIGNAL
{
    interrupted=true
    [[ -n $child ]] || exit 130
    # A Ctrl-C reaches the suite by itself; another signal was meant for this script alone.
    [[ $1 == INT ]] || kill -s "$1" "$child" 2>/dev/null || true
}

# Whether the suite is still there after two seconds.
outlives_grace()
{
    local i
    for ((i = 0; i < 20; i++)); do
        kill -0 "$child" 2>/dev/null || return 1
        sleep 0.1
    done
}

# Runs a program so that signals are acted on while it runs. Sets run_status.
run_program() # PROGRAM ARGUMENT...
{
    local asked=false
    # Background programs ignore SIGINT unless told otherwise.
    (
        trap - INT TERM HUP
        exec "$@"
    ) &
    child=$!
    while :; do
        run_status=0
        wait "$child" || run_status=$?
        kill -0 "$child" 2>/dev/null || break
        if $interrupted && ! $asked && outlives_grace; then
            kill -INT "$child" 2>/dev/null || true
        fi
        asked=$interrupted
    done
    child=''
}

run_suite() # NAME ARGUMENT...
{
    local suite=$1 stored
    shift
    if [[ ! -x $bin/$suite ]]; then
        complain "$suite: $bin/$suite is not there"
        run_status=4
        return
    fi
    stored=$([[ -z $saving ]] || stored_mark "$suite")
    run_program "$bin/$suite" --results-dir "$folder" "$@" "${passed[@]}"
    if $interrupted || [[ $run_status -eq 130 ]]; then
        interrupted=true
        run_status=130
    fi
    if [[ -n $saving && $(stored_mark "$suite") != "$stored" ]]; then
        to_keep+=("$suite")
    fi
    if [[ -z $(meaning "$run_status") ]]; then
        complain "$suite ended with status $run_status, which is none of its own: it crashed or was killed"
        run_status=3
    fi
}

make_run_folder()
{
    local commit=nogit name attempt
    # A copy inside somebody else's repository has no commit of its own.
    if [[ -z $(git rev-parse --show-prefix 2>&1) ]]; then
        commit=$(git rev-parse --short HEAD 2>/dev/null) || commit=nogit
    fi
    name=$(date -u +%Y%m%dT%H%M%SZ)-$commit
    mkdir -p results || die 4 "cannot make the folder results"
    folder=results/$name
    for ((attempt = 2; attempt < 100; attempt++)); do
        mkdir "$folder" 2>/dev/null && return
        folder=results/$name-$attempt
    done
    die 4 "cannot make the folder results/$name"
}

# Points results/latest at the run folder, at no moment at nothing.
mark_latest()
{
    local link=results/.latest.$$
    ln -s "${folder##*/}" "$link" && mv -T "$link" results/latest && return
    rm -f "$link"
    complain "results/latest could not be set to ${folder##*/}"
}

# Runs the chosen suites and ends the script. The arguments go to every suite; with quick=true each
# also gets its share of the time.
measure() # ARGUMENT...
{
    local began i now left=0 all_ms status=0 arguments results tally=''
    build
    began=$(now_ms)
    if $quick || [[ ${#passed[@]} -gt 0 ]]; then
        count_benchmarks "$@"
    fi
    for i in "${counts[@]}"; do
        left=$((left + i))
    done
    make_run_folder
    for i in "${!suites[@]}"; do
        arguments=("$@")
        if $quick; then
            now=$(now_ms)
            all_ms=$((QUICK_MS - QUICK_RESERVE_MS - (now - began)))
            arguments+=(--quick --time-budget "$(share_of "$all_ms" "${counts[i]}" "$left")")
            left=$((left - counts[i]))
        fi
        heading "[$((i + 1))/${#suites[@]}] ${suites[i]}"
        run_suite "${suites[i]}" "${arguments[@]}"
        [[ $run_status -eq 0 ]] || tally+="; ${suites[i]}: $(meaning "$run_status")"
        status=$(graver "$status" "$run_status")
        if [[ -n $history ]] && ! $interrupted; then
            show_history "${suites[i]}"
        fi
        $interrupted && break
    done
    keep_executables "${to_keep[@]}" || status=$(graver "$status" 4)
    results=("$folder"/*.json)
    if [[ ${#results[@]} -eq 0 ]]; then
        rmdir "$folder" 2>/dev/null || true
        [[ $status -eq 0 ]] || complain "no results were written${tally}"
        exit "$status"
    fi
    mark_latest
    if $interrupted; then
        complain "interrupted; what was measured is in $(shown "$folder")"
        exit 130
    fi
    printf '%s in %s s%s; results in %s\n' "$(count "${#suites[@]}" suite)" \
        "$(seconds_of $(($(now_ms) - began)))" "${tally:-, all fine}" "$(shown "$folder")"
    write_report "$folder" || status=$(graver "$status" 4)
    exit "$status"
}

# Seconds for `benchmarks` of the `left` ones that share what is left of the time; never less than half a second.
share_of() # LEFT_MS BENCHMARKS LEFT
{
    local share_ms=$(($1 * $2 / $3))
    ((share_ms >= 500)) || share_ms=500
    seconds_of "$share_ms"
}

# Writes the report of a run folder; its path is the last line on stdout. Sets report_path.
write_report() # FOLDER
{
    local python
    python=$(scripts/find-python.sh) || return 1
    if ! report_path=$("$python" reports/report.py "$1" | tail -n 1) || [[ ! -f $report_path ]]; then
        complain "the report could not be written; the results are in $(shown "$1")"
        return 1
    fi
    report_path=${report_path#"$root"/}
    printf '%s\n' "$(shown "$report_path")"
}
