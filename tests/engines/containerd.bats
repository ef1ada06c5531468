#!/usr/bin/env bats
# containerd and its ctr, at either level of isolation.

load engines
load install
load containerd

setup_file()
{
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	engine_open containerd ctr
}

teardown_file()
{
	engine_close
}

# runs_ctr STATUS ARGUMENT...
runs_ctr()
{
	local wanted=$1
	shift
	try ctr "$@"
	[ "$status" = "$wanted" ] || fail_test "should end with $wanted: ctr $*"
}

# foreground STATUS [OPTION...] -- ARGUMENT...
foreground()
{
	local wanted=$1
	local -a options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	runs_ctr "$wanted" run --rm --runc-binary "$(level_program)" "${options[@]}" "$IMAGE" "$NAME" "$@"
}

# background [OPTION...] [-- ARGUMENT...]: without a command one that sleeps.
background()
{
	local -a options=() command=(sleep 1000)
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -lt 2 ] || command=("${@:2}")
	runs_ctr 0 run --detach --null-io --runc-binary "$(level_program)" "${options[@]}" "$IMAGE" "$NAME" \
		"${command[@]}"
}

# in_task STATUS ARGUMENT...: by exec.
in_task()
{
	local wanted=$1
	shift
	EXECS=$((${EXECS:-0} + 1))
	runs_ctr "$wanted" tasks exec --exec-id "e$EXECS" "$NAME" "$@"
}

task_status()
{
	ctr tasks ls | awk -v id="$1" '$1 == id { print $3 }'
}

# At the vm level the default run has no time for everything.
in_full_run()
{
	[ "$ISOLATION" = process ] || [ "${ENGINES:-}" = full ] || skip "at the vm level in engines-full"
}

task_is()
{
	[ "$(task_status "${2:-$NAME}")" = "$1" ]
}

@test "run: output of both kinds and exit status" {
	foreground 3 -- sh -c 'echo to-output; echo to-error >&2; exit 3'
	[ "$output" = to-output ]
	[[ $error == *to-error* ]]
	foreground 0 -- true
}

@test "run: large output is complete" {
	foreground 0 -- sh -c 'seq 1 60000'
	[ "$(wc -l <"$WORK/stdout")" = 60000 ]
	[ "$(tail -n 1 "$WORK/stdout")" = 60000 ]
}

@test "run: a program that a signal ends" {
	foreground 143 -- sh -c 'sh -c "kill -TERM \$\$"; exit $?'
	background
	runs_ctr 0 tasks kill --signal SIGKILL "$NAME"
	eventually task_is STOPPED
	runs_ctr 0 tasks rm "$NAME"
	[[ $error == *"exit code 137"* ]]
}

@test "stdin: what comes in goes to the program" {
	status=0
	output=$(printf 'one\ntwo\n' | ctr run --rm --runc-binary "$(level_program)" "$IMAGE" "$NAME" \
		sh -c 'read a; read b; echo "$b-$a"' 2>"$WORK/stderr") || status=$?
	[ "$status" = 0 ]
	[ "$output" = two-one ]
}

@test "terminal: size and input" {
	terminal "expect ready
send stty size
expect 30 100
send exit 5" run --rm --tty --runc-binary "$(level_program)" "$IMAGE" "$NAME" \
		sh -c 'echo ready; exec sh'
	[ "$status" = 5 ]
}

@test "terminal: of an exec" {
	background
	terminal "expect / #
send tty; stty size
expect /dev/pts/
expect 30 100
resize 41 120
send stty size
expect 41 120
send exit 6" tasks exec --tty --exec-id term "$NAME" sh
	[ "$status" = 6 ]
}

@test "environment, working directory, hostname" {
	foreground 0 --env GIVEN=here --cwd /tmp -- sh -c 'echo "$FROM_IMAGE $GIVEN $(pwd) $$"'
	[ "$output" = "yes here /tmp 1" ]
}

@test "missing command: containerd's words, and nothing is left" {
	foreground 1 -- /no/such/program
	[[ $error == *'OCI runtime create failed: '*'exec: "/no/such/program": stat /no/such/program: no such file or directory'* ]]
	foreground 1 -- nosuch
	[[ $error == *'exec: "nosuch": executable file not found in $PATH'* ]]
	foreground 1 -- /etc/passwd
	[[ $error == *'exec: "/etc/passwd": permission denied'* ]]
}

