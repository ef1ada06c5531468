#!/usr/bin/env bats
# Pods: several containers in the guest of their sandbox, each with a process of its own on the host.

load vm.bash

# start_sandbox [JQ]: a detached sandbox, its monitor in MONITOR.
start_sandbox()
{
	update_config '.annotations = {"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": $id}' --arg id "$ID"
	[ $# -eq 0 ] || update_config "$1"
	start_sleeping
}

# container_bundle NAME [COMMAND...]: a bundle for a container of the pod: its id in NAMED, its
# root in ROOT.
container_bundle()
{
	local name=$1
	shift
	new_id
	NAMED=$NEW
	MADE=$WORK/$name
	ROOT=$MADE/rootfs
	mkdir -p "$MADE"
	cp -a "$CACHE/rootfs" "$ROOT"
	echo "$name" >"$ROOT/name"
	jq --arg path "/$NAMED" --arg sandbox "$ID" --argjson pid "$MONITOR" \
		'.linux.cgroupsPath = $path | .process.args = $ARGS.positional
		| .annotations = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": $sandbox}
		| .linux.namespaces = [{type: "mount"}, {type: "pid"},
			{type: "network", path: "/proc/\($pid)/ns/net"},
			{type: "ipc", path: "/proc/\($pid)/ns/ipc"},
			{type: "uts", path: "/proc/\($pid)/ns/uts"}] | del(.hostname)' \
		"$TOP/tests/data/base.json" --args -- "$@" >"$MADE/config.json"
}

change()
{
	jq "$1" "$MADE/config.json" >"$MADE/new" && mv "$MADE/new" "$MADE/config.json"
}

pid_of()
{
	succeeds bulkhead state "$1"
	PID=$(jq .pid <<<"$output")
}

status_of()
{
	[ "$(bulkhead state "$1" 2>/dev/null | jq -r .status)" = "$2" ]
}

@test "containers join the guest of their sandbox" {
	start_sandbox
	container_bundle one sleep 1000
	one=$NAMED
	succeeds bulkhead run --detach --bundle "$MADE" "$one"
	container_bundle two sleep 2000
	two=$NAMED
	succeeds bulkhead run --detach --bundle "$MADE" "$two"

	# One machine, a process on the host for each, none of which is the container's.
	[ "$(pgrep -fc "^/usr/bin/qemu-system.*")" -ge 1 ]
	pid_of "$one"
	first=$PID
	pid_of "$two"
	[ "$first" != "$PID" ] && [ "$first" != "$MONITOR" ]
	[ -z "$(pgrep -P "$first" qemu)" ] && [ -z "$(pgrep -P "$PID" qemu)" ]
	[ "$(readlink "/proc/$first/ns/net")" = "$(readlink "/proc/$MONITOR/ns/net")" ]

	# Each has its own root and processes; network, host name and kernel are common.
	succeeds bulkhead exec "$one" cat /name
	[ "$output" = one ]
	succeeds bulkhead exec "$two" cat /name
	[ "$output" = two ]
	succeeds bulkhead ps "$one"
	[[ $output == *"sleep 1000"* && $output != *"sleep 2000"* ]]
	succeeds bulkhead ps "$two"
	[[ $output == *"sleep 2000"* && $output != *"sleep 1000"* ]]
	for kind in net ipc uts; do
		succeeds bulkhead exec "$ID" readlink "/proc/self/ns/$kind"
		inside=$output
		succeeds bulkhead exec "$one" readlink "/proc/self/ns/$kind"
		[ "$output" = "$inside" ]
	done
	for kind in mnt pid; do
		succeeds bulkhead exec "$one" readlink "/proc/self/ns/$kind"
		inside=$output
		succeeds bulkhead exec "$two" readlink "/proc/self/ns/$kind"
		[ "$output" != "$inside" ]
	done

	# The end of one leaves the others; its files are free again.
	succeeds bulkhead kill "$one" KILL
	wait_for status_of "$one" stopped
	succeeds bulkhead delete "$one"
	succeeds bulkhead exec "$two" true
	succeeds bulkhead exec "$ID" true
	rm -r "$WORK/one/rootfs"

	# That of the sandbox ends them all.
	succeeds bulkhead delete --force "$ID"
	wait_for status_of "$two" stopped
	wait_for is_gone "$PID"
	succeeds bulkhead delete "$two"
	assert_machine_gone
	assert_nothing_left
}

@test "a container of a pod ends as its process does, and says what it says" {
	start_sandbox
	container_bundle one sh -c 'cat; echo error >&2; exit 7'
	status=0
	echo input | bulkhead run --bundle "$MADE" "$NAMED" >"$WORK/out" 2>"$WORK/err" || status=$?
	[ "$status" = 7 ]
	[ "$(cat "$WORK/out")" = input ]
	[ "$(cat "$WORK/err")" = error ]
	container_bundle three /nowhere
	fails 1 "/nowhere" bulkhead run --bundle "$MADE" "$NAMED"
	[ ! -e "$STATE/$NAMED" ]
	# Again, by the same name.
	container_bundle four cat /name
	succeeds bulkhead run --bundle "$MADE" "$NAMED"
	[ "$output" = four ]
	succeeds bulkhead run --bundle "$MADE" "$NAMED"
	[ "$output" = four ]
	succeeds bulkhead exec "$ID" true
}

@test "mounts, limits, pause, update and statistics are each container's own" {
	start_sandbox
	container_bundle one sh -c 'echo out >/data/out; sleep 1000'
	mkdir "$WORK/data" "$WORK/fixed"
	echo in >"$WORK/data/in"
	change '.mounts += [{destination: "/data", type: "bind", source: "'"$WORK"'/data", options: ["bind"]},
		{destination: "/fixed", type: "bind", source: "'"$WORK"'/fixed", options: ["bind", "ro"]}]
		| .root.readonly = true | .linux.resources.pids = {limit: 40} | .linux.resources.memory = {limit: 67108864}'
	succeeds bulkhead create --bundle "$MADE" "$NAMED"
	status_of "$NAMED" created
	[ ! -e "$WORK/data/out" ]
	succeeds bulkhead start "$NAMED"
	wait_for test -e "$WORK/data/out"
	succeeds bulkhead exec "$NAMED" cat /data/in
	[ "$output" = in ]
	try bulkhead exec "$NAMED" touch /fixed/x
	[[ $error == *"Read-only"* ]]
	try bulkhead exec "$NAMED" touch /x
	[[ $error == *"Read-only"* ]]
	succeeds bulkhead events --stats "$NAMED"
	[ "$(jq .data.pids.limit <<<"$output")" = 40 ]
	succeeds bulkhead update --pids-limit 55 "$NAMED"
	succeeds bulkhead events --stats "$NAMED"
	[ "$(jq .data.pids.limit <<<"$output")" = 55 ]
	succeeds bulkhead events --stats "$ID"
	[ "$(jq .data.pids.limit <<<"$output")" != 55 ]
	succeeds bulkhead pause "$NAMED"
	status_of "$NAMED" paused
	status_of "$ID" running
	succeeds bulkhead exec "$ID" true
	succeeds bulkhead resume "$NAMED"
	succeeds bulkhead exec "$NAMED" true
	succeeds bulkhead delete --force "$NAMED"
	status_of "$ID" running
}

