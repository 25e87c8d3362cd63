#!/usr/bin/env bash
# The linters, for `make check`: formatting, static analysis, compiler warnings, include directions, sizes.
#
#   scripts/check.sh [--fix] [CHECK...]
#
# Runs every check, or those named, two at a time, and prints one summary. --fix rewrites C and Python
# sources in the house style instead. Exit status: 0 clean, 1 findings, 2 usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly CHECKS=(format sizes includes shell black mypy warnings-gcc warnings-clang tidy cppcheck)
readonly OUT=build/check
readonly TARGETS=(all tests probes referee-programs)

sources() # FIND-EXPRESSION...
{
    local folder folders=()
    for folder in framework otlp suites load examples reports tests scripts; do
        [[ -d $folder ]] && folders+=("$folder")
    done
    find "${folders[@]}" -name html -prune -o -type f \( "$@" \) -print0 | sort -z
}

c_sources()
{
    sources -name '*.c' -o -name '*.h'
}

python_sources()
{
    sources -name '*.py'
}

# What the shell sources is checked with what sources it.
shell_sources()
{
    printf 'run_benchmarks.sh\0.ci/run\0'
    sources -name '*.sh' -not -path 'scripts/lib/*'
}

# clang-format names every place; the files are enough, as it also puts them right.
check_format()
{
    c_sources | xargs -0r clang-format --dry-run -Werror 2>"$OUT/format.log" && return
    sed -n 's/^\([^ :][^ :]*\):[0-9]*:[0-9]*: error:.*/\1/p' "$OUT/format.log" | sort | uniq -c |
        awk '{ printf "%s: %d to put right; make format does it\n", $2, $1 }'
    return 1
}

compile() # COMPILER
{
    BUILD=$OUT/$1 MAKEFLAGS='' make --no-print-directory -j2 CC="$1" WERROR=1 "${TARGETS[@]}" >"$OUT/$1.log" 2>&1 && return
    grep -v '^  [A-Z]* ' "$OUT/$1.log"
    return 1
}

# Headers that are made from .proto files must be there before anything looks at what includes them.
generate()
{
    find proto -name '*.proto' -printf 'build/gen/%P\0' | sed -z 's/\.proto$/.pb-c.c/' |
        MAKEFLAGS='' xargs -0r make --no-print-directory V=1 >"$OUT/generate.log" 2>&1 && return
    cat "$OUT/generate.log"
    return 1
}

# How every source is compiled, for the tools that ask.
database()
{
    local new=$OUT/compile_commands.json.new
    "$python" scripts/compile_commands.py "${TARGETS[@]}" >"$new" && mv "$new" "$OUT/compile_commands.json"
}

run_check() # NAME
{
    case $1 in
        format) check_format ;;
        sizes)
            { c_sources && python_sources && shell_sources && sources -path 'scripts/lib/*.sh'; } |
                xargs -0 "$python" scripts/check_sizes.py
            ;;
        includes) "$python" scripts/check_includes.py ;;
        shell) shell_sources | xargs -0 shellcheck -x -a ;;
        black) python_sources | xargs -0 black --check --diff --quiet -l 100 ;;
        mypy)
            python_sources | xargs -0 "$python" -m mypy --strict --ignore-missing-imports --no-warn-return-any --no-error-summary \
                --explicit-package-bases --namespace-packages --cache-dir "$OUT/mypy"
            ;;
        warnings-gcc) compile gcc ;;
        warnings-clang) compile clang ;;
        tidy) "$python" scripts/run_tidy.py "$OUT/compile_commands.json" "$OUT/tidy" ;;
        cppcheck)
            # It takes what a function fills in for uninitialised; the compilers and clang-tidy know better.
            mkdir -p "$OUT/cppcheck"
            cppcheck --project="$OUT/compile_commands.json" --cppcheck-build-dir="$OUT/cppcheck" --quiet -j2 \
                -D__GNUC__=12 -D__x86_64__=1 --enable=warning,performance,portability --inline-suppr \
                --suppress='*:build/*' --suppress=uninitvar --suppress=ctuuninitvar \
                --suppress=duplicateAssignExpression \
                --error-exitcode=1 --template='{file}:{line}: {severity}: {message} [{id}]' 2>&1
            ;;
    esac
}

# Runs one check and leaves its output, its time and, when it is clean, a mark.
record() # NAME
{
    local began=$SECONDS
    rm -f "$OUT/$1.clean"
    if run_check "$1" >"$OUT/$1.txt" 2>&1; then
        touch "$OUT/$1.clean"
    fi
    echo "$((SECONDS - began))" >"$OUT/$1.seconds"
}

summary() # NAME...
{
    local name findings=0
    for name in "$@"; do
        if [[ -e $OUT/$name.clean ]]; then
            printf '  ok    %-15s %4d s\n' "$name" "$(<"$OUT/$name.seconds")"
        else
            printf '  FAIL  %-15s %4d s\n' "$name" "$(<"$OUT/$name.seconds")"
            head -n 80 "$OUT/$name.txt" | sed 's/^/        /'
            [[ $(wc -l <"$OUT/$name.txt") -le 80 ]] || echo "        ... all of it is in $OUT/$name.txt"
            findings=$((findings + 1))
        fi
    done
    if [[ $findings -gt 0 ]]; then
        printf 'check: %d of %d checks found something\n' "$findings" "$#"
        return 1
    fi
    printf 'check: %d checks, nothing found\n' "$#"
}

fix()
{
    c_sources | xargs -0r clang-format -i
    python_sources | xargs -0 black --quiet -l 100
}

main()
{
    local name chosen=()
    for name in "$@"; do
        if [[ $name == --fix ]]; then
            fix
            return
        fi
        [[ " ${CHECKS[*]} " == *" $name "* ]] || {
            echo "check: there is no check '$name'; there are: ${CHECKS[*]}" >&2
            exit 2
        }
        chosen+=("$name")
    done
    [[ ${#chosen[@]} -gt 0 ]] || chosen=("${CHECKS[@]}")
    python=$(scripts/find-python.sh mypy)
    mkdir -p "$OUT"
    if ! generate || ! database; then
        echo "check: the sources cannot be made ready; see above" >&2
        exit 1
    fi
    for name in "${chosen[@]}"; do
        [[ $(jobs -pr | wc -l) -lt 2 ]] || wait -n
        record "$name" &
    done
    wait
    summary "${chosen[@]}"
}

main "$@"
