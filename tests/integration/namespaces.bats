#!/usr/bin/env bats
# Namespaces: new, joined by path, inherited; user namespaces, time offsets, host names, sysctls.

load helpers

own_namespace()
{
	readlink "/proc/self/ns/$1"
}

# What the program of the last in_container saw.
seen()
{
	echo "$output" | awk -v n="$1" '$1 == n { print $2 }'
}

user_namespace()
{
	update_config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]
		| del(.linux.resources)'
	chown -R 100000:200000 "$ROOTFS"
}

@test "each namespace listed is new, each not listed is the caller's" {
	in_container /bin/probe namespaces
	for name in pid net ipc uts mnt; do
		[ "$(seen $name)" != "$(own_namespace $name)" ] || fail_test "$name is not new"
	done
	# In a guest there is always one for cgroups.
	[ "${ISOLATION:-}" = vm ] || equals "$(seen cgroup)" "$(own_namespace cgroup)"
	for name in user time; do
		equals "$(seen $name)" "$(own_namespace $name)"
	done
}

@test "a container with the mount namespace alone" {
	differs_at vm "the host's network is not the guest's"
	update_config '.linux.namespaces = [{type: "mount"}] | del(.hostname)'
	in_container /bin/probe namespaces
	for name in pid net ipc uts; do
		equals "$(seen $name)" "$(own_namespace $name)"
	done
	[ "$(seen mnt)" != "$(own_namespace mnt)" ]
}

@test "the cgroup namespace" {
	update_config '.linux.namespaces += [{type: "cgroup"}]'
	in_container /bin/probe namespaces
	[ "$(seen cgroup)" != "$(own_namespace cgroup)" ]
}

@test "the time namespace with offsets" {
	requires_namespace time
	update_config '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 1000000, nanosecs: 5}, boottime: {secs: 2000000}}'
	in_container /bin/probe clock
	monotonic=$(echo "$output" | sed 's/monotonic=\([0-9]*\) .*/\1/')
	boot=$(echo "$output" | sed 's/.*boottime=//')
	[ "$monotonic" -ge 1000000 ]
	[ "$boot" -ge 2000000 ]
}

@test "time offsets: without the namespace, with an unknown clock, with too many nanoseconds" {
	requires_namespace time
	update_config '.linux.timeOffsets = {monotonic: {secs: 1}}'
	refused timeOffsets
	update_config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {realtime: {secs: 1}}'
	refused timeOffsets
	update_config '.linux.timeOffsets = {monotonic: {secs: 1, nanosecs: 1000000000}}'
	refused ""
}

@test "process 1 in a new pid namespace; its number outside is another" {
	in_container /bin/probe session
	contains "$output" "pid=1 ppid=0"
}

@test "lo is up in a new network namespace" {
	in_container /bin/ip addr show lo
	contains "$output" "UP"
	contains "$output" "127.0.0.1"
}

@test "join namespaces by path" {
	differs_at vm "a namespace of the host cannot be joined from a guest"
	run_sleeper
	pid=$(state_field .pid)
	new_id
	update_config '.linux.cgroupsPath += "-b" | .process.args = ["/bin/probe", "namespaces"] | del(.hostname)
		| .linux.namespaces = [{type: "mount"}, {type: "pid"},
			{type: "network", path: "/proc/\($p)/ns/net"}, {type: "ipc", path: "/proc/\($p)/ns/ipc"},
			{type: "uts", path: "/proc/\($p)/ns/uts"}]' --arg p "$pid"
	succeeds bulkhead run --bundle "$BUNDLE" "$NEW"
	for name in net ipc uts; do
		equals "$(seen $name)" "$(readlink "/proc/$pid/ns/$name")"
	done
	[ "$(seen pid)" != "$(readlink "/proc/$pid/ns/pid")" ]
}

@test "join a pid namespace by path" {
	differs_at vm "a namespace of the host cannot be joined from a guest"
	run_sleeper
	pid=$(state_field .pid)
	new_id
	update_config '.linux.cgroupsPath += "-b" | .process.args = ["/bin/probe", "namespaces"]
		| .linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($p)/ns/pid" else . end)' --arg p "$pid"
	succeeds bulkhead run --bundle "$BUNDLE" "$NEW"
	equals "$(seen pid)" "$(readlink "/proc/$pid/ns/pid")"
	status_is running
}

