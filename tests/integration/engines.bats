#!/usr/bin/env bats
# The configurations and call sequences that Docker, containerd, Podman, conmon and buildah really
# send. The configurations were recorded under Debian 12's Docker 20.10, Podman 4.3 and containerd 1.6.

load helpers
load engine

# runs_as NAME WORDS: under the shim, with the last line of what it says and what the program says.
runs_as()
{
	engine_config "$1"
	shim_run
	equals "$status" 0
	equals "$output" "$2"
	[ ! -s "$WORK/log.json" ] || fail_test "the log: $(cat "$WORK/log.json")"
	shim_delete
}

# --- every configuration runs -------------------------------------------------------------------

@test "Docker: plain" {
	runs_as docker-plain "exited 0"
}

@test "Docker: without seccomp" {
	runs_as docker-seccomp-unconfined "exited 0"
}

@test "Docker: the host's pid namespace" {
	runs_as docker-pidhost "exited 0"
}

@test "Docker: privileged" {
	differs_at vm "a device of the host cannot be used from a guest, unless it is a disk"
	runs_as docker-priv "exited 0"
}

@test "Docker: a command that does not exist, and the delete that follows" {
	engine_config docker-badcmd
	shim_run
	equals "$output" "failed 1"
	contains "$(last_error)" "no such file or directory"
	contains "$error" /nope
	[ ! -e "$WORK/init.pid" ]
	succeeds engine delete --force "$ID"
	assert_nothing_left
}

@test "Docker: with a terminal" {
	runs_as docker-tty $'/dev/pts/0\r\nexited 0'
}

@test "Docker: detached, killed by number" {
	engine_config docker-detach
	shim_background
	succeeds engine kill "$ID" 15
	# Process 1 does not die of TERM, which it has no handler for.
	sleep 0.1
	status_is running
	succeeds engine kill "$ID" 9
	wait_for file_has "$WORK/shim" "killed 9"
	shim_delete
}

@test "Docker: nearly every option at once" {
	requires_controller memory
	engine_config docker-rich
	shim_run
	contains "$output" "uid=1000(user) gid=1000(user)"
	contains "$output" "exited 0"
	shim_delete
}

@test "Docker: those options are in force" {
	requires_controller memory
	engine_config docker-rich
	update_config '.process.args = ["/bin/probe", "all"]'
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	all=$output
	field() { jq -r --arg f "$1" '.[$f]' <<<"$all"; }
	contains "$(field ids)" "uid=1000 euid=1000 suid=1000 gid=1000"
	contains "$(field rlimits)" "NOFILE 100 200"
	equals "$(field nnp)" "$(jq 'if .process.noNewPrivileges then 1 else 0 end' "$CONFIG")"
	equals "$(field names | cut -d' ' -f1)" h
	equals "$(field cwd)" "$(jq -r .process.cwd "$CONFIG")"
	while read -r name; do
		contains "$(field env)" "$name"
	done < <(jq -r '.process.env[]' "$CONFIG")
	# The last /: read-only root, writable data.
	contains "$(field mount)" "/data "
	update_config '.process.args = ["/bin/sh", "-c", "touch /x2 2>&1; touch /data/y; cat /proc/sys/kernel/msgmax"]'
	chmod 777 "$BUNDLE/engine/data"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	contains "$output" "Read-only file system"
	contains "$output" 4096
	[ -e "$BUNDLE/engine/data/y" ]
}

@test "Docker: its limits are in force" {
	requires_controller memory
	requires_cgroup_v1
	engine_config docker-rich
	update_config '.process.args = ["/bin/sleep", "1000"]'
	run_detached
	equals "$(cat "$(cgroup_dir memory)/memory.limit_in_bytes")" 67108864
	equals "$(cat "$(cgroup_dir cpu)/cpu.cfs_quota_us")" 50000
	equals "$(cat "$(cgroup_dir pids)/pids.max")" 50
}

