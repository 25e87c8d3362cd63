# shellcheck shell=bash
# Which suites there are, how they are built and which of them are meant. Sourced by run_benchmarks.sh.

readonly CORE=(span_creation context_propagation batching serialization)
readonly PERFORMANCE=(memory_pools simd compression lock_contention network_io resilience)
readonly COMPREHENSIVE=(e2e production_mix)

# Where the suites are. The user's ASSAY_BIN_DIR is meant as seen from where the script was called.
bin=${ASSAY_BIN_DIR:-${BUILD:-build/${VARIANT:-release}}/bin}
if [[ -n ${ASSAY_BIN_DIR-} && $ASSAY_BIN_DIR != /* ]]; then
    bin=$caller/$ASSAY_BIN_DIR
fi

# Makes sure that the suites and the assay tool are there and up to date.

build()
{
    [[ -z ${ASSAY_BIN_DIR-} ]] || return 0
    scripts/setup.sh bench
    if ! MAKEFLAGS='' make --no-print-directory -j"$(nproc)" all >"$scratch/build" 2>&1; then
        cat "$scratch/build" >&2
        die 4 "the build failed; make's output is above"
    fi
}

# Sets suites to all there are: first those of the groups in their order, then others by name.
find_suites()
{
    local path name others found=' '
    suites=()
    if [[ -n ${ASSAY_BIN_DIR-} ]]; then
        [[ -d $bin ]] || die 4 "there is no folder '$bin' (ASSAY_BIN_DIR)"
        for path in "$bin"/*; do
            name=${path##*/}
            [[ -f $path && -x $path && $name != assay && $name != otlp-* ]] && found+="$name "
        done
    else
        for path in suites/*.c; do
            name=${path##*/}
            found+="${name%.c} "
        done
    fi
    for name in "${CORE[@]}" "${PERFORMANCE[@]}" "${COMPREHENSIVE[@]}"; do
        if [[ $found == *" $name "* ]]; then
            suites+=("$name")
            found=${found/" $name "/ }
        fi
    done
    read -r -a others <<<"$found"
    suites+=("${others[@]}")
    [[ ${#suites[@]} -gt 0 ]] || die 2 "there is no suite yet: a suite is one file, suites/NAME.c"
}

# Narrows suites down to those named, each of which must exist.
choose_suites() # NAME...
{
    local name chosen=()
    for name in "$@"; do
        [[ " ${suites[*]} " == *" $name "* ]] || die_unknown suite "$name" "${suites[@]}"
        [[ " ${chosen[*]} " == *" $name "* ]] || chosen+=("$name")
    done
    suites=("${chosen[@]}")
}

# Narrows suites down to those of a group that exist.
choose_group() # GROUP NAME...
{
    local group=$1 name chosen=()
    shift
    for name in "$@"; do
        [[ " ${suites[*]} " == *" $name "* ]] && chosen+=("$name")
    done
    [[ ${#chosen[@]} -gt 0 ]] || die 2 "no suite of the group '$group' exists yet ($*)"
    suites=("${chosen[@]}")
}

# Sets counts to the number of benchmarks that each suite would run with these arguments, and drops
# suites in which the filters after -- leave none.
count_benchmarks() # ARGUMENT...
{
    local suite ids complaint='' kept=() status word arguments=(--list --format terse "$@")
    counts=()
    for word in "${passed[@]}"; do
        case $word in
            --test | --dry-run | --doctor) ;; # other things to do than listing
            *) arguments+=("$word") ;;
        esac
    done
    for suite in "${suites[@]}"; do
        status=0
        ids=$("$bin/$suite" "${arguments[@]}" 2>"$scratch/list") || status=$?
        if [[ $status -eq 0 && -n $ids ]]; then
            kept+=("$suite")
            counts+=("$(grep -c . <<<"$ids")")
        elif [[ $status -eq 0 || $status -eq 2 ]]; then
            complaint=${complaint:-$(cat "$scratch/list")}
        else
            kept+=("$suite") # the run itself will say what is wrong
            counts+=(1)
        fi
    done
    if [[ ${#kept[@]} -eq 0 ]]; then
        [[ -z $complaint ]] || printf '%s\n' "$complaint" >&2
        die 2 "no suite has a benchmark to run${passed[*]:+ with: ${passed[*]}}"
    fi
    suites=("${kept[@]}")
}
