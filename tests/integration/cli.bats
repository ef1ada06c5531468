#!/usr/bin/env bats
# The command line itself: help, version, flags in all their forms, errors and logs.

load helpers

COMMANDS="create start run exec kill delete state list ps pause resume update events spec features"

@test "--help and -h of the program and of each command: usage on stdout, 0" {
	for flag in --help -h; do
		succeeds "$BULKHEAD" $flag
		contains "$output" create
		contains "$output" delete
		for command in $COMMANDS; do
			succeeds "$BULKHEAD" "$command" $flag
			contains "$output" "$command"
			equals "$error" ""
		done
	done
	succeeds "$BULKHEAD" help
}

@test "help mentions every option of the command" {
	while read -r command options; do
		succeeds "$BULKHEAD" "$command" --help
		for option in $options; do
			contains "$output" "--$option"
		done
	done <<-END
		create bundle console-socket pidfd-socket pid-file no-pivot no-new-keyring preserve-fds
		run bundle console-socket pid-file no-pivot no-new-keyring preserve-fds detach keep no-subreaper
		exec console-socket cwd env tty user additional-gids process detach pid-file process-label apparmor no-new-privs cap preserve-fds cgroup ignore-paused pidfd-socket
		kill all
		delete force
		list format quiet
		ps format
		events interval stats
		update resources cpu-period cpu-quota cpu-share cpuset-cpus cpuset-mems memory memory-reservation memory-swap pids-limit blkio-weight cpu-burst cpu-idle cpu-rt-period cpu-rt-runtime l3-cache-schema mem-bw-schema
		spec bundle rootless
	END
	succeeds "$BULKHEAD" --help
	for option in root log log-format debug systemd-cgroup rootless isolation vm-accel vm-guest; do
		contains "$output" "--$option"
	done
}

@test "--version and -v: name, commit and specification; the word version on one line only" {
	for flag in --version -v; do
		succeeds "$BULKHEAD" $flag
		[[ $(echo "$output" | head -n 1) =~ ^bulkhead\ version\ [0-9]+\.[0-9]+\.[0-9]+ ]] || fail_test "first line"
		contains "$output" $'\ncommit: '
		[[ $output =~ spec:\ 1\.[0-9]+\.[0-9]+ ]] || fail_test "spec"
		equals "$(echo "$output" | grep -c version)" 1
	done
}

@test "checkpoint and restore are refused clearly; checkpoint --help does not look supported" {
	for command in "checkpoint --help" "checkpoint -h" "checkpoint x" "restore x" "restore --help"; do
		# shellcheck disable=SC2086
		try "$BULKHEAD" $command
		[ "$status" != 0 ] || fail_test "$command looks supported"
	done
	fails 1 "not supported" "$BULKHEAD" --root "$STATE" checkpoint "$ID"
	try "$BULKHEAD" restore --lsm-mount-context
	[ "$status" != 0 ]
	lacks "$output$error" "flag needs an argument"
	lacks "$output$error" "requires an argument"
}

@test "no command, an unknown command, an unknown option" {
	try "$BULKHEAD" nosuchcommand
	[ "$status" != 0 ]
	contains "$output$error" nosuchcommand
	try "$BULKHEAD" --nosuchoption list
	[ "$status" != 0 ]
	contains "$output$error" nosuchoption
	for command in $COMMANDS; do
		try "$BULKHEAD" "$command" --nosuchoption x
		[ "$status" != 0 ] || fail_test "$command --nosuchoption"
		contains "$output$error" nosuchoption
	done
}

@test "too few and too many arguments" {
	for command in create start run kill delete state ps pause resume update events exec; do
		try "$BULKHEAD" --root "$STATE" "$command"
		[ "$status" != 0 ] || fail_test "$command without id"
		[ -n "$output$error" ]
	done
	for command in create start run delete state pause resume "update --pids-limit 5" "events --stats"; do
		# shellcheck disable=SC2086
		try "$BULKHEAD" --root "$STATE" $command a b
		[ "$status" != 0 ] || fail_test "$command a b"
	done
	assert_nothing_left
}

@test "options that want a value and have none" {
	for words in "create --bundle" "exec --user" "--root" "update --memory" "list --format"; do
		# shellcheck disable=SC2086
		try "$BULKHEAD" $words
		[ "$status" != 0 ] || fail_test "$words"
	done
}