@test "a pod's process namespace is shared when it is named" {
	start_sandbox
	container_bundle one sleep 1000
	change '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/'"$MONITOR"'/ns/pid" else . end)'
	succeeds bulkhead run --detach --bundle "$MADE" "$NAMED"
	succeeds bulkhead exec "$ID" ps
	[[ $output == *"sleep 1000"* ]]
	succeeds bulkhead ps "$ID"
	[ "$(grep -c sleep <<<"$output")" = 1 ]
	succeeds bulkhead kill --all "$NAMED" KILL
	wait_for status_of "$NAMED" stopped
	status_of "$ID" running
}

@test "whose process on the host is killed is ended in the guest" {
	start_sandbox
	container_bundle one sleep 1000
	succeeds bulkhead run --detach --bundle "$MADE" "$NAMED"
	pid_of "$NAMED"
	kill -KILL "$PID"
	wait_for status_of "$NAMED" stopped
	succeeds bulkhead delete "$NAMED"
	status_of "$ID" running
	succeeds bulkhead exec "$ID" true
	# A signal goes through, and its end comes back.
	container_bundle two sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
	bulkhead run --bundle "$MADE" "$NAMED" </dev/null &
	running=$!
	wait_for status_of "$NAMED" running
	succeeds bulkhead exec "$NAMED" true
	pid_of "$NAMED"
	kill -TERM "$PID"
	status=0
	wait "$running" || status=$?
	[ "$status" = 5 ]
}

@test "the end of the machine is told to each of its containers" {
	start_sandbox
	container_bundle one sleep 1000
	bulkhead --log "$WORK/log" run --detach --bundle "$MADE" "$NAMED" </dev/null >/dev/null 2>&1
	pid_of "$NAMED"
	kill -KILL "$HYPERVISOR"
	wait_for status_of "$NAMED" stopped
	wait_status stopped
	wait_for is_gone "$PID"
	grep -q 'hypervisor was killed' "$WORK/log"
	succeeds bulkhead delete "$NAMED"
	succeeds bulkhead delete "$ID"
	assert_machine_gone
	assert_nothing_left
}

