#!/usr/bin/env bats
# create, start, the program's end and delete: the state machine of the specification.

load helpers

@test "create leaves the container created, its program not run" {
	set_args /bin/touch /tmp/ran
	create
	status_is created
	[ ! -e "$ROOTFS/tmp/ran" ]
	[ "$(state_field .pid)" -gt 0 ]
	kill -0 "$(state_field .pid)"
}

@test "start runs the program; it ends as stopped, its pid gone from the state" {
	set_args /bin/touch /tmp/ran
	create
	start
	wait_status stopped
	[ -e "$ROOTFS/tmp/ran" ]
	equals "$(state_field '.pid // 0')" 0
}

@test "created, running, stopped, deleted" {
	set_args /bin/sleep 1000
	create
	status_is created
	start
	status_is running
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
	fails 1 "does not exist" bulkhead state "$ID"
}

@test "an id is free again after delete" {
	for _ in 1 2; do
		create
		start
		wait_status stopped
		succeeds bulkhead delete "$ID"
	done
}

@test "config.json may change after create without effect" {
	set_args /bin/sh -c 'echo first > /tmp/which; hostname > /tmp/name'
	create
	set_args /bin/sh -c 'echo second > /tmp/which'
	update_config '.hostname = "other"'
	start
	wait_status stopped
	equals "$(cat "$ROOTFS/tmp/which")" first
	equals "$(cat "$ROOTFS/tmp/name")" test
}

@test "config.json may vanish after create" {
	set_args /bin/sh -c 'sleep 1000'
	create
	rm "$CONFIG"
	start
	status_is running
	exec_in /bin/true
}

@test "create without process is fine; start fails and says so" {
	update_config 'del(.process)'
	create
	status_is created
	fails 1 process bulkhead start "$ID"
}

@test "start fails when already running, and changes nothing" {
	run_sleeper
	fails 1 "cannot start an already running container" bulkhead start "$ID"
	status_is running
}

@test "start fails when stopped, and changes nothing" {
	create
	start
	wait_status stopped
	fails 1 "cannot start a container that has stopped" bulkhead start "$ID"
	status_is stopped
}

@test "start of an unknown id fails" {
	fails 1 "does not exist" bulkhead start "$ID"
}

@test "create refuses an id that is taken, and leaves the first container alone" {
	run_sleeper
	pid=$(state_field .pid)
	fails 1 "container with given ID already exists" bulkhead create --bundle "$BUNDLE" "$ID"
	status_is running
	equals "$(state_field .pid)" "$pid"
}

@test "two creates of one id at once: exactly one wins" {
	for i in 1 2; do
		(
			try bulkhead create --bundle "$BUNDLE" "$ID"
			echo "$status" >"$WORK/result-$i"
		) 3>&- &
		makers[i]=$!
	done
	wait "${makers[@]}"
	equals "$(cat "$WORK"/result-* | sort | tr '\n' ' ')" "0 1 "
	status_is created
	start
}

@test "kill of a created container's init makes it stopped" {
	create
	kill -KILL "$(state_field .pid)"
	wait_status stopped
	fails 1 "" bulkhead start "$ID"
	succeeds bulkhead delete "$ID"
}

@test "start does not hang when the init dies meanwhile" {
	create
	pid=$(state_field .pid)
	kill -STOP "$pid"
	(sleep 0.3; kill -KILL "$pid") 3>&- &
	try bulkhead start "$ID"
	[ "$status" = 1 ]
}

@test "the init of a created container is no child of a process that has gone" {
	create
	pid=$(state_field .pid)
	parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	[ -d "/proc/$parent" ]
	lacks "$(tr '\0' ' ' <"/proc/$parent/cmdline")" "create --bundle"
}

@test "a program that does not exist fails create or start with the text engines look for" {
	set_args /no/such/program
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ ${error,,} == *"no such file or directory"* ]] || fail_test "no such file or directory"
	assert_nothing_left
}

@test "a program not in PATH gives 'executable file not found in \$PATH'" {
	set_args nosuchprogram
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	contains "$error" "executable file not found in \$PATH"
	assert_nothing_left
}

@test "a program without permission to execute gives 'permission denied'" {
	echo data >"$ROOTFS/tmp/data"
	set_args /tmp/data
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ ${error,,} == *"permission denied"* ]] || fail_test "permission denied"
	assert_nothing_left
}