@test "delete of a container that joined a pid namespace leaves the other's processes" {
	differs_at vm "a namespace of the host cannot be joined from a guest"
	run_sleeper
	pid=$(state_field .pid)
	new_id
	update_config '.linux.cgroupsPath += "-b"
		| .linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($p)/ns/pid" else . end)' --arg p "$pid"
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$NEW"
	succeeds bulkhead delete --force "$NEW"
	status_is running
}

@test "namespaces: unknown type, twice the same, relative path, path of another type, no such path" {
	base=$(jq -c .linux.namespaces "$CONFIG")
	for bad in '{"type": "nosuch"}' '{"type": "pid"}' '{"type": "cgroup", "path": "proc/self/ns/cgroup"}' \
		'{"type": "cgroup", "path": "/proc/self/ns/net"}' '{"type": "cgroup", "path": "/no/such"}' \
		'{"type": "cgroup", "path": "/etc/passwd"}' '{"path": "/proc/self/ns/cgroup"}' '{}'; do
		update_config '.linux.namespaces = $b + [$x]' --argjson b "$base" --argjson x "$bad"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" namespaces
		assert_nothing_left
	done
}

@test "hostname and domainname" {
	update_config '.hostname = "inside" | .domainname = "example.org"'
	in_container /bin/probe names
	equals "$output" "inside example.org"
	lacks "$(hostname)" inside
}

@test "hostname without a uts namespace is refused: it would rename the host" {
	update_config '.linux.namespaces |= map(select(.type != "uts"))'
	before=$(hostname)
	refused hostname
	equals "$(hostname)" "$before"
}

@test "hostnames at the limit and beyond" {
	update_config '.hostname = ("h" * 64)'
	in_container /bin/hostname
	equals "$output" "$(printf 'h%.0s' {1..64})"
	update_config '.hostname = ("h" * 65)'
	refused hostname
}

@test "user namespace: root inside is an ordinary user outside" {
	user_namespace
	set_args /bin/sleep 1000
	run_detached
	pid=$(state_field .pid)
	is_vm || equals "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" 100000
	is_vm || equals "$(awk '/^Gid:/ { print $2 }' "/proc/$pid/status")" 200000
	exec_in /bin/probe maps
	equals "$(echo "$output" | head -n 2 | tr -s ' ')" $' 0 100000 65536\n 0 200000 65536'
	exec_in /bin/probe ids
	contains "$output" "uid=0 euid=0 suid=0 gid=0"
}

@test "user namespace: files made inside belong to the mapped user" {
	user_namespace
	in_container /bin/touch /tmp/made
	equals "$(stat -c %u:%g "$ROOTFS/tmp/made")" 100000:200000
}

@test "user namespace: the program's user is mapped; an unmapped one is refused" {
	user_namespace
	update_config '.process.user = {uid: 1000, gid: 1000}'
	in_container /bin/probe ids
	contains "$output" "uid=1000 euid=1000 suid=1000 gid=1000"
	update_config '.process.user = {uid: 70000, gid: 0}'
	refused ""
	update_config '.process.user = {uid: 0, gid: 0, additionalGids: [70000]}'
	refused ""
}

@test "user namespace: devices are usable" {
	user_namespace
	in_container /bin/sh -c 'echo x > /dev/null && head -c 4 /dev/zero | wc -c && head -c 2 /dev/urandom | wc -c'
	equals "$output" $'4\n2'
}

@test "user namespace: exec enters it" {
	user_namespace
	run_sleeper
	exec_in /bin/probe namespaces
	equals "$(seen user)" "$(init_namespace user)"
	succeeds bulkhead exec -u 5:6 "$ID" /bin/probe ids
	contains "$output" "uid=5 euid=5 suid=5 gid=6"
}

@test "user namespace: several mappings" {
	update_config '.linux.namespaces += [{type: "user"}] | del(.linux.resources)
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}, {containerID: 1, hostID: 100001, size: 10},
			{containerID: 1000, hostID: 5000, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}, {containerID: 1, hostID: 100001, size: 10},
			{containerID: 1000, hostID: 6000, size: 1}]'
	set_args /bin/sh -c 'touch /tmp/made'
	update_config '.process.user = {uid: 1000, gid: 1000}'
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$(stat -c %u:%g "$ROOTFS/tmp/made")" 5000:6000
}

