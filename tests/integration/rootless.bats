#!/usr/bin/env bats
# As an ordinary user, with a user namespace.

load helpers

# An account of the test's own, so that neither the host's users nor a login are needed.
USER_ID=54321

setup()
{
	differs_at vm "QEMU's jail and the network's taps need the host's root"
	requires_root
	requires_tool setpriv
	[ "$(cat /proc/sys/user/max_user_namespaces)" -gt 0 ] || skip "no user namespaces"
	setup_container
	update_config '.linux.namespaces += [{type: "user"}] | .linux.namespaces |= map(select(.type != "network"))
		| .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| del(.linux.resources, .linux.cgroupsPath)
		| .mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "none", source: "/sys",
			options: ["rbind", "nosuid", "noexec", "nodev", "ro"]}
			else .options |= (if . then map(select(startswith("gid=") | not)) else . end) end)' --argjson u $USER_ID
	chown -R $USER_ID:$USER_ID "$WORK"
	GLOBALS=()
	# Deleting as root would hide what the user could not clean up.
	mkdir -p "$WORK/run"
	chown $USER_ID:$USER_ID "$WORK/run"
	chmod 700 "$WORK/run"
}

# The runtime as that user.
bulkhead()
{
	timeout --foreground -k 5 30 setpriv --reuid $USER_ID --regid $USER_ID --clear-groups --inh-caps=-all -- \
		env XDG_RUNTIME_DIR="$WORK/run" HOME="$WORK" "$BULKHEAD" "${LEVEL[@]}" \
		--root "$STATE" "${GLOBALS[@]}" "$@" 3>&-
}

@test "run as an ordinary user: root inside" {
	in_container /bin/probe ids
	contains "$output" "uid=0 euid=0"
	assert_nothing_left
}

@test "files made inside belong to the user" {
	in_container /bin/touch /tmp/made
	equals "$(stat -c %u "$ROOTFS/tmp/made")" $USER_ID
}

@test "devices work" {
	in_container /bin/sh -c 'echo x > /dev/null && head -c 3 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c'
	equals "$output" $'3\n3'
}

@test "create, start, exec, kill, delete" {
	set_args /bin/sleep 1000
	create
	start
	status_is running
	exec_in /bin/probe ids
	contains "$output" "uid=0 euid=0"
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "delete --force of a running one" {
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "list has the owner" {
	run_sleeper
	contains "$(bulkhead list)" "$USER_ID"
}

@test "a terminal" {
	update_config '.process.terminal = true'
	"$CACHE/console" console "$WORK/c.sock" >"$WORK/terminal" 2>/dev/null 3>&- &
	helper_process $!
	wait_for test -S "$WORK/c.sock"
	set_args /bin/sh -c 'tty; echo done'
	create --console-socket "$WORK/c.sock"
	start
	wait_for file_has "$WORK/terminal" done
}

@test "the default state directory is below XDG_RUNTIME_DIR, private and sticky" {
	set_args /bin/sleep 1000
	root=$STATE
	STATE=$WORK/run/bulkhead
	timeout 20 setpriv --reuid $USER_ID --regid $USER_ID --clear-groups -- env XDG_RUNTIME_DIR="$WORK/run" \
		"$BULKHEAD" run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/o" 2>&1 3>&-
	[ -d "$WORK/run/bulkhead/$ID" ]
	equals "$(stat -c %a "$WORK/run/bulkhead")" 1700
	status_is running
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
	STATE=$root
}

@test "limits that cannot be set are an error" {
	update_config '.linux.resources.memory = {limit: 67108864}'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] || skip "this user may make cgroups"
	equals "$status" 1
	[[ ${error,,} == *cgroup* || ${error,,} == *memory* || ${error,,} == *"permission denied"* ]] || fail_test why
	assert_nothing_left
}

@test "without mappings it is refused" {
	update_config 'del(.linux.uidMappings, .linux.gidMappings)'
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "a mapping that this user may not have is refused" {
	update_config '.linux.uidMappings[0].hostID = 0'
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "setgroups is denied for a mapping of the user alone" {
	in_container /bin/cat /proc/self/setgroups
	equals "$output" deny
}

@test "subordinate ids by newuidmap and newgidmap" {
	[ -z "${DENIED:-}" ] || skip "the filter of an ordinary user forbids programs with set-user-id"
	requires_tool newuidmap
	grep -q "^$USER_ID:" /etc/subuid 2>/dev/null && skip "subordinate ids of that user exist"
	update_config '.linux.uidMappings += [{containerID: 1, hostID: 700000, size: 1000}]
		| .linux.gidMappings += [{containerID: 1, hostID: 700000, size: 1000}]'
	cp -a /etc/subuid "$WORK/subuid" 2>/dev/null || : >"$WORK/subuid"
	cp -a /etc/subgid "$WORK/subgid" 2>/dev/null || : >"$WORK/subgid"
	cp -a /etc/passwd "$WORK/passwd"
	echo "$USER_ID:700000:1000" >>/etc/subuid
	echo "$USER_ID:700000:1000" >>/etc/subgid
	echo "bhtest:x:$USER_ID:$USER_ID::/:/bin/sh" >>/etc/passwd
	set_args /bin/probe maps
	try bulkhead run --bundle "$BUNDLE" "$ID"
	cp -a "$WORK/subuid" /etc/subuid
	cp -a "$WORK/subgid" /etc/subgid
	cp -a "$WORK/passwd" /etc/passwd
	[ "$status" = 0 ] || fail_test newuidmap
	contains "$(echo "$output" | tr -s ' ')" "1 700000 1000"
}

@test "a state directory that belongs to someone else is an error" {
	mkdir -m 700 "$WORK/foreign"
	chown 0:0 "$WORK/foreign"
	STATE=$WORK/foreign
	fails 1 "$WORK/foreign" bulkhead create --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"permission denied"* ]] || fail_test why
	STATE=$WORK/state
	assert_nothing_left
}

@test "a rootfs that the user cannot enter is an error that names it" {
	chown 0:0 "$ROOTFS"
	chmod 700 "$ROOTFS"
	fails 1 "" bulkhead run --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"permission denied"* ]] || fail_test why
	assert_nothing_left
}