@test "what a pod cannot have is refused, and nothing of it stays" {
	start_sandbox
	container_bundle one true
	change '.linux.namespaces |= map(if .type == "network" then del(.path) else . end)'
	fails 1 "linux.namespaces[2].path: must be the network namespace of the sandbox" bulkhead run --bundle "$MADE" "$NAMED"
	change '.linux.namespaces |= map(if .type == "network" then .path = "/proc/1/ns/net" else . end)'
	fails 1 "must be the network namespace of the sandbox" bulkhead run --bundle "$MADE" "$NAMED"
	container_bundle two true
	change '.linux.namespaces |= map(if .type == "ipc" then .path = "/proc/1/ns/ipc" else . end)'
	fails 1 "a ipc namespace of the host cannot be joined" bulkhead run --bundle "$MADE" "$NAMED"
	container_bundle three true
	change '.mounts += [{destination: "/x", type: "bind", source: "/nowhere/at/all", options: ["bind"]}]'
	fails 1 "/nowhere/at/all" bulkhead run --bundle "$MADE" "$NAMED"
	container_bundle four true
	change '.annotations["io.kubernetes.cri.sandbox-id"] = "nobody"'
	fails 1 "there is no container 'nobody'" bulkhead run --bundle "$MADE" "$NAMED"
	container_bundle five true
	change '.linux.devices = [{path: "/dev/disk", type: "b", major: 7, minor: 0}]'
	fails 1 "no disk can be added" bulkhead run --bundle "$MADE" "$NAMED"
	[ -z "$(ls "$STATE" | grep -- "$ID-" || true)" ]
	# The guest and its shared directory are as before.
	[ -z "$(nsenter -t "$MONITOR" -m find "$STATE/$ID/share/pod" -mindepth 1 2>/dev/null)" ]
	container_bundle six cat /name
	succeeds bulkhead run --bundle "$MADE" "$NAMED"
	[ "$output" = six ]
}

@test "the level of a pod's sandbox is that of its containers" {
	start_sandbox
	container_bundle one sh -c 'ls /sys/class/tty/ttyS0'
	# Asked for at the process level, it joins all the same.
	ISOLATION=process try bulkhead run --bundle "$MADE" "$NAMED"
	container_bundle two sleep 1000
	ISOLATION=process succeeds bulkhead run --detach --bundle "$MADE" "$NAMED"
	[ "$(jq -r .isolation "$STATE/$NAMED/state.json")" = vm ]
	succeeds bulkhead delete --force "$NAMED"
	succeeds bulkhead delete --force "$ID"

	ISOLATION=process succeeds bulkhead run --detach --bundle "$BUNDLE" "$ID"
	MONITOR=$(state_field .pid)
	container_bundle three true
	fails 1 "runs at the process level" bulkhead run --bundle "$MADE" "$NAMED"
}

@test "a sandbox has room for its containers, and may have been given namespaces" {
	touch "$WORK/ipc" "$WORK/uts"
	unshare --ipc="$WORK/ipc" --uts="$WORK/uts" true
	start_sandbox '.annotations["io.kubernetes.cri.sandbox-memory"] = "201326592"
		| .annotations["io.kubernetes.cri.sandbox-cpu-quota"] = "150000"
		| .annotations["io.kubernetes.cri.sandbox-cpu-period"] = "100000"
		| .linux.namespaces |= map(if .type == "ipc" then .path = "'"$WORK"'/ipc" elif .type == "uts" then .path = "'"$WORK"'/uts" else . end) | del(.hostname)'
	tr '\0' ' ' <"/proc/$HYPERVISOR/cmdline" | grep -Eq -- '-smp 2 -m (288|256)M'
	container_bundle one readlink /proc/self/ns/ipc
	change '.linux.namespaces |= map(if .type == "ipc" then .path = "'"$WORK"'/ipc" elif .type == "uts" then .path = "'"$WORK"'/uts" else . end)'
	succeeds bulkhead run --bundle "$MADE" "$NAMED"
	inside=$output
	succeeds bulkhead exec "$ID" readlink /proc/self/ns/ipc
	[ "$output" = "$inside" ]
	umount "$WORK/ipc" "$WORK/uts"
}

@test "a terminal of a pod's container" {
	start_sandbox
	container_bundle one sh -c 'tty; stty size; exit 3'
	change '.process.terminal = true | .process.consoleSize = {height: 33, width: 77}'
	status=0
	"$CACHE/console" console "$WORK/console" >"$WORK/out" 2>&1 &
	console=$!
	helper_process "$console"
	wait_for test -S "$WORK/console"
	succeeds bulkhead run --detach --console-socket "$WORK/console" --bundle "$MADE" "$NAMED"
	wait_for status_of "$NAMED" stopped
	wait_for grep -q '33 77' "$WORK/out"
	grep -q /dev/pts/0 "$WORK/out"
}
