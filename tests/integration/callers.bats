#!/usr/bin/env bats
# Habits of runc and crun that callers rely on: what each engine does, the texts it searches for, exit
# codes, files, formats, and what passes by environment and descriptors. The whole sequences of calls
# are in engines.bats.

load helpers
load engine

LONG=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

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
	equals "$(cgroup_value pids pids.max)" 99
}

@test "CRI-O: an environment of PATH, XDG_RUNTIME_DIR and CRI_O_EXTERNAL alone" {
	set_args /bin/true
	succeeds env -i PATH="$PATH" XDG_RUNTIME_DIR="$WORK" CRI_O_EXTERNAL=1 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds env -i PATH="$PATH" "$BULKHEAD" features
	succeeds env -i "$BULKHEAD" --version
}

@test "CRI-O: foreground exec with a terminal and its own pty as stdio, without console socket" {
	run_sleeper
	jq '.process | .terminal = true | .args = ["/bin/sh", "-c", "tty; exit 9"]' "$CONFIG" >"$WORK/p.json"
	try "$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec --process "$WORK/p.json" "$ID"
	equals "$status" 9
	contains "$output" /dev/pts/
}

@test "CRI-O: update with --resources and - as two words" {
	run_sleeper
	echo '{"pids": {"limit": 88}}' | bulkhead update --resources - "$ID"
	equals "$(cgroup_value pids pids.max)" 88
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
	setpriv --pdeathsig KILL -- "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
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

# --- texts --------------------------------------------------------------------------------------

@test "an unknown id: 'does not exist' from every command" {
	for command in state delete kill start pause resume ps events; do
		fails 1 "does not exist" bulkhead $command "$ID"
	done
	fails 255 "does not exist" bulkhead exec "$ID" /bin/true
}

@test "kill of a stopped container: 'container not running', and 0 with --all" {
	create
	start
	wait_status stopped
	fails 1 "container not running" bulkhead kill "$ID" KILL
	succeeds bulkhead kill --all "$ID" KILL
}

@test "exec in a stopped container: 'cannot exec in a stopped container'" {
	create
	start
	wait_status stopped
	fails 255 "cannot exec in a stopped container" bulkhead exec "$ID" /bin/true
}

@test "exec in a paused container: the text names the option that allows it" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	fails 255 "cannot exec in a paused container (use --ignore-paused to override)" bulkhead exec "$ID" /bin/true
	succeeds bulkhead resume "$ID"
	fails 1 "container not paused" bulkhead resume "$ID"
}

@test "start twice, start of a stopped one, delete of a running one, a taken id" {
	run_sleeper
	fails 1 "cannot start an already running container" bulkhead start "$ID"
	fails 1 "cannot delete container $ID that is not stopped: running" bulkhead delete "$ID"
	fails 1 "container with given ID already exists" bulkhead create --bundle "$BUNDLE" "$ID"
	status_is running
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	fails 1 "cannot start a container that has stopped" bulkhead start "$ID"
}

@test "an unknown signal: 'unknown signal'" {
	run_sleeper
	fails 1 'unknown signal "FOO"' bulkhead kill "$ID" FOO
	for signal in SIGFOO 999 -1 1x RTMIN+99 ''; do
		try bulkhead kill "$ID" "$signal"
		[ "$status" = 1 ] || fail_test "kill '$signal'"
	done
	status_is running
}

@test "a missing program: texts that make Docker and Podman exit with 127 or 126" {
	while read -r program text; do
		set_args "$program"
		try bulkhead create --bundle "$BUNDLE" "$ID"
		equals "$status" 1
		[[ ${error,,} == *"$text"* ]] || fail_test "$program should say '$text'"
	done <<-'T'
		/no/such/program no such file or directory
		nosuchprogram executable file not found in $path
		/etc/passwd permission denied
		/etc/passwd/x not a directory
	T
	set_args /etc
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[[ ${error,,} == *"permission denied"* || ${error,,} == *"is a directory"* ]] || fail_test "a directory"
	set_args /bin/sleep 1000
	run_detached
	fails 255 "o such file or directory" bulkhead exec "$ID" /no/such/program
	fails 255 "executable file not found in \$PATH" bulkhead exec "$ID" nosuchprogram
	fails 255 "ermission denied" bulkhead exec "$ID" /etc/passwd
}

@test "a file mounted onto a directory: 'not a directory', for which moby has a hint" {
	echo text >"$WORK/file"
	update_config '.mounts += [{destination: "/etc", type: "bind", source: $s, options: ["bind"]}]' \
		--arg s "$WORK/file"
	fails 1 "ot a directory" bulkhead create --bundle "$BUNDLE" "$ID"
}

