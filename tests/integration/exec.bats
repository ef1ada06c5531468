#!/usr/bin/env bats
# exec: another process in a container.

load helpers

process_file()
{
	jq "$@" '.process' "$CONFIG" >"$WORK/process.json"
}

@test "exec runs a program with its output and status" {
	run_sleeper
	exec_in /bin/echo hello
	equals "$output" hello
	try bulkhead exec "$ID" /bin/sh -c 'exit 5'
	equals "$status" 5
}

@test "exec gives 128 and the signal's number" {
	run_sleeper
	for pair in TERM:143 KILL:137; do
		try bulkhead exec "$ID" /bin/probe die "${pair%:*}"
		equals "$status" "${pair#*:}"
	done
}

@test "exec is in all of the container's namespaces and its cgroup" {
	run_sleeper
	exec_in /bin/probe namespaces
	for name in pid net ipc uts mnt; do
		equals "$(echo "$output" | awk -v n=$name '$1 == n { print $2 }')" "$(init_namespace $name)"
	done
	exec_in /bin/cat /proc/self/cgroup
	own=$output
	exec_in /bin/cat /proc/1/cgroup
	equals "$own" "$output"
	# In a guest there always is a cgroup namespace, in which it is the root.
	is_vm || contains "$own" "$ID"
}

@test "exec works in a created container" {
	set_args /bin/sleep 1000
	create
	exec_in /bin/echo early
	equals "$output" early
	status_is created
}

@test "exec in a stopped container fails with 255" {
	create
	start
	wait_status stopped
	fails 255 "cannot exec in a stopped container" bulkhead exec "$ID" /bin/true
}

@test "exec in an unknown container fails with 255" {
	fails 255 "does not exist" bulkhead exec "$ID" /bin/true
}

@test "exec of a missing program fails with 255 and the text engines look for" {
	run_sleeper
	fails 255 "" bulkhead exec "$ID" /no/such/program
	[[ ${error,,} == *"no such file or directory"* ]] || fail_test text
	fails 255 "executable file not found in \$PATH" bulkhead exec "$ID" nosuchprogram
	status_is running
}

@test "exec of a file without permission" {
	echo data >"$ROOTFS/tmp/data"
	run_sleeper
	fails 255 "" bulkhead exec "$ID" /tmp/data
	[[ ${error,,} == *"permission denied"* ]] || fail_test text
}

@test "exec without a command fails" {
	run_sleeper
	try bulkhead exec "$ID"
	[ "$status" != 0 ]
}

@test "exec in a paused container needs --ignore-paused" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	fails 255 "cannot exec in a paused container" bulkhead exec "$ID" /bin/true
	(sleep 0.3; bulkhead resume "$ID") </dev/null >/dev/null 2>&1 &
	succeeds bulkhead exec --ignore-paused "$ID" /bin/true
}

@test "exec --ignore-paused waits for the resume, with --detach too" {
	local waiting
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	bulkhead exec --ignore-paused --detach --pid-file "$WORK/pid" "$ID" /bin/touch /tmp/ran \
		</dev/null >"$WORK/out" 2>&1 3>&- &
	waiting=$!
	helper_process $waiting
	sleep 1
	kill -0 $waiting || fail_test "it has not waited: $(cat "$WORK/out")"
	[ ! -e "$WORK/pid" ]
	[ ! -e "$ROOTFS/tmp/ran" ]
	status_is paused
	succeeds bulkhead resume "$ID"
	wait $waiting || fail_test "exec failed: $(cat "$WORK/out")"
	wait_for test -e "$ROOTFS/tmp/ran"
	[ -s "$WORK/pid" ]
}

has_one_process()
{
	[ "$(bulkhead ps --format json "$ID" | jq length)" = 1 ]
}

