#!/usr/bin/env bash
# Links the same objects in another order and at other addresses.
#
#   scripts/link-layout.sh NUMBER OUT OBJECT... -- COMMAND...
#
# COMMAND is the link command without "-o OUT"; its word OBJECTS stands for the objects. They are
# shuffled, behind a first object that only pads: by a multiple of 64 bytes below 4096 in .text, which
# differs between any 64 layouts that follow one another, and by a random multiple of 16 bytes below 1024
# in .rodata and in .data. Order and pads follow from NUMBER and the count of objects alone, so that a
# layout can be made again. Exit status: that of the link; 2 usage.
set -euo pipefail

usage()
{
    echo "link-layout: $1; usage: scripts/link-layout.sh NUMBER OUT OBJECT... -- COMMAND..." >&2
    exit 2
}

# Sets drawn to a whole number from 0 to N-1: a counter whose bits are mixed, the same on every system.
draw() # N
{
    state=$(((state + 0x9e3779b9) & 0xffffffff))
    drawn=$(((state ^ state >> 16) * 0x21f0aaad & 0xffffffff))
    drawn=$(((drawn ^ drawn >> 15) * 0x735a2d97 & 0xffffffff))
    drawn=$(((drawn ^ drawn >> 15) % $1))
}

shuffle_objects()
{
    local i swapped
    for ((i = ${#objects[@]} - 1; i > 0; i--)); do
        draw $((i + 1))
        swapped=${objects[i]}
        objects[i]=${objects[drawn]}
        objects[drawn]=$swapped
    done
}

write_pad() # FILE
{
    local text rodata data
    # No two of 64 layouts alike, and those that follow one another far apart.
    text=$((number * 39 % 64 * 64))
    draw 64
    rodata=$((drawn * 16))
    draw 64
    data=$((drawn * 16))
    # 0x90 is x86's nop; elsewhere it is filling just as well, as nothing runs it.
    printf '%s\n' '.file "layout"' \
        '.text' '.p2align 6' ".skip $text, 0x90" \
        '.section .rodata,"a"' ".skip $rodata" \
        '.data' ".skip $data" \
        '.section .note.GNU-stack,"",%progbits' >"$1"
}

[[ $# -ge 5 ]] || usage "something is missing"
[[ $1 =~ ^[1-9][0-9]{0,5}$ ]] || usage "the number '$1' is not one from 1 to 999999"
# The counter steps by another amount, so that layouts share no stretch of it.
state=$(($1 * 1000003 & 0xffffffff))
number=$1
out=$2
shift 2

objects=()
while [[ $# -gt 0 && $1 != -- ]]; do
    objects+=("$1")
    shift
done
[[ ${#objects[@]} -gt 0 && $# -gt 1 ]] || usage "objects, -- and the command are needed"
shift

pad=$out.pad.s
trap 'rm -f "$pad"' EXIT
write_pad "$pad"
shuffle_objects

command=()
for word in "$@"; do
    if [[ $word == OBJECTS ]]; then
        command+=("$pad" "${objects[@]}")
    else
        command+=("$word")
    fi
done
"${command[@]}" -o "$out"
