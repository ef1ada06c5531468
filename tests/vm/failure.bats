#!/usr/bin/env bats
# Whoever dies: the container is stopped, its pid has ended, the reason is told, nothing is left.

load vm.bash

# killed PID TEXT: that process is killed; the log tells TEXT.
killed()
{
	GLOBALS+=(--log "$WORK/log")
	start_sleeping
	kill -KILL "${!1}"
	wait_status stopped
	assert_machine_gone
	[ -z "$2" ] || grep -q "$2" "$WORK/log"
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "the hypervisor is killed" {
	killed HYPERVISOR 'hypervisor was killed by SIGKILL'
}

@test "the file server is killed" {
	killed SERVER 'file server was killed by SIGKILL'
}

@test "the monitor is killed" {
	killed MONITOR ''
}

@test "the guest panics" {
	GLOBALS+=(--log "$WORK/log")
	update_config '.mounts = [.mounts[] | if .destination == "/proc" then .options = [] else . end] | .linux.readonlyPaths = []'
	start_sleeping sh -c 'sleep 1; echo c >/proc/sysrq-trigger'
	wait_status stopped
	assert_machine_gone
	grep -q 'the machine ended' "$WORK/log"
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "check tells why a machine ended" {
	printf '#!/bin/sh\necho c >/proc/sysrq-trigger\nsleep 1000\n' >"$WORK/true"
	chmod +x "$WORK/true"
	level_set
	try unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' - \
		"$WORK/true" "$(readlink -f "$(type -P true)")" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" check
	[ "$status" = 1 ]
	[[ $output == *"does not work: the program 'true' ended with 255: the machine ended: the hypervisor ended"*"Kernel panic"* ]]
}

# The agent is the first process of the guest, which no signal ends; but a program without a pid
# namespace of its own that may trace it can spoil it.
@test "the agent dies" {
	GLOBALS+=(--log "$WORK/log")
	update_config '.linux.namespaces = [.linux.namespaces[] | select(.type != "pid")]
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .process.capabilities = (["bounding", "effective", "permitted"]
			| map({key: ., value: ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]}) | from_entries)'
	start_sleeping sh -c 'sleep 1
		start=$(grep -m 1 r-xp /proc/1/maps); start=${start%%-*}
		dd if=/dev/zero of=/proc/1/mem bs=4096 seek=$((0x$start / 4096)) count=200 conv=notrunc
		sleep 1000'
	wait_status stopped
	assert_machine_gone
	grep -q 'the machine ended: the hypervisor ended.*Kernel panic.*init' "$WORK/log"
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "a foreground run tells why its machine ended" {
	set_args sleep 1000
	bulkhead run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>"$WORK/err" </dev/null &
	running=$!
	wait_status running
	kill -KILL "$(pgrep -P "$(state_field .pid)" qemu)"
	status=0
	wait "$running" || status=$?
	[ "$status" = 255 ]
	grep -q 'hypervisor was killed' "$WORK/err"
	assert_nothing_left
}

# broken_guest: a guest directory whose kernel is kept and whose initramfs is the file given.
broken_guest()
{
	local from=${GUEST:-${BULKHEAD%/*}/guest}
	mkdir -p "$WORK/guest"
	cp "$from/$(jq -r .kernel "$from/guest.json")" "$WORK/guest/kernel"
	cp "$1" "$WORK/guest/initramfs"
	jq '.kernel = "kernel" | .initramfs = "initramfs"' "$from/guest.json" >"$WORK/guest/guest.json"
	GLOBALS=(--vm-guest "$WORK/guest")
}

# init_guest SOURCE: a guest whose init is that program.
init_guest()
{
	local from=${GUEST:-${BULKHEAD%/*}/guest}
	mkdir -p "$WORK/root/modules"
	(cd "$WORK/root" && cpio -id --quiet <"$from/$(jq -r .initramfs "$from/guest.json")")
	gcc -O1 -static -o "$WORK/root/init" "$1"
	(cd "$WORK/root" && find . | cpio -o -H newc --quiet) >"$WORK/made"
	broken_guest "$WORK/made"
}

@test "a guest whose kernel finds no init: its last words" {
	head -c 1000 /dev/zero >"$WORK/zeros"
	broken_guest "$WORK/zeros"
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ $error == *"the machine does not boot: the hypervisor ended"*"Kernel panic"* ]]
	[ "$(grep -c "does not boot" <<<"$error")" = 1 ]
	assert_nothing_left
}

@test "a guest that never answers: the deadline, with the console's last lines" {
	printf '%s\n' '#include <stdio.h>' '#include <unistd.h>' \
		'int main(void) { puts("I have nothing to say"); for (;;) pause(); }' >"$WORK/mute.c"
	init_guest "$WORK/mute.c"
	echo '{"bootSeconds": 15}' >"$WORK/vm.json"
	GLOBALS+=(--config "$WORK/vm.json")
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ $error == *"the machine does not boot: the guest has not answered in time; console: "*"I have nothing to say" ]]
	assert_nothing_left
}

@test "a guest that sends garbage is ended" {
	printf '%s\n' '#include <fcntl.h>' '#include <unistd.h>' '#include <sys/mount.h>' \
		'#include <sys/syscall.h>' '#include <stdio.h>' '#include <string.h>' '#include <sys/stat.h>' \
		'int main(void) {' \
		'FILE *list = fopen("/modules/list", "r"); char name[128];' \
		'mkdir("/dev", 0755); mount("dev", "/dev", "devtmpfs", 0, 0); chdir("/modules");' \
		'while (list && fscanf(list, "%127s", name) == 1) { int m = open(name, 0);' \
		' syscall(SYS_finit_module, m, "", 0); close(m); }' \
		'int fd = -1; for (int i = 0; fd < 0 && i < 300; i++) { fd = open("/dev/vport0p1", 1);' \
		' if (fd < 0) fd = open("/dev/vport1p1", 1); usleep(10000); }' \
		'char junk[4096]; memset(junk, 0x5a, sizeof junk);' \
		'for (;;) write(fd, junk, sizeof junk); }' >"$WORK/evil.c"
	init_guest "$WORK/evil.c"
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ $error == *"the guest breaks the rules"* ]]
	assert_nothing_left
}

@test "KVM that cannot boot is an error within seconds that names the flag" {
	if VM_ACCEL=kvm bulkhead check --isolation=vm | grep -q 'kvm *works'; then
		skip "KVM works here"
	fi
	VM_ACCEL=kvm try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ $error == *"--vm-accel=tcg"* ]]
	assert_nothing_left
}

@test "a guest that is not there" {
	GLOBALS=(--vm-guest /nowhere)
	fails 1 "/nowhere/guest.json" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "the creator is killed while the machine boots" {
	set_args sleep 1000
	bulkhead create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null &
	creating=$!
	wait_for test -S "$STATE/$ID/control"
	kill -KILL "$(pgrep -f "$BULKHEAD.*create --bundle $BUNDLE $ID" | head -1)" "$creating"
	pkill -KILL -f "^$BULKHEAD .*create --bundle $BUNDLE" || true
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}