@test "exec: output, exit status, environment of the container" {
	background --env GIVEN=here
	in_task 4 sh -c 'echo "$GIVEN"; echo bad >&2; exit 4'
	[ "$output" = here ]
	[[ $error == *bad* ]]
	in_task 0 sh -c 'echo again'
	in_task 1 nosuch
	[[ $error == *'OCI runtime exec failed: '*'exec: "nosuch": executable file not found in $PATH'* ]]
}

@test "exec: detached, and as another user" {
	background
	runs_ctr 0 tasks exec --detach --exec-id d1 "$NAME" sh -c 'echo done >/tmp/done; exec sleep 500'
	eventually in_task 0 grep done /tmp/done
	in_task 0 sh -c 'ps -o args | grep -c "^sleep 500"'
	[ "$output" = 1 ]
	runs_ctr 0 tasks exec --user 1000:1000 --exec-id d2 "$NAME" id -u
	[ "$output" = 1000 ]
}

@test "list: tasks ls and ps" {
	background
	runs_ctr 0 tasks ls
	pid=$(awk -v id="$NAME" '$1 == id { print $2 }' <<<"$output")
	task_is RUNNING
	inside kill -0 "$pid"
	runs_ctr 0 tasks ps "$NAME"
	[[ $output == *"$pid"* ]]
	runs_ctr 0 containers ls
	[[ $output == *"$NAME"*"$IMAGE"*io.containerd.runc.v2* ]]
}

@test "metrics: memory and pids of the container" {
	background
	runs_ctr 0 tasks metrics --format json "$NAME"
	[ "$(jq '[.. | objects | .pids? // empty | .current] | .[0] // 0 | tonumber > 0' <<<"$output")" = true ]
}

@test "pause and resume" {
	background -- sh -c 'while :; do date +%s%N >/tmp/now; done'
	runs_ctr 0 tasks pause "$NAME"
	task_is PAUSED
	runs_ctr 1 tasks exec --exec-id p1 "$NAME" true
	runs_ctr 0 tasks resume "$NAME"
	task_is RUNNING
	in_task 0 sh -c 'a=$(cat /tmp/now); while [ "$(cat /tmp/now)" = "$a" ]; do :; done'
}

@test "kill: signals reach the program" {
	background -- sh -c 'trap "echo usr1 >/tmp/got" USR1; trap "exit 7" TERM; while :; do sleep 0.1; done'
	# Bit 9 of the mask is SIGUSR1's: before the trap is set the signal would end the program.
	eventually in_task 0 sh -c 'm=$(sed -n "s/^SigCgt:[^0-9a-f]*//p" /proc/1/status); [ $((0x$m & 512)) != 0 ]'
	runs_ctr 0 tasks kill --signal SIGUSR1 "$NAME"
	eventually in_task 0 grep usr1 /tmp/got
	runs_ctr 0 tasks kill --signal SIGTERM "$NAME"
	eventually task_is STOPPED
	runs_ctr 0 tasks rm "$NAME"
	[[ $error == *"exit code 7"* ]]
}

@test "kill: --all" {
	background -- sh -c 'sleep 900 & sleep 901 & wait'
	runs_ctr 0 tasks kill --all --signal SIGKILL "$NAME"
	eventually task_is STOPPED
}

@test "checkpoint: done, or refused with its reason; the container goes on" {
	background
	try ctr tasks checkpoint "$NAME"
	if [ "$ISOLATION" = vm ]; then
		[ "$status" = 1 ]
		[[ $error == *"containers at the vm level cannot be checkpointed or restored"* ]]
	elif inside criu check >/dev/null 2>&1; then
		[ "$status" = 0 ]
	else
		[ "$status" = 1 ]
		[[ $error == *"checkpoint of container '$NAME': "*criu* ]]
	fi
	task_is RUNNING
	in_task 0 true
}

@test "limits: a program over its memory limit is killed" {
	foreground 0 --memory-limit 67108864 --cpus 0.5 -- true
	foreground 137 --memory-limit 67108864 -- dd if=/dev/zero of=/dev/null bs=200M count=1
}