# Whether the process has a handler for SIGTERM (signal 15) by now.
catches_term()
{
	local mask
	mask=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status")
	[ $((16#$mask >> 14 & 1)) = 1 ]
}

@test "exec --ignore-paused: a signal ends the wait, and nothing runs later" {
	differs_at vm "the order is in the guest, and whoever would take it back there is frozen"
	local waiting code=0
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec --ignore-paused "$ID" /bin/touch /tmp/ran \
		</dev/null >"$WORK/out" 2>&1 3>&- &
	waiting=$!
	helper_process $waiting
	wait_for catches_term $waiting
	kill -TERM $waiting
	wait $waiting || code=$?
	equals "$code" 255
	contains "$(cat "$WORK/out")" "interrupted by SIGTERM"
	equals "$(wc -l <"$WORK/out")" 1
	status_is paused
	succeeds bulkhead resume "$ID"
	# What was made later has run when this has.
	exec_in /bin/true
	wait_for has_one_process
	[ ! -e "$ROOTFS/tmp/ran" ]
}

@test "exec --cwd" {
	run_sleeper
	succeeds bulkhead exec --cwd /tmp "$ID" /bin/pwd
	equals "$output" /tmp
}

@test "exec --env is added to the config's, not split at commas, the last one wins" {
	run_sleeper
	succeeds bulkhead exec --env A=1,2 -e B=x -e B=y "$ID" /bin/probe env
	contains "$output" "A=1,2"
	contains "$output" "B=y"
	contains "$output" "TERM=xterm"
	lacks "$output" "B=x"
}

@test "exec does not get the caller's environment" {
	run_sleeper
	SECRET=leak succeeds bulkhead exec "$ID" /bin/probe env
	lacks "$output" SECRET
}

@test "exec --user with and without a group" {
	run_sleeper
	succeeds bulkhead exec --user 1000:1001 "$ID" /bin/probe ids
	contains "$output" "uid=1000 euid=1000 suid=1000 gid=1001"
	succeeds bulkhead exec -u 1000 "$ID" /bin/probe ids
	contains "$output" "uid=1000 euid=1000 suid=1000 gid=0"
}

@test "exec --user refuses what is no number" {
	run_sleeper
	for user in : :1 1: a 1a -1 4294967295 4294967296 18446744073709551616 0x0 " 1" ""; do
		try bulkhead exec --user="$user" "$ID" /bin/probe ids
		[ "$status" = 255 ] || fail_test "--user '$user' gave $status"
	done
}

@test "exec --additional-gids" {
	run_sleeper
	succeeds bulkhead exec -g 100 -g 200 --user 1000:1000 "$ID" /bin/probe ids
	contains "$output" "groups=100,200"
}

@test "exec --cap adds to bounding, effective and permitted, not to inheritable and ambient" {
	run_sleeper
	succeeds bulkhead exec --cap CAP_SYS_PTRACE "$ID" /bin/probe caps
	contains "$output" "bounding=0000000020080420"
	contains "$output" "effective=0000000020080420"
	contains "$output" "inheritable=0000000000000000"
	contains "$output" "ambient=0000000000000000"
}

@test "exec has the capabilities of the config, no more" {
	run_sleeper
	exec_in /bin/probe caps
	contains "$output" "bounding=0000000020000420"
	contains "$output" "effective=0000000020000420"
	contains "$output" "permitted=0000000020000420"
}

@test "exec has the config's limits, umask, oom score, no_new_privs and seccomp" {
	update_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}]
		| .process.user.umask = 63 | .process.oomScoreAdj = 321
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdirat", "mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	run_sleeper
	exec_in /bin/probe rlimits NOFILE
	equals "$output" "NOFILE 77 88"
	exec_in /bin/probe umask
	equals "$output" 0077
	exec_in /bin/probe oom
	equals "$output" 321
	exec_in /bin/probe nnp
	equals "$output" 1
	exec_in /bin/probe status Seccomp
	equals "$output" 2
	try bulkhead exec "$ID" /bin/mkdir /tmp/x
	contains "${error,,}" "not supported"
}

@test "exec --no-new-privs" {
	update_config '.process.noNewPrivileges = false'
	run_sleeper
	exec_in /bin/probe nnp
	equals "$output" 0
	succeeds bulkhead exec --no-new-privs "$ID" /bin/probe nnp
	equals "$output" 1
}

@test "exec --process takes everything from the file" {
	run_sleeper
	process_file
	jq '.args = ["/bin/probe", "all"] | .cwd = "/tmp" | .env = ["ONLY=this"] | .user = {uid: 7, gid: 8}
		| .rlimits = [{type: "RLIMIT_NOFILE", soft: 33, hard: 44}]' "$WORK/process.json" >"$WORK/p.json"
	succeeds bulkhead exec --process "$WORK/p.json" "$ID"
	equals "$(jq -r .cwd "$WORK/stdout")" /tmp
	contains "$(jq -r .env "$WORK/stdout")" "ONLY=this"
	lacks "$(jq -r .env "$WORK/stdout")" "TERM="
	contains "$(jq -r .ids "$WORK/stdout")" "uid=7 euid=7 suid=7 gid=8"
	contains "$(jq -r .rlimits "$WORK/stdout")" "NOFILE 33 44"
}

@test "exec --process: where the file is silent the config speaks" {
	update_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]
		| .process.oomScoreAdj = 321 | .process.user.umask = 23'
	run_sleeper
	echo '{"cwd": "/", "user": {"uid": 0, "gid": 0}, "env": ["PATH=/bin"],
		"args": ["sh", "-c", "probe rlimits; probe oom; probe umask; probe caps"]}' >"$WORK/p.json"
	succeeds bulkhead exec --process "$WORK/p.json" "$ID"
	contains "$output" "NOFILE 100 200"
	contains "$output" $'\n321\n0027\n'
	contains "$output" "bounding=0000000020000420"
}

@test "exec -p with bad files names what is wrong" {
	run_sleeper
	fails 255 "" bulkhead exec -p "$WORK/nofile" "$ID"
	[[ ${error,,} == *"no such file"* ]] || fail_test text
	echo '{"args": ["/bin/true"], "cwd": "relative"}' >"$WORK/p.json"
	fails 255 cwd bulkhead exec -p "$WORK/p.json" "$ID"
	echo '{"args": [], "cwd": "/"}' >"$WORK/p.json"
	fails 255 args bulkhead exec -p "$WORK/p.json" "$ID"
	echo '{"args": ["/bin/true"], "cwd": "/", "cwd": "/tmp"}' >"$WORK/p.json"
	fails 255 cwd bulkhead exec -p "$WORK/p.json" "$ID"
	status_is running
}

