#!/usr/bin/env bash
# The door to the benchmarks: builds what is needed, runs suites, keeps results, writes the report.
# `./run_benchmarks.sh help` says what it can do.
set -euo pipefail
shopt -s nullglob

caller=$PWD
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
root=$PWD

readonly COMMANDS=(all quick core performance comprehensive suite list baseline compare ci instructions
    profile report doctor clean help)

# shellcheck source=scripts/lib/say.sh
source scripts/lib/say.sh
# shellcheck source=scripts/lib/suites.sh
source scripts/lib/suites.sh
# shellcheck source=scripts/lib/runner.sh
source scripts/lib/runner.sh
# shellcheck source=scripts/lib/baselines.sh
source scripts/lib/baselines.sh
# shellcheck source=scripts/lib/refs.sh
source scripts/lib/refs.sh
# shellcheck source=scripts/lib/compare.sh
source scripts/lib/compare.sh
# shellcheck source=scripts/lib/instructions.sh
source scripts/lib/instructions.sh
# shellcheck source=scripts/lib/profile.sh
source scripts/lib/profile.sh

usage()
{
    cat <<TEXT
Usage: ./run_benchmarks.sh COMMAND [ARGUMENT...] [-- OPTION...]

Measure (builds first; results go to results/<time>-<commit>/, the newest is results/latest):
  all                      every suite
  quick                    every suite, within $((QUICK_MS / 1000)) seconds: for a first look, not for a verdict
  core                     ${CORE[*]}
  performance              ${PERFORMANCE[*]}
  comprehensive            ${COMPREHENSIVE[*]}
  suite NAME...            the suites named

Compare:
  compare REF              run the executables of REF and those of the working tree in turns. REF is a
                           baseline or else a branch, tag or commit, which is built in $refs
  ci REF                   the same as a gate: quiet, within $((CI_BUDGET_S / 60)) minutes, with compare.md and compare.xml
                           (JUnit) among the results; the last line says what the exit status means
  baseline save NAME       measure every suite; keep results and executables as baselines/NAME
  baseline list            the saved baselines
  baseline remove NAME     forget one
    --suite SUITE          with save, compare and ci: this suite only (may be repeated)
  With compare and ci:
    --baseline NAME        REF, when only a baseline is meant
    --time-budget SECS     spend this much time on measuring
    --layouts K            run K links of each suite with code at other addresses; REF must be of git
    --skip-identical       leave out benchmarks whose code is the same on both sides
    --require-verdict      exit 5 when a benchmark stays inconclusive
    --max-inconclusive N   exit 5 when more than N do
    --gate NAME=P,...      counts that may grow by no more than P, in place of allocations=0,allocated_bytes=0
    --count-instructions   count instructions of both sides as well: more work, or the same work slower
    --counters NAME,...    count events of the kernel on both sides as well, such as page-faults
    --markdown FILE, --junit FILE, --no-report

Count (under valgrind; the same on every run and on every machine of a kind, but no times):
  instructions [PATTERN]   instructions of an iteration of every benchmark, or of those that match
  instructions compare REF [PATTERN]
                           what changed from REF (as for compare) to the working tree
    --suite SUITE          this suite only (may be repeated)
    --all                  with compare: print what did not change, too
    --gate P               with compare: exit 1 when a count grew by more than P, such as 0 or 0.2%
    --time-budget SECS     start no further count after this time

Look:
  list [PATTERN]           the ids of all benchmarks, or of those that match a regular expression
  profile ID               where the time of one benchmark goes: a flame graph (SVG) by perf or, where perf
                           cannot be used, by valgrind; the folded stacks lie beside it
    --seconds S            run it for so long ($PROFILE_SECONDS)
    --with perf|valgrind   this one or none
    --out FILE.svg         in place of a file in reports/profiles
  report [--open] [DIR]    write the HTML report of results/latest or DIR again, and show it
  doctor                   what this machine does to measurements, and what is missing
  clean [--results]        remove what was built, results, profiles and reports; with --results, not what was built.
                           Baselines stay.
  help, --version

What follows -- goes to the suites, or with compare and ci to the assay tool: filters and options such
as --sample-size 50; see --help of a suite, or assay compare --help, in $bin.

Environment: NO_COLOR switches colours off. ASSAY_BIN_DIR names a folder of suites to run as they are:
nothing is installed or built then but the commit to compare with. BUILD, VARIANT, CC and CFLAGS mean what
they mean to make. ASSAY_LOCK_SECONDS: how long to wait while another run builds a commit (900).
With GITHUB_STEP_SUMMARY, ci appends compare.md to the file that it names.

Exit status: 0 fine, 1 a confirmed regression, 2 usage, 3 a benchmark failed, 4 something outside the
benchmarks is wrong (build, baseline, disk), 5 inconclusive where a verdict was demanded, 130
interrupted. Where suites differ, the first that occurs of: ${PRECEDENCE[*]}.
TEXT
}

