#!/usr/bin/env bash
# Makes sure that what the project needs is installed.
#
#   scripts/setup.sh [--check] [bench|test]
#
# bench (the default) is what building, measuring and reporting need; test adds what the tests and the
# linters need. Silent when nothing is missing. Otherwise installs it with apt-get when run by root or
# where sudo asks no password, and names it on stderr. --check installs nothing.
# OS_RELEASE in the environment names a file to read in place of /etc/os-release.
# Exit status: 0 all is there, 2 usage, 4 something is missing and could not be installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One need a line: where it is needed, the packages that satisfy it (the first one that the system
# knows is installed), and how its presence shows where packages do not tell.
readonly NEEDS='
bench  gcc,clang                                command:cc
bench  libc6-dev                                header:stdio.h
bench  make                                     command:make
bench  pkg-config,pkgconf                       command:pkg-config
bench  libjansson-dev                           header:jansson.h
bench  libprotobuf-c-dev                        header:protobuf-c/protobuf-c.h
bench  protobuf-c-compiler                      command:protoc-c
bench  libelf-dev                               header:libelf.h
bench  libpfm4-dev                              header:perfmon/pfmlib_perf_event.h
bench  zlib1g-dev                               header:zlib.h
bench  libzstd-dev                              header:zstd.h
bench  libbrotli-dev                            header:brotli/encode.h
bench  libcurl4-openssl-dev                     header:curl/curl.h
bench  libssl-dev                               header:openssl/ssl.h
bench  libevent-dev                             header:event2/event.h
bench  libnghttp2-dev                           header:nghttp2/nghttp2.h
bench  gnuplot-nox,gnuplot-qt,gnuplot-x11       command:gnuplot
bench  python3                                  command:python3
bench  python3-jinja2                           python:jinja2
bench  git                                      command:git
test   gcc                                      command:gcc
test   g++                                      command:g++
test   clang                                    command:clang
test   lld                                      command:ld.lld
test   clang-tidy                               command:clang-tidy
test   clang-format                             command:clang-format
test   cppcheck                                 command:cppcheck
test   shellcheck                               command:shellcheck
test   libcmocka-dev                            header:cmocka.h
test   libjemalloc-dev                          header:jemalloc/jemalloc.h
test   protobuf-compiler                        command:protoc
test   python3-protobuf                         python:google.protobuf
test   python3-pytest                           python:pytest
test   python3-pytest-xdist                     python:xdist
test   python3-jsonschema                       python:jsonschema
test   python3-numpy                            python:numpy
test   python3-scipy                            python:scipy
test   python3-mypy                             python:mypy
test   black                                    command:black
test   valgrind                                 command:valgrind
test   curl                                     command:curl
test   openssl                                  command:openssl
test   nghttp2-client                           command:h2load
test   libcjson-dev                             header:cjson/cJSON.h
'
# Ubuntu has Chromium as a snap only, which a container cannot run: the browser tests skip themselves there.
readonly BROWSER_NEEDS='
test   python3-selenium                         python:selenium
test   chromium                                 command:chromium
test   chromium-driver                          command:chromedriver
test   fonts-dejavu-core,fonts-liberation       font:
'

usage()
{
    echo "setup: $1; usage: scripts/setup.sh [--check] [bench|test]" >&2
    exit 2
}

is_ubuntu()
{
    local line file=${OS_RELEASE:-/etc/os-release}
    [[ -r $file ]] || return 1
    while IFS= read -r line; do
        [[ $line == ID=*ubuntu* || $line == ID_LIKE=*ubuntu* ]] && return 0
    done <"$file"
    return 1
}

has_header()
{
    printf '#include <%s>\n' "$1" | cc -E -o /dev/null - 2>/dev/null
}

# Whether a need is met by something that no package stands for (a tool from elsewhere, another system).
is_met() # KIND:NAME
{
    local kind=${1%%:*} name=${1#*:}
    case $kind in
        command) command -v "$name" >/dev/null ;;
        header) has_header "$name" ;;
        font) command -v fc-list >/dev/null && [[ -n $(fc-list 2>/dev/null) ]] ;;
    esac
}

