#!/usr/bin/env bash
# Tries the project on a machine that has nothing: a new Debian with only git and make.
#
#   scripts/try-fresh.sh [--worktree] [--user] [--release NAME] [--command 'make test']...
#
# Makes a minimal Debian in a temporary folder with debootstrap, from the mirror that this system's own
# apt uses, puts a clean clone of HEAD in it and runs each command there ('make bench' and 'make test'
# unless given). Says for each how it ended, how long it took, and whether there is an HTML report.
#
#   --worktree      the files as they are now (without .git) instead of HEAD
#   --user          run as an ordinary user who may use sudo, instead of root
#   --release NAME  Debian release (default: bookworm)
#
# Needs root and debootstrap. Everything runs in a mount and process namespace of its own, so that no
# mount and no process outlives it. Exit status: 0 all went well, 1 a command failed, 2 usage, 4 environment.
set -euo pipefail
script=$(realpath "${BASH_SOURCE[0]}")
cd "$(dirname "$script")/.."

say()
{
    printf 'try-fresh: %s\n' "$1" >&2
}

die() # STATUS SENTENCE
{
    say "$2"
    exit "$1"
}

# "deb URI SUITE main" for each of this system's apt sources that serves the release.
sources_of() # RELEASE
{
    local uri base suite
    apt-get --print-uris update 2>/dev/null | while read -r uri _; do
        uri=${uri//\'/}
        [[ $uri == */dists/*/InRelease ]] || continue
        base=${uri%/dists/*}
        suite=${uri##*/dists/}
        suite=${suite%/InRelease}
        case $suite in
            "$1" | "$1-updates" | "$1-security") printf 'deb %s %s main\n' "$base" "$suite" ;;
        esac
    done | sort -u
}

copy_source() # TARGET
{
    if $worktree; then
        mkdir -p "$1"
        git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
            [[ -e $file || -L $file ]] && printf '%s\0' "$file"
        done | tar -c --null -T - | tar -x -C "$1" --no-same-owner
    else
        git clone --quiet --no-hardlinks . "$1"
    fi
}

# The part that runs in the namespaces: everything below is gone when it ends.
make_system() # ROOT RELEASE
{
    local root=$1 release=$2 sources mirror packages=git,make,ca-certificates
    sources=$(sources_of "$release")
    mirror=$(awk -v suite="$release" '$3 == suite { print $2; exit }' <<<"$sources")
    [[ -n $mirror ]] || die 4 "none of the apt sources of this system serves $release"
    $as_user && packages+=,sudo
    if ! debootstrap --variant=minbase --include="$packages" "$release" "$root" "$mirror" >"$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        die 4 "debootstrap could not make a $release"
    fi
    printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
    apt-config dump --format '%F "%v";%n' Acquire::http::Proxy Acquire::https::Proxy \
        Acquire::Check-Valid-Until Acquire::Check-Date 2>/dev/null |
        grep -v '""' >"$root/etc/apt/apt.conf.d/10host" || true
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost fresh\n::1 localhost\n' >"$root/etc/hosts"
    hostname fresh
    mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
    mountpoint -q "$root/sys" || mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
}

run_command() # ROOT COMMAND
{
    local root=$1 command=$2 began=$SECONDS status=0 report enter=()
    if $as_user; then
        enter=(sudo -u tester -H)
    fi
    say "running: $command"
    chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${enter[@]}" bash -c "cd '$inside' && $command" </dev/null || status=$?
    report=$(find "$root$inside/reports/html" -name '*.html' -size +0 -print -quit 2>/dev/null || true)
    say "ended: $command: exit status $status after $((SECONDS - began)) s, $([[ -n $report ]] &&
        echo "report in ${report#"$root$inside"/}" || echo "no HTML report")"
    if [[ $command == *'make bench'* && -z $report ]]; then
        status=1
    fi
    return "$status"
}

run_inside() # ROOT RELEASE COMMAND...
{
    local root=$1 release=$2 began=$SECONDS command failures=0
    shift 2
    make_system "$root" "$release"
    copy_source "$root$inside"
    if $as_user; then
        chroot "$root" useradd --create-home tester
        printf 'tester ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/tester"
        chroot "$root" chown -R tester "$inside"
    fi
    say "a fresh $release is ready after $((SECONDS - began)) s"
    for command in "$@"; do
        run_command "$root" "$command" || failures=$((failures + 1))
    done
    [[ $failures -eq 0 ]] || die 1 "$failures of $# commands failed"
    say "all of $# commands went well"
}

# shellcheck disable=SC2317  # called by a trap
remove_folder()
{
    [[ -n ${folder-} && $folder == */assay-fresh.* && -d $folder ]] || return 0
    if grep -qF " $folder/" /proc/self/mounts; then
        say "something is still mounted below $folder: nothing was removed"
        return 0
    fi
    rm -rf --one-file-system -- "$folder"
}

worktree=false
as_user=false
release=bookworm
commands=()
folder=
inside=/src/assay
within=
while [[ $# -gt 0 ]]; do
    case $1 in
        --worktree) worktree=true ;;
        --user) as_user=true ;;
        --release | --command | --within)
            [[ $# -ge 2 ]] || die 2 "$1 needs a value"
            case $1 in
                --release) release=$2 ;;
                --command) commands+=("$2") ;;
                --within) within=$2 ;;
            esac
            shift
            ;;
        -h | --help)
            sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$script"
            exit 0
            ;;
        *) die 2 "unknown argument '$1'; see --help" ;;
    esac
    shift
done
[[ ${#commands[@]} -gt 0 ]] || commands=('make bench' 'make test')
[[ $release =~ ^[a-z]+$ ]] || die 2 "'$release' is not the name of a Debian release"

if [[ -n $within ]]; then
    run_inside "$within" "$release" "${commands[@]}"
    exit 0
fi

[[ $(id -u) -eq 0 ]] || die 4 "making a new system takes root"
for tool in debootstrap unshare apt-get; do
    command -v "$tool" >/dev/null || die 4 "$tool is not installed"
done
$worktree || git rev-parse --quiet --verify HEAD >/dev/null || die 4 "there is no commit yet; use --worktree"

folder=$(mktemp -d "${TMPDIR:-/tmp}/assay-fresh.XXXXXX")
trap remove_folder EXIT
arguments=(--release "$release" --within "$folder/root")
$worktree && arguments+=(--worktree)
$as_user && arguments+=(--user)
for command in "${commands[@]}"; do
    arguments+=(--command "$command")
done
# In the background, so that a signal is acted on at once; killing unshare kills all that runs inside.
unshare --mount --propagation private --pid --uts --fork --kill-child bash "$script" "${arguments[@]}" &
child=$!
trap 'kill -KILL "$child" 2>/dev/null; wait "$child" 2>/dev/null || true; exit 130' INT TERM HUP
status=0
wait "$child" || status=$?
exit "$status"