# --- exit codes ---------------------------------------------------------------------------------

@test "exec: the program's status, 128 and a signal, 255 for the runtime's errors" {
	run_sleeper
	for code in 0 1 77 254; do
		try bulkhead exec "$ID" /bin/sh -c "exit $code"
		equals "$status" "$code"
	done
	try bulkhead exec "$ID" /bin/sh -c 'kill -TERM $$'
	equals "$status" 143
	fails 255 cwd bulkhead exec --cwd relative "$ID" /bin/true
	fails 255 "$WORK/nosuch" bulkhead exec --process "$WORK/nosuch" "$ID"
}

@test "ps of a stopped container is empty and no error" {
	create
	start
	wait_status stopped
	succeeds bulkhead ps --format json "$ID"
	equals "$(jq length <<<"$output")" 0
}

@test "every error: non-zero, on standard error, nothing on standard output" {
	for words in "state $ID" "start $ID" "kill $ID" "delete $ID" "exec $ID true" "create --bundle $WORK/none $ID" \
		"run --bundle $WORK/none $ID" "pause $ID" "update --memory 1m $ID" "nosuchcommand" \
		"list --format nosuch" "checkpoint $ID" "restore $ID"; do
		# shellcheck disable=SC2086
		try bulkhead $words
		[ "$status" != 0 ] || fail_test "$words"
		[ -n "$error" ] || fail_test "$words"
		[ -z "$output" ] || fail_test "$words"
	done
}

# --- files and formats --------------------------------------------------------------------------

@test "the pid file replaces an old one, also a link; exec's has digits only too" {
	set_args /bin/sleep 1000
	echo kept >"$WORK/target"
	ln -s "$WORK/target" "$WORK/pid"
	create --pid-file "$WORK/pid"
	equals "$(cat "$WORK/target")" kept
	kill -0 "$(cat "$WORK/pid")"
	equals "$(find "$WORK" -maxdepth 1 -name '.pid*')" ""
	start
	succeeds bulkhead exec --detach --pid-file "$WORK/exec.pid" "$ID" /bin/sleep 1000
	[[ "$(od -An -c "$WORK/exec.pid" | tr -d ' ')" =~ ^[0-9]+$ ]]
	is_vm || contains "$(bulkhead ps --format json "$ID")" "$(cat "$WORK/exec.pid")"
}

@test "the log stays JSON, whatever bytes a message has" {
	for id in 'a"b' $'a\nb' 'a\b' $'a\xffb' $'a\x01b'; do
		rm -f "$WORK/log"
		try bulkhead --log "$WORK/log" --log-format json state "$id"
		equals "$(wc -l <"$WORK/log")" 1
		jq -e .msg "$WORK/log" >/dev/null || fail_test "$(cat "$WORK/log")"
		python3 -c 'import json, sys; json.loads(open(sys.argv[1], "rb").read().decode("utf-8"))' "$WORK/log"
	done
}

@test "with --debug the log has valid records of other levels, and the error is the last" {
	set_args /no/such
	try bulkhead --debug --log "$WORK/log" --log-format json create --bundle "$BUNDLE" "$ID"
	contains "$(jq -rs 'last | select(.level == "error") | .msg' "$WORK/log")" "o such file"
	[ "$(jq -rs 'map(.level) | unique | length' "$WORK/log")" -ge 2 ]
	set_args /bin/true
	succeeds bulkhead --debug --log "$WORK/log" --log-format json run --bundle "$BUNDLE" "$ID"
	jq -es 'all(.level and .msg and .time)' "$WORK/log" >/dev/null
}

@test "state: the fields that callers read" {
	update_config '.annotations = {"a.b": "c"}'
	before=$(date +%s)
	run_sleeper
	after=$(date +%s)
	succeeds bulkhead state "$ID"
	equals "$(jq -r '[.id, .status, .bundle, .rootfs, .annotations["a.b"]] | join(" ")' <<<"$output")" \
		"$ID running $BUNDLE $ROOTFS c"
	[[ $(jq -r .ociVersion <<<"$output") =~ ^1\.[0-9]+\.[0-9]+ ]]
	[[ $(jq -r .created <<<"$output") =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$ ]]
	created=$(date -d "$(jq -r .created <<<"$output")" +%s)
	[ "$created" -ge "$before" ] && [ "$created" -le "$after" ]
}

