# One build for everything. `make help` lists the targets; V=1 shows the commands.

VARIANT ?= release
V       ?= 0
CC      ?= cc
BUILD   ?= build/$(VARIANT)
GEN     := build/gen
PREFIX  ?= /usr/local
DESTDIR ?=

VERSION := $(shell sed -n 's/^\#define ASSAY_VERSION "\(.*\)"/\1/p' framework/assay.h)
ABI     := $(firstword $(subst ., ,$(VERSION)))
OTLP_VERSION := $(shell sed -n 's/^\#define OTLP_VERSION "\(.*\)"/\1/p' otlp/include/otlp.h)
OTLP_ABI     := $(firstword $(subst ., ,$(OTLP_VERSION)))

ifeq ($(filter $(VARIANT),release asan tsan cov fuzz),)
$(error VARIANT=$(VARIANT) is not known; choose release, asan, tsan, cov or (with clang) fuzz)
endif
ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(patsubst build/%,%,$@)'
else
Q :=
say = @:
endif

# ---------------------------------------------------------------------------------------------
# Flags. Functions and loops are aligned because the address of a loop alone can move a small
# kernel by 10 % and more. Contraction is off so that every compiler computes the same figures.
OPT_release := -O2 -g
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
OPT_cov     := -O0 -g --coverage
OPT_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wundef -Wformat=2 $(if $(WERROR),-Werror)
ALIGN := -falign-functions=64 -falign-loops=32

CFLAGS   ?=
LDFLAGS  ?=
BASE_C   := -std=c11 $(OPT_$(VARIANT)) $(ALIGN) -ffp-contract=off
ALL_C    := $(BASE_C) -fPIC -fvisibility=hidden $(WARN) $(CFLAGS)
CPP      := -D_GNU_SOURCE -Iframework -Iotlp/include
LINK     := $(OPT_$(VARIANT)) $(LDFLAGS)
# Relocations stay in the suites: by them a comparison follows what a benchmark reaches.
SUITE_LINK := -Wl,--emit-relocs
# Probes that are built where their headers are: that they come or go changes the objects, too.
OPTIONAL := $(wildcard /usr/include/valgrind/callgrind.h /usr/include/perfmon/pfmlib_perf_event.h)
STAMPED  := $(CC) $(shell $(CC) -dumpfullversion -dumpversion 2>/dev/null) $(ALL_C) $(CPP) $(LINK) $(SUITE_LINK) $(OPTIONAL)

ASSAY_LIBS := -ljansson -lm -ldl -pthread
TOOL_LIBS  := -lelf
OTLP_LIBS  := -lprotobuf-c -lcurl -lz -lzstd -lbrotlienc -lbrotlidec -lm -pthread
# The receiver is a library of its own: who only sends needs none of this.
RECEIVER_LIBS := -lnghttp2 -levent -levent_openssl -lssl -lcrypto