list_command() # [PATTERN]
{
    local suite status=0 ids='' some
    [[ $# -le 1 ]] || die 2 "list takes one pattern"
    build
    find_suites
    for suite in "${suites[@]}"; do
        some=$("$bin/$suite" --list --format terse "${passed[@]}") || status=$(graver "$status" $?)
        ids+=${some:+$some$'\n'}
    done
    [[ $status -eq 0 ]] || exit "$status"
    if [[ $# -eq 0 ]]; then
        printf '%s' "$ids"
    elif ! grep -E -- "$1" <<<"$ids"; then
        die 2 "no benchmark matches '$1'"
    fi
}

report_command() # [--open] [DIR]
{
    local open=false target=
    while [[ $# -gt 0 ]]; do
        case $1 in
            --open) open=true ;;
            -*) die_unknown "option of report" "$1" --open ;;
            *)
                [[ -z $target ]] || die 2 "report takes one folder, not both '$target' and '$1'"
                target=$1
                ;;
        esac
        shift
    done
    if [[ -z $target ]]; then
        target=results/latest
        [[ -d $target ]] || die 4 "there are no results yet; measure first, for example: ./run_benchmarks.sh quick"
    elif [[ $target != /* && -d $caller/$target ]]; then
        target=$caller/$target
    fi
    [[ -d $target ]] || die 2 "there is no folder '$target'"
    [[ -n ${ASSAY_BIN_DIR-} ]] || scripts/setup.sh bench
    write_report "$target" || exit 4
    if $open; then
        open_page "$report_path"
    fi
}

open_page() # PATH
{
    local opener
    for opener in xdg-open open; do
        if command -v "$opener" >/dev/null; then
            "$opener" "$1" >/dev/null 2>&1 </dev/null || complain "$opener could not open the report; its path is above"
            return
        fi
    done
    complain "nothing here can open a page (neither xdg-open nor open); the path of the report is above"
}

doctor_command()
{
    [[ $# -eq 0 ]] || die 2 "doctor takes no argument"
    if [[ -z ${ASSAY_BIN_DIR-} ]]; then
        scripts/setup.sh --check bench
        printf '%-10s %s\n' compiler "$(${CC:-cc} --version | head -n 1)" \
            gnuplot "$(gnuplot --version)" python "$(scripts/find-python.sh)"
        build
    fi
    find_suites
    "$bin/${suites[0]}" --doctor "${passed[@]}"
}

clean_command() # [--results]
{
    local path paths=(build results reports/html reports/profiles) removed=false
    case ${1-} in
        '') ;;
        --results) paths=(results reports/html reports/profiles) ;;
        *) die_unknown "option of clean" "$1" --results ;;
    esac
    for path in "${paths[@]}"; do
        if [[ -e $path || -L $path ]]; then
            rm -rf -- "$path"
            echo "removed $(shown "$path")"
            removed=true
        fi
    done
    $removed || echo "nothing to remove"
    if is_repository; then
        forget_lost_worktrees
    fi
}

version()
{
    printf 'run_benchmarks.sh %s\n' "$(sed -n 's/^#define ASSAY_VERSION "\(.*\)"/\1/p' framework/assay.h)"
}

# Splits the arguments at the first "--" into words and passed.
split_arguments()
{
    words=()
    passed=()
    while [[ $# -gt 0 && $1 != -- ]]; do
        words+=("$1")
        shift
    done
    [[ $# -eq 0 ]] || shift
    passed=("$@")
}

no_arguments() # COMMAND ARGUMENT...
{
    [[ $# -eq 1 ]] || die 2 "$1 takes no argument before --, but got '$2'"
}

main()
{
    local command
    split_arguments "$@"
    if [[ ${#words[@]} -eq 0 ]]; then
        usage >&2
        exit 2
    fi
    command=${words[0]}
    words=("${words[@]:1}")
    case $command in
        all | quick | core | performance | comprehensive)
            no_arguments "$command" "${words[@]}"
            find_suites
            case $command in
                quick) quick=true ;;
                core) choose_group core "${CORE[@]}" ;;
                performance) choose_group performance "${PERFORMANCE[@]}" ;;
                comprehensive) choose_group comprehensive "${COMPREHENSIVE[@]}" ;;
            esac
            measure
            ;;
        suite)
            find_suites
            [[ ${#words[@]} -gt 0 ]] || die 2 "suite: which one? There are: ${suites[*]}"
            choose_suites "${words[@]}"
            measure
            ;;
        list | baseline | compare | ci | instructions | profile | report | doctor | clean) "${command}_command" "${words[@]}" ;;
        help | --help | -h) usage ;;
        --version) version ;;
        *) die_unknown command "$command" "${COMMANDS[@]}" ;;
    esac
}

# Removes what is temporary; `ci` says last what its status means.
# shellcheck disable=SC2317  # called by a trap
on_exit()
{
    local status=$?
    rm -rf -- "$scratch" "${litter[@]}"
    if $closing_line; then
        printf 'ci: exit status %d: %s\n' "$status" "$(compare_meaning "$status")"
    fi
}

quick=false
in_ci=false closing_line=false
saving='' to_keep=() # a baseline that is saved, and the suites that stored numbers in it
history=''           # a baseline whose numbers are shown without a verdict
litter=()
counts=()
interrupted=false
child=''
scratch=$(mktemp -d)
trap on_exit EXIT
trap 'on_signal INT' INT
trap 'on_signal TERM' TERM
trap 'on_signal HUP' HUP
main "$@"
