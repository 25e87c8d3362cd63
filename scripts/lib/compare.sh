# shellcheck shell=bash
# compare and ci: old executables, of a saved baseline or of a commit, against those of the working tree,
# by `assay compare`. Sourced by run_benchmarks.sh.

readonly CI_BUDGET_S=600

# What the arguments ask for.
ref='' layouts='' time_budget='' markdown='' junit='' with_report=true
only_baseline=false
chosen_suites=() judging=() # options that go to assay as they are

compare_meaning() # STATUS
{
    case $1 in
        0) echo "no regression was confirmed" ;;
        1) echo "a regression was confirmed" ;;
        2) echo "an argument is wrong" ;;
        3) echo "a benchmark failed" ;;
        4) echo "nothing could be compared" ;;
        5) echo "inconclusive where a verdict was demanded, or not to be trusted" ;;
        130) echo "interrupted" ;;
    esac
}

compare_command() # ARGUMENT...
{
    find_suites
    parse_compare_arguments compare "$@"
    compare
}

ci_command() # ARGUMENT...
{
    closing_line=true
    find_suites
    parse_compare_arguments ci "$@"
    in_ci=true
    : "${time_budget:=$CI_BUDGET_S}"
    compare
}

parse_compare_arguments() # COMMAND ARGUMENT...
{
    local command=$1
    shift
    while [[ $# -gt 0 ]]; do
        case $1 in
            --skip-identical | --require-verdict | --count-instructions) judging+=("$1") ;;
            --no-report) with_report=false ;;
            --suite | --baseline | --time-budget | --layouts | --markdown | --junit | --max-inconclusive | --gate | --counters)
                [[ $# -ge 2 ]] || die 2 "$command: $1 needs a value"
                set_compare_option "$command" "$1" "$2"
                shift
                ;;
            --suite=* | --baseline=* | --time-budget=* | --layouts=* | --markdown=* | --junit=* | --max-inconclusive=* | --gate=* | --counters=*)
                set_compare_option "$command" "${1%%=*}" "${1#*=}"
                ;;
            -*)
                die_unknown "option of $command" "$1" --suite --baseline --time-budget --layouts \
                    --skip-identical --require-verdict --max-inconclusive --count-instructions --counters --gate --markdown \
                    --junit --no-report
                ;;
            *) set_ref "$command" "$1" ;;
        esac
        shift
    done
    [[ -n $ref ]] || die 2 "$command: with what? Give the name of a baseline, a branch, a tag or a commit"
    [[ ${#chosen_suites[@]} -eq 0 ]] || choose_suites "${chosen_suites[@]}"
}

set_compare_option() # COMMAND OPTION VALUE
{
    [[ -n $3 || $2 == --baseline ]] || die 2 "$1: the value of $2 is empty"
    case $2 in
        --suite) chosen_suites+=("$3") ;;
        --baseline)
            need_baseline_name "$3"
            set_ref "$1" "$3"
            only_baseline=true
            ;;
        --time-budget) time_budget=$3 ;;
        --max-inconclusive | --gate | --counters) judging+=("$2" "$3") ;;
        --layouts)
            [[ $3 =~ ^[1-9][0-9]?$ ]] || die 2 "$1: --layouts takes a number from 1 to 99, not '$3'"
            layouts=$3
            ;;
        --markdown) markdown=$(from_caller "$3") ;;
        --junit) junit=$(from_caller "$3") ;;
    esac
}

set_ref() # COMMAND REF
{
    [[ -z $ref ]] || die 2 "$1 takes one thing to compare with, not both '$ref' and '$2'"
    [[ -n $2 && $2 != -* && $2 != *[[:cntrl:]]* ]] || die 2 "$1: '${2//[[:cntrl:]]/?}' can name nothing to compare with"
    ref=$2
}

