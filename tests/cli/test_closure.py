"""What can be called the same in two executables, and what cannot: of the tiny suite and of what
becomes of it when one thing is changed."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from suite_program import BUILD, ROOT
from tiny_suite import COMPILERS, FILES, LIBRARIES, PART, RELOCS, SUITE, Builder, run

CLOSURE = BUILD / "probes" / "closure"


def ask(old: Path, new: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CLOSURE, old, new, *(f"assay__run_{name}" for name in names or ("used", "other"))],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def answers(old: Path, new: Path, *names: str) -> list[str]:
    """The answer to each name, `used` and `other` unless told."""
    done = ask(old, new, *names)
    assert done.returncode == 0, done
    return [line.split(" ", 1)[1] for line in done.stdout.splitlines()]


@pytest.fixture(name="builder", scope="module", params=COMPILERS)
def make_builder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Builder:
    if not CLOSURE.exists():
        pytest.fail(f"{CLOSURE} is missing: make BUILD={BUILD} probes", pytrace=False)
    return Builder(COMPILERS[request.param], tmp_path_factory.mktemp("closure"))


@pytest.fixture(name="compiled", scope="module", params=["gcc", "clang"])
def make_compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Builder:
    return Builder(COMPILERS[request.param], tmp_path_factory.mktemp("compiled"))


@pytest.fixture(name="plain", scope="module")
def make_plain(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(COMPILERS["gcc"], tmp_path_factory.mktemp("plain"))


def test_another_build_of_the_same_source_is_the_same(builder: Builder) -> None:
    assert answers(builder.plain, builder.build()) == ["same", "same"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_another_layout_is_the_same(builder: Builder, number: int) -> None:
    folder = builder.objects(FILES)
    target = folder / "tiny"
    run(
        *(ROOT / "scripts" / "link-layout.sh", number, target, *sorted(folder.glob("*.o"))),
        *("--", *builder.compiler, RELOCS, "OBJECTS", *LIBRARIES),
        folder=folder,
    )
    assert target.read_bytes() != builder.plain.read_bytes()
    assert answers(builder.plain, target) == ["same", "same"]


def test_other_lines_and_comments_are_the_same(builder: Builder) -> None:
    moved = builder.changed(
        "suite.c", "#include <assay.h>\n", "/* Moved */\n\n#include <assay.h>\n"
    )
    assert answers(builder.plain, moved) == ["same", "same"]


CHANGES = {
    "callee two calls deep": ("suite.c", "return x + 11;", "return x + 12;", "inner"),
    "string literal": ("suite.c", "a literal of the used", "a LITERAL of the used", "differs"),
    "longer string literal": ("suite.c", "a literal of the used", "another literal", "differs"),
    "entry of a constant table": ("suite.c", "{3, 1, 4, 1, 5,", "{3, 1, 4, 1, 8,", "weights"),
    "length of a constant table": ("suite.c", "9, 2, 6}", "9, 2, 6, 5}", ""),
    "cases of a switch": (
        "suite.c",
        "case 1: case 6: return inner(x + 2);\n    case 2: case 7:",
        "case 1: case 7: return inner(x + 2);\n    case 2: case 6:",
        "choose",
    ),
    "function behind a table": ("suite.c", "x ^ 21", "x ^ 22", "step_two"),
    "order of a function table": (
        "suite.c",
        "{step_one, step_two}",
        "{step_two, step_one}",
        "something else",
    ),
    "initial value": ("suite.c", "counter = 5", "counter = 6", "differs"),
    "initial value of a thread": ("suite.c", "depth = 2", "depth = 3", "depth"),
    "size of zeroed memory": ("suite.c", "buffer[4096]", "buffer[8192]", "buffer"),
    "inlined function": ("suite.c", "x * 7", "x * 5", "used"),
    "constructor": ("suite.c", "prepared = 3", "prepared = 4", "prepare"),
    "another constructor": (
        "suite.c",
        "static const double shares",
        "__attribute__((constructor)) static void more(void) { prepared = 9; }\n"
        "static const double shares",
        "constructors",
    ),
    "library function": ("suite.c", "return strlen(text)", "return (size_t)atoi(text)", "measure"),
    "word behind pointers of another file": ("part.c", '"beta"', '"bets"', "differs"),
    "what it is registered with": ("suite.c", 'tags = "tiny"', 'tags = "tidy"', "differs"),
    "batch": ("suite.c", '.tags = "tiny"', '.batch = 4, .tags = "tiny"', "assay__entry_used"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_reached_is_found(compiled: Builder, change: str) -> None:
    name, old, new, word = CHANGES[change]
    (answer,) = answers(compiled.plain, compiled.changed(name, old, new), "used")
    assert answer.startswith("different: ") and word in answer, answer


@pytest.mark.parametrize(
    "old, new",
    [
        ("shares[x % 3] *", "shares[x % 3] +"),
        ("{0.5, 0.25, 0.125}", "{0.5, 0.25, 0.375}"),
        ("1.0625", "1.1875"),
        ("a literal of the other one", "a literal of the other, longer by some words"),
        ("ASSAY_BENCH(other)", "ASSAY_BENCH(other, .args = {1, 2})"),
        (
            'assay_fail(b, "a literal of the other one");',
            'puts("one"); puts("two words"); puts("used one"); puts("other one");',
        ),
    ],
)
def test_a_change_of_another_benchmark_does_not_count(
    compiled: Builder, old: str, new: str
) -> None:
    used, other = answers(compiled.plain, compiled.changed("suite.c", old, new))
    assert used == "same"
    assert other.startswith("different: ")


def test_a_benchmark_that_was_added_does_not_count(builder: Builder) -> None:
    added = (
        "\nASSAY_BENCH(third)\n{\n    ASSAY_LOOP(b) {\n        assay_keep(prepared);\n    }\n}\n"
    )
    new = builder.build({**FILES, "suite.c": SUITE + added})
    assert answers(builder.plain, new, "used", "other") == ["same", "same"]
    (third,) = answers(builder.plain, new, "third")
    assert third == "cannot tell: the old one has no symbol assay__run_third"


def test_a_name_that_two_files_define_is_not_told(plain: Builder) -> None:
    twice = SUITE.replace("ASSAY_BENCH(other)", "ASSAY_BENCH(third)")
    twice = twice.replace("ASSAY_BENCH(used", "ASSAY_BENCH(other")
    both = plain.build({**FILES, "more.c": twice})
    (answer,) = answers(both, both, "other")
    assert answer.startswith("cannot tell: several source files define"), answer


@pytest.mark.parametrize(
    "flags, link, reason",
    [
        ((), "-Wl,-O1", "linked without --emit-relocs"),
        (("-no-pie", "-fno-pie"), RELOCS, "no position-independent executable"),
    ],
)
def test_a_link_that_cannot_be_followed_is_not_told(
    plain: Builder, flags: tuple[str, ...], link: str, reason: str
) -> None:
    program = plain.build(None, *flags, link=link)
    (answer,) = answers(program, program, "used")
    assert answer.startswith("cannot tell: ") and reason in answer, answer


def test_a_stripped_program_is_not_told(plain: Builder, tmp_path: Path) -> None:
    stripped = tmp_path / "stripped"
    run("strip", "-o", stripped, plain.plain, folder=tmp_path)
    (answer,) = answers(plain.plain, stripped, "used")
    assert answer == "cannot tell: the new one: it is stripped of its symbols"


def test_code_without_a_size_is_not_told(plain: Builder) -> None:
    unsized = '__asm__(".text\\nunsized: ret\\n"); void unsized(void);\n'
    call = "    int x = 1;\n    unsized();\n"
    text = SUITE.replace("    int x = 1;\n", call).replace("#define HIDE", f"{unsized}#define HIDE")
    program = plain.build({**FILES, "suite.c": text})
    (answer,) = answers(program, program, "used")
    assert answer.startswith("cannot tell: ") and "no symbol with a size" in answer, answer


def test_other_libraries_are_a_difference(plain: Builder) -> None:
    more = plain.build(link="-Wl,--emit-relocs,--no-as-needed,-lz,--as-needed")
    (answer,) = answers(plain.plain, more, "used")
    assert answer == "different: the programs need other libraries"


def patched(source: Path, target: Path, offset: int, value: int) -> Path:
    image = bytearray(source.read_bytes())
    image[offset] = value
    target.write_bytes(image)
    return target


@pytest.mark.parametrize(
    "offset, value, reason",
    [(4, 1, "no 64-bit"), (5, 2, "no 64-bit"), (18, 183, "only x86-64")],
    ids=["32-bit", "big-endian", "aarch64"],
)
def test_another_machine_is_not_told(
    plain: Builder, tmp_path: Path, offset: int, value: int, reason: str
) -> None:
    (answer,) = answers(plain.plain, patched(plain.plain, tmp_path / "x", offset, value), "used")
    assert answer.startswith("cannot tell: the new one: ") and reason in answer


def test_files_that_are_no_executables_are_refused(plain: Builder, tmp_path: Path) -> None:
    image = plain.plain.read_bytes()
    for content, reason in [
        (b"", "is no ELF file"),
        (b"#!/bin/sh\n", "is no ELF file"),
        (image[:40], "is no ELF file"),
        (image[:4096], "is cut short"),
        (image[:-1], "is cut short"),
    ]:
        path = tmp_path / "program"
        path.write_bytes(content)
        done = ask(plain.plain, path, "used")
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr.startswith(str(path)) and reason in done.stderr, done.stderr
    done = ask(plain.plain, tmp_path / "missing", "used")
    assert done.returncode == 4 and str(tmp_path / "missing") in done.stderr


def extents(program: Path, *names: str) -> list[tuple[int, int]]:
    """(offset in the file, size) of functions and objects, by nm and readelf."""
    sections = subprocess.run(
        ["readelf", "-SW", program], capture_output=True, text=True, check=True
    ).stdout
    shifts = []
    for line in sections.splitlines():
        words = line.replace("[ ", "[").split()
        if len(words) > 6 and words[0].startswith("[") and words[2] == "PROGBITS":
            start, offset, size = (int(word, 16) for word in words[3:6])
            if start > 0:
                shifts.append((start, start + size, offset - start))
    found = []
    listing = subprocess.run(
        ["nm", "-S", program], capture_output=True, text=True, check=True
    ).stdout
    for line in listing.splitlines():
        words = line.split()
        if len(words) == 4 and words[3] in names:
            address, size = int(words[0], 16), int(words[1], 16)
            found += [(address + by, size) for low, high, by in shifts if low <= address < high]
    return found


def test_no_bit_of_what_is_reached_may_change(builder: Builder, tmp_path: Path) -> None:
    """Not one flipped bit of code or constants may be taken for the same."""
    places = extents(
        builder.plain,
        "inner",
        "outer",
        "choose",
        "weights",
        "assay__run_used",
        "counter",
        "measure",
    )
    offsets = [offset + i for offset, size in places for i in range(size)]
    assert len(places) >= 6 and len(offsets) > 100
    draw = random.Random(1)
    for offset in draw.sample(offsets, 100):
        old = builder.plain.read_bytes()[offset]
        new = patched(builder.plain, tmp_path / "flipped", offset, old ^ 1 << draw.randrange(8))
        (answer,) = answers(builder.plain, new, "used")
        assert answer != "same", f"{offset:#x}"


def test_damaged_files_end_neither_in_a_crash_nor_never(plain: Builder, tmp_path: Path) -> None:
    image = plain.plain.read_bytes()
    program = tmp_path / "damaged"
    draw = random.Random(int(os.environ.get("CLOSURE_FUZZ_SEED", "7")))
    header = [*range(64), *range(len(image) - 64 * 50, len(image))]
    for _ in range(int(os.environ.get("CLOSURE_FUZZ_RUNS", "150"))):
        damaged = bytearray(image)
        for _ in range(draw.randrange(1, 12)):
            at = draw.choice(header) if draw.random() < 0.6 else draw.randrange(len(image))
            damaged[at] = draw.randrange(256)
        if draw.random() < 0.1:
            del damaged[draw.randrange(len(image)) :]
        program.write_bytes(damaged)
        done = ask(plain.plain, program, "used", "other")
        assert done.returncode in (0, 4), done


def test_what_layouts_are_made_of(plain: Builder, tmp_path: Path) -> None:
    """The number decides on everything: order, pads, and so addresses."""
    folder = plain.objects(FILES)

    def link(number: int, name: str) -> Path:
        run(
            *(ROOT / "scripts" / "link-layout.sh", number, tmp_path / name),
            *(*sorted(folder.glob("*.o")), "--", "gcc", RELOCS, "OBJECTS", *LIBRARIES),
            folder=folder,
        )
        return tmp_path / name

    def addresses(program: Path) -> dict[str, str]:
        listing = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
        rows = (line.split() for line in listing.splitlines())
        wanted = ("assay__run_used", "assay__run_other", "weights", "counter")
        return {row[-1]: row[0] for row in rows if row[-1] in wanted}

    layouts = [link(number, f"tiny-{number}") for number in (1, 2, 3, 4)]
    found = [addresses(program) for program in layouts]
    assert all(len(names) == 4 for names in found)
    for name in found[0]:
        assert len({names[name] for names in found}) == 4, name
    assert link(3, "again").read_bytes() == layouts[2].read_bytes()
    assert not list(tmp_path.glob("*.s"))
    listed = subprocess.run([layouts[0], "--list"], capture_output=True, text=True, check=True)
    assert listed.stdout.count("tiny/") == 2


@pytest.mark.parametrize(
    "words",
    [(), ("0", "out", "a.o", "--", "cc"), ("x", "out", "a.o", "--", "cc"), ("1", "o", "a.o")],
)
def test_a_layout_needs_its_arguments(tmp_path: Path, words: tuple[str, ...]) -> None:
    script = ROOT / "scripts" / "link-layout.sh"
    done = subprocess.run(
        [script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and done.stderr.startswith("link-layout: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        'x += getpagesize() + (readlink("/proc/self/exe", buffer, 9) > 0);',
        'x += dlopen("libm.so.6", 1) != NULL;',
        'x += realpath(".", buffer) != NULL;',
    ],
)
def test_code_that_may_find_files_of_its_own_side_is_not_told(plain: Builder, change: str) -> None:
    text = SUITE.replace(
        "#include <stdio.h>\n", "#include <stdio.h>\n#include <unistd.h>\n#include <dlfcn.h>\n"
    )
    text = text.replace("    int x = 1;\n", f"    int x = 1;\n    {change}\n", 1)
    program = plain.build({**FILES, "suite.c": text})
    used, other = answers(program, program)
    assert used.startswith("cannot tell: ") and "files of its own" in used, used
    assert other == "same"


def test_programs_that_look_for_libraries_elsewhere_are_not_told(plain: Builder) -> None:
    """Libraries of one name may be others there."""
    folder = plain.objects(FILES)
    words = ("-Wl,-rpath,$ORIGIN", *sorted(folder.glob("*.o")), *LIBRARIES, "-o", "tiny")
    run("gcc", RELOCS, *words, folder=folder)
    (answer,) = answers(folder / "tiny", folder / "tiny", "used")
    assert answer == "cannot tell: the programs look for libraries in places of their own"
