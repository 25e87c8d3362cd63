# shellcheck shell=bash
# Saved baselines: their numbers, which the suites store, and their executables, which are kept beside
# them. Sourced by run_benchmarks.sh.

need_baseline_name() # NAME
{
    is_baseline_name "$1" ||
        die 2 "'$1' cannot name a baseline: use up to 64 letters, digits, '.', '_' or '-', not starting with '.' or '-'"
}

is_baseline_name() # NAME
{
    local LC_ALL=C
    [[ $1 =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$ ]]
}

# Names of the saved baselines.
baseline_names()
{
    local folder
    for folder in baselines/*/; do
        folder=${folder%/}
        printf '%s\n' "${folder##*/}"
    done
}

# Takes a name and --suite.
parse_save_arguments() # ARGUMENT...
{
    local wanted=()
    name=
    while [[ $# -gt 0 ]]; do
        case $1 in
            --suite | --baseline)
                [[ $# -ge 2 ]] || die 2 "baseline save: $1 needs a name"
                if [[ $1 == --suite ]]; then
                    wanted+=("$2")
                else
                    set_name "$2"
                fi
                shift
                ;;
            --suite=*) wanted+=("${1#*=}") ;;
            --baseline=*) set_name "${1#*=}" ;;
            --*) die_unknown "option of baseline save" "$1" --suite --baseline ;;
            *) set_name "$1" ;;
        esac
        shift
    done
    [[ -n $name ]] || die 2 "baseline save needs the name of a baseline"
    [[ ${#wanted[@]} -eq 0 ]] || choose_suites "${wanted[@]}"
}

set_name() # NAME
{
    [[ -z $name ]] || die 2 "baseline save takes one baseline, not both '$name' and '$1'"
    need_baseline_name "$1"
    name=$1
}

baseline_command() # ARGUMENT...
{
    local action=${1-}
    [[ $# -gt 0 ]] || die 2 "baseline: save NAME, list or remove NAME?"
    shift
    case $action in
        save)
            find_suites
            parse_save_arguments "$@"
            saving=$name
            measure --save-baseline "$name"
            ;;
        list)
            [[ $# -eq 0 ]] || die 2 "baseline list takes no argument"
            build
            "$bin/assay" baseline list
            ;;
        remove)
            [[ $# -eq 1 ]] || die 2 "baseline remove takes the name of one baseline"
            need_baseline_name "$1"
            build
            "$bin/assay" baseline remove "$1"
            ;;
        *) die_unknown "action of baseline" "$action" save list remove ;;
    esac
}

# Changes whenever a suite stores numbers in the baseline: every new file has another inode.
stored_mark() # SUITE
{
    stat -c '%i %z' "baselines/$saving/$1.json" 2>/dev/null || true
}

# Copies the executables of these suites beside their numbers; all or, on a full disk, none.
keep_executables() # SUITE...
{
    local folder=baselines/$saving/bin suite fresh
    [[ $# -gt 0 ]] || return 0
    if ! mkdir -p "$folder" || ! fresh=$(mktemp -d "$folder/.new.XXXXXX"); then
        complain "cannot write to $folder; the executables were not kept"
        return 1
    fi
    litter+=("$fresh")
    for suite in "$@"; do
        if ! cp -L --preserve=mode "$bin/$suite" "$fresh/$suite"; then
            complain "the executables were not kept: baseline '$saving' has the numbers alone"
            rm -rf -- "$fresh"
            return 1
        fi
    done
    for suite in "$@"; do
        mv -T "$fresh/$suite" "$folder/$suite" || return 1
    done
    rm -rf -- "$fresh"
}

has_executables() # BASELINE
{
    local path
    for path in "baselines/$1/bin"/*; do
        [[ ! -f $path || ! -x $path ]] || return 0
    done
    return 1
}

# The commit whose suites a baseline keeps; nothing when they are of several. A "+" follows when there were
# changes that were not committed.
baseline_origin() # NAME
{
    local origins
    origins=$(sed -n 's/^  "commit": {"id": "\([0-9a-f]*\)", "dirty": \(true\|false\)},\{0,1\}$/\1 \2/p' \
        "baselines/$1"/*.json | sort -u)
    case $origins in
        '' | *$'\n'*) ;;
        *' true') printf '%s+' "${origins% *}" ;;
        *) printf '%s' "${origins% *}" ;;
    esac
}

# Prints the numbers that a baseline without executables has of a suite.
show_history() # SUITE
{
    printf '\nbaseline %s of %s: stored numbers, history only, no verdict\n' "$history" "$1"
    run_program "$bin/$1" --load-baseline "$history" --discard-baseline --quiet "${passed[@]}"
    printf '\n'
}