@test "Docker: its seccomp profile is in force" {
	engine_config docker-plain
	# No keyctl (250), no mount namespaces (unshare 272), no clone3; but what a program needs.
	update_config '.process.args = ["/bin/sh", "-c", "probe syscall 250 0 0 0; probe syscall 272 131072; probe status Seccomp; id -u"]'
	shim_run
	equals "$output" $'EPERM\nEPERM\n2\n0\nexited 0'
	shim_delete
}

@test "Podman: plain" {
	runs_as podman-plain "exited 0"
}

@test "Podman: privileged" {
	differs_at vm "a device of the host cannot be used from a guest, unless it is a disk"
	runs_as podman-priv "exited 0"
}

@test "Podman: a command that does not exist" {
	engine_config podman-badcmd
	shim_run
	equals "$output" "failed 1"
	contains "$error" "no such file or directory"
	succeeds engine delete --force "$ID"
	assert_nothing_left
}

@test "Podman: with a terminal" {
	SHIM_CONSOLE=--console runs_as podman-tty $'/dev/pts/0\r\nexited 0'
}

@test "Podman: a step of a build" {
	runs_as podman-build "exited 0"
	equals "$(cat "$ROOTFS/y")" x
}

@test "Podman: a container of a pod" {
	engine_config podman-pod
	update_config '.process.args = ["/bin/hostname"]'
	shim_run
	equals "$output" $'pp\nexited 0'
	shim_delete
}

@test "Podman: detached" {
	engine_config podman-detach
	shim_background
	succeeds bulkhead kill "$ID" 9
	wait_for file_has "$WORK/shim" "killed 9"
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "Podman: nearly every option at once, in a user namespace" {
	requires_controller memory
	engine_config podman-rich
	shim_run
	contains "$output" "uid=1000"
	contains "$output" "exited 0"
	shim_delete
}

@test "Podman: those options are in force" {
	requires_controller memory
	engine_config podman-rich
	update_config '.process.args = ["/bin/probe", "all"]'
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	all=$output
	field() { jq -r --arg f "$1" '.[$f]' <<<"$all"; }
	contains "$(field ids)" "uid=1000 euid=1000 suid=1000 gid=1000"
	contains "$(field rlimits)" "NOFILE 20000 20000"
	contains "$(field rlimits)" "NPROC 4096 4096"
	contains "$(field maps)" "100000"
	equals "$(field names | cut -d' ' -f1)" h
}

@test "containerd's ctr" {
	runs_as ctr-plain $'hi\nexited 0'
}

@test "docker-plain: the process is what Docker asks for" {
	engine_config docker-plain
	in_container /bin/sh -c 'probe caps; cat /etc/hostname; hostname; probe mount /sys/fs/cgroup; probe status Seccomp'
	contains "$output" "bounding=00000000a80425fb"
	contains "$output" "name"
	# One file system with unified cgroups, else a tmpfs with a directory for each hierarchy.
	if has_cgroup_v2; then
		contains "$output" "cgroup2 ro"
	else
		contains "$output" "tmpfs "
	fi
	contains "$output" $'\n2'
}

@test "docker-rich: limits and mounts" {
	engine_config docker-rich
	update_config '.process.args = ["/sbin/docker-init", "--", "sh", "-c", "sleep 1000"]'
	run_detached
	exec_in /bin/probe rlimits NOFILE
	equals "$output" "NOFILE 100 200"
	exec_in /bin/sh -c 'cat /proc/sys/kernel/msgmax; probe mount /t; probe cwd; touch /x'" 2>&1; true"
	contains "$output" 4096
	contains "$output" size=1024k
	contains "$output" /tmp
	contains "$output" "Read-only"
}

@test "podman-rich: what is inside" {
	engine_config podman-rich
	in_container /bin/sh -c 'cat /etc/hostname; probe maps; probe cwd; touch /tmp/y && echo writable; touch /x'" 2>&1; true"
	contains "$output" "name"
	contains "$output" 100000
	contains "$output" writable
	contains "$output$error" "Read-only"
}

# --- the calls ----------------------------------------------------------------------------------

@test "the program's exit status reaches the shim" {
	engine_config docker-plain
	update_config '.process.args = ["/bin/sh", "-c", "exit 42"]'
	shim_run
	equals "$output" "exited 42"
}

@test "the container's parent is the shim, and the shim's end by itself does not kill it" {
	engine_config docker-detach
	shim_background
	pid=$(cat "$WORK/init.pid")
	equals "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")" "$SHIM"
	# The runtime was called with a death signal; the container must not have inherited it.
	kill -KILL "$SHIM"
	sleep 0.2
	kill -0 "$pid"
	status_is running
	succeeds engine kill "$ID" 9
	wait_status stopped
	shim_delete
}