@test "each form of a flag: --a b, --a=b, -a b, -a=b, true and false" {
	set_args /bin/true
	update_config '.linux.cgroupsPath = $p' --arg p "/$ID"
	for form in "--bundle $BUNDLE" "--bundle=$BUNDLE" "-bundle $BUNDLE" "-bundle=$BUNDLE" "-b $BUNDLE" "-b=$BUNDLE"; do
		# shellcheck disable=SC2086
		succeeds bulkhead run $form "$ID"
	done
	set_args /bin/sleep 1000
	succeeds bulkhead run --detach=true --bundle "$BUNDLE" "$ID"
	status_is running
	succeeds bulkhead delete --force=true "$ID"
	set_args /bin/echo waited
	succeeds bulkhead run --detach=false --bundle "$BUNDLE" "$ID"
	equals "$output" waited
	try bulkhead run --detach=maybe --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
}

@test "options after the id are understood where no command follows" {
	set_args /bin/sleep 1000
	succeeds bulkhead run "$ID" --detach --bundle "$BUNDLE"
	status_is running
	succeeds bulkhead delete "$ID" --force
	assert_nothing_left
}

@test "-- ends the options" {
	set_args /bin/true
	succeeds bulkhead run --bundle "$BUNDLE" -- "$ID"
	fails 1 "" bulkhead state -- --strange-id
}

@test "global options come before the command; --root is made absolute" {
	cd "$WORK"
	set_args /bin/sleep 1000
	succeeds "$BULKHEAD" --root state run --detach --bundle "$BUNDLE" "$ID"
	[ -d "$STATE/$ID" ]
	status_is running
}

@test "--isolation: process is accepted anywhere, vm refused for now, all else an error" {
	[ -z "${ISOLATION:-}" ] || skip "ISOLATION is set"
	set_args /bin/true
	succeeds "$BULKHEAD" --isolation=process --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" --root "$STATE" --isolation process list
	succeeds "$BULKHEAD" --root "$STATE" run --isolation=process --bundle "$BUNDLE" "$ID"
	for word in vm VM virtual "" Process; do
		try "$BULKHEAD" --isolation="$word" --root "$STATE" run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "--isolation=$word"
		contains "$error" isolation
		assert_nothing_left
	done
	succeeds "$BULKHEAD" --vm-accel=kvm --vm-guest=/nowhere --root "$STATE" run --bundle "$BUNDLE" "$ID"
	try "$BULKHEAD" --vm-accel=nosuch --root "$STATE" list
	[ "$status" != 0 ]
}

@test "isolation asked for by annotation, by name, by vm object: stricter wins, never silently thinner" {
	[ -z "${ISOLATION:-}" ] || skip "ISOLATION is set"
	update_config '.annotations = {"dev.bulkhead.isolation": "vm"}'
	refused isolation
	update_config '.annotations = {"dev.bulkhead.isolation": "nosuch"}'
	refused isolation
	update_config '.annotations = {"dev.bulkhead.isolation": "process"}'
	in_container /bin/true
	update_config 'del(.annotations)'
	ln -s "$BULKHEAD" "$WORK/bulkhead-vm"
	fails 1 "" "$WORK/bulkhead-vm" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "an error is on stderr, once, and not on stdout" {
	try bulkhead state "$ID"
	equals "$output" ""
	equals "$(echo "$error" | wc -l)" 1
}

@test "--log FILE gets the error too, and stderr still has it" {
	GLOBALS=(--log "$WORK/log")
	fails 1 "does not exist" bulkhead state "$ID"
	contains "$(cat "$WORK/log")" "does not exist"
	fails 1 "does not exist" bulkhead state "$ID"
	equals "$(grep -c "does not exist" "$WORK/log")" 2
	equals "$(stat -c %a "$WORK/log")" 644
}

@test "--log-format json: one object a line, as containerd and Podman read it" {
	GLOBALS=(--log "$WORK/log" --log-format json)
	fails 1 "" bulkhead run --bundle /no/such/bundle "$ID"
	equals "$(wc -l <"$WORK/log")" 1
	jq -e '.level == "error" and (.msg | length > 0)
		and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9:]{5})$"))' "$WORK/log"
}

@test "--log-format json escapes what a name or a message may contain" {
	GLOBALS=(--log "$WORK/log" --log-format json)
	try bulkhead state $'we"ird\nid\\'
	jq -e .msg "$WORK/log"
}