@test "exec --detach returns at once; --pid-file has the host's pid" {
	run_sleeper
	succeeds bulkhead exec --detach --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	pid=$(cat "$WORK/pid")
	contains "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 1000"
	equals "$(process_count)" 2
	is_vm || contains "$(bulkhead ps --format json "$ID")" "$pid"
	is_vm || equals "$(readlink "/proc/$pid/ns/mnt")" "$(init_namespace mnt)"
}

@test "exec --detach of a missing program fails and writes no pid file" {
	run_sleeper
	fails 255 "" bulkhead exec --detach --pid-file "$WORK/pid" "$ID" /no/such
	[ ! -e "$WORK/pid" ]
}

@test "exec passes stdin through" {
	run_sleeper
	got=$(printf 'some words' | bulkhead exec "$ID" /bin/cat)
	equals "$got" "some words"
}

@test "options after the id belong to the command; -- is accepted before it" {
	run_sleeper
	exec_in /bin/echo -d --tty -u 5
	equals "$output" "-d --tty -u 5"
	succeeds bulkhead exec "$ID" -- /bin/echo x
	equals "$output" x
	succeeds bulkhead exec -- "$ID" /bin/echo y
	equals "$output" y
}

@test "exec --preserve-fds passes exactly that many descriptors" {
	differs_at vm "no descriptor can go into a guest"
	run_sleeper
	echo content >"$WORK/file"
	got=$("$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec --preserve-fds 1 "$ID" /bin/probe read-fd 3 3<"$WORK/file" </dev/null)
	equals "$got" content
	got=$("$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec --preserve-fds 1 "$ID" /bin/probe fds 3<"$WORK/file" 4<"$WORK/file" </dev/null)
	equals "$(echo "$got" | wc -l)" 4
}

@test "exec gives the program three descriptors" {
	run_sleeper
	exec_in /bin/probe fds
	equals "$(echo "$output" | cut -d' ' -f1 | tr '\n' ' ')" "0 1 2 "
}

@test "exec --cgroup enters an existing cgroup below, and none above" {
	requires_cgroup_v1
	run_sleeper
	mkdir "$(cgroup_dir pids)/sub"
	succeeds bulkhead exec --cgroup pids:sub "$ID" /bin/grep pids: /proc/self/cgroup
	contains "$output" "$ID/sub"
	for bad in pids:../ pids:../../ ../.. pids:nosuch; do
		try bulkhead exec --cgroup "$bad" "$ID" /bin/true
		[ "$status" = 255 ] || fail_test "--cgroup $bad gave $status"
	done
}

@test "exec forwards signals in the foreground" {
	run_sleeper
	"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec "$ID" /bin/probe wait-signals USR1 TERM </dev/null >"$WORK/signals" 2>&1 3>&- &
	runtime=$!
	helper_process $runtime
	wait_for file_has "$WORK/signals" ready
	kill -USR1 $runtime
	wait_for file_has "$WORK/signals" USR1
	kill -TERM $runtime
	code=0
	wait $runtime || code=$?
	equals "$code" 0
}

@test "many execs at once" {
	run_sleeper
	for i in 1 2 3 4 5 6; do
		bulkhead exec "$ID" /bin/sh -c "exit $i" </dev/null >/dev/null 2>&1 &
		pids[i]=$!
	done
	for i in 1 2 3 4 5 6; do
		code=0
		wait "${pids[i]}" || code=$?
		equals "$code" "$i"
	done
}

@test "a process of exec ends with the container" {
	run_sleeper
	succeeds bulkhead exec --detach --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	wait_for test ! -d "/proc/$(cat "$WORK/pid")"
}

@test "exec has the container's session keyring" {
	run_sleeper
	exec_in /bin/probe keyring
	first=$output
	exec_in /bin/probe keyring
	equals "$output" "$first"
}

@test "exec uses execCPUAffinity.final" {
	differs_at vm "CPUs are numbered by the guest's kernel, from 0 to what the machine has"
	[ "$(nproc)" -ge 2 ] || skip "one processor only"
	run_sleeper
	process_file
	jq '.args = ["/bin/probe", "affinity"] | .execCPUAffinity = {initial: "0", final: "1"}' \
		"$WORK/process.json" >"$WORK/p.json"
	succeeds bulkhead exec -p "$WORK/p.json" "$ID"
	equals "$output" 1
}

@test "exec twenty times leaves nothing and takes no descriptor from the init" {
	run_sleeper
	before=$(find "/proc/$(state_field .pid)/fd" -mindepth 1 | wc -l)
	for _ in {1..20}; do
		bulkhead exec "$ID" /bin/true </dev/null
	done
	equals "$(find "/proc/$(state_field .pid)/fd" -mindepth 1 | wc -l)" "$before"
	equals "$(process_count)" 1
}
