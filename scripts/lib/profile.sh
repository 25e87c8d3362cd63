# shellcheck shell=bash
# profile: one benchmark under perf or, where perf cannot be used, under valgrind; what they saw becomes a
# flame graph. PERF_PARANOID in the environment names a file to read in place of
# /proc/sys/kernel/perf_event_paranoid. Sourced by run_benchmarks.sh.

# perf takes about this many samples at most, each with a copy of so much of the stack: 80 MB in all.
# Frame pointers would need less, but the suites are built as they are measured, without them.
readonly PROFILE_SAMPLES=5000 PROFILE_HERTZ_MAX=997 PROFILE_STACK_BYTES=16384
readonly PROFILE_SECONDS=3 PROFILE_SECONDS_MAX=600
# What a stack may hold, and how long a trial, the run beyond its seconds and the reading may take.
readonly PROFILE_CALLERS=64 PROFILE_TRIAL_S=20 PROFILE_EXTRA_S=300 PROFILE_READ_S=120

profile_command() # ARGUMENT...
{
    parse_profile_arguments "$@"
    find_suites
    build
    find_benchmark
    python=$(scripts/find-python.sh sys) || exit 4
    choose_profiler
    if [[ $profiler == perf ]]; then
        profile_with_perf
    else
        profile_with_valgrind
    fi
    draw_profile
}

parse_profile_arguments() # ARGUMENT...
{
    profiled='' profile_s=$PROFILE_SECONDS profiler='' picture=''
    while [[ $# -gt 0 ]]; do
        case $1 in
            --seconds | --with | --out)
                [[ $# -ge 2 ]] || die 2 "profile: $1 needs a value"
                set_profile_option "$1" "$2"
                shift
                ;;
            --seconds=* | --with=* | --out=*) set_profile_option "${1%%=*}" "${1#*=}" ;;
            -*) die_unknown "option of profile" "$1" --seconds --with --out ;;
            *)
                [[ -z $profiled ]] || die 2 "profile takes one benchmark, not both '$profiled' and '$1'"
                profiled=$1
                ;;
        esac
        shift
    done
    [[ -n $profiled ]] || die 2 "profile: which benchmark? ./run_benchmarks.sh list shows their ids"
}

set_profile_option() # OPTION VALUE
{
    case $1 in
        --seconds)
            if ! [[ $2 =~ ^[0-9]{1,3}(\.[0-9]{1,3})?$ ]] ||
                (($(thousandths "$2") < 100 || $(thousandths "$2") > PROFILE_SECONDS_MAX * 1000)); then
                die 2 "profile: --seconds takes a number from 0.1 to $PROFILE_SECONDS_MAX, not '$2'"
            fi
            profile_s=$2
            ;;
        --with)
            [[ $2 == perf || $2 == valgrind ]] || die_unknown profiler "$2" perf valgrind
            profiler=$2
            ;;
        --out)
            [[ $2 == ?*.svg && $2 != */.svg ]] || die 2 "profile: --out takes the name of an .svg file, not '$2'"
            picture=$(from_caller "$2")
            ;;
    esac
}

# A plain decimal as a number of thousandths.
thousandths() # NUMBER
{
    local fraction=000
    [[ $1 != *.* ]] || fraction=${1#*.}000
    printf '%d' "$((10#${1%.*} * 1000 + 10#${fraction:0:3}))"
}

# Makes sure that the id is one benchmark's, and sets profiled_suite.
find_benchmark()
{
    local listed='' suite status=0 near known=()
    profiled_suite=${profiled%%/*}
    if [[ $profiled == */* && " ${suites[*]} " == *" $profiled_suite "* ]]; then
        listed=$("$bin/$profiled_suite" --list --format terse --exact "$profiled" "${passed[@]}" 2>"$scratch/list") ||
            status=$?
        if [[ $status -ne 0 ]]; then
            cat "$scratch/list" >&2
            exit "$status"
        fi
        [[ $listed == "$profiled" ]] ||
            die 2 "profile takes one benchmark; with what follows -- there are: ${listed//$'\n'/ }"
        return
    fi
    for suite in "${suites[@]}"; do
        listed+=$("$bin/$suite" --list --format terse 2>/dev/null)$'\n' || true
    done
    mapfile -t known <<<"$listed"
    near=$(nearest "$profiled" "${known[@]}")
    die 2 "there is no benchmark '$profiled'${near:+; did you mean "'$near'?"} (./run_benchmarks.sh list shows all)"
}