# Sets missing to the needs ("packages probe") that are not met. Python modules that no package stands for
# are there only when one Python has them and all the others: modules of two Pythons help nobody.
find_missing() # SCOPE
{
    local needs=$NEEDS scope packages probe package names=() rows=() found modules=() loose=()
    local -A installed=()
    is_ubuntu || needs+=$BROWSER_NEEDS
    while read -r scope packages probe; do
        [[ -n $scope && ($scope == bench || $scope == "$1") ]] || continue
        rows+=("$packages $probe")
        names+=("${packages//,/ }")
    done <<<"$needs"
    if $debian; then
        # shellcheck disable=SC2086,SC2048  # a row may name several packages
        while read -r package scope; do
            [[ $scope == installed ]] && installed[$package]=1
        done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' ${names[*]} 2>/dev/null || true)
    fi
    missing=()
    for found in "${rows[@]}"; do
        read -r packages probe <<<"$found"
        [[ $probe != python:* ]] || modules+=("${probe#*:}")
        for package in ${packages//,/ }; do
            [[ -z ${installed[$package]-} ]] || continue 2
        done
        if [[ $probe == python:* ]]; then
            loose+=("$packages $probe")
        elif ! is_met "$probe"; then
            missing+=("$packages $probe")
        fi
    done
    if [[ ${#loose[@]} -gt 0 ]] && ! scripts/find-python.sh "${modules[@]}" >/dev/null 2>&1; then
        missing+=("${loose[@]}")
    fi
}

# Sets packages to one package for each missing need. With "known", the first that apt knows.
choose_packages() # first|known
{
    local row list name
    packages=()
    for row in "${missing[@]}"; do
        list=${row% *}
        name=${list%%,*}
        if [[ $1 == known && $list == *,* ]]; then
            for name in ${list//,/ } ${list%%,*}; do
                apt-cache show --no-all-versions "$name" >/dev/null 2>&1 && break
            done
        fi
        packages+=("$name")
    done
}

give_up() # SENTENCE
{
    choose_packages first
    local apt="apt-get install -y --no-install-recommends ${packages[*]}"
    {
        printf 'setup: %s\n' "$1"
        printf 'Run this, then try again:\n\n'
        if [[ $(id -u) -eq 0 ]]; then
            printf '  apt-get update && %s\n\n' "$apt"
        else
            printf "  sudo sh -c 'apt-get update && %s'\n\n" "$apt"
        fi
    } >&2
    exit 4
}

name_needs()
{
    local row probe names=()
    for row in "${missing[@]}"; do
        probe=${row##* }
        case $probe in
            command:*) names+=("${probe#*:}") ;;
            header:*) names+=("<${probe#*:}>") ;;
            python:*) names+=("the Python module ${probe#*:}") ;;
            font:*) names+=("a TrueType font") ;;
        esac
    done
    local IFS=,
    probe=${names[*]}
    printf '%s\n' "${probe//,/, }"
}

install_missing() # SCOPE
{
    local sudo=()
    if [[ $(id -u) -ne 0 ]]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            give_up "missing: $(name_needs); installing takes root"
        fi
        sudo=(sudo -n)
    fi
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120)
    choose_packages first
    echo "setup: installing ${packages[*]}" >&2
    # A broken third-party source fails the update and need not fail the installation.
    "${apt[@]}" update >"$log" 2>&1 </dev/null || true
    choose_packages known
    if ! "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >>"$log" 2>&1 </dev/null; then
        tail -n 40 "$log" >&2
        give_up "apt-get could not install the missing packages (its output is above)"
    fi
    hash -r
    find_missing "$1"
    if [[ ${#missing[@]} -gt 0 ]]; then
        tail -n 40 "$log" >&2
        give_up "apt-get ended well, but these are still missing: $(name_needs)"
    fi
}

scope=bench
check=false
for argument in "$@"; do
    case $argument in
        bench | test) scope=$argument ;;
        --check) check=true ;;
        *) usage "unknown argument '$argument'" ;;
    esac
done

debian=false
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    debian=true
fi
find_missing "$scope"
[[ ${#missing[@]} -gt 0 ]] || exit 0
if ! $debian; then
    {
        echo "setup: missing here: $(name_needs)"
        echo "Install them with the package manager of this system, then try again."
    } >&2
    exit 4
fi
$check && give_up "missing: $(name_needs)"
install_missing "$scope"
