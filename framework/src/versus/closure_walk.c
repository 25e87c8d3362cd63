#include "versus/closure_walk.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far behind an address that lies within an object the next object is compared as well. */
#define NEIGHBOUR_BYTES 256

static void __attribute__((format(printf, 3, 0)))
say(struct walk *walk, enum closure_answer answer, const char *format, va_list arguments)
{
    char text[512];
    if (walk->answer == CLOSURE_SAME) {
        (void)vsnprintf(text, sizeof text, format, arguments);
        walk->answer = answer;
        /* A damaged file may hold any bytes where names are expected. */
        for (char *c = text; *c != '\0'; c++) {
            *c = *c >= ' ' && *c <= '~' ? *c : '?';
        }
        str_add(walk->why, text);
    }
}

void walk_differ(struct walk *walk, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(walk, CLOSURE_DIFFERENT, format, arguments);
    va_end(arguments);
}

void walk_lose(struct walk *walk, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(walk, CLOSURE_CANNOT_TELL, format, arguments);
    va_end(arguments);
}

static size_t bucket_of(const struct place *place)
{
    uint64_t key = place->start ^ (place->kind == PLACE_THREAD ? UINT64_C(1) << 63 : 0);
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 54) % WALK_BUCKETS;
}

/* The pair that has this place on one side; NULL for none. */
static struct walk_pair *find_pair(struct walk *walk, int side, const struct place *place)
{
    uint32_t number = walk->bucket[side][bucket_of(place)];
    while (number != 0) {
        struct walk_pair *pair = &walk->pairs[number - 1];
        if (pair->side[side].start == place->start &&
            (pair->side[side].kind == PLACE_THREAD) == (place->kind == PLACE_THREAD)) {
            return pair;
        }
        number = pair->next[side];
    }
    return NULL;
}

static void enqueue(struct walk *walk, size_t pair)
{
    if (walk->pairs[pair].queued) {
        return;
    }
    if (walk->queue_count == walk->queue_capacity) {
        walk->queue_capacity = walk->queue_capacity * 2 + 64;
        walk->queue = memory_resize(walk->queue, walk->queue_capacity, sizeof *walk->queue);
    }
    walk->pairs[pair].queued = true;
    walk->queue[walk->queue_count++] = pair;
}

/* "function x", "object x", "a constant of x": what a pair is called in a sentence. */
static const char *pair_noun(const struct walk_pair *pair)
{
    switch (pair->side[0].kind) {
    case PLACE_CODE:
        return "function";
    case PLACE_UNNAMED:
        return "a constant of";
    default:
        return "object";
    }
}

static const char *pair_name(const struct walk_pair *pair)
{
    return pair->side[0].kind == PLACE_UNNAMED ? pair->from : pair->side[0].name;
}

static void differ_in(struct walk *walk, const struct walk_pair *pair)
{
    walk_differ(walk, "%s %s differs", pair_noun(pair), pair_name(pair));
}

/* What can be read of unnamed constants depends on how they are referred to: a pair may grow. */
static void widen(struct walk *walk, struct walk_pair *pair, const struct place side[2])
{
    bool wider = false;
    for (int i = 0; i < 2; i++) {
        if (side[i].end > pair->side[i].end) {
            pair->side[i].end = side[i].end;
            wider = true;
        }
    }
    if (wider) {
        enqueue(walk, (size_t)(pair - walk->pairs));
    }
}

void walk_add(struct walk *walk, const struct place side[2], const int64_t offset[2],
              const char *from)
{
    struct walk_pair *known = find_pair(walk, 0, &side[0]);
    struct walk_pair *other = find_pair(walk, 1, &side[1]);
    if (side[0].kind != side[1].kind || offset[0] != offset[1] || known != other) {
        walk_differ(walk, "%s refers to something else", from);
        return;
    }
    if (known != NULL) {
        widen(walk, known, side);
        return;
    }
    if (walk->count == walk->capacity) {
        walk->capacity = walk->capacity * 2 + 64;
        walk->pairs = memory_resize(walk->pairs, walk->capacity, sizeof *walk->pairs);
    }
    struct walk_pair *pair = &walk->pairs[walk->count++];
    *pair = (struct walk_pair){.side = {side[0], side[1]}, .from = from};
    for (int i = 0; i < 2; i++) {
        uint32_t *bucket = &walk->bucket[i][bucket_of(&side[i])];
        pair->next[i] = *bucket;
        *bucket = (uint32_t)walk->count;
    }
    enqueue(walk, walk->count - 1);
}