@test "a configuration without a user namespace is refused before anything is made" {
	update_config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	fails 1 "linux.namespaces: has no user namespace" bulkhead run --bundle "$BUNDLE" "$ID"
	contains "$error" "user $USER_ID may not"
	contains "$error" "spec --rootless"
	[ "$(grep -c . <<<"$error")" = 1 ] || fail_test "more than one line: $error"
	assert_nothing_left
}

@test "the spec command's rootless configuration runs" {
	mkdir "$WORK/b"
	chown $USER_ID:$USER_ID "$WORK/b"
	mv "$ROOTFS" "$WORK/b/rootfs"
	BUNDLE=$WORK/b
	ROOTFS=$WORK/b/rootfs
	CONFIG=$WORK/b/config.json
	succeeds bulkhead spec --rootless --bundle "$WORK/b"
	update_config '.process.terminal = false | .process.args = ["/bin/probe", "ids"]'
	chmod 644 "$CONFIG"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	contains "$output" "uid=0"
}

# --- cgroups ------------------------------------------------------------------------------------

# No part of the cgroup file system may be the user's for these.
requires_no_delegation()
{
	! find /sys/fs/cgroup -maxdepth 3 -user $USER_ID 2>/dev/null | grep -q . || skip "cgroups of that user exist"
}

