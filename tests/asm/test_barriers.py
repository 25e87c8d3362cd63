"""What compilers make of assay.h: the loop is as cheap as promised, and kernels stay in it."""

import platform
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORK = ROOT / "framework"
COMPILERS = ("gcc", "clang")
LEVELS = ("-O2", "-O3", "-O2 -flto")
BUILD = "build/tests-gcc"

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="reads x86-64 assembly")

# One kernel a function. Each function is kept whole, so that it is found in a linked program too.
KERNELS = r"""
#include <assay.h>

#define KERNEL(name) __attribute__((noinline, used)) void kernel_##name(assay_bench *b)

struct wide { double a; long b; char c[24]; };

static inline uint64_t mix(uint64_t x)
{
    return (x ^ (x >> 33)) * 0x9e3779b97f4a7c15u;
}

static long buffer[4];
void leak(void *p);

KERNEL(empty) { ASSAY_LOOP(b) {} }

KERNEL(arithmetic)
{
    uint64_t x = (uint64_t)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_touch(&x);
        assay_keep(x * 3 + 1);
    }
}

/* The control: nothing keeps it. */
KERNEL(dropped)
{
    uint64_t x = (uint64_t)assay_arg(b);
    ASSAY_LOOP(b) {
        uint64_t unused = x * 3 + 1;
        (void)unused;
    }
}

KERNEL(pure)
{
    uint64_t x = (uint64_t)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_touch(&x);
        assay_keep(mix(x));
    }
}

/* The control: the input never changes, so the value may be computed once, before the loop. */
KERNEL(lifted)
{
    uint64_t x = (uint64_t)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_keep(mix(x));
    }
}

KERNEL(clobbered)
{
    leak(buffer);
    long i = 0;
    ASSAY_LOOP(b) {
        buffer[1] = i;
        assay_clobber();
        buffer[1] = i + 1;
        i += 2;
        assay_clobber();
    }
}

/* The control: the second store hides the first. */
KERNEL(not_clobbered)
{
    leak(buffer);
    long i = 0;
    ASSAY_LOOP(b) {
        buffer[1] = i;
        buffer[1] = i + 1;
        i += 2;
    }
}

KERNEL(keep_int)
{
    int x = (int)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_keep(x);
        x = x * 3 + 1;
    }
}

KERNEL(keep_pointer)
{
    char *p = (char *)(uintptr_t)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_keep(p);
        p += 24;
    }
}

KERNEL(keep_double)
{
    double x = (double)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_keep(x);
        x = x * 3 + 1;
    }
}

KERNEL(keep_float)
{
    float x = (float)assay_arg(b);
    ASSAY_LOOP(b) {
        assay_keep(x);
        x = x * 3 + 1;
    }
}

KERNEL(keep_bool)
{
    int64_t x = assay_arg(b);
    ASSAY_LOOP(b) {
        assay_keep(x > 7);
        x += 3;
    }
}

KERNEL(keep_struct)
{
    long x = assay_arg(b);
    ASSAY_LOOP(b) {
        struct wide w = {1.5, x++, "text"};
        assay_keep(w);
    }
}
"""

# The harness behind the loop, visible to link-time optimisation.
HARNESS = r"""
#include <assay.h>

struct assay_bench { int64_t arg; };
volatile uint64_t laps[2] = {1000, 0};
static void *volatile leaked;

/* A function of its own, so that the one loop without a call is the kernel's. */
__attribute__((noinline)) uint64_t assay__lap(assay_bench *b, uint64_t left) { (void)b; return laps[left == 0]; }
int64_t assay_arg(const assay_bench *b) { return b->arg; }
void leak(void *p);
void leak(void *p) { leaked = p; }

#define K(name) void kernel_##name(assay_bench *b);
#define ALL K(empty) K(arithmetic) K(dropped) K(pure) K(lifted) K(clobbered) K(not_clobbered) \
    K(keep_int) K(keep_pointer) K(keep_double) K(keep_float) K(keep_bool) K(keep_struct)
ALL

int main(int argc, char **argv)
{
    (void)argv;
    assay_bench b = {argc};
#undef K
#define K(name) kernel_##name(&b);
    ALL
    return 0;
}
"""

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:(?:cs|data16|rep|bnd) )*(\S+)\s*(.*)$")
JUMP_TO = re.compile(r"^([0-9a-f]+) <")
COUNT_DOWN = re.compile(r"^(sub|dec|add)[lq]? ?(\$0x1,|\$0xffffffffffffffff,)?%\w+$")