@test "list: an array, empty when there is none, a table with runc's columns, ids alone" {
	mkdir -p "$STATE"
	succeeds bulkhead list --format json
	equals "$(jq length <<<"$output")" 0
	run_sleeper
	succeeds bulkhead list --format json
	equals "$(jq -r '.[0] | [.id, .owner, .status] | join(" ")' <<<"$output")" "$ID root running"
	succeeds bulkhead list
	[[ $output == ID*PID*STATUS*BUNDLE*CREATED*OWNER* ]]
	succeeds bulkhead list --quiet
	equals "$output" "$ID"
}

@test "features: what is listed is accepted in a configuration" {
	succeeds bulkhead features
	mapfile -t versions < <(jq -r '.ociVersionMin, .ociVersionMax' <<<"$output")
	mapfile -t caps < <(jq -r '.linux.capabilities[]' <<<"$output")
	mapfile -t archs < <(jq -r '.linux.seccomp.archs[]' <<<"$output")
	for version in "${versions[@]}"; do
		update_config '.ociVersion = $v' --arg v "$version"
		succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	done
	jq '.process.capabilities.bounding = $ARGS.positional' "$CONFIG" --args "${caps[@]}" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	for arch in "${archs[@]}"; do
		update_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [$a]}' --arg a "$arch"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		# The library in use may be older than the specification, or want one byte order in a filter.
		[ "$status" = 0 ] || [[ $error == *"linux.seccomp.architectures"* ]] || fail_test "$arch"
	done
}

@test "ps: a table by ps(1), with its arguments; the header stays" {
	requires_tool ps
	run_sleeper
	succeeds bulkhead ps "$ID"
	contains "$(head -1 <<<"$output")" PID
	equals "$(wc -l <<<"$output")" 2
	contains "$output" "sleep 1000"
	succeeds bulkhead ps "$ID" -o pid,args
	contains "$output" "sleep 1000"
	succeeds bulkhead ps --format table "$ID" aux
	contains "$output" "sleep 1000"
	fails 1 PID bulkhead ps "$ID" -o args
}

# --- descriptors and the environment ------------------------------------------------------------

fds_of()
{
	cut -d' ' -f1 "$1" | tr '\n' ' '
}

# With LISTEN_PID being the runtime's own pid, as systemd and conmon set it; 3 to 5 are open.
listening()
{
	# shellcheck disable=SC2016
	try sh -c 'export LISTEN_PID=$$; exec "$@"' sh "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" "$@" \
		3<"$CONFIG" 4<"$CONFIG" 5<"$CONFIG"
}

@test "LISTEN_FDS: passed when LISTEN_PID is the runtime, and told to the program" {
	differs_at vm "no descriptor can go into a guest"
	set_args /bin/sh -c 'probe fds > /tmp/fds; exec probe env'
	LISTEN_FDS=2 listening run --bundle "$BUNDLE" "$ID"
	equals "$status" 0
	equals "$(fds_of "$ROOTFS/tmp/fds")" "0 1 2 3 4 "
	contains "$output" "LISTEN_FDS=2"
	contains "$output" "LISTEN_PID=1"
}

@test "LISTEN_FDS: ignored when LISTEN_PID is somebody else" {
	set_args /bin/sh -c 'probe fds > /tmp/fds; exec probe env'
	LISTEN_FDS=2 LISTEN_PID=1 try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3<"$CONFIG" 4<"$CONFIG"
	equals "$status" 0
	equals "$(fds_of "$ROOTFS/tmp/fds")" "0 1 2 "
	lacks "$output" LISTEN_FDS
}

@test "--preserve-fds: behind those of LISTEN_FDS" {
	differs_at vm "no descriptor can go into a guest"
	set_args /bin/probe fds
	LISTEN_FDS=1 listening run --bundle "$BUNDLE" --preserve-fds 2 "$ID"
	equals "$status" 0
	equals "$(fds_of "$WORK/stdout")" "0 1 2 3 4 5 "
	try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" --preserve-fds 1 "$ID" 3<"$CONFIG" 4<"$CONFIG"
	equals "$(fds_of "$WORK/stdout")" "0 1 2 3 "
}

@test "--preserve-fds for exec" {
	differs_at vm "no descriptor can go into a guest"
	run_sleeper
	try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec --preserve-fds 2 "$ID" /bin/probe fds 3<"$CONFIG" 4<"$CONFIG" 5<"$CONFIG"
	equals "$status" 0
	equals "$(fds_of "$WORK/stdout")" "0 1 2 3 4 "
	try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec "$ID" /bin/probe fds 3<"$CONFIG" 4<"$CONFIG"
	equals "$(fds_of "$WORK/stdout")" "0 1 2 "
}

