#!/usr/bin/env bats
# The systemd cgroup driver, where systemd runs.

load helpers

setup()
{
	requires_root
	requires_systemd
	setup_container
	GLOBALS=(--systemd-cgroup)
	UNIT=bht-$ID.scope
	update_config '.linux.cgroupsPath = $p' --arg p "system.slice:bht:$ID"
}

teardown()
{
	teardown_container
	! unit_is_there || {
		echo "the unit $UNIT is left"
		return 1
	}
}

unit_is_there()
{
	[ -n "${UNIT:-}" ] && [ -n "$(systemctl list-units --all --plain --no-legend "$UNIT")" ]
}

unit_is_gone()
{
	! unit_is_there
}

property()
{
	systemctl show -p "$1" --value "$UNIT"
}

# limit FILE: of the container's cgroup.
limit()
{
	cat "/sys/fs/cgroup/system.slice/$UNIT/$1"
}

@test "a scope in its slice, with the container's process" {
	run_sleeper
	equals "$(cat "/proc/$(state_field .pid)/cgroup")" "0::/system.slice/$UNIT"
	equals "$(property ActiveState)" active
	equals "$(property Delegate)" yes
	equals "$(property Slice)" system.slice
	equals "$(limit cgroup.procs)" "$(state_field .pid)"
}

@test "the default: a scope of the runtime's name in system.slice" {
	update_config 'del(.linux.cgroupsPath)'
	UNIT=bulkhead-$ID.scope
	run_sleeper
	equals "$(cat "/proc/$(state_field .pid)/cgroup")" "0::/system.slice/$UNIT"
}

@test "a nested slice is made on the way" {
	update_config '.linux.cgroupsPath = $p' --arg p "bhttest-inner.slice:bht:$ID"
	run_sleeper
	equals "$(cat "/proc/$(state_field .pid)/cgroup")" "0::/bhttest.slice/bhttest-inner.slice/$UNIT"
	succeeds bulkhead delete --force "$ID"
	wait_for unit_is_gone
	systemctl stop bhttest-inner.slice bhttest.slice
}

@test "what is not slice:prefix:name is refused" {
	local path
	for path in "/$ID" "a:b" "a:b:c:d" "system.service:bht:$ID" "a--b.slice:bht:$ID" "system.slice:bht:"; do
		update_config '.linux.cgroupsPath = $p' --arg p "$path"
		refused cgroupsPath
	done
}

@test "limits: systemd's properties and the files agree" {
	requires_controller cpuset
	update_config '.linux.resources += {memory: {limit: 67108864, reservation: 33554432, swap: 67108864},
		cpu: {shares: 512, quota: 50000, period: 100000, cpus: "0"}, pids: {limit: 20},
		blockIO: {weight: 500}}'
	run_sleeper
	equals "$(property MemoryMax)" 67108864
	equals "$(property MemoryLow)" 33554432
	equals "$(property TasksMax)" 20
	equals "$(property CPUQuotaPerSecUSec)" 500ms
	equals "$(property AllowedCPUs)" 0
	equals "$(limit memory.max)" 67108864
	equals "$(limit memory.low)" 33554432
	equals "$(limit memory.swap.max)" 0
	equals "$(limit pids.max)" 20
	equals "$(limit cpu.max)" "50000 100000"
	equals "$(limit cpu.weight)" "$(property CPUWeight)"
	equals "$(limit cpuset.cpus)" 0
}

@test "limits and device rules outlive a reload of systemd" {
	update_config '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 20},
		devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}],
		unified: {"memory.high": "50331648"}} |
		.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11},
			{path: "/dev/fuse", type: "c", major: 10, minor: 229}]'
	run_sleeper
	systemctl daemon-reload
	systemctl set-property --runtime "$UNIT" CPUWeight=50
	equals "$(limit memory.max)" 67108864
	equals "$(limit memory.high)" 50331648
	equals "$(limit pids.max)" 20
	exec_in /bin/sh -c 'echo x > /dev/null && : <> /dev/fuse && head -c 1 /dev/random | wc -c'
	equals "$output" 1
	fails 1 "not permitted" bulkhead exec "$ID" /bin/sh -c ': < /dev/kmsg'
}

@test "update changes the unit and the files" {
	update_config '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 20}}'
	run_sleeper
	succeeds bulkhead update --memory 100663296 --pids-limit 30 --cpu-quota 20000 --cpu-period 100000 "$ID"
	equals "$(property MemoryMax)" 100663296
	equals "$(property TasksMax)" 30
	equals "$(property CPUQuotaPerSecUSec)" 200ms
	systemctl daemon-reload
	equals "$(limit memory.max)" 100663296
	equals "$(limit pids.max)" 30
	equals "$(limit cpu.max)" "20000 100000"
}

@test "annotations are properties of the unit" {
	update_config '.annotations += {"org.systemd.property.TimeoutStopUSec": "uint64 123456789",
		"org.systemd.property.CollectMode": "\u0027inactive-or-failed\u0027",
		"org.systemd.property.Description": "\u0027from the annotation\u0027"}'
	run_sleeper
	equals "$(property TimeoutStopUSec)" "2min 3.456789s"
	equals "$(property CollectMode)" inactive-or-failed
	equals "$(property Description)" "from the annotation"
}