class Loop:
    """The one loop of a function that calls nothing: its instructions without padding."""

    def __init__(self, name: str, lines: list[tuple[int, str, str]]) -> None:
        spans = []
        calls = [address for address, operation, _ in lines if operation == "call"]
        for address, operation, operands in lines:
            target = JUMP_TO.match(operands)
            if operation.startswith("j") and target:
                first = int(target[1], 16)
                if first <= address and not any(first <= call <= address for call in calls):
                    spans.append((first, address))
        assert len(spans) == 1, f"{name} has {len(spans)} loops without a call"
        first, last = spans[0]
        self.lines = [
            f"{operation} {operands}".strip()
            for address, operation, operands in lines
            if first <= address <= last and not operation.startswith("nop")
        ]
        self.text = name + ":\n  " + "\n  ".join(self.lines)

    def count(self, pattern: str) -> int:
        return sum(re.search(pattern, line) is not None for line in self.lines)

    def stores(self) -> int:
        """Instructions whose destination, the last operand, is memory."""
        compared = re.compile(r"^(cmp|test|j|lea|prefetch|ucomis|comis)")
        return sum(
            line.split("#")[0].rstrip().endswith(")") and not compared.match(line)
            for line in self.lines
        )

    def loads_or_stores(self) -> int:
        return sum("(" in line and not line.startswith("lea") for line in self.lines)

    def work(self) -> list[str]:
        """What is left without the counter, its test and the branch."""
        rest = [line for line in self.lines if not re.match(r"^(j|test|cmp)", line)]
        for line in rest:
            if COUNT_DOWN.match(line):
                rest.remove(line)
                break
        return rest


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def disassemble(path: Path) -> dict[str, Loop]:
    loops = {}
    text = run("objdump", "-d", "--no-show-raw-insn", path)
    for part in re.split(r"\n(?=[0-9a-f]+ <)", text):
        title = re.match(r"[0-9a-f]+ <kernel_(\w+)>:", part)
        if title:
            found = [m for m in map(INSTRUCTION.match, part.splitlines()[1:]) if m]
            lines = [(int(m[1], 16), m[2], m[3].strip()) for m in found]
            loops[title[1]] = Loop(title[1], lines)
    return loops


def compile_kernels(folder: Path, compiler: str, level: str) -> dict[str, Loop]:
    """The innermost loop of every kernel, as this compiler makes it."""
    flags = [
        compiler,
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        f"-I{FRAMEWORK}",
        *level.split(),
    ]
    for name, text in (("kernels", KERNELS), ("harness", HARNESS)):
        (folder / f"{name}.c").write_text(text)
        run(*flags, "-c", folder / f"{name}.c", "-o", folder / f"{name}.o")
    if "-flto" not in level:
        return disassemble(folder / "kernels.o")
    linker = ["-fuse-ld=lld"] if compiler == "clang" else []
    program = folder / "program"
    run(*flags, *linker, folder / "kernels.o", folder / "harness.o", "-o", program)
    run(program)
    return disassemble(program)


@pytest.fixture(
    name="loops",
    scope="module",
    params=[(compiler, level) for compiler in COMPILERS for level in LEVELS],
    ids=lambda p: f"{p[0]}{p[1].replace(' ', '')}",
)
def fixture_loops(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Loop]:
    compiler, level = request.param
    return compile_kernels(tmp_path_factory.mktemp("kernels"), compiler, level)


def test_empty_loop_is_a_decrement_and_a_branch(loops: dict[str, Loop]) -> None:
    loop = loops["empty"]
    assert loop.loads_or_stores() == 0, loop.text
    assert loop.count(r"^(sub|dec|add)") == 1, loop.text
    assert loop.count(r"^j") == 1, loop.text
    # A test of the counter is fused with the branch that follows it.
    assert len(loop.lines) - loop.count(r"^test (%\w+),\1$") == 2, loop.text


def test_kept_arithmetic_stays_in_the_loop(loops: dict[str, Loop]) -> None:
    loop = loops["arithmetic"]
    assert loop.count(r"^lea .*\((%\w+),\1,2\)") == 1, loop.text
    assert loop.stores() == 0, loop.text


def test_control_what_is_not_kept_vanishes(loops: dict[str, Loop]) -> None:
    assert loops["dropped"].work() == [], loops["dropped"].text


def test_touched_input_is_computed_with_again(loops: dict[str, Loop]) -> None:
    loop = loops["pure"]
    assert loop.count(r"^shr .*0x21") == 1, loop.text
    assert loop.count(r"^imul ") == 1, loop.text
    assert loop.loads_or_stores() >= 1, loop.text


def test_control_constant_input_is_lifted_out(loops: dict[str, Loop]) -> None:
    assert loops["lifted"].count(r"^imul ") == 0, loops["lifted"].text


def test_stores_before_a_clobber_are_made(loops: dict[str, Loop]) -> None:
    assert loops["clobbered"].stores() == 2, loops["clobbered"].text


def test_control_a_store_without_a_clobber_is_dropped(loops: dict[str, Loop]) -> None:
    assert loops["not_clobbered"].stores() <= 1, loops["not_clobbered"].text