@test "standard input and output of create are the container's, after create has ended" {
	engine_config docker-plain
	update_config '.process.args = ["/bin/sh", "-c", "read a; echo got $a; echo err >&2"]'
	mkfifo "$WORK/in"
	engine create --bundle "$BUNDLE" --pid-file "$WORK/init.pid" "$ID" <>"$WORK/in" >"$WORK/o" 2>"$WORK/e"
	engine start "$ID"
	echo word >"$WORK/in"
	wait_status stopped
	equals "$(cat "$WORK/o")" "got word"
	equals "$(cat "$WORK/e")" err
}

# exec_shim JSON-FILE [OPTION...]: exec as the shim does it.
exec_shim()
{
	local file=$1
	shift
	engine_words
	rm -f "$WORK/exec.pid" "$WORK/x.sock"
	try "$CACHE/shim" "$WORK/exec.pid" "$@" "${RUNTIME_WORDS[@]}" exec --process "$file" \
		${1:+--console-socket "$WORK/x.sock"} --detach --pid-file "$WORK/exec.pid" "$ID" 3>&-
}

@test "Docker's exec: process file, terminal, detached, pid file" {
	engine_config docker-detach
	shim_background
	exec_shim "$TOP/tests/data/engines/docker-exec.process.json" --late-console "$WORK/x.sock"
	equals "$output" $'/dev/pts/0\r\nexited 0'
	# And without.
	jq '.terminal = false | .args = ["/bin/sh", "-c", "id -u; echo $HOSTNAME; exit 7"]' \
		"$TOP/tests/data/engines/docker-exec.process.json" >"$WORK/p.json"
	exec_shim "$WORK/p.json"
	equals "$output" $'0\n500f34990eb5\nexited 7'
	jq '.terminal = false | .args = ["/bin/sh", "-c", "kill -KILL $$"]' "$WORK/p.json" >"$WORK/k.json"
	exec_shim "$WORK/k.json"
	equals "$output" "killed 9"
}

@test "Podman's exec" {
	engine_config podman-detach
	shim_background
	exec_shim "$TOP/tests/data/engines/podman-exec.process.json"
	equals "$output" "exited 0"
	jq '.args = ["/bin/sh", "-c", "probe rlimits NOFILE"]' "$TOP/tests/data/engines/podman-exec.process.json" \
		>"$WORK/p.json"
	exec_shim "$WORK/p.json"
	equals "$output" $'NOFILE 20000 20000\nexited 0'
}

@test "exec of a command that does not exist: no pid file, the error in the log" {
	engine_config docker-detach
	shim_background
	for file in docker podman; do
		jq '.terminal = false | .args = ["/nope"]' "$TOP/tests/data/engines/$file-exec.process.json" >"$WORK/p.json"
		exec_shim "$WORK/p.json"
		[[ $output == failed\ * ]] || fail_test "exec should fail"
		[ ! -e "$WORK/exec.pid" ]
		contains "$(last_error)" "no such file or directory"
		contains "$error" /nope
	done
	status_is running
}