# A path as seen from where the script was called.
from_caller() # PATH
{
    if [[ $1 == /* ]]; then
        printf '%s' "$1"
    else
        printf '%s/%s' "$caller" "$1"
    fi
}

# Finds the old side, runs the comparison and ends the script.
compare()
{
    find_old_side compare_with_history
    choose_sides
    [[ -z $layouts ]] || make_layouts
    run_comparison
}

# Builds what is needed, sets old_bin to the folder of old executables and sides to options that name
# both sides. A baseline that has numbers alone is left to the function given.
find_old_side() # WITHOUT-EXECUTABLES
{
    local commit='' repository=false
    old_bin='' sides=()
    if is_repository; then
        repository=true
        commit=$(commit_of "$ref") || commit=
    fi
    if is_baseline_name "$ref" && [[ -d baselines/$ref ]]; then
        note_hidden_ref "$commit"
        has_executables "$ref" || "$1"
        [[ -z $layouts ]] || die 2 "a baseline keeps no other layouts of its executables; --layouts needs a git ref"
        old_bin=baselines/$ref/bin
        name_baseline
        build
    elif [[ -z $commit ]] || $only_baseline; then
        die_unknown_ref "$repository"
    else
        build
        provide_ref "$ref" "$commit"
        old_bin=$ref_bin
        sides=(--old-name "$ref" --old-commit "${commit:0:12}")
    fi
    name_working_tree "$repository"
}

note_hidden_ref() # COMMIT
{
    if [[ -n $1 ]] && ! $only_baseline; then
        complain "'$ref' is a baseline and a git ref; the baseline is taken. The ref is meant by: $(full_name_of "$ref")"
    fi
}

die_unknown_ref() # REPOSITORY
{
    local near hint='' names=() saved=()
    mapfile -t saved < <(baseline_names)
    if $only_baseline; then
        die 4 "there is no baseline '$ref'; $(say_saved "${saved[@]}"). Save one with: ./run_benchmarks.sh baseline save $ref"
    fi
    if ! $1; then
        die 4 "there is no baseline '$ref' ($(say_saved "${saved[@]}")), and this folder is no git repository that could have such a ref: $why_no_git"
    fi
    near=$(remote_branch "$ref")
    if [[ -z $near ]]; then
        mapfile -t names < <(ref_names)
        near=$(nearest "$ref" "${saved[@]}" "${names[@]}")
    fi
    if [[ $(git rev-parse --is-shallow-repository) == true ]]; then
        hint="; this is a shallow clone: git fetch --depth=1 origin REF brings a ref that it lacks"
    fi
    die 2 "'$ref' is neither a baseline nor a git ref${near:+; did you mean "'$near'?"}$hint"
}

say_saved() # NAME...
{
    if [[ $# -eq 0 ]]; then
        echo "none is saved"
    else
        echo "saved: $*"
    fi
}

name_baseline()
{
    local origin
    origin=$(baseline_origin "$ref")
    sides=(--old-name "$ref")
    [[ -z $origin ]] || sides+=(--old-commit "${origin%+}")
    [[ $origin != *+ ]] || sides+=(--old-dirty)
}

name_working_tree() # REPOSITORY
{
    local commit
    sides+=(--new-name "working tree")
    if $1 && commit=$(commit_of HEAD); then
        sides+=(--new-commit "${commit:0:12}")
        if [[ -n $(git --no-optional-locks status --porcelain --untracked-files=no) ]]; then
            complain "the working tree has changes that are not committed; they are part of what is measured"
            sides+=(--new-dirty)
        fi
    fi
}

# Sets operands to what is compared: the folders, or the one suite that was chosen. Suites in them that
# are not meant, and those whose source is gone, are skipped by their ids.
choose_sides()
{
    local suite path paths=("$bin"/*) others=()
    operands=("$old_bin" "$bin")
    if [[ ${#chosen_suites[@]} -gt 0 ]]; then
        for suite in "${suites[@]}"; do
            [[ -x $old_bin/$suite ]] || die 4 "$ref has no suite '$suite' to compare with"
        done
        if [[ ${#suites[@]} -eq 1 ]]; then
            operands=("$old_bin/$suite" "$bin/$suite")
            return
        fi
        paths+=("$old_bin"/*)
    fi
    for path in "${paths[@]}"; do
        suite=${path##*/}
        if [[ -f $path && -x $path && " ${suites[*]} ${others[*]} assay " != *" $suite "* && $suite != otlp-* ]]; then
            others+=("$suite")
        fi
    done
    for suite in "${others[@]}"; do
        judging+=(--skip "^${suite//[.+]/[&]}/")
    done
}

make_layouts()
{
    [[ -z ${ASSAY_BIN_DIR-} ]] || return 0
    if ! MAKEFLAGS='' make --no-print-directory -j"$(nproc)" layouts "LAYOUTS=$layouts" \
        "SUITE_FILTER=${chosen_suites[*]}" >"$scratch/build" 2>&1; then
        cat "$scratch/build" >&2
        die 4 "the layouts could not be linked; make's output is above"
    fi
}

run_comparison()
{
    local began options
    began=$(now_ms)
    make_run_folder
    if $in_ci; then
        : "${markdown:=$root/$folder/compare.md}" "${junit:=$root/$folder/compare.xml}"
        judging+=(--quiet)
    fi
    options=("${sides[@]}" --out "$folder" "${judging[@]}")
    [[ -z $time_budget ]] || options+=(--time-budget "$time_budget")
    [[ -z $layouts ]] || options+=(--layouts "$layouts")
    [[ -z $markdown ]] || options+=(--markdown "$markdown")
    [[ -z $junit ]] || options+=(--junit "$junit")
    run_program "$bin/assay" compare "${operands[@]}" "${options[@]}" "${passed[@]}"
    settle_status
    finish_comparison "$run_status" "$(($(now_ms) - began))"
}

# Makes run_status one of assay's own, whatever became of it.
settle_status()
{
    if [[ -z $(compare_meaning "$run_status") ]]; then
        complain "assay ended with status $run_status, which is none of its own: it crashed or was killed"
        run_status=4
    fi
    ! $interrupted || run_status=130
}

# Keeps what was written and ends the script with the status of the comparison.
finish_comparison() # STATUS MS
{
    local status=$1
    if [[ ! -f $folder/compare.json ]]; then
        rm -f -- "$folder"/compare.md "$folder"/compare.xml
        rmdir "$folder" 2>/dev/null || true
        exit "$status"
    fi
    mark_latest
    $in_ci && add_step_summary
    if [[ $status -eq 130 ]]; then
        complain "interrupted; what was measured is in $(shown "$folder")"
        exit 130
    fi
    printf 'compared with %s in %s s: %s; results in %s\n' "$ref" "$(seconds_of "$2")" \
        "$(compare_meaning "$status")" "$(shown "$folder")"
    # The verdict counts, whatever becomes of the page.
    if $with_report && ! write_report "$folder" && [[ $status -eq 0 ]] && ! $in_ci; then
        status=4
    fi
    exit "$status"
}

# GitHub shows what is in this file on the page of the run.
add_step_summary()
{
    [[ -n ${GITHUB_STEP_SUMMARY-} && -s $markdown ]] || return 0
    cat -- "$markdown" >>"$GITHUB_STEP_SUMMARY" || complain "the summary could not be added to $GITHUB_STEP_SUMMARY"
}

# A baseline that has numbers alone: measures, shows both, and judges nothing. Ends the script.
compare_with_history()
{
    local option ignored=()
    if $in_ci; then
        die 4 "the baseline '$ref' has no executables to run again, and stored numbers are no ground for a verdict; give a git ref"
    fi
    for option in "${time_budget:+--time-budget}" "${layouts:+--layouts}" "${markdown:+--markdown}" \
        "${junit:+--junit}" "${judging[@]}"; do
        [[ $option != --* ]] || ignored+=("$option")
    done
    complain "the baseline '$ref' has no executables to run again; its stored numbers are shown as history, without a verdict, as the machine may have changed since"
    [[ ${#ignored[@]} -eq 0 ]] || complain "without a verdict these mean nothing and are left out: ${ignored[*]}"
    history=$ref
    measure
}
