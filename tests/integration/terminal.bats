#!/usr/bin/env bats
# Terminals and the sockets and descriptors around a container.

load helpers

console()
{
	"$CACHE/console" console "$WORK/console.sock" "$@" >"$WORK/terminal" 2>"$WORK/terminal-name" 3>&- &
	helper_process $!
	wait_for test -S "$WORK/console.sock"
}

terminal()
{
	update_config '.process.terminal = true'
}

@test "a console socket gets the terminal; the program has it as stdio and controlling terminal" {
	terminal
	console
	set_args /bin/sh -c 'tty; probe session; ls -l /dev/console | cut -c1; echo to-console > /dev/console'
	create --console-socket "$WORK/console.sock"
	contains "$(cat "$WORK/terminal-name")" "name=/dev/pt"
	start
	wait_for file_has "$WORK/terminal" to-console
	contains "$(cat "$WORK/terminal")" "/dev/"
	contains "$(cat "$WORK/terminal")" "sid=1"
}

@test "what is written to the master is the program's input" {
	terminal
	console $'typed words\n'
	set_args /bin/sh -c 'read line; echo "got $line"'
	create --console-socket "$WORK/console.sock"
	start
	wait_for file_has "$WORK/terminal" "got typed words"
}

@test "consoleSize" {
	terminal
	update_config '.process.consoleSize = {height: 24, width: 111}'
	console
	set_args /bin/probe winsize
	create --console-socket "$WORK/console.sock"
	start
	wait_for file_has "$WORK/terminal" "rows=24 columns=111"
}

@test "consoleSize without height or width is refused; without a terminal it is ignored" {
	update_config '.process.consoleSize = {height: 24, width: 80}'
	in_container /bin/true
	terminal
	update_config '.process.consoleSize = {height: 24}'
	console
	try bulkhead create --bundle "$BUNDLE" --console-socket "$WORK/console.sock" "$ID"
	[ "$status" = 1 ]
	contains "$error" consoleSize
	assert_nothing_left
}

@test "create with a terminal needs a console socket, and without one refuses it" {
	terminal
	fails 1 "" bulkhead create --bundle "$BUNDLE" "$ID"
	assert_nothing_left
	update_config '.process.terminal = false'
	console
	fails 1 "" bulkhead create --bundle "$BUNDLE" --console-socket "$WORK/console.sock" "$ID"
	assert_nothing_left
}

@test "a console socket that is missing, a file, or nobody listens on" {
	terminal
	fails 1 no-socket bulkhead create --bundle "$BUNDLE" --console-socket "$WORK/no-socket" "$ID"
	assert_nothing_left
	touch "$WORK/file"
	fails 1 "$WORK/file" bulkhead create --bundle "$BUNDLE" --console-socket "$WORK/file" "$ID"
	assert_nothing_left
}

@test "run in the foreground on a terminal: size, raw mode, output, status" {
	terminal
	set_args /bin/sh -c 'tty; probe winsize; stty | head -n 1; exit 4'
	try "$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	equals "$status" 4
	contains "$output" /dev/
	contains "$output" "rows=33 columns=77"
	assert_nothing_left
}

@test "run in the foreground on a terminal: input" {
	terminal
	set_args /bin/sh -c 'read a; echo "<$a>"'
	echo "keyboard" | "$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" >"$WORK/out" 2>&1
	contains "$(cat "$WORK/out")" "<keyboard>"
}

@test "a program that ends at once loses no output on its terminal" {
	terminal
	set_args /bin/sh -c 'seq 5000'
	"$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1
	equals "$(tr -d '\r' <"$WORK/out" | tail -n 1)" 5000
	equals "$(wc -l <"$WORK/out")" 5000
}

@test "exec --tty in the foreground" {
	run_sleeper
	try "$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec --tty "$ID" /bin/sh -c 'tty; probe winsize; exit 6'
	equals "$status" 6
	contains "$output" "/dev/pts/"
	contains "$output" "rows=33 columns=77"
}

@test "exec --tty --detach with a console socket" {
	run_sleeper
	console
	succeeds bulkhead exec --tty --detach --console-socket "$WORK/console.sock" "$ID" /bin/sh -c 'tty; probe session'
	wait_for file_has "$WORK/terminal" "sid="
	contains "$(cat "$WORK/terminal-name")" "name=/dev/pt"
}

@test "exec of a process file with terminal true" {
	run_sleeper
	console
	jq '.process | .terminal = true | .args = ["/bin/probe", "winsize"] | .consoleSize = {height: 11, width: 22}' \
		"$CONFIG" >"$WORK/p.json"
	succeeds bulkhead exec --process "$WORK/p.json" --detach --console-socket "$WORK/console.sock" \
		--pid-file "$WORK/pid" "$ID"
	wait_for file_has "$WORK/terminal" "rows=11 columns=22"
}

