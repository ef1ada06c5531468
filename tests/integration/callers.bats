#!/usr/bin/env bats
# What the engines do, call for call, and the habits of runc and crun they rely on.

load helpers

LONG=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

# A subreaper with its children: what containerd's shim and conmon are.
as_subreaper()
{
	python3 - "$@" <<-'END'
		import ctypes, os, subprocess, sys, time
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
		runtime, root, bundle, pidfile, ident = sys.argv[1:6]
		def call(*words):
		    subprocess.run([runtime, "--root", root, *words], check=True, stdin=subprocess.DEVNULL)
		call("create", "--bundle", bundle, "--pid-file", pidfile, ident)
		pid = int(open(pidfile, "rb").read())
		call("start", ident)
		got, status = os.waitpid(pid, 0)
		print("exited", os.waitstatus_to_exitcode(status))
	END
}

@test "after create the init is the child of the caller's subreaper, which waits for it" {
	set_args /bin/sh -c 'exit 23'
	succeeds as_subreaper "$BULKHEAD" "$STATE" "$BUNDLE" "$WORK/pid" "$ID"
	equals "$output" "exited 23"
}

@test "the init dies by the program's signal, as its parent sees" {
	update_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args /bin/probe die TERM
	succeeds as_subreaper "$BULKHEAD" "$STATE" "$BUNDLE" "$WORK/pid" "$ID"
	equals "$output" "exited -15"
}

@test "containerd: run, exec, kill, delete" {
	GLOBALS=(--log "$WORK/log.json" --log-format json)
	set_args /bin/sleep 1000
	succeeds bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/init.pid" "$ID"
	succeeds bulkhead start "$ID"
	jq '.process | .args = ["/bin/sleep", "500"]' "$CONFIG" >"$WORK/process.json"
	succeeds bulkhead exec --process "$WORK/process.json" --detach --pid-file "$WORK/exec.pid" "$ID"
	# The shim signals exec'd processes directly.
	kill -KILL "$(cat "$WORK/exec.pid")"
	succeeds bulkhead ps --format json "$ID"
	succeeds bulkhead pause "$ID"
	succeeds bulkhead resume "$ID"
	echo '{"cpu": {"shares": 300}}' >"$WORK/r.json"
	bulkhead update --resources=- "$ID" <"$WORK/r.json"
	succeeds bulkhead kill "$ID" 10
	succeeds bulkhead kill "$ID" 15
	succeeds bulkhead kill "$ID" 9
	wait_status stopped
	succeeds bulkhead delete "$ID"
	# It always deletes by force afterwards, and that must succeed.
	succeeds bulkhead delete --force "$ID"
	[ ! -s "$WORK/log.json" ]
}

@test "containerd: kill of a container that has gone" {
	GLOBALS=(--log "$WORK/log.json" --log-format json)
	create
	start
	wait_status stopped
	try bulkhead kill "$ID" 9
	[[ "$output$error" == *"container not running"* || ${error,,} == *"no such process"* ]] || fail_test "the shim's words"
	succeeds bulkhead kill --all "$ID" 9
	succeeds bulkhead delete "$ID"
	try bulkhead kill "$ID" 9
	contains "$output$error" "does not exist"
}

@test "containerd: the last error record of a failed create is the message" {
	GLOBALS=(--log "$WORK/log.json" --log-format json)
	set_args /nope
	try bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/init.pid" "$ID"
	[ "$status" = 1 ]
	message=$(jq -rs 'map(select(.level == "error")) | last | .msg' "$WORK/log.json")
	[[ ${message,,} == *"no such file or directory"* ]] || fail_test "$message"
	succeeds bulkhead delete --force "$ID"
}

@test "go-runc: flags with one dash" {
	set_args /bin/true
	succeeds bulkhead run -no-subreaper -bundle "$BUNDLE" "$ID"
}

@test "go-runc: the pid file has digits only" {
	create --pid-file "$WORK/pid"
	[[ $(od -An -c "$WORK/pid" | tr -d ' \n') =~ ^[0-9]+$ ]] || fail_test "pid file"
}

@test "go-runc: list and state decode" {
	run_sleeper
	bulkhead list --format=json | python3 -c 'import json,sys; a=json.load(sys.stdin); assert a[0]["pid"] > 0 and a[0]["created"].endswith("Z")'
	bulkhead state "$ID" | python3 -c 'import json,sys; a=json.load(sys.stdin); assert a["status"] == "running" and isinstance(a["pid"], int)'
}