@test "a program that the kernel cannot run fails start, told by start" {
	printf 'no program' >"$ROOTFS/tmp/bad"
	chmod 755 "$ROOTFS/tmp/bad"
	set_args /tmp/bad
	create
	try bulkhead start "$ID"
	[ "$status" = 1 ]
	[[ ${error,,} == *"exec format error"* ]] || fail_test "exec format error"
	wait_for gone_or_stopped
}

@test "a directory as program is refused" {
	set_args /tmp
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ ${error,,} == *"is a directory"* || ${error,,} == *"permission denied"* ]] || fail_test "directory"
	assert_nothing_left
}

@test "the program is looked up in the container's PATH" {
	mkdir "$ROOTFS/mine"
	printf '#!/bin/sh\necho mine\n' >"$ROOTFS/mine/special"
	chmod 755 "$ROOTFS/mine/special"
	update_config '.process.env = ["PATH=/mine:/bin"]'
	in_container special
	equals "$output" mine
}

@test "--pid-file has the host's pid, without a newline, relative to the caller's directory" {
	set_args /bin/sleep 1000
	cd "$WORK"
	create --pid-file here.pid
	equals "$(cat here.pid)" "$(state_field .pid)"
	equals "$(wc -c <here.pid)" "$(printf %s "$(cat here.pid)" | wc -c)"
	equals "$(find . -maxdepth 1 -name '.here*')" ""
}

@test "no pid file is written when create fails" {
	set_args /no/such/program
	try bulkhead create --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	[ "$status" = 1 ]
	[ ! -e "$WORK/pid" ]
}

@test "the bundle is the current directory by default" {
	cd "$BUNDLE"
	succeeds bulkhead create "$ID"
	equals "$(state_field .bundle)" "$BUNDLE"
}

@test "a relative bundle is told as absolute" {
	cd "$WORK"
	succeeds bulkhead create --bundle bundle "$ID"
	equals "$(state_field .bundle)" "$BUNDLE"
	equals "$(state_field .rootfs)" "$ROOTFS"
}

@test "root.path may be absolute and outside the bundle" {
	mv "$ROOTFS" "$WORK/elsewhere"
	update_config '.root.path = $p' --arg p "$WORK/elsewhere"
	in_container /bin/true
}

@test "stdin, stdout and stderr of create are the program's" {
	set_args /bin/sh -c 'read line; echo "out $line"; echo err >&2'
	echo word >"$WORK/in"
	bulkhead create --bundle "$BUNDLE" "$ID" <"$WORK/in" >"$WORK/o" 2>"$WORK/e"
	start
	wait_status stopped
	equals "$(cat "$WORK/o")" "out word"
	equals "$(cat "$WORK/e")" err
}

@test "start does not read its own stdin" {
	set_args /bin/true
	create
	echo kept >"$WORK/in"
	{
		bulkhead start "$ID"
		read -r line
	} <"$WORK/in"
	equals "$line" kept
}

@test "a container without pid namespace lives and is deleted with all its processes" {
	update_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args /bin/probe fork 3
	run_detached
	wait_for file_has "$WORK/stdout" forked
	[ "$(process_count)" -ge 4 ]
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "processes of a pid namespace end with its init" {
	set_args /bin/sh -c '/bin/sleep 1000 & exec /bin/probe sleep 0.2'
	run_detached
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "the state directory is not readable by others" {
	run_sleeper
	mode=$(stat -c %a "$STATE/$ID")
	case $mode in
	700 | 711 | 710) ;;
	*) fail_test "mode of the container's state directory is $mode" ;;
	esac
}

@test "a reused pid is not mistaken for the container" {
	set_args /bin/sleep 1000
	create
	start
	pid=$(state_field .pid)
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	# Give the recorded pid to a process of ours; with luck of the counter, at once.
	echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid 2>/dev/null || skip "cannot choose a pid here"
	sleep 1000 3>&- &
	helper_process $!
	[ "$!" = "$pid" ] || skip "the pid was taken"
	status_is stopped
	try bulkhead kill "$ID" KILL
	kill -0 "$pid" || fail_test "a stranger was killed"
	succeeds bulkhead delete --force "$ID"
	kill -0 "$pid" || fail_test "a stranger was killed by delete"
}
