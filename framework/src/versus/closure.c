#include "versus/closure.h"
#include "base/memory.h"
#include "versus/closure_walk.h"
#include "versus/image.h"
#include "versus/reference.h"

#include <assay.h>
#include <stdlib.h>
#include <string.h>

#define RUN_PREFIX      "assay__run_"
#define ENTRY_PREFIX    "assay__entry_"
#define REGISTER_PREFIX "assay__register_"

struct closure_file {
    struct image image;
};

/* Functions that run before main, with the name that pairs them. */
struct constructors {
    struct image_symbol const **functions;
    size_t count;
};

int closure_open(const char *path, struct closure_file **out, struct error *error)
{
    struct closure_file *file = memory_zeroed(1, sizeof *file);
    if (image_load(&file->image, path, error) != 0) {
        closure_close(file);
        return -1;
    }
    if (file->image.why.length == 0) {
        reference_read_bounds(&file->image);
    }
    *out = file;
    return 0;
}

void closure_close(struct closure_file *file)
{
    if (file != NULL) {
        image_release(&file->image);
        free(file);
    }
}

/* The only symbol of this name and type, found by its first defined place; NULL and a sentence when
 * there is none or more than one. */
static const struct image_symbol *only_symbol(struct walk *walk, int side, const char *name,
                                              unsigned char type)
{
    const struct image *image = walk->image[side];
    const struct image_symbol *found = NULL;
    for (size_t i = 0; i < image->symbol_count; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        if (symbol->type != type || symbol->section == SHN_UNDEF ||
            strcmp(symbol->name, name) != 0) {
            continue;
        }
        if (found != NULL) {
            walk_lose(walk, "several source files define %s", name);
            return NULL;
        }
        found = symbol;
    }
    if (found == NULL) {
        walk_lose(walk, "%s has no symbol %s", side == 0 ? "the old one" : "the new one", name);
    }
    return found;
}

/* Adds what two symbols stand for. */
static void add_symbols(struct walk *walk, const struct image_symbol *const symbol[2])
{
    struct place place[2];
    int64_t offset[2];
    for (int i = 0; i < 2; i++) {
        struct str why = STR_EMPTY;
        struct reference to = {.kind = REFERENCE_PLACE, .address = symbol[i]->address};
        if (reference_place(walk->image[i], &to, &place[i], &why) != 0) {
            walk_lose(walk, "%s: %s", symbol[i]->name, str_text(&why));
            str_release(&why);
            return;
        }
        str_release(&why);
        offset[i] = (int64_t)(symbol[i]->address - place[i].start);
    }
    walk_add(walk, place, offset, symbol[0]->name);
}

static void add_root(struct walk *walk, const char *root)
{
    const struct image_symbol *symbol[2];
    for (int i = 0; i < 2; i++) {
        symbol[i] = only_symbol(walk, i, root, STT_FUNC);
        if (symbol[i] == NULL) {
            return;
        }
    }
    add_symbols(walk, symbol);
}

/* What was set in ASSAY_BENCH: axes, threads, batch, skip_if. Lines and texts are left out, as any
 * other change of the source file moves them. */
static void add_entry(struct walk *walk, const char *root)
{
    size_t length = strlen(RUN_PREFIX);
    if (strncmp(root, RUN_PREFIX, length) != 0) {
        return;
    }
    struct str name = STR_EMPTY;
    struct place place[2];
    str_format(&name, "%s%s", ENTRY_PREFIX, root + length);
    for (int i = 0; i < 2 && walk->answer == CLOSURE_SAME; i++) {
        const struct image_symbol *symbol = only_symbol(walk, i, str_text(&name), STT_OBJECT);
        if (symbol == NULL) {
            break;
        }
        if (symbol->size != sizeof(struct assay_entry) ||
            image_bytes(walk->image[i], symbol->address, symbol->size) == NULL) {
            walk_lose(walk, "%s was made by another version of assay.h", symbol->name);
            break;
        }
        place[i] =
            (struct place){PLACE_OBJECT, symbol->address + offsetof(struct assay_entry, name),
                           symbol->address + symbol->size, symbol->name, symbol->source};
    }
    if (walk->answer == CLOSURE_SAME) {
        walk_add(walk, place, (const int64_t[2]){0, 0}, root);
    }
    str_release(&name);
}

/* The function at an address; NULL for none. Not the extent: crt's functions have no size. */
static const struct image_symbol *function_at(const struct image *image, uint64_t address)
{
    for (size_t i = 0; i < image->symbol_count; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        if (symbol->address == address && symbol->type == STT_FUNC &&
            symbol->section != SHN_UNDEF) {
            return symbol;
        }
    }
    return NULL;
}

