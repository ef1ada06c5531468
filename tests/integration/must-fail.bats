#!/usr/bin/env bats
# What create must refuse, each rule of the specification with its message, and nothing left after
# it; and what looks wrong but must be taken. The rules are in tests/data/must-fail.txt.

load helpers

# refuses AREA: every rule of it.
refuses()
{
	local area filter message count=0
	cp "$CONFIG" "$WORK/good.json"
	while IFS=$'\t' read -r area filter message; do
		[ "$area" = "$1" ] || continue
		jq "$filter" "$WORK/good.json" >"$CONFIG" || fail_test "$filter"
		fails 1 "$message" bulkhead create --bundle "$BUNDLE" "$ID" || fail_test "$filter"
		equals "$(echo "$error" | wc -l)" 1
		equals "$output" ""
		assert_nothing_left || fail_test "$filter"
		count=$((count + 1))
	done <"$TOP/tests/data/must-fail.txt"
	[ "$count" -gt 0 ]
}

@test "the document: versions, types, annotations" {
	refuses document
}

@test "root" {
	refuses root
}

@test "mounts" {
	refuses mounts
}

@test "process" {
	refuses process
}

@test "hooks" {
	refuses hooks
}

@test "namespaces and names" {
	refuses namespaces
}

@test "id mappings and time offsets" {
	refuses maps
}

@test "devices and network devices" {
	refuses devices
}

@test "network devices that the host lacks" {
	differs_at vm "what a guest gets is the interfaces of the network namespace; a device that is moved would be seen there"
	refuses host-devices
}

@test "resources" {
	refuses cgroups
}

@test "intelRdt" {
	refuses rdt
}

@test "memoryPolicy" {
	refuses memory
}

@test "seccomp" {
	refuses seccomp
}

@test "a listener of seccomp that nobody has" {
	differs_at vm "a listener is a descriptor of the guest's kernel and cannot leave it"
	refuses listener
}

@test "propagation, masked and read-only paths, personality, sysctl" {
	refuses misc
}

@test "vm" {
	refuses vm
}

@test "what the host lacks: AppArmor, SELinux" {
	cp "$CONFIG" "$WORK/good.json"
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || {
		update_config '.process.apparmorProfile = "x"'
		refused "process.apparmorProfile: AppArmor is not enabled"
		cp "$WORK/good.json" "$CONFIG"
	}
	[ -e /sys/fs/selinux/enforce ] || {
		update_config '.process.selinuxLabel = "a:b:c:d"'
		refused "process.selinuxLabel: SELinux is not enabled"
		cp "$WORK/good.json" "$CONFIG"
		update_config '.linux.mountLabel = "a:b:c:d"'
		refused "linux.mountLabel: SELinux is not enabled"
		cp "$WORK/good.json" "$CONFIG"
	}
}

@test "what the host lacks: resctrl" {
	differs_at vm "a class of the host's caches is for a host's processes, and the machine is in none"
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "the host has resctrl"
	update_config '.linux.intelRdt = {closID: "x"}'
	refused "linux.intelRdt: the resctrl file system is not mounted"
}

@test "unfit for create: an id that is taken, missing or none; a bundle that is none" {
	create
	fails 1 "container with given ID already exists" bulkhead create --bundle "$BUNDLE" "$ID"
	status_is created
	fails 1 "" bulkhead create --bundle "$BUNDLE"
	fails 1 "invalid container ID format" bulkhead create --bundle "$BUNDLE" "a/b"
	fails 1 "" bulkhead create --bundle "$WORK/nothing" "$ID-other"
	for command in state start kill delete; do
		fails 1 "" bulkhead $command
		fails 1 "does not exist" bulkhead $command "$ID-unknown"
	done
}

@test "operations in the wrong status fail and change nothing" {
	set_args /bin/sleep 1000
	create
	start
	fails 1 "" bulkhead start "$ID"
	fails 1 "is not stopped" bulkhead delete "$ID"
	status_is running
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	fails 1 "container not running" bulkhead kill "$ID" TERM
	fails 1 "cannot start a container that has stopped" bulkhead start "$ID"
	status_is stopped
}

@test "what must not fail: unknown members, annotations, capabilities, missing paths" {
	update_config '.noSuch = {x: 1} | .linux.noSuch = [] | .process.noSuch = null | .linux.intelRdt = null
		| .annotations = {"no.such.annotation": ""}
		| .process.capabilities |= map_values(. + ["CAP_NO_SUCH"])
		| .linux.maskedPaths += ["/no/such"] | .linux.readonlyPaths += ["/no/such"]
		| .mounts += [{destination: "relative", type: "tmpfs"}]
		| .process.capabilities.ambient = ["CAP_SYS_ADMIN"]'
	in_container /bin/true
}