@test "exec has no terminal by default even when the config says so" {
	terminal
	console
	set_args /bin/sleep 1000
	create --console-socket "$WORK/console.sock"
	start
	exec_in /bin/probe session
	contains "$output" tty=none
}

@test "the terminal is owned by the container's user" {
	terminal
	update_config '.process.user = {uid: 1000, gid: 1000}'
	console
	set_args /bin/sh -c 'stat -c %u $(tty); echo ok > $(tty)'
	create --console-socket "$WORK/console.sock"
	start
	wait_for file_has "$WORK/terminal" ok
	contains "$(cat "$WORK/terminal")" 1000
}

@test "--preserve-fds keeps exactly so many" {
	differs_at vm "no descriptor can go into a guest"
	printf first >"$WORK/1"
	printf second >"$WORK/2"
	set_args /bin/sh -c 'probe fds | wc -l; probe read-fd 3; probe read-fd 4'
	got=$("$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" 3<"$WORK/1" 4<"$WORK/2" 5<"$WORK/1" </dev/null)
	equals "$got" $'5\nfirst\nsecond'
}

@test "--preserve-fds of descriptors that are not open fails" {
	fails 1 "" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --preserve-fds 40 --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "LISTEN_FDS is passed on when LISTEN_PID is the runtime" {
	differs_at vm "no descriptor can go into a guest"
	echo socket >"$WORK/1"
	set_args /bin/sh -c 'echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES"; probe read-fd 3'
	got=$(sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=web exec "$@"' sh \
		"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3<"$WORK/1" </dev/null)
	contains "$got" "1 1"
	contains "$got" socket
}

@test "LISTEN_FDS meant for another process is not" {
	echo socket >"$WORK/1"
	set_args /bin/sh -c 'echo "<$LISTEN_FDS>"; probe fds | wc -l'
	got=$(LISTEN_FDS=1 LISTEN_PID=1 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3<"$WORK/1" </dev/null)
	equals "$got" $'<>\n3'
}

@test "LISTEN_FDS comes before preserved descriptors" {
	differs_at vm "no descriptor can go into a guest"
	printf a >"$WORK/1"
	printf b >"$WORK/2"
	set_args /bin/sh -c 'probe fds | wc -l; probe read-fd 3; probe read-fd 4'
	got=$(sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' sh "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --preserve-fds 1 \
		--bundle "$BUNDLE" "$ID" 3<"$WORK/1" 4<"$WORK/2" </dev/null)
	equals "$got" $'5\na\nb'
}

@test "NOTIFY_SOCKET: READY of the program reaches the caller's socket, with MAINPID" {
	differs_at vm "nobody in a guest can connect to a socket of the host"
	"$CACHE/console" notify "$WORK/n.sock" 2 >"$WORK/notes" 2>&1 3>&- &
	helper_process $!
	wait_for test -S "$WORK/n.sock"
	set_args /bin/sh -c 'echo $NOTIFY_SOCKET; sleep 0.2; probe notify READY=1; sleep 1000'
	NOTIFY_SOCKET=$WORK/n.sock timeout 20 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --detach --bundle "$BUNDLE" "$ID" \
		</dev/null >"$WORK/out" 2>&1 3>&-
	wait_for file_has "$WORK/notes" READY=1
	wait_for file_has "$WORK/notes" "MAINPID=$(state_field .pid)"
	contains "$(cat "$WORK/out")" /run/notify/notify.sock
}

@test "without NOTIFY_SOCKET there is none in the container" {
	in_container /bin/sh -c 'echo "<$NOTIFY_SOCKET>"; ls /run/notify 2>&1; true'
	contains "$output" "<>"
	contains "$output" "No such file"
}

@test "--pidfd-socket sends a pidfd of the init" {
	requires_kernel 5 3
	"$CACHE/console" pidfd "$WORK/p.sock" >"$WORK/pidfd" 2>&1 3>&- &
	helper_process $!
	wait_for test -S "$WORK/p.sock"
	set_args /bin/sleep 1000
	create --pidfd-socket "$WORK/p.sock"
	wait_for test -s "$WORK/pidfd"
	equals "$(cat "$WORK/pidfd")" "standard $(state_field .pid)"
}

@test "exec --pidfd-socket sends one of the new process" {
	requires_call pidfd_open
	requires_kernel 5 3
	"$CACHE/console" pidfd "$WORK/p.sock" >"$WORK/pidfd" 2>&1 3>&- &
	helper_process $!
	wait_for test -S "$WORK/p.sock"
	run_sleeper
	succeeds bulkhead exec --detach --pid-file "$WORK/pid" --pidfd-socket "$WORK/p.sock" "$ID" /bin/sleep 1000
	wait_for test -s "$WORK/pidfd"
	equals "$(cat "$WORK/pidfd")" "setns $(cat "$WORK/pid")"
}

@test "input cannot be pushed to the caller's terminal" {
	set_args /bin/probe push-input
	"$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 || true
	lacks "$(cat "$WORK/out")" PUSHED
}
