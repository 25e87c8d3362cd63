# shellcheck shell=bash
# Messages, and the nearest of several words. Sourced by run_benchmarks.sh.

bold='' red='' plain=''
if [[ -t 2 && -z ${NO_COLOR-} && ${TERM-} != dumb ]]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
fi

heading()
{
    printf '%s%s%s\n' "$bold" "$1" "$plain" >&2
}

complain()
{
    printf '%srun_benchmarks:%s %s\n' "$red" "$plain" "$1" >&2
}

die() # STATUS SENTENCE
{
    complain "$2"
    exit "$1"
}

count() # NUMBER NOUN
{
    printf '%d %s%s' "$1" "$2" "$([[ $1 -eq 1 ]] || echo s)"
}

# A path as it can be used where the script was called.
shown() # PATH
{
    if [[ $caller == "$root" || $1 == /* ]]; then
        printf '%s' "$1"
    else
        printf '%s/%s' "$root" "$1"
    fi
}

# The one of the candidates that is nearest to a word, if it is near enough to be meant.
nearest() # WORD CANDIDATE...
{
    local word=${1:0:64} best='' best_distance=3 candidate distance
    shift
    for candidate in "$@"; do
        if [[ ${#word} -ge 2 && $candidate == "$word"* ]]; then
            best=$candidate
            break
        fi
        ((${#candidate} - ${#word} < best_distance && ${#word} - ${#candidate} < best_distance)) || continue
        distance=$(edit_distance "$word" "$candidate")
        if ((distance < best_distance && distance < ${#candidate})); then
            best=$candidate best_distance=$distance
        fi
    done
    printf '%s' "$best"
}

edit_distance() # A B
{
    local a=$1 b=$2 i j corner above least row=() # one row of the table of Wagner and Fischer
    for ((j = 0; j <= ${#b}; j++)); do
        row[j]=$j
    done
    for ((i = 1; i <= ${#a}; i++)); do
        corner=${row[0]}
        row[0]=$i
        for ((j = 1; j <= ${#b}; j++)); do
            above=${row[j]}
            least=$corner
            [[ ${a:i-1:1} == "${b:j-1:1}" ]] || least=$((corner + 1))
            ((above + 1 < least)) && least=$((above + 1))
            ((row[j - 1] + 1 < least)) && least=$((row[j - 1] + 1))
            row[j]=$least
            corner=$above
        done
    done
    printf '%s' "${row[${#b}]}"
}

die_unknown() # KIND WORD CANDIDATE...
{
    local kind=$1 word=$2 hint
    shift 2
    hint=$(nearest "$word" "$@")
    die 2 "there is no $kind '$word'${hint:+; did you mean "'$hint'?"}"
}