@test "out of memory: the event reaches containerd" {
	differs_at vm "the kernel that ends the program is the guest's: containerd asks the host's"
	background --memory-limit 33554432 -- sh -c 'while [ ! -e /go ]; do sleep 0.1; done; x=$(yes | head -c 100000000)'
	in_task 0 touch /go
	eventually task_is STOPPED
	eventually inside grep -q "topic=/tasks/oom" "$ROOM/containerd.log"
}

@test "mounts: bind, read-only, tmpfs, shared memory" {
	mkdir "$WORK/shared"
	echo from-host >"$WORK/shared/file"
	foreground 0 --mount "type=bind,src=$WORK/shared,dst=/rw,options=rbind:rw" \
		--mount "type=bind,src=$WORK/shared,dst=/ro,options=rbind:ro" \
		--mount "type=tmpfs,src=tmpfs,dst=/scratch,options=size=1m" -- \
		sh -c 'cat /ro/file; echo back >/rw/new; touch /ro/x 2>&1; stat -f -c %T /scratch; stat -f -c %T /dev/shm'
	[[ $output == *from-host*"Read-only file system"*tmpfs*tmpfs* ]]
	[ "$(cat "$WORK/shared/new")" = back ]
}

@test "read-only root" {
	foreground 0 --read-only -- sh -c 'touch /x 2>&1 || echo refused'
	[[ $output == *"Read-only file system"*refused* ]]
}

@test "capabilities: the default set, added, dropped" {
	foreground 0 -- grep CapEff /proc/self/status
	[[ $output == *00000000a80425fb ]]
	foreground 0 --cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN -- grep CapEff /proc/self/status
	[[ $output == *00000000a82425fa ]]
}

@test "privileged: mounts are allowed" {
	foreground 0 --privileged -- sh -c 'mount -t tmpfs tmpfs /tmp && echo mounted'
	[ "$output" = mounted ]
}

@test "seccomp: the default profile and one of our own" {
	foreground 0 --seccomp -- sh -c 'grep Seccomp: /proc/self/status; unshare -m true 2>&1 || echo refused'
	[[ $output == *Seccomp:*2* ]]
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' \
		>"$WORK/profile.json"
	foreground 0 --seccomp --seccomp-profile "$WORK/profile.json" -- sh -c 'mkdir /tmp/d 2>&1 || echo refused'
	[[ $output == *"Operation not permitted"*refused* ]]
}

@test "devices: one of the host's" {
	foreground 0 --device /dev/full -- sh -c 'echo x >/dev/full || echo full'
	[[ $output == *full* ]]
}

@test "network: the host's, where that has a meaning" {
	if [ "$ISOLATION" = vm ]; then
		foreground 1 --net-host -- true
		[[ $error == *"OCI runtime create failed"*network* ]]
	else
		foreground 0 --net-host -- readlink /proc/self/ns/net
		[ "$output" = "$(inside readlink /proc/self/ns/net)" ]
	fi
}

@test "network: an interface and an address by CNI" {
	in_full_run
	foreground 0 --cni -- sh -c 'ip -o addr; ip route'
	[[ $output == *10.213.0.* ]]
}

@test "user namespace" {
	foreground 0 --uidmap 0:100000:65536 --gidmap 0:100000:65536 --remap-labels -- \
		sh -c 'id -u; cat /proc/self/uid_map'
	[[ $output == 0*100000* ]]
}

@test "many: twenty containers at once, all run and all go" {
	local count=20 i
	[ "$ISOLATION" = process ] || count=3
	[ "$ISOLATION" = process ] || [ "${ENGINES:-}" != full ] || count=10
	for i in $(seq "$count"); do
		ctr run --detach --null-io --runc-binary "$(level_program)" "$IMAGE" "$NAME-$i" sleep 1000 \
			>"$WORK/out.$i" 2>&1 3>&- &
		pids[i]=$!
	done
	for i in $(seq "$count"); do
		wait "${pids[i]}" || fail_test "container $i: $(cat "$WORK/out.$i")"
	done
	[ "$(ctr tasks ls | grep -c RUNNING)" = "$count" ]
	engine_remove_all
	eventually nothing_left
}

@test "containerd restarts, and the container goes on" {
	background
	engine_stop
	containerd_run
	task_is RUNNING
	in_task 0 true
}