/* Registering a benchmark reaches its entry, and by it every other benchmark; frame_dummy is the
 * compiler's. */
static bool is_followed(const struct image_symbol *constructor)
{
    bool registers = strncmp(constructor->name, REGISTER_PREFIX, strlen(REGISTER_PREFIX)) == 0;
    return !registers && !(constructor->size == 0 && strcmp(constructor->name, "frame_dummy") == 0);
}

static int constructor_order(const void *a, const void *b)
{
    const struct image_symbol *const *x = a;
    const struct image_symbol *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void read_constructors(struct walk *walk, int side, struct constructors *out)
{
    const struct image *image = walk->image[side];
    for (size_t i = 0; i < image->fixup_count; i++) {
        const struct image_section *section = image_section_at(image, image->fixups[i].r_offset);
        if (section == NULL ||
            (section->type != SHT_INIT_ARRAY && section->type != SHT_PREINIT_ARRAY)) {
            continue;
        }
        const struct image_dynamic *dynamic = image_dynamic_at(image, image->fixups[i].r_offset);
        const struct image_symbol *function = dynamic == NULL || dynamic->name != NULL
                                                  ? NULL
                                                  : function_at(image, (uint64_t)dynamic->addend);
        if (function == NULL) {
            walk_lose(walk, "a constructor has no symbol");
        } else if (is_followed(function)) {
            out->functions = memory_resize(out->functions, out->count + 1, sizeof *out->functions);
            out->functions[out->count++] = function;
        }
    }
    if (out->count > 0) {
        qsort(out->functions, out->count, sizeof *out->functions, constructor_order);
    }
}

static void add_constructors(struct walk *walk)
{
    struct constructors found[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        read_constructors(walk, i, &found[i]);
    }
    bool same = found[0].count == found[1].count;
    if (!same) {
        walk_differ(walk, "the programs have other constructors");
    }
    for (size_t i = 0; same && i < found[0].count && walk->answer == CLOSURE_SAME; i++) {
        const struct image_symbol *symbol[2] = {found[0].functions[i], found[1].functions[i]};
        if (strcmp(symbol[0]->name, symbol[1]->name) != 0) {
            walk_differ(walk, "the programs have other constructors");
        } else {
            add_symbols(walk, symbol);
        }
    }
    free(found[0].functions);
    free(found[1].functions);
}

/* What the program offers to its libraries they may use, in place of their own. */
static void add_exports(struct walk *walk)
{
    const struct image *a = walk->image[0];
    const struct image *b = walk->image[1];
    bool same = a->exported_count == b->exported_count;
    for (size_t i = 0; same && i < a->exported_count; i++) {
        same = strcmp(a->exported[i].name, b->exported[i].name) == 0;
    }
    if (!same) {
        walk_differ(walk, "the programs export other symbols");
        return;
    }
    for (size_t i = 0; i < a->exported_count && walk->answer == CLOSURE_SAME; i++) {
        const struct image_symbol *symbol[2] = {&a->exported[i], &b->exported[i]};
        add_symbols(walk, symbol);
    }
}

static void walk_all(struct walk *walk, const char *root)
{
    for (int i = 0; i < 2; i++) {
        if (walk->image[i]->why.length > 0) {
            walk_lose(walk, "%s: %s", i == 0 ? "the old one" : "the new one",
                      str_text(&walk->image[i]->why));
            return;
        }
    }
    if (strcmp(str_text(&walk->image[0]->libraries), str_text(&walk->image[1]->libraries)) != 0) {
        walk_differ(walk, "the programs need other libraries");
        return;
    }
    if (walk->image[0]->library_path) {
        walk_lose(walk, "the programs look for libraries in places of their own");
        return;
    }
    add_root(walk, root);
    add_entry(walk, root);
    walk_run(walk);
    add_constructors(walk);
    add_exports(walk);
    walk_run(walk);
}

enum closure_answer closure_same(const struct closure_file *old_file,
                                 const struct closure_file *new_file, const char *root,
                                 struct str *why)
{
    struct walk *walk = memory_zeroed(1, sizeof *walk);
    walk->image[0] = &old_file->image;
    walk->image[1] = &new_file->image;
    walk->answer = CLOSURE_SAME;
    walk->why = why;
    str_clear(why);
    walk_all(walk, root);
    enum closure_answer answer = walk->answer;
    walk_release(walk);
    free(walk);
    return answer;
}