@test "--log-format json without a log file is on stderr" {
	GLOBALS=(--log-format json)
	try bulkhead state "$ID"
	[ "$status" = 1 ]
	contains "$error" "does not exist"
}

@test "nothing is logged by what succeeds" {
	GLOBALS=(--log "$WORK/log" --log-format json)
	in_container /bin/true
	[ ! -s "$WORK/log" ]
	equals "$error" ""
}

@test "--debug tells more, to the log" {
	GLOBALS=(--debug --log "$WORK/log" --log-format json)
	in_container /bin/true
	[ -s "$WORK/log" ]
	jq -e .level "$WORK/log" >/dev/null
}

@test "an unknown --log-format, a log that cannot be opened" {
	try bulkhead --log-format xml state "$ID"
	[ "$status" != 0 ]
	try bulkhead --log /no/such/dir/log state "$ID"
	[ "$status" != 0 ]
	[ -n "$error" ]
}

@test "spec writes a configuration that runs" {
	cd "$BUNDLE"
	rm config.json
	succeeds bulkhead spec
	jq -e '.ociVersion and .root.readonly == true and .root.path == "rootfs" and .process.args == ["sh"]
		and .process.terminal == true and .process.cwd == "/" and .process.noNewPrivileges == true
		and (.process.rlimits[0].type == "RLIMIT_NOFILE") and (.mounts | map(.destination) | index("/sys/fs/cgroup"))
		and (.linux.namespaces | map(.type) | sort) == ["cgroup", "ipc", "mount", "network", "pid", "uts"]
		and (.linux.maskedPaths | index("/proc/kcore")) and (.linux.readonlyPaths | index("/proc/sys"))' config.json
	update_config '.process.terminal = false | .process.args = ["/bin/echo", "works"]'
	succeeds bulkhead run "$ID"
	equals "$output" works
}

@test "spec does not overwrite; --bundle" {
	fails 1 config.json bulkhead spec --bundle "$BUNDLE"
	mkdir "$WORK/new"
	succeeds bulkhead spec -b "$WORK/new"
	jq -e . "$WORK/new/config.json" >/dev/null
	try bulkhead spec -b "$WORK/nowhere"
	[ "$status" = 1 ]
}

@test "spec --rootless" {
	mkdir "$WORK/new"
	succeeds bulkhead spec --rootless --bundle "$WORK/new"
	jq -e '(.linux.namespaces | map(.type) | index("user")) and ((.linux.namespaces | map(.type) | index("network")) == null)
		and (.linux.uidMappings | length) == 1 and .linux.resources == null' "$WORK/new/config.json"
}

@test "features: the document of the specification, without root or a state directory" {
	succeeds "$BULKHEAD" features
	echo "$output" >"$WORK/f.json"
	jq -e '.ociVersionMin == "1.0.0" and (.ociVersionMax | test("^1\\.[0-9]+\\.[0-9]+$"))
		and (.hooks | sort) == ["createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"]
		and (.mountOptions | index("rro") and index("rnosymfollow") and index("idmap") and index("ridmap"))
		and (.linux.namespaces | sort) == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]
		and (.linux.capabilities | length) >= 41 and .linux.seccomp.enabled
		and (.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")) and (.linux.seccomp.knownFlags | length) >= 3
		and .linux.cgroup.v1 and .linux.cgroup.v2 and (.linux.mountExtensions.idmap.enabled | type) == "boolean"
		and (.annotations | type) == "object"' "$WORK/f.json"
}

@test "the init command refuses to run by hand" {
	try "$BULKHEAD" init
	[ "$status" != 0 ]
}

@test "a broken stdout is no crash" {
	code=0
	"$BULKHEAD" features >/dev/full 2>"$WORK/err" || code=$?
	[ "$code" -lt 128 ]
	[ "$code" != 0 ]
}

@test "the program is installed without set-id bits or file capabilities, hardened" {
	[ ! -u "$BULKHEAD" ] && [ ! -g "$BULKHEAD" ]
	if command -v getcap >/dev/null; then
		equals "$(getcap "$BULKHEAD")" ""
	fi
	if command -v readelf >/dev/null; then
		contains "$(readelf -lW "$BULKHEAD")" GNU_RELRO
		lacks "$(readelf -lW "$BULKHEAD" | grep GNU_STACK)" RWE
		contains "$(readelf -dW "$BULKHEAD")" NOW
		contains "$(readelf -hW "$BULKHEAD")" DYN
	fi
}