# Sets profiler to one that works here, unless the user has chosen: then to that or to none.
choose_profiler()
{
    local candidate candidates=(perf valgrind) reasons=()
    [[ -z $profiler ]] || candidates=("$profiler")
    for candidate in "${candidates[@]}"; do
        profiler=$candidate
        "try_$candidate"
        if [[ -z $why_not ]]; then
            [[ ${#reasons[@]} -eq 0 ]] || complain "${reasons[0]} Valgrind is taken."
            return
        fi
        reasons+=("$why_not.")
    done
    for why_not in "${reasons[@]}"; do
        complain "$why_not"
    done
    exit 4
}

# Runs a program for at most so long, without its output; what it complains of is in $scratch/trial.
try_program() # PROGRAM ARGUMENT...
{
    run_program timeout --foreground --kill-after=5 "$PROFILE_TRIAL_S" "$@" >"$scratch/trial.out" 2>"$scratch/trial" </dev/null
    stop_when_interrupted
    [[ $run_status -ne 0 ]] || return 0
    need_room
    return 1
}

# On a full disk the complaints of programs are lost with the rest.
need_room()
{
    local page
    printf -v page '%4096s' ''
    printf '%s' "$page" 2>/dev/null >"$scratch/room" ||
        die 4 "there is no room in ${TMPDIR:-/tmp}, where a profile needs up to 100 MB for a while"
}

stop_when_interrupted()
{
    if $interrupted; then
        complain "interrupted; nothing was written"
        exit 130
    fi
}

# Sets why_not to the reason why perf cannot be used, or to nothing; sets event to what it counts. A
# processor whose counters are not to be had (a virtual machine) leaves the clock.
try_perf()
{
    local names
    why_not=''
    if ! command -v perf >/dev/null; then
        why_not="perf is not installed: install linux-perf (Debian) or linux-tools-generic (Ubuntu)"
        return
    fi
    for event in cycles cpu-clock; do
        # shellcheck disable=SC2016  # the inner shell is to count
        if try_program perf record -e "$event" -g -o "$scratch/trial.data" -- \
            bash -c 'for ((i = 0; i < 100000; i++)); do :; done' &&
            try_program perf script -i "$scratch/trial.data" -F ip && [[ -s $scratch/trial.out ]]; then
            if try_program perf evlist -i "$scratch/trial.data"; then
                names=$(<"$scratch/trial.out")
                event=${names%%[:$'\n']*} # cycles may have turned into cpu-clock by itself
            fi
            return
        fi
    done
    why_not=$(why_not_perf "$run_status")
}

why_not_perf() # STATUS
{
    local paranoid said
    paranoid=$(cat "${PERF_PARANOID:-/proc/sys/kernel/perf_event_paranoid}" 2>/dev/null) || paranoid=unknown
    said=$(grep -v '^ *$' "$scratch/trial" | grep -v -i '^error:\{0,1\}$' | head -n 1 | tr -d '\r' | cut -c 1-200) || said=''
    if grep -q -i 'not found for kernel\|is not installed' "$scratch/trial"; then
        echo "perf is not there for this kernel ($(uname -r)): install linux-perf (Debian) or linux-tools-$(uname -r) (Ubuntu)"
    elif grep -q -i 'perf_event_paranoid\|access to performance monitoring' "$scratch/trial"; then
        echo "perf is forbidden here (kernel.perf_event_paranoid is $paranoid): run 'sysctl kernel.perf_event_paranoid=1' as root"
    elif grep -q -i 'operation not permitted\|permission denied\|function not implemented\|no permission' "$scratch/trial"; then
        echo "perf is refused by the kernel or by a filter of this container (seccomp): allow perf_event_open, for example with --cap-add=PERFMON"
    elif [[ $1 -eq 0 ]]; then
        echo "perf runs here but takes no sample"
    elif [[ $1 -eq 124 || $1 -eq 137 ]]; then
        echo "perf did not end a trial of less than a second within $PROFILE_TRIAL_S s"
    else
        echo "perf does not work here (exit status $1)${said:+: ${said%.}}"
    fi
}

try_valgrind()
{
    local said
    why_not=''
    if ! command -v valgrind >/dev/null; then
        why_not="valgrind is not installed: install valgrind"
        return
    fi
    try_program valgrind --tool=callgrind --callgrind-out-file="$scratch/trial.data" true && return
    said=$(sed 's/^\(==[0-9]*== *\)\{1,\}//' "$scratch/trial" | grep -i 'fatal\|fail\|cannot\|error' | head -n 1 | cut -c 1-200) || said=''
    why_not="valgrind does not work here (exit status $run_status)${said:+: ${said%.}}"
}

# Runs the suite under a profiler. Its lines are kept: they say when the laps were run.
run_profiled() # PROFILER ARGUMENT...
{
    local said
    run_program timeout --foreground --kill-after=10 "$((10#${profile_s%.*} + PROFILE_EXTRA_S))" "$@" \
        "$bin/$profiled_suite" --exact "$profiled" --profile-time "$profile_s" --verbose "${more[@]}" "${passed[@]}" \
        >"$scratch/profile.out" 2>"$scratch/profile.err" </dev/null
    [[ $run_status -ne 130 ]] || interrupted=true
    stop_when_interrupted
    if [[ $run_status -eq 0 ]] && grep -q -F "profile $profiled ... ok" "$scratch/profile.out"; then
        return
    fi
    need_room
    said=" and said nothing"
    if grep -v '^\[ perf record:' "$scratch/profile.err" >&2; then
        said="; what it said is above"
    fi
    grep -F "profile $profiled ... " "$scratch/profile.out" >&2 || true
    case $run_status in
        0) die 4 "$profiled was not run, so there is nothing to show" ;;
        2 | 3) die "$run_status" "$profiled under $1: $(meaning "$run_status")" ;;
        124 | 137) die 4 "$profiled under $1 did not end within $((10#${profile_s%.*} + PROFILE_EXTRA_S)) s" ;;
        *) die 4 "$profiled under $1 ended with status $run_status$said" ;;
    esac
}