@test "a property that systemd does not know: an error that names it, nothing left" {
	update_config '.annotations += {"org.systemd.property.NoSuchProperty": "true"}'
	refused NoSuchProperty
	unit_is_gone
}

@test "a unit of that name that runs already is not touched" {
	systemd-run --quiet --scope --unit="$UNIT" sleep 100 3>&- &
	helper_process $!
	wait_for unit_is_there
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[ -n "$error" ]
	equals "$(property ActiveState)" active
	systemctl stop "$UNIT"
	wait_for unit_is_gone
}

@test "run in the foreground leaves no unit" {
	in_container /bin/cat /proc/self/cgroup
	contains "$output" "$UNIT"
	wait_for unit_is_gone
}

@test "exec goes into the scope" {
	run_sleeper
	exec_in /bin/cat /proc/self/cgroup
	equals "$output" "0::/system.slice/$UNIT"
}

@test "create, start, kill, delete" {
	set_args /bin/sleep 1000
	create
	status_is created
	equals "$(property ActiveState)" active
	start
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	wait_for unit_is_gone
	assert_nothing_left
}

@test "kill --all reaches what has left the session" {
	set_args /bin/sh -c 'sleep 1000 & sleep 1000'
	run_detached
	succeeds bulkhead kill --all "$ID" KILL
	wait_status stopped
}

@test "systemctl stop ends the container; delete still cleans up" {
	# A first process without a handler ignores SIGTERM, until systemd has waited for 90 seconds.
	set_args /bin/sh -c 'trap "exit 0" TERM; touch /tmp/ready; sleep 1000 & wait'
	run_detached
	wait_for test -e "$ROOTFS/tmp/ready"
	systemctl stop "$UNIT"
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "pause, resume, ps, events" {
	run_sleeper
	succeeds bulkhead pause "$ID"
	status_is paused
	equals "$(limit cgroup.freeze)" 1
	succeeds bulkhead resume "$ID"
	status_is running
	succeeds bulkhead ps --format json "$ID"
	equals "$(jq -c . <<<"$output")" "[$(state_field .pid)]"
	succeeds bulkhead events --stats "$ID"
	[ "$(jq .data.pids.current <<<"$output")" = 1 ] || fail_test "one process"
}

@test "a paused container can be deleted by force" {
	run_sleeper
	succeeds bulkhead pause "$ID"
	succeeds bulkhead delete --force "$ID"
	wait_for unit_is_gone
}

@test "out of memory is counted" {
	update_config '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	set_args /bin/sh -c 'x=a; while :; do x=$x$x; done'
	try bulkhead run --keep --bundle "$BUNDLE" "$ID"
	equals "$status" 137
}

@test "a writable cgroup of its own for a user inside" {
	update_config '.linux.namespaces += [{type: "user"}, {type: "cgroup"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}] |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup",
			options: ["rw", "nosuid", "noexec", "nodev"]}]'
	chown -R 200000:200000 "$ROOTFS"
	set_args /bin/sh -c 'mkdir /sys/fs/cgroup/sub && echo $$ > /sys/fs/cgroup/sub/cgroup.procs && cat /proc/self/cgroup'
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" 0::/sub
	assert_nothing_left
}

@test "the state says where the cgroup is after everything was reloaded" {
	run_sleeper
	systemctl daemon-reexec
	exec_in /bin/true
	succeeds bulkhead delete --force "$ID"
	wait_for unit_is_gone
}

# --- without root -------------------------------------------------------------------------------

# as_user COMMAND...: as the account that the lab's root has, with its own systemd.
as_user()
{
	local uid
	uid=$(id -u user)
	timeout --foreground -k 5 60 setpriv --reuid "$uid" --regid "$uid" --init-groups --inh-caps=-all -- \
		env XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" \
		HOME="$WORK" "$@" 3>&-
}

setup_user()
{
	local uid
	id -u user >/dev/null 2>&1 || skip "no account 'user'"
	uid=$(id -u user)
	loginctl enable-linger user
	wait_for test -S "/run/user/$uid/bus"
	update_config '.linux.namespaces += [{type: "user"}] | .linux.namespaces |= map(select(.type != "network"))
		| .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $u, size: 1}]
		| .linux.cgroupsPath = $p | .linux.resources = {pids: {limit: 20}, memory: {limit: 67108864}}
		| .mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "none", source: "/sys",
			options: ["rbind", "nosuid", "noexec", "nodev", "ro"]}
			else .options |= (if . then map(select(startswith("gid=") | not)) else . end) end)' \
		--argjson u "$uid" --arg p "user.slice:bht:$ID"
	chown -R "$uid:$uid" "$WORK"
}

@test "an ordinary user: a scope of the user's systemd, with its limits" {
	setup_user
	bulkhead()
	{
		as_user "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" "${GLOBALS[@]}" "$@"
	}
	run_sleeper
	contains "$(cat "/proc/$(state_field .pid)/cgroup")" "user@$(id -u user).service/user.slice/$UNIT"
	dir=/sys/fs/cgroup$(cut -d: -f3 "/proc/$(state_field .pid)/cgroup")
	equals "$(cat "$dir/pids.max")" 20
	equals "$(cat "$dir/memory.max")" 67108864
	exec_in /bin/probe ids
	contains "$output" "uid=0"
	succeeds bulkhead pause "$ID"
	status_is paused
	succeeds bulkhead resume "$ID"
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}