@test "what is preserved is the very descriptor: it can be read" {
	differs_at vm "no descriptor can go into a guest"
	echo content >"$WORK/file"
	set_args /bin/probe read-fd 3
	try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" --preserve-fds 1 "$ID" 3<"$WORK/file"
	contains "$output" content
}

@test "NOTIFY_SOCKET: READY reaches the host's socket, then MAINPID with the host's pid" {
	differs_at vm "nobody in a guest can connect to a socket of the host"
	"$CACHE/console" notify "$WORK/notify.sock" 3 >"$WORK/told" 3>&- &
	helper_process $!
	wait_for test -S "$WORK/notify.sock"
	set_args /bin/sh -c 'probe notify READY=1; exec sleep 1000'
	NOTIFY_SOCKET=$WORK/notify.sock bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null \
		>"$WORK/stdout" 2>"$WORK/stderr"
	wait_for file_has "$WORK/told" MAINPID
	contains "$(cat "$WORK/told")" "READY=1"
	contains "$(cat "$WORK/told")" "MAINPID=$(state_field .pid)"
}

@test "commands that only look do not read their standard input" {
	printf 'one\ntwo\n' >"$WORK/lines"
	{
		read -r first
		bulkhead state "$ID" >/dev/null 2>&1 || true
		bulkhead list >/dev/null 2>&1 || true
		read -r second
	} <"$WORK/lines"
	equals "$first $second" "one two"
}

@test "closed standard descriptors do no harm: nothing else ends up there" {
	set_args /bin/sh -c 'probe fds > /tmp/fds'
	"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" <&- >&- 2>&- 3>&-
	while read -r _ target; do
		case $target in
		/dev/null | /tmp/fds) ;;
		*) fail_test "$target" ;;
		esac
	done <"$ROOTFS/tmp/fds"
}

# --- processes ----------------------------------------------------------------------------------

@test "a detached run's and a detached exec's process are the subreaper's children too" {
	engine_words
	set_args /bin/sh -c 'sleep 0.3; exit 34'
	try "$CACHE/shim" "$WORK/pid" "${RUNTIME_WORDS[@]}" run --detach --bundle "$BUNDLE" --pid-file "$WORK/pid" "$ID" 3>&-
	equals "$output" "exited 34"
	succeeds bulkhead delete "$ID"
	run_sleeper
	try "$CACHE/shim" "$WORK/pid" "${RUNTIME_WORDS[@]}" exec --detach --pid-file "$WORK/pid" "$ID" \
		/bin/sh -c 'sleep 0.1; exit 35' 3>&-
	equals "$output" "exited 35"
}

@test "the runtime's death signal and subreaping are not the container's" {
	set_args /bin/sh -c 'sleep 0.2; exec probe prctl'
	shim_run
	contains "$output" "death_signal=0 subreaper=0"
}

@test "ignored and blocked signals of the caller do not reach the program" {
	set_args /bin/probe signals
	try env --ignore-signal=TERM,HUP,PIPE,USR1 --block-signal=INT,USR2 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run \
		--bundle "$BUNDLE" "$ID"
	equals "$status" 0
	equals "$output" $'blocked:\nignored:'
	run_sleeper
	try env --ignore-signal=TERM,HUP,PIPE,USR1 --block-signal=INT,USR2 "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec "$ID" \
		/bin/probe signals
	equals "$output" $'blocked:\nignored:'
}

@test "signal names: with and without SIG, any case, numbers; TERM is the default" {
	set_args /bin/probe wait-signals HUP USR1 USR2 WINCH TERM
	bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/told" 2>&1
	wait_for file_has "$WORK/told" ready
	for signal in HUP SIGHUP sigusr1 12 28 0; do
		succeeds bulkhead kill "$ID" "$signal"
	done
	wait_for file_has "$WORK/told" WINCH
	succeeds bulkhead kill "$ID"
	wait_status stopped
	equals "$(sort -u "$WORK/told" | tr '\n' ' ')" "HUP TERM USR1 USR2 WINCH ready "
}

@test "exec: words behind the id are the command's, options too; -- is accepted before" {
	run_sleeper
	succeeds bulkhead exec "$ID" /bin/echo --cwd /x -t --help
	equals "$output" "--cwd /x -t --help"
	succeeds bulkhead exec -- "$ID" /bin/echo y
	equals "$output" y
	succeeds bulkhead exec "$ID" -- /bin/echo -n x
	equals "$output" x
}
