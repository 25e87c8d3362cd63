# shellcheck shell=bash
# instructions: counts under valgrind, of the working tree or of what changed since a baseline or a commit, by
# `assay instructions`. Sourced by run_benchmarks.sh; finds the other side as compare.sh does.

# What the arguments ask for.
comparing=false pattern='' counting=()

instructions_command() # [compare REF] [PATTERN] [OPTION...]
{
    find_suites
    if [[ ${1-} == compare ]]; then
        comparing=true
        shift
    fi
    parse_instructions_arguments "$@"
    if $comparing; then
        find_old_side die_without_executables
    else
        build
        old_bin=$bin sides=()
        name_working_tree "$(is_repository && echo true || echo false)"
    fi
    choose_sides
    run_instructions
}

die_without_executables()
{
    die 4 "the baseline '$ref' has no executables to count; give a git ref, or save the baseline again"
}

parse_instructions_arguments() # ARGUMENT...
{
    local option
    while [[ $# -gt 0 ]]; do
        case $1 in
            --all) counting+=("$1") ;;
            --suite | --gate | --time-budget | --baseline)
                [[ $# -ge 2 ]] || die 2 "instructions: $1 needs a value"
                set_instructions_option "$1" "$2"
                shift
                ;;
            --suite=* | --gate=* | --time-budget=* | --baseline=*)
                set_instructions_option "${1%%=*}" "${1#*=}"
                ;;
            -*) die_unknown "option of instructions" "$1" --suite --all --gate --time-budget --baseline ;;
            *) set_instructions_word "$1" ;;
        esac
        shift
    done
    if $comparing; then
        [[ -n $ref ]] || die 2 "instructions compare: with what? Give the name of a baseline, a branch, a tag or a commit"
    else
        for option in "${counting[@]}"; do
            [[ $option != --all && $option != --gate ]] || die 2 "instructions: $option needs compare REF"
        done
    fi
    [[ ${#chosen_suites[@]} -eq 0 ]] || choose_suites "${chosen_suites[@]}"
}

set_instructions_option() # OPTION VALUE
{
    [[ -n $2 ]] || die 2 "instructions: the value of $1 is empty"
    case $1 in
        --suite) chosen_suites+=("$2") ;;
        --gate | --time-budget) counting+=("$1" "$2") ;;
        --baseline)
            $comparing || die 2 "instructions: --baseline needs compare"
            need_baseline_name "$2"
            set_ref instructions "$2"
            only_baseline=true
            ;;
    esac
}

# The first word of a comparison is what to compare with, the next one a pattern.
set_instructions_word() # WORD
{
    if $comparing && [[ -z $ref ]]; then
        set_ref instructions "$1"
    elif [[ -z $pattern ]]; then
        pattern=$1
    else
        die 2 "instructions takes one pattern, not both '$pattern' and '$1'"
    fi
}

run_instructions()
{
    local options=("${sides[@]}" "${judging[@]}" "${counting[@]}") began
    began=$(now_ms)
    make_run_folder
    options+=(--out "$folder" --quiet)
    $comparing && options+=(--against "${operands[0]}")
    run_program "$bin/assay" instructions "${operands[1]}" ${pattern:+"$pattern"} "${options[@]}" "${passed[@]}"
    settle_status
    if [[ ! -f $folder/instructions.json ]]; then
        rmdir "$folder" 2>/dev/null || true
    else
        printf 'counted in %s s; results in %s/instructions.json\n' "$(seconds_of $(($(now_ms) - began)))" \
            "$(shown "$folder")"
    fi
    exit "$run_status"
}