@test "an exec'd process is signalled by its pid, as the shim does" {
	engine_config docker-detach
	shim_background
	jq '.terminal = false | .args = ["/bin/sleep", "1000"]' "$TOP/tests/data/engines/docker-exec.process.json" \
		>"$WORK/p.json"
	succeeds engine exec --process "$WORK/p.json" --detach --pid-file "$WORK/exec.pid" "$ID"
	pid=$(cat "$WORK/exec.pid")
	kill -TERM "$pid"
	gone() { [ ! -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"; }
	wait_for gone
	status_is running
}

@test "top: ps --format json has the host's pids" {
	engine_config docker-detach
	shim_background
	succeeds engine ps --format json "$ID"
	equals "$(jq -c . <<<"$output")" "[$(cat "$WORK/init.pid")]"
	succeeds engine exec --detach "$ID" sleep 1000
	is_vm || equals "$(engine ps --format json "$ID" | jq length)" 2
}

@test "pause and resume" {
	requires_controller freezer
	engine_config docker-detach
	shim_background
	succeeds engine pause "$ID"
	equals "$(engine state "$ID" | jq -r .status)" paused
	succeeds engine resume "$ID"
	equals "$(engine state "$ID" | jq -r .status)" running
	# containerd resumes one that has exited meanwhile; that must not hang or crash.
	succeeds engine kill "$ID" 9
	wait_status stopped
	try engine resume "$ID"
	[ "$status" -le 1 ]
}

@test "update --resources - with what Docker and CRI-O send" {
	requires_controller memory
	requires_cgroup_v1
	engine_config docker-detach
	shim_background
	status=0
	engine update --resources - "$ID" <<-'J' || status=$?
		{"memory": {"limit": 100663296, "swap": 201326592}, "cpu": {"shares": 512, "quota": 30000, "period": 100000},
		 "pids": {"limit": 77}, "blockIO": {}, "devices": null}
	J
	equals "$status" 0
	equals "$(cat "$(cgroup_dir memory)/memory.limit_in_bytes")" 100663296
	equals "$(cat "$(cgroup_dir cpu)/cpu.shares")" 512
	equals "$(cat "$(cgroup_dir cpu)/cpu.cfs_quota_us")" 30000
	equals "$(cat "$(cgroup_dir pids)/pids.max")" 77
	# Podman's form; what is absent stays.
	echo '{"memory": {"limit": 67108864}}' >"$WORK/r.json"
	succeeds engine update "--resources=$WORK/r.json" "$ID"
	equals "$(cat "$(cgroup_dir memory)/memory.limit_in_bytes")" 67108864
	equals "$(cat "$(cgroup_dir cpu)/cpu.shares")" 512
}

@test "kill: the numbers, and then 9" {
	engine_config docker-detach
	update_config '.process.args = ["/bin/probe", "wait-signals", "USR1", "TERM"]'
	shim_background
	wait_for file_has "$WORK/shim" ready
	succeeds engine kill "$ID" 10
	wait_for file_has "$WORK/shim" USR1
	succeeds engine kill "$ID" 15
	wait_for file_has "$WORK/shim" "exited 0"
	# The shim kills once more and reads the text.
	try engine kill "$ID" 9
	equals "$status" 1
	[[ ${output}${error} == *"container not running"* ]] || fail_test "the shim looks for a text"
	shim_delete
}

@test "with the host's pid namespace: kill --all, then delete" {
	engine_config docker-pidhost
	update_config '.process.args = ["/bin/sh", "-c", "/bin/sleep 1000 & exec /bin/probe exit 3"]'
	shim_run
	equals "$output" "exited 3"
	succeeds engine kill --all "$ID" 9
	shim_delete
}

@test "delete of a created container without --force, as containerd does when start is never called" {
	engine_config docker-plain
	succeeds engine create --bundle "$BUNDLE" --pid-file "$WORK/init.pid" "$ID"
	succeeds engine delete "$ID"
	assert_nothing_left
}

@test "delete --force of an id that is gone succeeds, as the shim always calls it" {
	succeeds engine delete --force "$ID"
	equals "$output$error" ""
	try engine delete "$ID"
	equals "$status" 1
	contains "$error" "does not exist"
}

@test "delete --force of a running container" {
	engine_config podman-detach
	shim_background
	succeeds bulkhead delete --force "$ID"
	wait_for file_has "$WORK/shim" "killed 9"
	assert_nothing_left
}

@test "buildah's sequence: in the bundle, create, start, state until it has stopped, delete" {
	engine_config podman-build
	cd "$BUNDLE"
	succeeds bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/pid" --no-new-keyring "$ID"
	equals "$(state_field .status)" created
	succeeds bulkhead start "$ID"
	wait_status stopped
	equals "$(state_field '.pid // 0')" 0
	succeeds bulkhead delete "$ID"
	assert_nothing_left
	equals "$(cat "$ROOTFS/y")" x
}

@test "buildah's sequence with --no-pivot" {
	engine_config podman-build
	update_config 'del(.linux.rootfsPropagation)'
	succeeds bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/pid" --no-pivot "$ID"
	succeeds bulkhead start "$ID"
	wait_status stopped
	succeeds bulkhead delete "$ID"
	equals "$(cat "$ROOTFS/y")" x
}

@test "CRI-O's exec: in the foreground with a terminal and no console socket" {
	engine_config docker-detach
	shim_background
	jq '.terminal = true | .args = ["/bin/sh", "-c", "tty; exit 5"]' \
		"$TOP/tests/data/engines/docker-exec.process.json" >"$WORK/p.json"
	engine_words
	try "$CACHE/console" pty "${RUNTIME_WORDS[@]}" exec --process "$WORK/p.json" "$ID"
	equals "$status" 5
	contains "$output" /dev/pts/0
}

@test "moby's wrapper: a shell script that appends arguments" {
	engine_config docker-plain
	printf '#!/bin/sh\nexec %s "$@"\n' "$BULKHEAD" >"$WORK/wrapper"
	chmod 755 "$WORK/wrapper"
	succeeds "$WORK/wrapper" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "Docker's network hook: a prestart hook that is given the state and enters the namespace" {
	requires_tool nsenter
	engine_config docker-plain
	printf '#!/bin/sh\nread -r state || true\nset -e\npid=$(echo "$state" | sed "s/.*\\"pid\\": *\\([0-9]*\\).*/\\1/")
		nsenter --net=/proc/$pid/ns/net ip link set lo up\n' >"$WORK/hook"
	chmod 755 "$WORK/hook"
	update_config '.hooks.prestart = [{path: $p, args: ["libnetwork-setkey", "a", "b"]}] |
		.process.args = ["/bin/cat", "/sys/class/net/lo/flags"]' --arg p "$WORK/hook"
	shim_run
	equals "$output" $'0x9\nexited 0'
	shim_delete
}

@test "a network attached to the created container's namespace before start" {
	engine_config docker-plain
	requires_tool nsenter
	update_config '.process.args = ["/bin/cat", "/sys/class/net/lo/flags"]'
	engine create --bundle "$BUNDLE" --pid-file "$WORK/init.pid" "$ID" </dev/null >"$WORK/o" 2>&1
	nsenter --net="/proc/$(cat "$WORK/init.pid")/ns/net" ip link set lo up
	engine start "$ID"
	wait_status stopped
	equals "$(cat "$WORK/o")" 0x9
}

@test "every captured configuration has a test" {
	for file in "$TOP"/tests/data/engines/*.json; do
		name=$(basename "$file" .json)
		grep -q "$name" "$BATS_TEST_FILENAME" || fail_test "$name has none"
	done
}
