#!/usr/bin/env bats
# The command line itself: help, version, flags in all their forms, errors and logs.

load helpers

COMMANDS="create start run exec kill delete state list ps pause resume update events spec features checkpoint restore"

# The runtime without the harness's options.
plain()
{
	timeout -k 5 30 "$BULKHEAD" "$@"
}

# wrong TEXT WORD...: an error of one line that has the text, and nothing on standard output.
wrong()
{
	local text=$1
	shift
	try plain "$@"
	[ "$status" = 1 ] || [ "$status" = 255 ] || fail_test "$*: should be an error"
	[ -z "$output" ] || fail_test "$*: nothing on standard output"
	[[ $error == *"$text"* ]] || fail_test "$*: should say '$text'"
	equals "$(wc -l <<<"$error")" 1
}

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

@test "checkpoint and restore look supported to the engines that ask" {
	for command in "checkpoint --help" "checkpoint -h" "restore --help"; do
		# shellcheck disable=SC2086
		succeeds "$BULKHEAD" $command
		contains "$output" "--image-path"
	done
	fails 1 "$ID" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" checkpoint "$ID"
	fails 1 "requires an argument" "$BULKHEAD" restore --lsm-mount-context
	for command in checkpoint restore; do
		fails 1 "" "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" "$command"
	done
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
		try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" "$command"
		[ "$status" != 0 ] || fail_test "$command without id"
		[ -n "$output$error" ]
	done
	for command in create start run delete state pause resume "update --pids-limit 5" "events --stats"; do
		# shellcheck disable=SC2086
		try "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" $command a b
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
	succeeds "$BULKHEAD" "${LEVEL[@]}" --root state run --detach --bundle "$BUNDLE" "$ID"
	[ -d "$STATE/$ID" ]
	status_is running
}

@test "--isolation: process is accepted anywhere, an unknown word is an error" {
	ISOLATION=
	set_args /bin/true
	succeeds "$BULKHEAD" --isolation=process --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" --root "$STATE" --isolation process list
	succeeds "$BULKHEAD" --root "$STATE" run --isolation=process --bundle "$BUNDLE" "$ID"
	for word in VM virtual "" Process; do
		try "$BULKHEAD" --isolation="$word" --root "$STATE" run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "--isolation=$word"
		contains "$error" isolation
		assert_nothing_left
	done
	succeeds "$BULKHEAD" --vm-accel=kvm --vm-guest=/tmp --root "$STATE" run --bundle "$BUNDLE" "$ID"
	try "$BULKHEAD" --vm-accel=nosuch --root "$STATE" list
	[ "$status" != 0 ]
}