# ---------------------------------------------------------------------------------------------
# Sources are found, not listed: a new suite, test or module is one new file. What compares two
# executables is the assay tool's alone: no suite carries it, nor what it needs.
VERSUS_SRC := $(sort $(wildcard framework/src/versus/*.c))
ASSAY_SRC  := $(filter-out $(VERSUS_SRC),$(sort $(wildcard framework/src/*/*.c)))
OTLP_SRC   := $(sort $(wildcard otlp/src/*.c otlp/src/*/*.c))
RECEIVER_SRC  := $(sort $(wildcard otlp/receiver/*.c))
OTLP_TOOL_SRC := $(sort $(wildcard otlp/tools/*.c))
PROTO_SRC  := $(sort $(shell find proto -name '*.proto' 2>/dev/null))
SUITE_SRC  := $(sort $(wildcard suites/*.c))
COMMON_SRC := $(sort $(wildcard suites/common/*.c))
UNIT_SRC   := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_TARGETS := protobuf json response propagators decompress
PROBE_SRC  := $(sort $(wildcard tests/probes/*.c))
INTEROP_SRC := $(sort $(wildcard tests/interop/client/*.c))
REFEREE_SRC := $(sort $(wildcard tests/referee/work/*.c))
TOOL_SRC   := $(sort $(wildcard framework/tools/*.c))

comma := ,
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ASSAY_OBJ  := $(call obj,$(ASSAY_SRC))
VERSUS_OBJ := $(call obj,$(VERSUS_SRC))
# The counting library, and the object by which libassay carries its file.
TALLY_OBJ  := $(call obj,$(filter-out %/library.c,$(sort $(wildcard framework/preload/*.c))))
TALLY_LIB  := $(BUILD)/lib/tally.so
ASSAY_OBJ  += $(call obj,framework/preload/library.c)
OTLP_OBJ   := $(call obj,$(OTLP_SRC))
RECEIVER_OBJ := $(call obj,$(RECEIVER_SRC))
COMMON_OBJ := $(call obj,$(COMMON_SRC))
PROTO_C    := $(patsubst proto/%.proto,$(GEN)/%.pb-c.c,$(PROTO_SRC))
PROTO_OBJ  := $(patsubst $(GEN)/%.c,$(BUILD)/obj/gen/%.o,$(PROTO_C))

SUITES := $(patsubst suites/%.c,%,$(SUITE_SRC))
SUITE_BIN := $(SUITES:%=$(BUILD)/bin/%)
TOOL_BIN  := $(patsubst framework/tools/%.c,$(BUILD)/bin/%,$(TOOL_SRC))
OTLP_TOOL_BIN := $(patsubst otlp/tools/%.c,$(BUILD)/bin/%,$(OTLP_TOOL_SRC))
UNIT_BIN  := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
# One of them with other allocators, too: where a sanitizer brings its own, there is no choice.
ALLOCATORS := $(if $(findstring -fsanitize,$(OPT_$(VARIANT)) $(CFLAGS) $(LDFLAGS)),,jemalloc jemalloc_inside static)
ALLOCATING_BIN := $(ALLOCATORS:%=$(BUILD)/probes/allocating_%)
LIBS_jemalloc        := -Wl,--no-as-needed -ljemalloc
LIBS_jemalloc_inside := -l:libjemalloc.a
LIBS_static          := -static
PROBE_BIN := $(patsubst tests/probes/%.c,$(BUILD)/probes/%,$(PROBE_SRC)) $(ALLOCATING_BIN)
# They send telemetry of every kind, for tests against programs that are not ours.
INTEROP_BIN := $(BUILD)/probes/interop_send $(BUILD)/probes/interop_record

# make layouts: LAYOUTS variants a suite; SUITE_FILTER="name other%" narrows it.
LAYOUTS    ?= 8
LAYOUT_SUITES := $(if $(SUITE_FILTER),$(filter $(SUITE_FILTER),$(SUITES)),$(SUITES))
LAYOUT_BIN := $(foreach k,$(shell seq $(LAYOUTS)),$(LAYOUT_SUITES:%=$(BUILD)/bin/layouts/$(k)/%))
LIBS := $(BUILD)/lib/libassay.a $(BUILD)/lib/libassay.so $(if $(OTLP_SRC),$(BUILD)/lib/libotlp.a $(BUILD)/lib/libotlp.so) $(if $(RECEIVER_SRC),$(BUILD)/lib/libotlp_receiver.a)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all suites layouts tests probes referee-programs referee fuzz fuzzers bench bench-analysis probe-cost bench-threads bench-codec test check format install uninstall clean help setup setup-test FORCE

## all: libraries, the assay tool and every suite (the default)
all: $(LIBS) $(TOOL_BIN) $(OTLP_TOOL_BIN) $(SUITE_BIN)
suites: $(SUITE_BIN)
## layouts: LAYOUTS=8 more links of each suite, with code and data at other addresses (bin/layouts/1 ...)
layouts: $(if $(LAYOUT_SUITES),$(LAYOUT_BIN),no-suite)
no-suite:
	@echo 'make: no suite matches SUITE_FILTER=$(SUITE_FILTER); there are: $(SUITES)' >&2; exit 2
tests: $(UNIT_BIN)
probes: $(PROBE_BIN) $(INTEROP_BIN)

# Everything is made again when the compiler or a flag changes.
STAMP := $(BUILD)/flags.stamp
$(STAMP): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(STAMPED))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(STAMPED))' > $@

# The code under test records how it was built: a result without its flags is not repeatable.
BUILD_NOTE = -DASSAY_BUILD_FLAGS='"$(BASE_C)$(if $(CFLAGS), $(subst ",,$(CFLAGS)))"' -DASSAY_BUILD_VARIANT='"$(VARIANT)"'

$(BUILD)/obj/suites/%.o $(BUILD)/obj/tests/%.o $(BUILD)/obj/framework/tools/%.o: CPP += $(BUILD_NOTE) -I. -Iframework/src -I$(GEN) -DTEST_BUILD_DIR='"$(BUILD)"'
$(BUILD)/obj/framework/src/%.o: CPP += -Iframework/src
$(BUILD)/obj/otlp/%.o $(BUILD)/obj/tests/unit/test_otlp_transport_rules.o: CPP += -Iotlp/src -I$(GEN)
$(BUILD)/obj/gen/%.o: CPP += -I$(GEN)
$(BUILD)/obj/gen/%.o: ALL_C := $(BASE_C) -fPIC -fvisibility=hidden -w $(CFLAGS)

# What runs inside the allocator of any process: no sanitizer, no coverage, no link-time optimisation, and no compiler that
# takes its functions for those of the C library.
TALLY_C    := -std=c11 -O2 -g -fPIC -fvisibility=hidden -fno-builtin -fexceptions -ftls-model=initial-exec $(WARN) $(CFLAGS) \
              -fno-sanitize=all -fno-lto -fno-profile-arcs -fno-test-coverage
TALLY_LINK := -shared -s -Wl,-z,now -Wl,-z,relro -Wl,--as-needed -Wl,--build-id=none $(filter-out -fsanitize% --coverage,$(LDFLAGS)) -fno-lto
$(TALLY_OBJ): ALL_C := $(TALLY_C)
$(BUILD)/obj/framework/preload/library.o: CPP += -DTALLY_LIBRARY='"$(TALLY_LIB)"'
$(BUILD)/obj/framework/preload/library.o: ALL_C += -fno-lto
$(BUILD)/obj/framework/preload/library.o: $(TALLY_LIB)

$(TALLY_LIB): $(TALLY_OBJ)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TALLY_LINK) $^ -ldl -o $@

# The generated headers must be there before anything that may include them is compiled.
$(OTLP_OBJ) $(RECEIVER_OBJ) $(COMMON_OBJ) $(call obj,$(SUITE_SRC) $(UNIT_SRC) $(PROBE_SRC) $(OTLP_TOOL_SRC)): | $(PROTO_C)

$(BUILD)/obj/%.o: %.c $(STAMP)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CPP) $(CPPFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/gen/%.o: $(GEN)/%.c $(STAMP)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CPP) -MMD -MP -c $< -o $@

# A message that another file imports may change the code of both.
$(PROTO_C): $(PROTO_SRC)
$(GEN)/%.pb-c.c: proto/%.proto
	$(call say,PROTOC)
	@mkdir -p $(GEN)
	$(Q)protoc-c --proto_path=proto --c_out=$(GEN) $<

$(BUILD)/lib/libassay.a: $(ASSAY_OBJ)
	$(call say,AR)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/lib/libassay.so: $(ASSAY_OBJ)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,libassay.so.$(ABI) $(LINK) $^ $(ASSAY_LIBS) -o $@
	$(Q)ln -sf libassay.so $@.$(ABI)

$(BUILD)/lib/libotlp.a: $(OTLP_OBJ) $(PROTO_OBJ)
	$(call say,AR)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/lib/libotlp.so: $(OTLP_OBJ) $(PROTO_OBJ)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,libotlp.so.$(OTLP_ABI) $(LINK) $^ $(OTLP_LIBS) -o $@
	$(Q)ln -sf libotlp.so $@.$(OTLP_ABI)

$(BUILD)/lib/libotlp_receiver.a: $(RECEIVER_OBJ)
	$(call say,AR)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(OTLP_TOOL_BIN): $(BUILD)/bin/%: $(BUILD)/obj/otlp/tools/%.o $(if $(RECEIVER_SRC),$(BUILD)/lib/libotlp_receiver.a) $(BUILD)/lib/libotlp.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(RECEIVER_LIBS) $(OTLP_LIBS) -o $@

$(SUITE_BIN): $(BUILD)/bin/%: $(BUILD)/obj/suites/%.o $(COMMON_OBJ) $(BUILD)/lib/libassay.a $(if $(OTLP_SRC),$(BUILD)/lib/libotlp.a)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $(SUITE_LINK) $^ $(OTLP_LIBS) $(ASSAY_LIBS) -o $@

# The objects themselves, not the archives: members of an archive could not be shuffled.
.SECONDEXPANSION:
$(LAYOUT_BIN): $(BUILD)/bin/layouts/%: $(BUILD)/obj/suites/$$(notdir $$*).o $(COMMON_OBJ) $(ASSAY_OBJ) $(OTLP_OBJ) $(PROTO_OBJ) scripts/link-layout.sh
	$(call say,LAYOUT)
	@mkdir -p $(@D)
	$(Q)scripts/link-layout.sh $(firstword $(subst /, ,$*)) $@ $(filter %.o,$^) -- \
	  $(CC) $(LINK) $(SUITE_LINK) OBJECTS $(OTLP_LIBS) $(ASSAY_LIBS)

# Internal: it is not installed.
$(BUILD)/lib/libversus.a: $(VERSUS_OBJ)
	$(call say,AR)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(TOOL_BIN): $(BUILD)/bin/%: $(BUILD)/obj/framework/tools/%.o $(BUILD)/lib/libversus.a $(BUILD)/lib/libassay.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(TOOL_LIBS) $(ASSAY_LIBS) -o $@

# Of the counting library, which no program is linked with, what can be tested alone.
$(BUILD)/tests/test_blocks: $(BUILD)/obj/framework/preload/blocks.o
# The library's allocations go through the test.
$(BUILD)/tests/test_otlp_pipeline_memory: LINK += $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc aligned_alloc)
$(UNIT_BIN): $(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(COMMON_OBJ) $(BUILD)/lib/libversus.a $(BUILD)/lib/libassay.a $(if $(RECEIVER_SRC),$(BUILD)/lib/libotlp_receiver.a) $(if $(OTLP_SRC),$(BUILD)/lib/libotlp.a)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ -lcmocka $(TOOL_LIBS) $(RECEIVER_LIBS) $(OTLP_LIBS) $(ASSAY_LIBS) -o $@

$(BUILD)/probes/interop_send: $(call obj,$(INTEROP_SRC)) $(BUILD)/lib/libotlp.a
$(BUILD)/probes/interop_record: $(call obj,tests/interop/program/record.c) $(BUILD)/lib/libotlp.a
$(INTEROP_BIN):
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(OTLP_LIBS) -o $@

$(ALLOCATING_BIN): $(BUILD)/probes/allocating_%: $(BUILD)/obj/tests/probes/allocating.o $(BUILD)/lib/libassay.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(LIBS_$*) $(ASSAY_LIBS) -o $@

# Probes of the client, which the others do without.
OTLP_PROBE_BIN := $(filter $(BUILD)/probes/export_%,$(PROBE_BIN))
$(OTLP_PROBE_BIN): $(BUILD)/probes/%: $(BUILD)/obj/tests/probes/%.o $(COMMON_OBJ) $(BUILD)/lib/libassay.a $(BUILD)/lib/libotlp.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(OTLP_LIBS) $(ASSAY_LIBS) -o $@

$(filter-out $(ALLOCATING_BIN) $(OTLP_PROBE_BIN),$(PROBE_BIN)): $(BUILD)/probes/%: $(BUILD)/obj/tests/probes/%.o $(BUILD)/lib/libversus.a $(BUILD)/lib/libassay.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(TOOL_LIBS) $(ASSAY_LIBS) -o $@

# What drives a receiver. Archives come again at the end, as the order of prerequisites is not that of needs.
RECEIVER_PROBE := $(BUILD)/probes/receiver_load
$(RECEIVER_PROBE): $(COMMON_OBJ) $(BUILD)/lib/libotlp_receiver.a $(BUILD)/lib/libotlp.a
$(RECEIVER_PROBE): TOOL_LIBS := $(BUILD)/lib/libotlp_receiver.a $(BUILD)/lib/libotlp.a $(RECEIVER_LIBS) $(OTLP_LIBS)

# Of the client: its JSON beside that of other libraries, and the two ways to write a length.
CLIENT_PROBES := json_rivals encode_direction
$(CLIENT_PROBES:%=$(BUILD)/probes/%): $(COMMON_OBJ) $(BUILD)/lib/libotlp.a
$(CLIENT_PROBES:%=$(BUILD)/probes/%): TOOL_LIBS += -lcjson $(OTLP_LIBS)
$(call obj,$(CLIENT_PROBES:%=tests/probes/%.c)): | $(PROTO_C)
# Of the probes, what exercises the client.
$(BUILD)/probes/pipeline_overload: $(BUILD)/lib/libotlp.a
$(BUILD)/probes/pipeline_overload: TOOL_LIBS += $(OTLP_LIBS)

# Programs of the referee of comparisons: the same objects, except for a table of how much work each benchmark does
# (iN: N permille more in some) or, in `relinked`, linked in another order behind code that moves them.
REFEREE_BIN := $(foreach name,plain copy relinked i5 i10 i20 i50,$(BUILD)/referee/$(name)/referee)
REFEREE_OBJ := $(call obj,tests/referee/kernels.c $(filter-out %/units.c %/pad.c,$(REFEREE_SRC)))
referee_units = $(BUILD)/obj/tests/referee/units-$(1).o
referee_pad   = $(BUILD)/obj/tests/referee/pad-$(1).o

referee-programs: $(REFEREE_BIN) $(BUILD)/referee/alternate

$(BUILD)/obj/tests/referee/units-%.o: tests/referee/work/units.c tests/referee/work/work.h $(STAMP)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CPP) $(CPPFLAGS) -DINJECT_PERMILLE=$* -c $< -o $@

$(BUILD)/obj/tests/referee/pad-%.o: tests/referee/work/pad.c $(STAMP)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CPP) $(CPPFLAGS) -DPAD_UNITS=$* -c $< -o $@

$(BUILD)/referee/plain/referee: $(REFEREE_OBJ) $(call referee_units,0) $(BUILD)/lib/libassay.a
$(BUILD)/referee/i%/referee: $(REFEREE_OBJ) $(call referee_units,%) $(BUILD)/lib/libassay.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $(SUITE_LINK) $^ $(ASSAY_LIBS) -o $@
$(BUILD)/referee/relinked/referee: $(call referee_pad,101) $(call referee_units,0) $(call obj,$(filter %/parse.c %/sort.c,$(REFEREE_SRC))) \
  $(call referee_pad,5) $(call obj,tests/referee/kernels.c) $(call obj,$(filter %/chase.c %/hash.c %/alu.c,$(REFEREE_SRC))) \
  $(call referee_pad,3) $(BUILD)/lib/libassay.a
$(BUILD)/referee/plain/referee $(BUILD)/referee/relinked/referee:
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $(SUITE_LINK) $^ $(ASSAY_LIBS) -o $@
$(BUILD)/referee/alternate: $(call obj,tests/referee/alternate.c) $(BUILD)/lib/libversus.a $(BUILD)/lib/libassay.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) $^ $(TOOL_LIBS) $(ASSAY_LIBS) -o $@
$(BUILD)/referee/copy/referee: $(BUILD)/referee/plain/referee
	@mkdir -p $(@D)
	$(Q)cp $< $@

# A fuzzer of each target, by VARIANT=fuzz and CC=clang.
FUZZ_BIN := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)

fuzzers: $(FUZZ_BIN) $(BUILD)/fuzz/receiver

$(BUILD)/fuzz/receiver: tests/fuzz/receiver.c tests/fuzz/receiver_target.h tests/fuzz/targets.h $(BUILD)/lib/libotlp_receiver.a $(BUILD)/lib/libotlp.a $(STAMP)
	$(call say,FUZZER)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CPP) -I. $< -fsanitize=fuzzer $(filter %.a,$^) $(RECEIVER_LIBS) $(OTLP_LIBS) -o $@

$(FUZZ_BIN): $(BUILD)/fuzz/%: tests/fuzz/fuzzer.c tests/fuzz/targets.h $(BUILD)/lib/libotlp.a $(STAMP)
	$(call say,FUZZER)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_C) $(CPP) -DFUZZ_TARGET=fuzz_$* $< -fsanitize=fuzzer $(BUILD)/lib/libotlp.a $(OTLP_LIBS) -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------------------------------------
setup:
	@scripts/setup.sh bench
setup-test:
	@scripts/setup.sh test

## bench: install what is missing, build, measure every suite, write the HTML report
bench: setup
	@+$(MAKE) --no-print-directory all
	@./run_benchmarks.sh all

## bench-analysis: time the statistics themselves (100,000 resamples, comparison included), assay_latency and the report
bench-analysis: setup
	@+$(MAKE) --no-print-directory probes
	@$(BUILD)/probes/analysis_cost --discard-baseline --quiet
	@$(BUILD)/probes/latency_cost --discard-baseline --quiet
	@"$$(scripts/find-python.sh jinja2)" tests/report/time_report.py

## bench-threads: speed-up and efficiency of kernels that share nothing, that share a mutex, that hand work over
bench-threads: setup
	@+$(MAKE) --no-print-directory probes
	@$(BUILD)/probes/threads --discard-baseline

## bench-codec: OTLP/JSON beside jansson and cJSON, whose trees are there already; forward and backward encoding
bench-codec: setup-test
	@+$(MAKE) --no-print-directory $(CLIENT_PROBES:%=$(BUILD)/probes/%)
	@$(BUILD)/probes/json_rivals --discard-baseline
	@$(BUILD)/probes/encode_direction --discard-baseline

## probe-cost: what probes change in the times (nothing, it should be), and how long they take
probe-cost: setup
	@+$(MAKE) --no-print-directory probes
	@python3 tests/probes/time_probes.py --build $(BUILD)

## referee: how often comparisons of executables are right, and how often other rules are (6 minutes; LONG=1: 40)
referee: setup-test
	@+$(MAKE) --no-print-directory all referee-programs
	@"$$(scripts/find-python.sh numpy scipy)" tests/referee/referee.py --build $(BUILD) $(if $(LONG),--long) $(REFEREE)

## fuzz: each fuzzer for FUZZ_SECONDS=60 from tests/fuzz/corpus (clang; FUZZ="json protobuf" narrows it)
fuzz: setup-test
	@+$(MAKE) --no-print-directory VARIANT=fuzz CC=clang fuzzers
	@scripts/fuzz.sh build/fuzz/fuzz $(FUZZ)

## test: unit, command-line, statistics, report and browser tests
test: setup-test
	@scripts/run-tests.sh

## interop: against programs that are not ours: curl, nghttp, OpenTelemetry's JavaScript, grpc-js, a Collector
.PHONY: interop
interop: setup-test
	@scripts/run-interop.sh

## check: formatting, static analysis, shell and Python linting, include directions
check: setup-test
	@scripts/check.sh

## format: rewrite C and Python sources in the house style
format:
	@scripts/check.sh --fix

# The receiver is for tests and measurements here; its header stays at home with it.
OTLP_HEADERS := $(filter-out receiver.h,$(notdir $(wildcard otlp/include/otlp/*.h)))

## install: put Assay (header, libraries, pkg-config file, tool) under PREFIX (default /usr/local)
install: $(BUILD)/lib/libassay.a $(BUILD)/lib/libassay.so $(TOOL_BIN)
	$(Q)install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 644 framework/assay.h $(DESTDIR)$(PREFIX)/include/assay.h
	$(Q)install -m 644 $(BUILD)/lib/libassay.a $(DESTDIR)$(PREFIX)/lib/libassay.a
	$(Q)install -m 755 $(BUILD)/lib/libassay.so $(DESTDIR)$(PREFIX)/lib/libassay.so.$(VERSION)
	$(Q)ln -sf libassay.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libassay.so.$(ABI)
	$(Q)ln -sf libassay.so.$(ABI) $(DESTDIR)$(PREFIX)/lib/libassay.so
	$(Q)install -m 755 $(BUILD)/bin/assay $(DESTDIR)$(PREFIX)/bin/assay
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' framework/assay.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/assay.pc

## install-otlp: the same for the OTLP client: headers, libraries, pkg-config file
.PHONY: install-otlp
install-otlp: $(BUILD)/lib/libotlp.a $(BUILD)/lib/libotlp.so
	$(Q)install -d $(DESTDIR)$(PREFIX)/include/otlp $(DESTDIR)$(PREFIX)/lib/pkgconfig
	$(Q)install -m 644 otlp/include/otlp.h $(DESTDIR)$(PREFIX)/include/otlp.h
	$(Q)install -m 644 $(OTLP_HEADERS:%=otlp/include/otlp/%) $(DESTDIR)$(PREFIX)/include/otlp
	$(Q)install -m 644 $(BUILD)/lib/libotlp.a $(DESTDIR)$(PREFIX)/lib/libotlp.a
	$(Q)install -m 755 $(BUILD)/lib/libotlp.so $(DESTDIR)$(PREFIX)/lib/libotlp.so.$(OTLP_VERSION)
	$(Q)ln -sf libotlp.so.$(OTLP_VERSION) $(DESTDIR)$(PREFIX)/lib/libotlp.so.$(OTLP_ABI)
	$(Q)ln -sf libotlp.so.$(OTLP_ABI) $(DESTDIR)$(PREFIX)/lib/libotlp.so
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(OTLP_VERSION)|' otlp/otlp.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/otlp.pc

## uninstall: remove what install and install-otlp put there
uninstall:
	$(Q)rm -f $(DESTDIR)$(PREFIX)/include/otlp.h $(OTLP_HEADERS:%=$(DESTDIR)$(PREFIX)/include/otlp/%) \
	  $(DESTDIR)$(PREFIX)/lib/libotlp.a $(DESTDIR)$(PREFIX)/lib/libotlp.so $(DESTDIR)$(PREFIX)/lib/libotlp.so.$(OTLP_ABI) \
	  $(DESTDIR)$(PREFIX)/lib/libotlp.so.$(OTLP_VERSION) $(DESTDIR)$(PREFIX)/lib/pkgconfig/otlp.pc
	$(Q)rmdir $(DESTDIR)$(PREFIX)/include/otlp 2>/dev/null || true
	$(Q)rm -f $(DESTDIR)$(PREFIX)/include/assay.h $(DESTDIR)$(PREFIX)/lib/libassay.a $(DESTDIR)$(PREFIX)/lib/libassay.so \
	  $(DESTDIR)$(PREFIX)/lib/libassay.so.$(ABI) $(DESTDIR)$(PREFIX)/lib/libassay.so.$(VERSION) \
	  $(DESTDIR)$(PREFIX)/bin/assay $(DESTDIR)$(PREFIX)/lib/pkgconfig/assay.pc

## clean: remove everything that was built (results and baselines stay)
clean:
	$(Q)rm -rf build

## help: this list
help:
	@printf 'make TARGET [VARIANT=release|asan|tsan|cov] [CC=gcc|clang] [V=1]\n\n'
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done