@pytest.mark.parametrize("kind", ["int", "pointer", "double", "float", "bool"])
def test_scalars_are_kept_in_registers(loops: dict[str, Loop], kind: str) -> None:
    loop = loops[f"keep_{kind}"]
    assert loop.work(), loop.text
    assert loop.loads_or_stores() == 0 or kind in ("double", "float"), loop.text
    assert loop.stores() == 0, loop.text


def test_kept_struct_is_put_in_memory(loops: dict[str, Loop]) -> None:
    loop = loops["keep_struct"]
    assert loop.stores() >= 3, loop.text  # 40 bytes, at most 16 a store


CPP = r"""
#include <assay.h>
#include <cstring>
#include <string>

ASSAY_SUITE("cpp");

struct wide { double a; long b; char c[24]; };

ASSAY_BENCH(append, .arg_name = "bytes", .args = {0, 100}, .batch = 4)
{
    std::string text(static_cast<std::size_t>(assay_arg(b)), 'x');
    assay_bytes(b, text.size());
    assay_counter(b, "capacity", static_cast<double>(text.capacity()), nullptr);
    ASSAY_LOOP(b) {
        std::string copy(text);
        assay_touch(copy.data());
        assay_keep(copy.size());
    }
}

ASSAY_BENCH(batches, .batch = 4)
{
    int ready = 0;
    ASSAY_LOOP_WITH(b, ready += static_cast<int>(assay_batch(b))) {
        wide w = {1.5, ready--, "text"};
        assay_keep(w);
        assay_keep(ready);
        assay_keep(2.5f);
        assay_keep(2.5L);
        assay_keep(ready > 3);
        assay_keep(&ready);
        assay_clobber();
    }
}

ASSAY_BENCH(plain) { ASSAY_LOOP(b) {} }

int main(int argc, char **argv) { return assay_main(argc, argv); }
"""


@pytest.fixture(name="library", scope="module")
def fixture_library() -> Path:
    run("make", "-j2", f"BUILD={BUILD}", "CC=gcc", f"{BUILD}/lib/libassay.a")
    return ROOT / BUILD / "lib" / "libassay.a"


WARNINGS = ("-Wall", "-Wextra", "-Werror")
LIBRARIES = ("-ljansson", "-lm", "-ldl", "-pthread")


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_cpp(compiler: str, library: Path, tmp_path: Path) -> None:
    source = tmp_path / "bench.cpp"
    program = tmp_path / "bench"
    source.write_text(CPP)
    flags = ("-std=c++20", "-O2", "-Wpedantic", f"-I{FRAMEWORK}")
    run(compiler, *flags, *WARNINGS, source, library, *LIBRARIES, "-o", program)
    listed = run(program, "--list", "--format", "terse").splitlines()
    assert listed == ["cpp/append/0", "cpp/append/100", "cpp/batches", "cpp/plain"]
    assert "4 ok, 0 failed" in run(program, "--test")
    fast = ("--warm-up-time", "0.01", "--measurement-time", "0.02", "--sample-size", "10")
    out = run(program, *fast, "--discard-baseline", "--output-format", "bencher", "append/100")
    assert re.match(r"test cpp/append/100 \.\.\. bench: +\d+ ns/iter", out), out


C_STRICT = ("-std=c11", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wstrict-prototypes", "-Wundef")

C_PROGRAM = r"""
#include <assay.h>

ASSAY_SUITE("strict");

ASSAY_BENCH(all, .args = {1, 2}, .unit = "ns")
{
    struct { int x, y; } pair = {1, 2};
    char letter = 'x';
    const short small = 3;
    volatile long seen = 4;
    ASSAY_LOOP(b) {
        assay_touch(&letter);
        assay_keep(letter);
        assay_keep(small);
        assay_keep(seen);
        assay_keep(pair);
        assay_keep(&pair);
        assay_keep(1.5L);
        assay_keep(assay_arg(b) == 1);
    }
}

ASSAY_BENCH(bare) { ASSAY_LOOP(b) {} }
"""


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O2", "-O2 -flto -ffunction-sections -Wl,--gc-sections"])
def test_strict_c_and_registration(
    compiler: str, level: str, library: Path, tmp_path: Path
) -> None:
    """No warning, and benchmarks are found also where the linker drops what it thinks unused."""
    source = tmp_path / "bench.c"
    program = tmp_path / "bench"
    source.write_text(C_PROGRAM)
    linker = ["-fuse-ld=lld"] if compiler == "clang" and "-flto" in level else []
    flags = (*C_STRICT, *WARNINGS, *level.split(), *linker, f"-I{FRAMEWORK}")
    run(compiler, *flags, source, library, *LIBRARIES, "-o", program)
    listed = run(program, "--list", "--format", "terse").splitlines()
    assert listed == ["strict/all/1", "strict/all/2", "strict/bare"]
    assert "3 ok, 0 failed" in run(program, "--test")