/* Whether code never walks back from the end of an object: string literals, and what benchmarks are
 * registered with. */
static bool is_never_ended(const struct image_symbol *symbol)
{
    return strncmp(symbol->name, ".L", 2) == 0 || strncmp(symbol->name, "assay__entry_", 13) == 0;
}

/* An address of data that is taken without a symbol may be the end of the object before it; an
 * address within an object may have been meant for the next one. */
static bool find_neighbour(const struct image *image, const struct reference *to,
                           const struct place *place, uint32_t source, struct place *out)
{
    const struct image_extent *found = NULL;
    size_t at = image_extent_from(image, to->address);
    if (place->kind == PLACE_OBJECT && to->address > place->start) {
        bool near =
            at < image->extent_count && image->extents[at].start - to->address <= NEIGHBOUR_BYTES;
        found = near ? &image->extents[at] : NULL;
    } else if (at > 0 && image->extents[at - 1].end == to->address) {
        found = &image->extents[at - 1];
    }
    if (found == NULL || is_never_ended(found->symbol) ||
        image_is_code(image_section_at(image, found->start))) {
        return false;
    }
    uint32_t own = place->kind == PLACE_OBJECT ? place->source : source;
    if (own != 0 && found->symbol->source != own) {
        return false;
    }
    *out = (struct place){PLACE_OBJECT, found->start, found->end, found->symbol->name,
                          found->symbol->source};
    return true;
}

static void add_neighbours(struct walk *walk, const struct reference to[2],
                           const struct place place[2], const struct walk_pair *from,
                           const char *name)
{
    struct place side[2];
    bool has[2];
    if (place[0].kind == PLACE_CODE || place[0].kind == PLACE_THREAD || !to[0].by_address ||
        to[0].width > 0) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        has[i] = find_neighbour(walk->image[i], &to[i], &place[i], from->side[i].source, &side[i]);
    }
    if (has[0] && has[1]) {
        walk_add(walk, side, (const int64_t[2]){0, 0}, name);
    } else if (has[0] != has[1] && (place[0].kind == PLACE_OBJECT || from->side[0].source != 0)) {
        walk_differ(walk, "%s refers to something else", name);
    }
}

/* Library functions by which the same code on both sides may come to do something else: they load
 * libraries, or tell a program where its own executable is. */