profile_with_perf()
{
    local hertz more=()
    hertz=$((PROFILE_SAMPLES * 1000 / $(thousandths "$profile_s")))
    ((hertz <= PROFILE_HERTZ_MAX)) || hertz=$PROFILE_HERTZ_MAX
    run_profiled perf record -k CLOCK_MONOTONIC -e "$event" -F "$hertz" \
        --call-graph "dwarf,$PROFILE_STACK_BYTES" -o "$scratch/perf.data" --
    read_samples || read_samples --no-inline ||
        die 4 "perf cannot read what it recorded; what it said is above"
    profile_files=("$scratch/samples")
    profile_options=(--event "$event")
    add_window
}

# Looking up inlined functions can take perf very long.
read_samples() # OPTION...
{
    run_program timeout --foreground --kill-after=10 "$PROFILE_READ_S" perf script -i "$scratch/perf.data" \
        -F comm,tid,time,ip,sym,dso "$@" >"$scratch/samples" 2>"$scratch/script.err" </dev/null
    stop_when_interrupted
    [[ $run_status -ne 0 ]] || return 0
    need_room
    cat "$scratch/script.err" >&2
    return 1
}

# Samples of before the first lap and after the last one are of setup and teardown.
add_window()
{
    local times
    times=$(sed -n 's/^ *laps from \([0-9.]*\) s to \([0-9.]*\) s of CLOCK_MONOTONIC$/\1 \2/p' "$scratch/profile.out")
    if [[ -n $times && $times != *$'\n'* ]]; then
        profile_options+=(--start "${times% *}" --end "${times#* }")
    fi
}

# callgrind counts from the first lap on and writes what it has at the end of the last; a file .1 has that.
profile_with_valgrind()
{
    local more=(--max-time "$PROFILE_EXTRA_S")
    run_profiled valgrind -q --tool=callgrind --trace-children=yes --callgrind-out-file="$scratch/callgrind.%p" \
        --separate-callers="$PROFILE_CALLERS" --separate-recs=1 \
        --zero-before='laps_begin*' --dump-before='laps_end*'
    profile_files=("$scratch"/callgrind.*.1)
    [[ ${#profile_files[@]} -gt 0 ]] || profile_files=("$scratch"/callgrind.*)
    [[ ${#profile_files[@]} -gt 0 ]] || die 4 "valgrind ended well but left no profile"
    profile_options=(--callers "$PROFILE_CALLERS")
}

draw_profile()
{
    local tool=callgrind seen
    [[ $profiler != perf ]] || tool=perf
    : "${picture:=reports/profiles/$(file_name_of "$profiled").svg}"
    run_program "$python" reports/flame.py "$tool" "${profile_files[@]}" "${profile_options[@]}" --id "$profiled" \
        --program "$bin/$profiled_suite" --seconds "$profile_s" --commit "$(profiled_commit)" --out "$picture" \
        >"$scratch/flame"
    if $interrupted || [[ $run_status -eq 130 ]]; then
        exit 130
    fi
    [[ $run_status -eq 0 ]] || exit 4
    seen=$(<"$scratch/flame")
    printf '%s: %s by %s; stacks in %s\n%s\n' "$profiled" "$seen" "$profiler" \
        "$(shown "${picture%.svg}.folded")" "$(shown "$picture")"
}

# A name for an id that is safe in paths, readable, and no other id's.
file_name_of() # ID
{
    local LC_ALL=C name=${1//\//.}
    if [[ $1 =~ ^[A-Za-z0-9_:/-]{1,120}$ ]]; then
        printf '%s' "${name//:/=}"
    else
        printf '%s-%s' "$(tr -c 'A-Za-z0-9_-' '-' <<<"${name:0:80}" | sed 's/-*$//')" "$(sha256sum <<<"$1" | cut -c 1-10)"
    fi
}

profiled_commit()
{
    local commit
    if ! is_repository || ! commit=$(git rev-parse --short HEAD 2>/dev/null); then
        echo "unknown"
    elif [[ -n $(git --no-optional-locks status --porcelain --untracked-files=no) ]]; then
        echo "$commit, with changes"
    else
        echo "$commit"
    fi
}
