# make demo    a voicemail goes through a real Postfix and comes out with its transcript
#              (FILE=some.eml your own message, KEEP=1 leaves it running, PICTURE=file.png)
# make test    everything is built and tested
# make fuzz    the readers of strangers' bytes get made-up input (SECONDS=600; a short run is in make test)
# make crash-test  the daemon is killed at random, ROUNDS=500 times; make test does it 5 times
# make deb     the Debian package, in build/deb
# make deb-test  it is installed, used, upgraded, removed and purged in a small Debian of its own
# make system-test  the same in a virtual machine with systemd and AppArmor: units, sandbox, journal; takes 10 minutes
# make bench   it is measured beside other milters (QUICK=1 in 4 minutes); docs/benchmark.md
# make bench-speech  word errors, time and memory of the default engine (QUICK=1 in 10 minutes, SPEED=1 in 4); docs/engines.md
#
# All install the Debian packages that are missing; see Scripts/install-packages.

# All addresses are bound at the start, and read-only then.
LINKER = -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now -Xlinker --build-id
SWIFT_BUILD = swift build -c release --static-swift-stdlib --product voicemail-milter $(LINKER)

.PHONY: demo test fuzz crash-test bench bench-speech build program deb deb-test system-test install-packages

demo:
	@Scripts/install-packages demo
	$(SWIFT_BUILD)
	@FILE='$(FILE)' KEEP='$(KEEP)' PICTURE='$(PICTURE)' Scripts/demo

test:
	@[ "$$(id -u)" = 0 ] || { echo "make test: needs root, because Postfix and Exim do" >&2; exit 1; }
	@Scripts/install-packages test
	swift build
	@Scripts/test
	swift format lint --strict -r Sources Tests Package.swift
	@Scripts/fuzz 5

fuzz:
	@Scripts/install-packages build
	@Scripts/fuzz $(or $(SECONDS),60)

crash-test:
	@Scripts/install-packages test
	swift build --build-tests
	CRASH_ROUNDS=$(or $(ROUNDS),500) swift test --skip-build --filter 'EndToEndTests.Crashes'

bench:
	@Scripts/install-packages bench
	$(SWIFT_BUILD)
	@Scripts/bench $(if $(QUICK),quick)

bench-speech:
	@Scripts/install-packages bench-speech
	$(SWIFT_BUILD)
	@Scripts/bench-speech $(if $(SPEED),speed,$(if $(QUICK),quick))

build:
	@Scripts/install-packages build
	$(SWIFT_BUILD)

program:
	$(SWIFT_BUILD)

deb:
	@Scripts/install-packages package
	@Scripts/package build/deb

deb-test: deb
	@Scripts/package-test build/deb

system-test: deb
	@Scripts/system-test build/deb

install-packages:
	@Scripts/install-packages test
