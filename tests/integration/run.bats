#!/usr/bin/env bats
# run: create, start, wait and delete in one command.

load helpers

@test "run gives the program's output and exits with 0; nothing stays" {
	in_container /bin/echo hello
	equals "$output" hello
	assert_nothing_left
}

@test "run exits with the program's status" {
	for code in 1 42 255; do
		set_args /bin/sh -c "exit $code"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		equals "$status" "$code"
	done
	assert_nothing_left
}

@test "run exits with 128 and the number of the signal that ended the program" {
	# Process 1 of a pid namespace cannot be ended by its own signal.
	update_config '.linux.namespaces |= map(select(.type != "pid"))'
	for pair in TERM:143 KILL:137 SEGV:139; do
		set_args /bin/probe die "${pair%:*}"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		equals "$status" "${pair#*:}"
	done
}

@test "run exits with 137 when the container is killed from outside" {
	set_args /bin/sleep 1000
	bulkhead run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 &
	runtime=$!
	helper_process $runtime
	wait_status running
	succeeds bulkhead kill "$ID" KILL
	code=0
	wait $runtime || code=$?
	equals "$code" 137
	assert_nothing_left
}

@test "run passes stdin to the program, to its end" {
	set_args /bin/wc -c
	seq 1000 >"$WORK/in"
	got=$(bulkhead run --bundle "$BUNDLE" "$ID" <"$WORK/in")
	equals "$got" "$(wc -c <"$WORK/in")"
}

@test "run passes stdin from a pipe" {
	set_args /bin/cat
	got=$(printf 'a\nb\n' | bulkhead run --bundle "$BUNDLE" "$ID")
	equals "$got" $'a\nb'
}

@test "run keeps stdout and stderr apart" {
	set_args /bin/sh -c 'echo out; echo err >&2'
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" out
	equals "$error" err
}

@test "run carries a large output whole" {
	set_args /bin/sh -c 'seq 200000'
	sum=$(bulkhead run --bundle "$BUNDLE" "$ID" </dev/null | md5sum)
	equals "$sum" "$(seq 200000 | md5sum)"
}

@test "run forwards signals to the program" {
	set_args /bin/probe wait-signals USR1 USR2 HUP TERM
	"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" \
		</dev/null >"$WORK/signals" 2>&1 3>&- &
	runtime=$!
	helper_process $runtime
	wait_for file_has "$WORK/signals" ready
	for name in USR1 USR2 HUP TERM; do
		kill -"$name" $runtime
		wait_for file_has "$WORK/signals" "$name"
	done
	code=0
	wait $runtime || code=$?
	equals "$code" 0
	assert_nothing_left
}

@test "run --detach returns, the container stays" {
	run_sleeper
	status_is running
	pid=$(state_field .pid)
	[ -d "/proc/$pid" ]
}

@test "run -d is the same" {
	set_args /bin/sleep 1000
	succeeds bulkhead run -d -b "$BUNDLE" "$ID"
	status_is running
}

@test "run --detach --pid-file" {
	set_args /bin/sleep 1000
	succeeds bulkhead run --detach --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID"
	equals "$(cat "$WORK/pid")" "$(state_field .pid)"
}

@test "run --keep leaves the stopped container" {
	set_args /bin/true
	succeeds bulkhead run --keep --bundle "$BUNDLE" "$ID"
	status_is stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "run refuses an id that is taken" {
	run_sleeper
	fails 1 "container with given ID already exists" bulkhead run --bundle "$BUNDLE" "$ID"
	status_is running
}

@test "run of a missing program fails with 1 and leaves nothing" {
	set_args /no/such/program
	refused ""
	[[ ${error,,} == *"no such file or directory"* ]]
}

@test "run is a subreaper: an orphan of the program's is waited for without harm" {
	update_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args /bin/sh -c '(/bin/sleep 0.3 &) ; exit 7'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$status" 7
}

@test "run --no-subreaper, also with one dash" {
	set_args /bin/sh -c 'exit 3'
	try bulkhead run --no-subreaper --bundle "$BUNDLE" "$ID"
	equals "$status" 3
	try bulkhead run -no-subreaper --bundle "$BUNDLE" "$ID"
	equals "$status" 3
}

@test "run survives the closing of its stdout's reader" {
	set_args /bin/sh -c 'seq 100000; exit 0'
	bulkhead run --bundle "$BUNDLE" "$ID" </dev/null 2>/dev/null | head -n 1 >"$WORK/first"
	equals "$(cat "$WORK/first")" 1
	wait_for test ! -e "$STATE/$ID"
	assert_nothing_left
}

@test "run with closed stdin, stdout and stderr" {
	set_args /bin/sh -c 'echo x > /tmp/done'
	code=0
	bulkhead run --bundle "$BUNDLE" "$ID" <&- >&- 2>&- || code=$?
	equals "$code" 0
	[ -e "$ROOTFS/tmp/done" ]
}

@test "delete --force cleans up after a foreground run that was killed" {
	set_args /bin/sleep 1000
	"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	runtime=$!
	wait_status running
	kill -KILL $runtime
	wait $runtime || true
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "a real command line: pipes and files in a shell" {
	in_container /bin/sh -c 'seq 10 | awk "{s+=\$1} END {print s}" > /tmp/sum; cat /tmp/sum'
	equals "$output" 55
}