@test "user namespace without mappings, mappings without user namespace, overlapping ones" {
	update_config '.linux.namespaces += [{type: "user"}]'
	refused ""
	update_config '.linux.namespaces |= map(select(.type != "user"))
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	refused ""
	contains "$error" Mappings
}

@test "join a user namespace by path" {
	differs_at vm "a namespace of the host cannot be joined from a guest"
	user_namespace
	run_sleeper
	pid=$(state_field .pid)
	new_id
	update_config '.linux.cgroupsPath += "-b" | .process.args = ["/bin/probe", "namespaces"]
		| del(.linux.uidMappings, .linux.gidMappings)
		| .linux.namespaces |= map(if .type == "user" then .path = "/proc/\($p)/ns/user" else . end)' --arg p "$pid"
	succeeds bulkhead run --bundle "$BUNDLE" "$NEW"
	equals "$(seen user)" "$(readlink "/proc/$pid/ns/user")"
}

@test "sysctl in both notations" {
	update_config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/ip_default_ttl": "77",
		"kernel.msgmax": "5000", "fs.mqueue.msg_max": "20"}'
	in_container /bin/sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_default_ttl'\
' /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max'
	equals "$output" $'1\n77\n5000\n20'
	[ "$(cat /proc/sys/kernel/msgmax)" != 5000 ]
}

@test "sysctl: what is not the container's is refused, the host unchanged" {
	before=$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sys/fs/file-max)
	for key in kernel.core_pattern vm.swappiness fs.file-max net.ipv4/../../kernel/core_pattern \
		net/../kernel/core_pattern fs.mqueue/../file-max kernel.hostname "kernel.domainname/../core_pattern" "" . /; do
		update_config '.linux.sysctl = {($k): "1"}' --arg k "$key"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "sysctl $key was accepted"
		contains "$error" sysctl
		assert_nothing_left
	done
	equals "$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sys/fs/file-max)" "$before"
}

@test "sysctl: net without a network namespace, ipc without an ipc namespace" {
	update_config '.linux.namespaces |= map(select(.type != "network")) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	before=$(cat /proc/sys/net/ipv4/ip_forward)
	refused sysctl
	equals "$(cat /proc/sys/net/ipv4/ip_forward)" "$before"
	update_config '.linux.namespaces |= map(select(.type != "ipc")) | .linux.sysctl = {"kernel.msgmax": "5000"}'
	refused sysctl
}

@test "sysctl: a value that the kernel refuses names the key" {
	update_config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "nonsense"}'
	refused ip_default_ttl
}

@test "netDevices moves an interface, with its addresses, up, under a new name" {
	requires_tool ip
	ip link add "bh$$a" type dummy 2>/dev/null || skip "no dummy interfaces here"
	ip addr add 10.99.1.7/24 dev "bh$$a"
	update_config '.linux.netDevices = {($n): {name: "eth7"}}' --arg n "bh$$a"
	set_args /bin/ip addr show eth7
	try bulkhead run --bundle "$BUNDLE" "$ID"
	ip link del "bh$$a" 2>/dev/null || true
	[ "$status" = 0 ] || fail_test "netDevices"
	contains "$output" 10.99.1.7/24
	contains "$output" UP
}

@test "netDevices: a device that does not exist, a bad name, no network namespace" {
	update_config '.linux.netDevices = {"nosuch0": {}}'
	refused netDevices
	update_config '.linux.netDevices = {"lo": {name: "a/b"}}'
	refused netDevices
	update_config '.linux.netDevices = {"lo": {name: "averyveryverylongname"}}'
	refused netDevices
}

@test "user: the caller's groups stay when an annotation keeps them" {
	differs_at vm "a group of the host that is not mapped has no number in a guest"
	requires_tool setpriv
	user_namespace
	update_config '.annotations["run.oci.keep_original_groups"] = "1"'
	set_args /bin/probe ids
	# Without a mapping they have no name inside.
	succeeds setpriv --groups 4,27 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	equals "${output##*groups=}" 65534,65534
}