@test "go-runc: events decode" {
	run_sleeper
	bulkhead events --stats "$ID" | python3 -c 'import json,sys; a=json.load(sys.stdin); assert a["type"] == "stats" and isinstance(a["data"]["pids"]["current"], int)'
}

@test "conmon: create from another directory, cwd of the bundle, umask 022" {
	set_args /bin/sleep 1000
	cd /
	(umask 022; succeeds bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/conmon.pid" "$ID")
	kill -0 "$(cat "$WORK/conmon.pid")"
	start
}

@test "podman: kill(2) on the pid of the pid file, then delete --force" {
	set_args /bin/sleep 1000
	create --pid-file "$WORK/pid"
	start
	kill -KILL "$(cat "$WORK/pid")"
	wait_status stopped
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "podman: update --resources=FILE" {
	run_sleeper
	echo '{"pids": {"limit": 99}}' >"$WORK/r.json"
	succeeds bulkhead update --resources="$WORK/r.json" "$ID"
	equals "$(cat "$(cgroup_dir pids)/pids.max")" 99
}

@test "CRI-O: an environment of PATH, XDG_RUNTIME_DIR and CRI_O_EXTERNAL alone" {
	set_args /bin/true
	succeeds env -i PATH="$PATH" XDG_RUNTIME_DIR="$WORK" CRI_O_EXTERNAL=1 "$BULKHEAD" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds env -i PATH="$PATH" "$BULKHEAD" features
	succeeds env -i "$BULKHEAD" --version
}

@test "CRI-O: foreground exec with a terminal and its own pty as stdio, without console socket" {
	run_sleeper
	jq '.process | .terminal = true | .args = ["/bin/sh", "-c", "tty; exit 9"]' "$CONFIG" >"$WORK/p.json"
	try "$CACHE/console" pty "$BULKHEAD" --root "$STATE" exec --process "$WORK/p.json" "$ID"
	equals "$status" 9
	contains "$output" /dev/pts/
}

@test "CRI-O: update with --resources and - as two words" {
	run_sleeper
	echo '{"pids": {"limit": 88}}' | bulkhead update --resources - "$ID"
	equals "$(cat "$(cgroup_dir pids)/pids.max")" 88
}

@test "buildah: cwd is the bundle, state every moment, then delete" {
	set_args /bin/sleep 0.2
	cd "$BUNDLE"
	succeeds bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	start
	for _ in {1..50}; do
		now=$(state_field .status)
		case $now in
		running) ;;
		stopped) break ;;
		*) fail_test "buildah aborts on status $now" ;;
		esac
		sleep 0.05
	done
	equals "$now" stopped
	succeeds bulkhead delete "$ID"
}

@test "buildkit: run in the foreground with --keep, then delete" {
	set_args /bin/sh -c 'exit 12'
	try bulkhead run --keep --bundle "$BUNDLE" "$ID"
	equals "$status" 12
	status_is stopped
	succeeds bulkhead delete "$ID"
}

@test "moby: a script in the runtime's place that adds options" {
	printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$BULKHEAD" "$STATE" >"$WORK/wrapper"
	chmod 755 "$WORK/wrapper"
	set_args /bin/echo wrapped
	succeeds "$WORK/wrapper" run --bundle "$BUNDLE" "$ID"
	equals "$output" wrapped
}

@test "ids of 64 hexadecimal digits, bundles of long paths" {
	IDS+=("$LONG")
	mkdir -p "$WORK/$LONG/$LONG/$LONG"
	cp -a "$BUNDLE" "$WORK/$LONG/$LONG/$LONG/bundle"
	cd "$WORK/$LONG/$LONG/$LONG/bundle"
	succeeds bulkhead create "$LONG"
	succeeds bulkhead start "$LONG"
	succeeds bulkhead delete --force "$LONG"
}

@test "the runtime is killed when its caller dies (PDEATHSIG), delete --force cleans" {
	requires_tool setpriv
	set_args /bin/sleep 1000
	setpriv --pdeathsig KILL -- "$BULKHEAD" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	status_is created
	start
	status_is running
}

@test "signals in quick succession while starting" {
	set_args /bin/sh -c 'trap "exit 5" TERM; while :; do sleep 0.05; done'
	create
	start
	for _ in 1 2 3 4 5; do
		bulkhead kill "$ID" CONT </dev/null 2>/dev/null || true
	done
	succeeds bulkhead kill "$ID" TERM
	wait_status stopped
}

@test "stats: the cgroup of the container's pid can be read by others" {
	run_sleeper
	path=$(awk -F: '$2 ~ /pids/ || $2 == "" { print $3; exit }' "/proc/$(state_field .pid)/cgroup")
	contains "$path" "$ID"
}