static bool tells_sides_apart(const char *name, size_t length)
{
    static const char *const names[] = {"dlopen",
                                        "dlmopen",
                                        "dladdr",
                                        "dl_iterate_phdr",
                                        "getauxval",
                                        "program_invocation_name",
                                        "program_invocation_short_name",
                                        "readlink",
                                        "readlinkat",
                                        "realpath",
                                        "__readlink_chk",
                                        "__readlinkat_chk",
                                        "__realpath_chk"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Pairs what both sides refer to. `pair` may move: it is not used after. */
static void follow(struct walk *walk, const struct walk_pair *pair, const struct reference to[2])
{
    struct walk_pair from = *pair;
    const char *name = pair_name(&from);
    struct place place[2];
    int64_t offset[2];
    if (to[0].kind == REFERENCE_UNKNOWN || to[1].kind == REFERENCE_UNKNOWN) {
        walk_lose(walk, "%s: a reference could not be followed", name);
        return;
    }
    if (to[0].kind != to[1].kind || to[0].by_address != to[1].by_address) {
        walk_differ(walk, "%s refers to something else", name);
        return;
    }
    if (to[0].kind == REFERENCE_IMPORT) {
        size_t length = strcspn(to[0].name, "@");
        if (length != strcspn(to[1].name, "@") || strncmp(to[0].name, to[1].name, length) != 0 ||
            strcmp(to[0].version, to[1].version) != 0 || to[0].offset != to[1].offset) {
            walk_differ(walk, "%s uses %s in place of %s", name, to[1].name, to[0].name);
        } else if (tells_sides_apart(to[0].name, length)) {
            walk_lose(walk, "%s calls %.*s, by which each side may find files of its own", name,
                      (int)length, to[0].name);
        }
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct str why = STR_EMPTY;
        if (reference_place(walk->image[i], &to[i], &place[i], &why) != 0) {
            walk_lose(walk, "%s: %s", name, str_text(&why));
            str_release(&why);
            return;
        }
        str_release(&why);
        offset[i] = to[i].kind == REFERENCE_THREAD ? to[i].offset
                                                   : (int64_t)(to[i].address - place[i].start);
    }
    walk_add(walk, place, offset, name);
    add_neighbours(walk, to, place, &from, name);
}

/* Follows a pointer that both sides hold. */
static void follow_pointer(struct walk *walk, const struct walk_pair *pair,
                           const Elf64_Rela *const fixup[2])
{
    struct reference to[2];
    for (int i = 0; i < 2; i++) {
        struct str why = STR_EMPTY;
        to[i] = reference_of_pointer(walk->image[i], fixup[i], &why);
        if (to[i].kind == REFERENCE_UNKNOWN) {
            walk_lose(walk, "%s: %s", pair_name(pair), str_text(&why));
        }
        str_release(&why);
    }
    follow(walk, pair, to);
}

/* An entry of a table that holds distances from the table's start, as those of a switch do. */
static void follow_distance(struct walk *walk, const struct walk_pair *pair,
                            const Elf64_Rela *const fixup[2])
{
    struct reference to[2];
    for (int i = 0; i < 2; i++) {
        const unsigned char *bytes = image_bytes(walk->image[i], fixup[i]->r_offset, 4);
        int32_t distance = 0;
        if (bytes != NULL) {
            memcpy(&distance, bytes, sizeof distance);
        }
        to[i] = (struct reference){.kind = REFERENCE_PLACE,
                                   .address = pair->side[i].start + (uint64_t)(int64_t)distance};
    }
    follow(walk, pair, to);
}

/* Whether the bytes of both sides agree, but for those that are masked. */
static bool agree(const unsigned char *a, const unsigned char *b, const bool *masked, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!masked[i] && a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static void follow_code_fixup(struct walk *walk, const struct walk_pair *pair,
                              const struct code_step step[2], size_t number)
{
    struct reference to[2];
    for (int i = 0; i < 2; i++) {
        struct str why = STR_EMPTY;
        const Elf64_Rela *fixup = &walk->image[i]->fixups[step[i].fixup + number];
        to[i] = reference_of_code(walk->image[i], &step[i], fixup, &why);
        if (to[i].kind == REFERENCE_UNKNOWN) {
            walk_lose(walk, "function %s: %s", pair->side[i].name, str_text(&why));
        }
        str_release(&why);
    }
    follow(walk, pair, to);
}

/* Masks what the relocations of an instruction write and follows them. Whether the displacement is
 * among that. */
static bool compare_code_fixups(struct walk *walk, size_t pair, const struct code_step step[2],
                                bool masked[16])
{
    bool relative = false;
    for (size_t i = 0; i < step[0].fixup_count && walk->answer == CLOSURE_SAME; i++) {
        const Elf64_Rela *fixup[2];
        for (int side = 0; side < 2; side++) {
            fixup[side] = &walk->image[side]->fixups[step[side].fixup + i];
        }
        uint64_t at = fixup[0]->r_offset - step[0].at;
        size_t size = fixup_size(fixup[0]);
        bool spent = fixup_is_spent(walk->image[0], &step[0], fixup[0]) &&
                     fixup_is_spent(walk->image[1], &step[1], fixup[1]);
        if (at != fixup[1]->r_offset - step[1].at ||
            ELF64_R_TYPE(fixup[0]->r_info) != ELF64_R_TYPE(fixup[1]->r_info)) {
            differ_in(walk, &walk->pairs[pair]);
            return relative;
        }
        if (spent && ELF64_R_TYPE(fixup[0]->r_info) != R_X86_64_TLSGD) {
            continue;
        }
        if (size == 0 || (!spent && at + size > step[0].op.length)) {
            walk_lose(walk, "function %s: relocations of type %u are not followed",
                      walk->pairs[pair].side[0].name, (unsigned)ELF64_R_TYPE(fixup[0]->r_info));
            return relative;
        }
        if (!spent) {
            memset(masked + at, true, size);
            relative = relative || at == step[0].op.relative_at;
        }
        follow_code_fixup(walk, &walk->pairs[pair], step, i);
    }
    return relative;
}

/* A displacement that the assembler could fill in: within the function it is compared as it is;
 * else it leads to another function of the same file. */
static void compare_displacement(struct walk *walk, size_t pair, const struct code_step step[2],
                                 bool masked[16])
{
    struct reference to[2];
    bool inside[2];
    for (int i = 0; i < 2; i++) {
        const struct place *own = &walk->pairs[pair].side[i];
        uint64_t target = code_step_target(&step[i]);
        inside[i] = target >= own->start && target < own->end;
        to[i] = (struct reference){
            .kind = REFERENCE_PLACE, .address = target, .width = step[i].op.width};
    }
    if (inside[0] && inside[1]) {
        return;
    }
    memset(masked + step[0].op.relative_at, true, step[0].op.relative_size);
    follow(walk, &walk->pairs[pair], to);
}

static void compare_steps(struct walk *walk, size_t pair, const struct code_step step[2])
{
    bool masked[16] = {false};
    const struct x86_instruction *a = &step[0].op;
    const struct x86_instruction *b = &step[1].op;
    if (a->length != b->length || a->relative_at != b->relative_at ||
        a->relative_size != b->relative_size || a->branch != b->branch ||
        step[0].fixup_count != step[1].fixup_count) {
        differ_in(walk, &walk->pairs[pair]);
        return;
    }
    bool relative = compare_code_fixups(walk, pair, step, masked);
    if (a->relative_size > 0 && !relative) {
        compare_displacement(walk, pair, step, masked);
    }
    if (!agree(step[0].bytes, step[1].bytes, masked, a->length)) {
        differ_in(walk, &walk->pairs[pair]);
    }
}

static void compare_code(struct walk *walk, size_t pair)
{
    uint64_t size = walk->pairs[pair].side[0].end - walk->pairs[pair].side[0].start;
    uint64_t at = 0;
    while (at < size && walk->answer == CLOSURE_SAME) {
        struct code_step step[2];
        for (int i = 0; i < 2; i++) {
            const struct place *place = &walk->pairs[pair].side[i];
            if (code_step_at(walk->image[i], place->start + at, place->end, &step[i]) != 0) {
                walk_lose(walk, "function %s has an instruction that is not known", place->name);
                return;
            }
        }
        compare_steps(walk, pair, step);
        at += step[0].op.length;
    }
}

/* The number-th relocation of a place; NULL when it has no more. */
static const Elf64_Rela *place_fixup(const struct image *image, const struct place *place,
                                     size_t number)
{
    size_t at = image_fixup_from(image, place->start) + number;
    return at < image->fixup_count && image->fixups[at].r_offset < place->end ? &image->fixups[at]
                                                                              : NULL;
}

/* Follows the relocations of a pair's data and masks what they write. */
static void compare_data_fixups(struct walk *walk, size_t pair, bool *masked, uint64_t size)
{
    for (size_t i = 0; walk->answer == CLOSURE_SAME; i++) {
        struct walk_pair now = walk->pairs[pair];
        const Elf64_Rela *fixup[2];
        uint64_t at[2];
        for (int side = 0; side < 2; side++) {
            fixup[side] = place_fixup(walk->image[side], &now.side[side], i);
            at[side] = fixup[side] == NULL ? 0 : fixup[side]->r_offset - now.side[side].start;
        }
        if (fixup[0] == NULL && fixup[1] == NULL) {
            return;
        }
        if (fixup[0] == NULL || fixup[1] == NULL || at[0] != at[1] ||
            ELF64_R_TYPE(fixup[0]->r_info) != ELF64_R_TYPE(fixup[1]->r_info)) {
            differ_in(walk, &now);
            return;
        }
        uint32_t type = ELF64_R_TYPE(fixup[0]->r_info);
        size_t bytes = fixup_size(fixup[0]);
        if ((type != R_X86_64_64 && type != R_X86_64_PC32) || at[0] + bytes > size) {
            walk_lose(walk, "%s: relocations of type %u are not followed", pair_name(&now),
                      (unsigned)type);
            return;
        }
        memset(masked + at[0], true, bytes);
        if (type == R_X86_64_64) {
            follow_pointer(walk, &walk->pairs[pair], fixup);
        } else {
            follow_distance(walk, &walk->pairs[pair], fixup);
        }
    }
}

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Unnamed constants may be followed by filling. */
static void compare_bytes(struct walk *walk, size_t pair, const unsigned char *const bytes[2],
                          const uint64_t size[2])
{
    uint64_t common = size[0] < size[1] ? size[0] : size[1];
    int longer = size[0] < size[1] ? 1 : 0;
    bool *masked = memory_zeroed((size_t)common, sizeof *masked);
    compare_data_fixups(walk, pair, masked, common);
    if (!agree(bytes[0], bytes[1], masked, (size_t)common) ||
        !is_zero(bytes[longer] + common, size[longer] - common)) {
        differ_in(walk, &walk->pairs[pair]);
    }
    free(masked);
}

/* The bytes that a place starts with; NULL for zeroed memory. */
static const unsigned char *initial_bytes(const struct image *image, const struct place *place)
{
    if (place->kind != PLACE_THREAD) {
        return image_bytes(image, place->start, place->end - place->start);
    }
    const struct image_section *initial = &image->tls[0];
    return place->end <= initial->size ? initial->bytes + place->start : NULL;
}

static void compare_thread_data(struct walk *walk, const struct walk_pair *pair,
                                const unsigned char *const bytes[2], uint64_t size)
{
    for (int i = 0; i < 2; i++) {
        const struct image *image = walk->image[i];
        uint64_t at = image->tls[0].address + pair->side[i].start;
        size_t fixup = image_fixup_from(image, at);
        if (bytes[i] != NULL && fixup < image->fixup_count &&
            image->fixups[fixup].r_offset < at + size) {
            walk_lose(walk, "pointers in the thread-local variable %s are not followed",
                      pair->side[i].name);
            return;
        }
    }
    if (bytes[0] != NULL && memcmp(bytes[0], bytes[1], (size_t)size) != 0) {
        differ_in(walk, pair);
    }
}

static void compare_data(struct walk *walk, size_t pair)
{
    const struct walk_pair *now = &walk->pairs[pair];
    const unsigned char *bytes[2];
    uint64_t size[2];
    for (int i = 0; i < 2; i++) {
        bytes[i] = initial_bytes(walk->image[i], &now->side[i]);
        size[i] = now->side[i].end - now->side[i].start;
    }
    if ((bytes[0] == NULL) != (bytes[1] == NULL) ||
        (size[0] != size[1] && now->side[0].kind != PLACE_UNNAMED)) {
        differ_in(walk, now);
        return;
    }
    if (now->side[0].kind == PLACE_THREAD) {
        compare_thread_data(walk, now, bytes, size[0]);
    } else if (bytes[0] != NULL) {
        compare_bytes(walk, pair, bytes, size);
    }
}

static void compare_pair(struct walk *walk, size_t pair)
{
    const struct walk_pair *now = &walk->pairs[pair];
    if (now->side[0].kind != PLACE_THREAD) {
        uint64_t flags[2];
        for (int i = 0; i < 2; i++) {
            const struct image_section *section =
                image_section_at(walk->image[i], now->side[i].start);
            flags[i] = section->flags & (SHF_WRITE | SHF_EXECINSTR | SHF_TLS);
        }
        if (flags[0] != flags[1]) {
            differ_in(walk, now);
            return;
        }
    }
    if (now->side[0].kind != PLACE_CODE) {
        compare_data(walk, pair);
    } else if (now->side[0].end - now->side[0].start != now->side[1].end - now->side[1].start) {
        differ_in(walk, now);
    } else {
        compare_code(walk, pair);
    }
}

void walk_run(struct walk *walk)
{
    while (walk->queue_count > 0 && walk->answer == CLOSURE_SAME) {
        size_t pair = walk->queue[--walk->queue_count];
        walk->pairs[pair].queued = false;
        compare_pair(walk, pair);
    }
}

void walk_release(struct walk *walk)
{
    free(walk->pairs);
    free(walk->queue);
}