@test "without rights on cgroups it works, and leaves none" {
	requires_no_delegation
	run_sleeper
	pid=$(state_field .pid)
	lacks "$(cat "/proc/$pid/cgroup")" "$ID"
	equals "$(bulkhead ps --format json "$ID" | jq -c .)" "[$pid]"
	exec_in /bin/true
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "pause and update without a cgroup are errors, and change nothing" {
	requires_no_delegation
	run_sleeper
	fails 1 cgroup bulkhead pause "$ID"
	fails 1 cgroup bulkhead update --memory 64m "$ID"
	status_is running
}

@test "each limit that cannot be set is an error that names it" {
	requires_no_delegation
	while read -r name limit; do
		update_config ".linux.resources = $limit"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		equals "$status" 1
		[[ $error == *"$name"* || ${error,,} == *cgroup* ]] || fail_test "$name"
		equals "$(wc -l <"$WORK/stderr")" 1
		assert_nothing_left
	done <<-'T'
		memory {memory:{limit:67108864}}
		pids {pids:{limit:10}}
		cpu {cpu:{shares:10}}
	T
}

in_cgroup_of_user()
{
	(
		for hierarchy in /sys/fs/cgroup/*/"$ID"; do
			echo "$BASHPID" >"$hierarchy/cgroup.procs"
		done
		"$@"
	)
}

@test "a user's own cgroup, delegated by root, is used" {
	requires_cgroup_v1
	requires_controller pids
	for hierarchy in /sys/fs/cgroup/*/; do
		[ ! -e "$hierarchy/cgroup.procs" ] || mkdir "$hierarchy/$ID"
		[ ! -e "$hierarchy/$ID" ] || chown -R $USER_ID:$USER_ID "$hierarchy/$ID"
	done
	for hierarchy in /sys/fs/cgroup/cpuset; do
		[ ! -e "$hierarchy/$ID" ] || cat "$hierarchy/cpuset.cpus" >"$hierarchy/$ID/cpuset.cpus"
		[ ! -e "$hierarchy/$ID" ] || cat "$hierarchy/cpuset.mems" >"$hierarchy/$ID/cpuset.mems"
	done
	update_config '.linux.cgroupsPath = $p | .linux.resources = {pids: {limit: 20}}' --arg p "/$ID/c"
	set_args /bin/sleep 1000
	# A user may move processes only within what is delegated, so the caller is there already.
	try in_cgroup_of_user bulkhead run --detach --bundle "$BUNDLE" "$ID"
	if [ "$status" = 0 ]; then
		equals "$(cat "/sys/fs/cgroup/pids/$ID/c/pids.max")" 20
		succeeds bulkhead delete --force "$ID"
		[ ! -e "/sys/fs/cgroup/pids/$ID/c" ]
	fi
	rmdir /sys/fs/cgroup/*/"$ID"
	[ "$status" = 0 ] || fail_test "the delegated cgroup should be used"
}

@test "CVE-2023-25809: a cgroup mount without a cgroup namespace is read-only in every line" {
	update_config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
	# What the mount of /sys brought along lies below; the topmost at each place counts.
	set_args /bin/sh -c 'for t in $(probe mount | grep "^/sys/fs/cgroup.* cgroup" | cut -d" " -f1 | sort -u); do
		[ ! -e $t/cgroup.procs ] || probe mount $t; done'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || skip "refused: $error"
	contains "$output" cgroup
	while read -r type options _; do
		[[ ,$options, == *,ro,* ]] || fail_test "a cgroup mount is writable: $type"
	done <<<"$output"
}

# --- who may do what ----------------------------------------------------------------------------

@test "another user's container cannot be seen, entered, killed or deleted" {
	run_sleeper
	pid=$(state_field .pid)
	for words in "state $ID" "exec $ID /bin/true" "kill $ID KILL" "delete --force $ID" "pause $ID"; do
		# shellcheck disable=SC2086
		try setpriv --reuid 54322 --regid 54322 --clear-groups "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" $words
		[ "$status" != 0 ] || fail_test "$words"
		[ -n "$error" ] || fail_test "$words"
	done
	kill -0 "$pid"
	status_is running
}

@test "root trusts no state directory of another user, and says so" {
	run_sleeper
	pid=$(state_field .pid)
	for words in "state $ID" "kill $ID KILL" "delete --force $ID"; do
		# shellcheck disable=SC2086
		fails 1 "$USER_ID" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" $words
	done
	kill -0 "$pid"
}

@test "a namespace is needed: without a user namespace it is refused by name" {
	update_config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$status" 1
	[[ $error == *"user namespace"* || ${error,,} == *"not permitted"* || ${error,,} == *"permission denied"* ]] ||
		fail_test why
	assert_nothing_left
}

@test "devices, sysctls of the host and other users' ids stay out of reach" {
	update_config '.linux.devices = [{path: "/dev/mem", type: "c", major: 1, minor: 1, fileMode: 438}]'
	set_args /bin/probe open /dev/mem r
	try bulkhead run --bundle "$BUNDLE" "$ID"
	lacks "$output" ok
	update_config 'del(.linux.devices) | .linux.sysctl = {"kernel.core_pattern": "x"}'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$status" 1
	update_config 'del(.linux.sysctl) | .process.user = {uid: 5, gid: 5}'
	fails 1 process.user.uid bulkhead run --bundle "$BUNDLE" "$ID"
	run_sleeper_as_root_inside
	try bulkhead exec --user 5 "$ID" /bin/true
	[ "$status" != 0 ]
}

run_sleeper_as_root_inside()
{
	update_config '.process.user = {uid: 0, gid: 0}'
	run_sleeper
}

@test "hooks, masks and read-only paths work" {
	echo SECRET >"$ROOTFS/secret"
	chown $USER_ID:$USER_ID "$ROOTFS/secret"
	printf '#!/bin/sh\ncat >/dev/null; id -u >> %s/hook-ids\n' "$WORK" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	update_config '.linux.maskedPaths = ["/secret"] | .linux.readonlyPaths = ["/etc"]
		| .hooks = {createRuntime: [{path: $h}], createContainer: [{path: $h}], poststop: [{path: $h}]}' \
		--arg h "$WORK/hook"
	in_container /bin/sh -c 'cat /secret; touch /etc/x 2>&1; true'
	lacks "$output" SECRET
	contains "$output" "Read-only"
	equals "$(wc -l <"$WORK/hook-ids")" 3
}

@test "seccomp, capabilities and no_new_privs are in force" {
	update_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["sync"], action: "SCMP_ACT_ERRNO", errnoRet: 42}]}'
	set_args /bin/sh -c 'probe syscall 162; probe nnp; probe caps'
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	contains "$output" ENOMSG
	contains "$output" $'\n1\n'
	contains "$output" "bounding=0000000020000420"
}
