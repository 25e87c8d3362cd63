# shellcheck shell=bash
# The suites of other commits: each is built once, in a git worktree of its own. Sourced by
# run_benchmarks.sh.
#
# refs/<commit>-<key of compiler and flags>/
#   tree/      the worktree, with its build folder
#   build.log  what git and make said
#   complete   how it was built; written last, so that a build without it counts for nothing
#   in-use     locked by the comparisons that run its executables
# refs/.lock is held while anything in there is made or removed.

readonly refs=build/refs REFS_KEPT=5 LOG_LINES=30

# Whether this folder is the top of a git working tree. Otherwise why_no_git says what is the matter.
is_repository()
{
    local names=() prefix
    # A hook of git names its repository and index in the environment; they are not to be touched.
    mapfile -t names < <(git rev-parse --local-env-vars 2>/dev/null)
    [[ ${#names[@]} -eq 0 ]] || unset "${names[@]}"
    if ! prefix=$(git rev-parse --show-prefix 2>&1); then
        why_no_git=${prefix%%$'\n'*}
        return 1
    fi
    why_no_git="it lies inside another repository"
    [[ -z $prefix ]]
}

# The full hash of the commit that a ref names.
commit_of() # REF
{
    git rev-parse --verify --quiet "$1^{commit}" 2>/dev/null
}

# The full name of a branch or tag, which no baseline can have.
full_name_of() # REF
{
    local full
    full=$(git rev-parse --symbolic-full-name "$1" 2>/dev/null) || full=
    [[ $full == */* ]] || full=$1^0
    printf '%s' "$full"
}

# Branches and tags as a user writes them, newest first.
ref_names()
{
    git for-each-ref --count=200 --sort=-creatordate --format='%(refname:short)' refs/heads refs/tags \
        refs/remotes 2>/dev/null || true
}

# The branch of a remote that has this name.
remote_branch() # NAME
{
    git for-each-ref --count=1 --format='%(refname:short)' "refs/remotes/*/$1" 2>/dev/null || true
}

# What a build depends on besides the sources.
describe_setup()
{
    local compiler version
    read -r -a compiler <<<"${CC:-cc}"
    version=$("${compiler[@]}" --version 2>&1) || die 4 "the compiler '${CC:-cc}' cannot be run: ${version%%$'\n'*}"
    printf '%s\n' "compiler ${version%%$'\n'*}" "CC ${CC:-cc}" "CFLAGS ${CFLAGS-}" "CPPFLAGS ${CPPFLAGS-}" \
        "LDFLAGS ${LDFLAGS-}" "VARIANT ${VARIANT:-release}"
}

# Sets refs_lock to a descriptor that holds the lock until it is closed.
lock_refs()
{
    local seconds=${ASSAY_LOCK_SECONDS:-900}
    mkdir -p "$refs" || die 4 "cannot make the folder $refs"
    exec {refs_lock}>"$refs/.lock"
    flock -n "$refs_lock" && return
    complain "another run builds in $refs; waiting for it, up to $seconds s"
    run_program flock -w "$seconds" "$refs_lock"
    $interrupted && exit 130
    [[ $run_status -eq 0 ]] || die 4 "another run has been building in $refs for $seconds s; try again when it is done"
}

unlock_refs()
{
    exec {refs_lock}>&-
}

remove_ref() # PLACE
{
    rm -rf -- "$1"
    forget_lost_worktrees
}

# Tells git of the worktrees in refs/ that are gone, and of no others.
forget_lost_worktrees()
{
    local home path
    home=$(realpath -m "$refs")
    while IFS= read -r path; do
        [[ $path == "$home"/* && ! -e $path ]] || continue
        git worktree remove --force --force "$path" 2>/dev/null || true
    done < <(git worktree list --porcelain 2>/dev/null | sed -n 's/^worktree //p')
}

is_in_use() # PLACE
{
    local lock status=0
    [[ -e $1/in-use ]] || return 1
    exec {lock}<"$1/in-use"
    flock -n "$lock" || status=1
    exec {lock}<&-
    [[ $status -ne 0 ]]
}

# Removes all but the newest; what a comparison uses stays.
prune_refs()
{
    local path count=0
    while IFS= read -r path; do
        count=$((count + 1))
        if [[ $count -gt $REFS_KEPT ]] && ! is_in_use "$path"; then
            rm -rf -- "$path"
        fi
    done < <(find "$refs" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2-)
    forget_lost_worktrees
}

# Builds the suites of a commit unless they are there, and keeps them from being pruned while this
# script runs. Sets ref_bin to their folder. With layouts, that many links of each are made too.
provide_ref() # REF COMMIT
{
    local setup place variant=${VARIANT:-release}
    setup=$(describe_setup) || exit 4
    place=$refs/$2-$(sha256sum <<<"$setup" | cut -c 1-12)
    lock_refs
    forget_lost_worktrees
    if [[ ! -x $place/tree/build/$variant/bin || $(cat "$place/complete" 2>/dev/null) != "$setup" ]]; then
        build_ref "$1" "$2" "$place" "$variant"
        printf '%s\n' "$setup" >"$place/complete.new"
        mv -T "$place/complete.new" "$place/complete"
    fi
    if [[ -n $layouts ]]; then
        make_ref_layouts "$1" "$place" "$variant"
    fi
    exec {ref_use}>"$place/in-use"
    flock -s -n "$ref_use"
    touch "$place"
    prune_refs
    unlock_refs
    ref_bin=$place/tree/build/$variant/bin
}

build_ref() # REF COMMIT PLACE VARIANT
{
    complain "building the suites of $1 (${2:0:12}) in $3"
    remove_ref "$3"
    mkdir -p "$3"
    # No hook of the user's is to run for a worktree of ours.
    run_logged "$1" "$3" git -c core.hooksPath=/dev/null worktree add --quiet --detach "$3/tree" "$2"
    run_make "$1" "$3" "$4" suites
}

# A marker stands while links are made: those of a run that was stopped are made again.
make_ref_layouts() # REF PLACE VARIANT
{
    local folder=$2/tree/build/$3/bin/layouts
    [[ ! -e $2/linking ]] || rm -rf -- "$folder"
    touch "$2/linking"
    run_make "$1" "$2" "$3" layouts "LAYOUTS=$layouts" "SUITE_FILTER=${chosen_suites[*]}"
    rm -f -- "$2/linking"
}

run_make() # REF PLACE VARIANT TARGET-OR-SETTING...
{
    local ref=$1 place=$2 variant=$3
    shift 3
    run_logged "$ref" "$place" env MAKEFLAGS='' make --no-print-directory -C "$place/tree" -j"$(nproc)" \
        "BUILD=build/$variant" "VARIANT=$variant" "$@"
}

# Runs a step of a build; when it fails, the end of the log says why.
run_logged() # REF PLACE COMMAND...
{
    local ref=$1 log=$2/build.log
    shift 2
    run_program "$@" >>"$log" 2>&1
    if $interrupted; then
        complain "interrupted while $ref was built"
        remove_ref "${log%/*}"
        exit 130
    fi
    [[ $run_status -ne 0 ]] || return 0
    tail -n "$LOG_LINES" "$log" >&2
    die 4 "$ref cannot be built; the end of $(shown "$log") is above"
}