@test "isolation asked for by annotation, by name, by vm object: stricter wins, never silently thinner" {
	ISOLATION=
	# A guest that is not there: what asks for a vm must fail on it, and not run as a process.
	update_config '.annotations = {"dev.bulkhead.isolation": "vm"}'
	fails 1 "guest of the vm level" "$BULKHEAD" --vm-guest "$WORK/none" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	update_config '.annotations = {"dev.bulkhead.isolation": "nosuch"}'
	refused isolation
	update_config '.annotations = {"dev.bulkhead.isolation": "process"}'
	in_container /bin/true
	update_config 'del(.annotations)'
	ln -s "$BULKHEAD" "$WORK/bulkhead-vm"
	fails 1 "guest of the vm level" "$WORK/bulkhead-vm" --vm-guest "$WORK/none" --root "$STATE" run \
		--bundle "$BUNDLE" "$ID"
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

# --- help ---------------------------------------------------------------------------------------

@test "help lines have 100 columns at most and no trailing blanks" {
	for command in '' $COMMANDS; do
		# shellcheck disable=SC2086
		plain $command --help >"$WORK/help"
		! grep -nE ' $' "$WORK/help"
		! grep -nE '^.{101}' "$WORK/help"
	done
}

@test "help COMMAND is COMMAND --help; of what is unknown, an error" {
	for command in $COMMANDS; do
		succeeds plain "$command" --help
		wanted=$output
		for words in "help $command" "$command -h" "$command -help" "$command --help=true"; do
			# shellcheck disable=SC2086
			succeeds plain $words
			equals "$output" "$wanted"
		done
	done
	wrong nosuch help nosuch
}

@test "--version in every place, whatever else is given" {
	succeeds plain --version
	wanted=$output
	for words in -v -version "--root /nonexistent --version" "--debug -v"; do
		# shellcheck disable=SC2086
		succeeds plain $words
		equals "$output" "$wanted"
	done
}

@test "output that cannot be written is an error, for help and version too" {
	for command in --help --version features; do
		code=0
		plain $command >/dev/full 2>"$WORK/stderr" || code=$?
		equals "$code" 1
		[ -s "$WORK/stderr" ]
	done
}

# --- what is wrong ------------------------------------------------------------------------------

@test "unknown words and letters are told, in one line" {
	wrong command
	wrong nosuch nosuch
	wrong "''" ''
	wrong Create Create
	wrong --nosuch --nosuch list
	wrong -Z -Z list
	for command in $COMMANDS; do
		wrong --nosuch $command --nosuch "$ID"
		wrong -Z $command -Z "$ID"
	done
	wrong --force kill --force "$ID"
	wrong --bundle start --bundle x "$ID"
}

@test "argument counts are told by the name of the command" {
	for command in create start run exec kill delete state ps pause resume update events; do
		wrong $command --root "$STATE" $command
	done
	for command in create start run delete state pause resume update events; do
		wrong "$command" --root "$STATE" $command "$ID" extra
	done
	wrong kill --root "$STATE" kill "$ID" TERM extra
	wrong list --root "$STATE" list extra
	wrong features features extra
	wrong spec spec extra
	[ ! -e "$STATE/$ID" ]
}

@test "values of the wrong kind are told by the name of the option" {
	wrong --log-format --log-format xml list
	wrong --debug --debug=maybe list
	wrong --detach run --detach=2 "$ID"
	wrong --preserve-fds create --preserve-fds x "$ID"
	wrong --preserve-fds create --preserve-fds -1 "$ID"
	wrong --preserve-fds create --preserve-fds 4294967296 "$ID"
	wrong --format list --format xml
	wrong --interval events --interval soon "$ID"
	wrong --interval events --interval -1s "$ID"
	wrong --memory update --memory lots "$ID"
	wrong --memory update --memory 9999999999999999999g "$ID"
	wrong --cpu-period update --cpu-period -1 "$ID"
	wrong --cgroup-manager --cgroup-manager nosuch list
	wrong --rootless --rootless=perhaps list
	wrong --pid-file create "$ID" --pid-file
}

# --- forms of flags -----------------------------------------------------------------------------

@test "go-runc's -no-subreaper in each form" {
	for form in -no-subreaper --no-subreaper --no-subreaper=true --no-subreaper=false -no-subreaper=true; do
		succeeds bulkhead run $form --bundle "$BUNDLE" "$ID"
	done
	succeeds bulkhead run --keep=false --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "letters, alone and together" {
	set_args /bin/sleep 1000
	succeeds bulkhead run -d "$ID" -b "$BUNDLE"
	try "$CACHE/console" pty "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" exec -dt --console-socket "$WORK/none" "$ID" /bin/true
	contains "$output" "$WORK/none"
	succeeds bulkhead delete "$ID" -f
}

@test "lists are not split at commas, and an empty value is a value" {
	run_sleeper
	succeeds bulkhead exec --env A=1,2 -e B=3 --env=C=x=y --env D= "$ID" /bin/probe env
	for line in A=1,2 B=3 C=x=y D=; do
		grep -qx "$line" <<<"$output" || fail_test "$line"
	done
	try bulkhead exec --cap CAP_KILL,CAP_CHOWN "$ID" /bin/true
	[ "$status" != 0 ]
	succeeds bulkhead exec --cap CAP_KILL --cap CAP_CHOWN "$ID" /bin/probe caps
	contains "$output" "effective=0000000020000421"
}

@test "global options are accepted before and behind the command, but not among a program's words" {
	succeeds "$BULKHEAD" "${LEVEL[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" run --root "$STATE" --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" run --bundle "$BUNDLE" "$ID" --root="$STATE" --debug=false
	run_sleeper
	succeeds bulkhead exec "$ID" /bin/echo --root x
	equals "$output" "--root x"
}

# --- --root and --log ---------------------------------------------------------------------------

@test "--root is made, 0700, with its parents, by create only" {
	STATE=$WORK/a/b/c
	set_args /bin/sleep 1000
	succeeds bulkhead create --bundle "$BUNDLE" "$ID"
	equals "$(stat -c %a "$STATE")" 700
	succeeds bulkhead delete --force "$ID"
	wrong "$WORK/none" --root "$WORK/none" list
	wrong "does not exist" --root "$WORK/none" state "$ID"
	succeeds plain --root "$WORK/none" delete --force "$ID"
	[ ! -e "$WORK/none" ]
}

@test "--root: '/' and nothing are refused, in every spelling" {
	for root in / // '' /tmp/..; do
		wrong root --root "$root" list
		wrong root --root "$root" delete --force "$ID"
	done
}

@test "containers of one --root are not those of another" {
	run_sleeper
	mkdir "$WORK/other"
	equals "$("$BULKHEAD" "${LEVEL[@]}" --root "$WORK/other" list -q)" ""
	fails 1 "does not exist" "$BULKHEAD" "${LEVEL[@]}" --root "$WORK/other" state "$ID"
}

@test "without --root an ordinary user's state is below XDG_RUNTIME_DIR" {
	mkdir -m 700 "$WORK/xdg"
	chown 1000:1000 "$WORK/xdg"
	succeeds setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$WORK/xdg" "$BULKHEAD" list -q
	try setpriv --reuid 1000 --regid 1000 --clear-groups env -u XDG_RUNTIME_DIR "$BULKHEAD" list -q
	[ "$status" = 0 ] || contains "$error" XDG_RUNTIME_DIR
}

@test "--log gets errors of the command line too; a log that cannot be written is told by name" {
	try plain --log "$WORK/log" --log-format json create --nosuch
	[ "$status" != 0 ]
	contains "$(jq -r .msg "$WORK/log")" nosuch
	contains "$error" nosuch
	wrong "$WORK/no/dir/log" --log "$WORK/no/dir/log" --root "$STATE" list
	wrong "$WORK" --log "$WORK" --root "$STATE" list
}

# --- isolation ----------------------------------------------------------------------------------

@test "--isolation in every place; a word that is not known is never a thinner wall" {
	ISOLATION=
	succeeds "$BULKHEAD" --isolation=process --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" --root "$STATE" run --isolation process --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" --root "$STATE" run --bundle "$BUNDLE" "$ID" --isolation=process
	for word in '' processs VM Process none kata hyperv; do
		wrong isolation --root "$STATE" --isolation="$word" run --bundle "$BUNDLE" "$ID"
		wrong isolation --root "$STATE" run --isolation "$word" --bundle "$BUNDLE" "$ID"
	done
	assert_nothing_left
}

@test "a vm that is asked for anywhere is not given as a process; the command line lowers nothing" {
	ISOLATION=
	local none=(--vm-guest "$WORK/none")
	wrong guest "${none[@]}" --root "$STATE" run --bundle "$BUNDLE" "$ID" --isolation vm
	update_config '.annotations = {"dev.bulkhead.isolation": "vm"}'
	wrong guest "${none[@]}" --isolation=process --root "$STATE" run --bundle "$BUNDLE" "$ID"
	for word in '' processs VM; do
		update_config '.annotations = {"dev.bulkhead.isolation": $w}' --arg w "$word"
		refused isolation
	done
	update_config 'del(.annotations)'
	ln -s "$BULKHEAD" "$WORK/bulkhead-vm"
	fails 1 guest "$WORK/bulkhead-vm" "${none[@]}" --isolation=process --root "$STATE" run \
		--bundle "$BUNDLE" "$ID"
	update_config '.vm = {kernel: {path: "/nosuch/vmlinuz"}}'
	wrong guest "${none[@]}" --isolation=process --root "$STATE" run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "--vm-accel and --vm-guest are accepted anywhere, and checked" {
	ISOLATION=
	mkdir "$WORK/guest"
	succeeds "$BULKHEAD" --vm-accel=kvm --vm-guest "$WORK/guest" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	succeeds "$BULKHEAD" --root "$STATE" run --vm-accel tcg --bundle "$BUNDLE" "$ID" --vm-guest="$WORK/guest"
	wrong vm-accel --vm-accel=hvf --root "$STATE" list
	wrong vm-accel --vm-accel= --root "$STATE" list
}

# --- completion and manual pages ----------------------------------------------------------------

complete_words()
{
	bash --norc -c 'PATH=$1:$PATH; source "$2"; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; spec=$(complete -p bulkhead); f=${spec#*-F }
		${f%% *} bulkhead "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$(dirname "$BULKHEAD")" "$@" 2>&1
}

@test "the completion for bash loads, and completes commands and options" {
	file=$(find "$TOP/contrib" -type f \( -path '*completion*bash*' -o -path '*bash*completion*' -o -name '*.bash' \) | head -1)
	[ -n "$file" ] || fail_test "there is no completion script in contrib"
	contains "$(complete_words "$file" bulkhead st)" start
	contains "$(complete_words "$file" bulkhead st)" state
	contains "$(complete_words "$file" bulkhead create --b)" --bundle
	contains "$(complete_words "$file" bulkhead --iso)" --isolation
}

@test "the manual pages render without a warning, and tell of every command and option" {
	mapfile -t pages < <(find "$TOP/contrib" -name '*.[58]')
	[ "${#pages[@]}" -gt 0 ] || fail_test "there are no manual pages in contrib"
	requires_tool groff
	for page in "${pages[@]}"; do
		groff -man -Tutf8 -ww "$page" >"$WORK/page" 2>"$WORK/warnings"
		[ ! -s "$WORK/warnings" ] || fail_test "$page: $(head -3 "$WORK/warnings")"
		[ -s "$WORK/page" ]
	done
	cat "${pages[@]}" | tr -d '\\' >"$WORK/all"
	for command in $COMMANDS; do
		grep -qw "$command" "$WORK/all" || fail_test "no page tells of $command"
		succeeds plain "$command" --help
		for option in $(grep -o '^  --[a-z0-9-]*' <<<"$output"); do
			grep -q -- "$option" "$WORK/all" || fail_test "no page tells of $option"
		done
	done
}

# checked SCRIPT: check, on a host whose program 'true' is that script.
checked()
{
	printf '#!/bin/sh\n%s\n' "$1" >"$WORK/true"
	chmod +x "$WORK/true"
	try unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' - \
		"$WORK/true" "$(readlink -f "$(type -P true)")" "$BULKHEAD" --root "$STATE" --isolation=process check
}

@test "check tells why the program of its trial has failed" {
	requires_root
	checked 'exit 0'
	equals "$status" 0
	[[ $output == *"level process "*" works: "* ]]
	checked 'echo first >&2; echo the reason >&2; exit 3'
	equals "$status" 1
	contains "$output" "does not work: the program 'true' ended with 3: the reason"
	checked 'exit 4'
	equals "$(sed -n 's/^level process *//p' <<<"$output")" "does not work: the program 'true' ended with 4"
}
