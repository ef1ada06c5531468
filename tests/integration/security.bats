#!/usr/bin/env bats
# What a container, an image or a caller could do to the host, one test for each class of known attack
# on container runtimes. Each harmless outcome is accepted where the specification leaves room: the
# container is refused, or it runs and the attack has no effect. A crash or a hang is neither.
#
# Tests named "control" show that the attack would have been seen. That the suite can fail is shown by
# older runtimes: see spec/security.md.

load helpers
load attack

# --- the runtime's own binary -------------------------------------------------------------------

@test "control: the cage lets nothing but the test's directory be written" {
	try "$CACHE/attack" cage "$WORK" sh -c "touch /etc/bht-x /tmp/bht-x; echo in > $WORK/in"
	equals "$(cat "$WORK/in")" in
	[ ! -e /etc/bht-x ]
	[ ! -e /tmp/bht-x ]
}

@test "control: a binary that ends while it is watched is overwritten" {
	cp "$ROOTFS/bin/probe" "$ROOTFS/bin/victim"
	add_caps CAP_SYS_PTRACE CAP_DAC_OVERRIDE
	set_args /bin/sh -c '/bin/probe watch 4 steal > /result'
	run_detached
	wait_for file_has "$ROOTFS/result" watching
	for _ in 1 2 3 4 5 6 7 8; do
		try bulkhead exec "$ID" /bin/victim sleep 0.2
	done
	wait_status stopped
	contains "$(result)" WROTE
}

@test "CVE-2019-5736: the joining runtime's binary is not overwritten through /proc/PID/exe" {
	printf '#!/proc/self/exe\n' >"$ROOTFS/bin/trap"
	chmod 755 "$ROOTFS/bin/trap"
	add_caps CAP_SYS_PTRACE CAP_DAC_OVERRIDE
	set_args /bin/sh -c 'exec /bin/probe watch 5 steal > /result'
	run_detached
	wait_for file_has "$ROOTFS/result" watching
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		try bulkhead exec "$ID" /bin/trap
		ended_well
		try bulkhead exec "$ID" /proc/self/exe --version
		ended_well
	done
	wait_status stopped
	lacking WROTE
	host_unchanged
}

@test "CVE-2019-5736: nor by a container whose own program is /proc/self/exe" {
	printf '#!/proc/self/exe\n' >"$ROOTFS/bin/trap"
	chmod 755 "$ROOTFS/bin/trap"
	for program in /bin/trap /proc/self/exe /proc/1/exe; do
		set_args "$program" --version
		attempt
		[[ $output != *"spec:"* ]] || fail_test "the runtime itself ran in the container"
	done
	host_unchanged
}

# Runs a watcher with the arguments, then a second container that shares its pid namespace and waits
# to be started: the runtime's own process, visible for as long as the attacker likes.
watch_waiting_init()
{
	local first=$ID
	set_args /bin/sh -c "exec /bin/attack $* > /result"
	run_detached
	wait_for file_has "$ROOTFS/result" watching
	new_id
	mkdir "$WORK/second"
	jq '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end) |
		.linux.cgroupsPath = $c | .root.path = $r | .process.args = ["/bin/true"] |
		.process.capabilities = {}' \
		--arg p "/proc/$(state_field .pid)/ns/pid" --arg c "/$NEW" --arg r "$ROOTFS" \
		"$CONFIG" >"$WORK/second/config.json"
	succeeds bulkhead create --bundle "$WORK/second" "$NEW"
	touch "$ROOTFS/tmp/stop"
	ID=$first
	wait_for has_status stopped
}

@test "the waiting init of a container executes nothing of the host's files" {
	differs_at vm "a namespace of the host cannot be joined from a guest"
	add_caps CAP_SYS_PTRACE CAP_DAC_OVERRIDE
	watch_waiting_init exe 60
	contains "$(result)" "exe "
	host=$(stat -c %d:%i "$RUNTIME")
	lacking "exe $host "
	own=$(stat -c %d "$ROOTFS/bin/busybox")
	# What is not of the root filesystem must be a memory file, whose pages are nobody else's.
	while read -r _ object magic name; do
		case $name in
		/bin/busybox | /bin/attack) equals "${object%:*}" "$own" ;;
		*) equals "$magic" 0x1021994 ;;
		esac
	done < <(grep '^exe ' "$ROOTFS/result")
	host_unchanged
}

@test "CVE-2016-9962: the waiting init of a container cannot be traced, nor the host reached through it" {
	differs_at vm "a namespace of the host cannot be joined from a guest"
	update_config '.process.capabilities |= map_values([])'
	watch_waiting_init peek 60 "$H/keep"
	contains "$(result)" "done seen=yes"
	lacking TRACED ESCAPE
}

@test "control: a file that exists inside is found through other processes' /proc" {
	set_args /bin/sh -c 'sleep 5 & exec /bin/attack peek 1 /bin/busybox > /result'
	attempt
	contains "$(result)" ESCAPE
	contains "$(result)" "sleep /bin/busybox"
}

@test "CVE-2016-9962: exec's process cannot be traced before it is the user's program, nor escaped through" {
	set_args /bin/sh -c "exec /bin/attack peek 8 $H/keep > /result"
	run_detached
	wait_for file_has "$ROOTFS/result" watching
	for ((i = 0; i < RACE_ROUNDS; i++)); do
		try bulkhead exec "$ID" /bin/true
		ended_well
	done
	touch "$ROOTFS/tmp/stop"
	wait_status stopped
	lacking TRACED ESCAPE
	contains "$(result)" "done seen="
}

@test "nothing of the image is loaded into the runtime: hostile C library, preload, name service" {
	cat >"$WORK/evil.c" <<-'C'
		#include <fcntl.h>
		#include <unistd.h>
		__attribute__((constructor)) static void own(void)
		{
			creat("/pwned", 0600);
			if (write(1, "PWNED\n", 6) < 0)
				_exit(3);
		}
	C
	gcc -shared -fPIC -o "$WORK/evil.so" "$WORK/evil.c"
	# Control: it works where it is loaded.
	contains "$("$CACHE/attack" cage "$WORK" env LD_PRELOAD="$WORK/evil.so" /bin/true)" PWNED
	mkdir -p "$ROOTFS"/{lib64,lib/x86_64-linux-gnu,usr/lib/x86_64-linux-gnu}
	for name in libc.so.6 libnss_files.so.2 libseccomp.so.2 libyajl.so.2 libcap.so.2 libsystemd.so.0; do
		for dir in lib lib64 lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu; do
			cp "$WORK/evil.so" "$ROOTFS/$dir/$name"
		done
	done
	cp "$WORK/evil.so" "$ROOTFS/lib64/ld-linux-x86-64.so.2"
	echo /lib/libc.so.6 >"$ROOTFS/etc/ld.so.preload"
	echo 'passwd: evil files' >"$ROOTFS/etc/nsswitch.conf"
	cp "$WORK/evil.so" "$ROOTFS/lib/libnss_evil.so.2"
	update_config '.process.env += ["LD_PRELOAD=/lib/libc.so.6"]'
	set_args /bin/probe sleep 1000
	run_detached
	[ ! -s "$WORK/stdout" ] || fail_test "output of a constructor"
	exec_in /bin/probe out fine
	equals "$output" fine
	succeeds bulkhead exec --user 1000 "$ID" /bin/probe out fine
	equals "$output" fine
	[ ! -e "$ROOTFS/pwned" ]
	[ ! -e /pwned ]
}

@test "no file of the runtime is setuid or has capabilities" {
	[ ! -u "$BULKHEAD" ] && [ ! -g "$BULKHEAD" ]
	requires_tool getcap
	equals "$(getcap "$BULKHEAD")" ""
}

# --- what leaks in ------------------------------------------------------------------------------

# Tries the working directory through descriptors that the runtime or its caller may have left open.
@test "CVE-2024-21626: a working directory of /proc/self/fd/N does not reach the host" {
	set_args /bin/sh -c "cat $UP/keep $H/keep > /result 2>&1"
	exec 9<"$H" 17</
	for n in 3 4 5 6 7 8 9 10 11 12 17; do
		update_config '.process.cwd = $c' --arg c "/proc/self/fd/$n"
		attempt
		lacking KEEP
	done
	exec 9<&- 17<&-
	assert_nothing_left
}

@test "CVE-2024-21626: nor does exec --cwd, nor a program named through a descriptor" {
	run_sleeper
	exec 9<"$H" 17</
	for n in 3 4 5 6 7 8 9 10 11 12 17; do
		try bulkhead exec --cwd "/proc/self/fd/$n" "$ID" /bin/cat "$UP/keep"
		ended_well
		lacks "$output" KEEP
		try bulkhead exec "$ID" "/proc/self/fd/$n/../../../../../../bin/cat" "$H/keep"
		ended_well
		[ "$status" != 0 ] || fail_test "a program of the host ran"
		lacks "$output" KEEP
	done
	exec 9<&- 17<&-
}

@test "a working directory outside of the root is refused, not used" {
	# A directory whose parent moves away is one that getcwd cannot name.
	ln -s /proc/self/fd/9 "$ROOTFS/cwd"
	update_config '.process.cwd = "/cwd"'
	set_args /bin/sh -c 'pwd > /result'
	exec 9<"$H"
	attempt
	exec 9<&-
	[ "$status" != 0 ] || fail_test "should be refused"
	lacking "$H"
}

@test "only standard input, output and error are open in the container, whatever the caller left open" {
	set_args /bin/sh -c 'exec /bin/probe fds > /result'
	exec 9<"$H" 17<"$H/keep" 200<"$H"
	attempt
	exec 9<&- 17<&- 200<&-
	equals "$(cut -d' ' -f1 "$ROOTFS/result" | tr '\n' ' ')" "0 1 2 "
}

@test "the same for exec" {
	run_sleeper
	exec 9<"$H" 17<"$H/keep" 200<"$H"
	exec_in /bin/probe fds
	exec 9<&- 17<&- 200<&-
	equals "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" "0 1 2 "
}

@test "control: --preserve-fds 1 leaves one more, and the probe sees it" {
	set_args /bin/sh -c 'exec /bin/probe fds > /result'
	"$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" --preserve-fds 1 "$ID" 3<"$H/keep" \
		</dev/null >/dev/null
	equals "$(cut -d' ' -f1 "$ROOTFS/result" | tr '\n' ' ')" "0 1 2 3 "
}

@test "the waiting init has no descriptor of a directory or file of the host" {
	differs_at vm "who stands for the container on the host is a process of the host's"
	set_args /bin/true
	exec 9<"$H" 17<"$H/keep"
	create
	exec 9<&- 17<&-
	pid=$(state_field .pid)
	# shellcheck disable=SC2231
	for fd in /proc/$pid/fd/*; do
		number=${fd##*/}
		[ "$number" -gt 2 ] || continue
		target=$(readlink "$fd") || continue
		case $(stat -L -c %F "$fd"):$target in
		*:/memfd:*) ;;
		directory:* | regular*:* | block*:*) fail_test "descriptor $number of the waiting init is $target" ;;
		esac
	done
	equals "$(stat -L -c %d:%i "/proc/$pid/root/.")" "$(stat -c %d:%i "$ROOTFS")"
}

@test "the caller's supplementary groups do not come along" {
	set_args /bin/sh -c 'exec /bin/probe ids > /result'
	succeeds setpriv --groups 4,27,100 "$CACHE/attack" cage "$WORK" "$RUNTIME" --root "$STATE" run \
		--bundle "$BUNDLE" "$ID"
	equals "$(result)" "uid=0 euid=0 suid=0 gid=0 egid=0 sgid=0 groups="
}

@test "nor into exec" {
	run_sleeper
	succeeds setpriv --groups 4,27,100 "$CACHE/attack" cage "$WORK" "$RUNTIME" --root "$STATE" exec \
		"$ID" /bin/probe ids
	equals "$output" "uid=0 euid=0 suid=0 gid=0 egid=0 sgid=0 groups="
}

@test "the caller's environment does not come along" {
	export SECRETVAR=leak
	set_args /bin/sh -c '/bin/probe env > /result; sleep 1000'
	run_detached
	wait_for test -s "$ROOTFS/result"
	lacking SECRETVAR leak
	exec_in /bin/probe env
	lacks "$output" leak
}

@test "control: the probe sees a variable that is asked for" {
	update_config '.process.env += ["SECRETVAR=wanted"]'
	in_container /bin/probe env
	contains "$output" SECRETVAR=wanted
}

@test "the container has a session keyring of its own, and exec joins it" {
	caller=$("$CACHE/probe" keyring) || skip "no keyrings here"
	set_args /bin/sh -c '/bin/probe keyring > /result; sleep 1000'
	run_detached
	wait_for test -s "$ROOTFS/result"
	[ "$(result)" != "$caller" ] || fail_test "the caller's keyring"
	exec_in /bin/probe keyring
	equals "${output%% *}" "$(result | cut -d' ' -f1)"
}

@test "control: TIOCSTI pushes input into one's own terminal" {
	try "$CACHE/console" pty "$CACHE/probe" push-input
	contains "$output" PUSHED
}

@test "CVE-2017-5226: the program cannot push input into the caller's terminal" {
	set_args /bin/sh -c '/bin/probe push-input > /result; /bin/probe session >> /result'
	attempt_tty
	lacking PUSHED
	contains "$(result)" "tty="
}

@test "CVE-2017-5226: with a terminal of its own it reaches only that" {
	update_config '.process.terminal = true'
	set_args /bin/sh -c 'exec 3> /result; /bin/probe session >&3; readlink /proc/self/fd/0 >&3'
	attempt_tty
	contains "$(result)" "pid="
	contains "$(result)" "sid=1"
}

@test "CVE-2017-5226: exec cannot push input into the caller's terminal either" {
	run_sleeper
	try "$CACHE/console" pty timeout 30 "$RUNTIME" --root "$STATE" exec "$ID" \
		/bin/sh -c '/bin/probe push-input > /result; /bin/probe syscall 16 0 0x541c x >> /result'
	lacking PUSHED ok
	contains "$(result)" "0 E"
}

# --- mount targets ------------------------------------------------------------------------------

# bind_at DESTINATION [SOURCE]
bind_at()
{
	add_mount "$(jq -n --arg d "$1" --arg s "${2:-$ROOTFS/tmp}" \
		'{destination: $d, source: $s, type: "bind", options: ["rbind", "rw"]}')"
}

@test "CVE-2015-1335: a mount's destination that is a link to the host" {
	ln -s "$H/new" "$ROOTFS/etc/rc"
	bind_at /etc/rc
	attempt
	host_unchanged
}

@test "CVE-2015-1335: a mount's destination below a link to the host" {
	ln -s "$H/dir" "$ROOTFS/etc/rd"
	bind_at /etc/rd/sub
	attempt
	host_unchanged
}

@test "CVE-2015-1335: the same with links that climb" {
	ln -s "$UP/new" "$ROOTFS/etc/rc"
	ln -s "$UP/dir" "$ROOTFS/etc/rd"
	bind_at /etc/rc
	bind_at /etc/rd/sub
	add_mount '{"destination": "/etc/rd/file/deep", "type": "tmpfs", "source": "tmpfs"}'
	attempt
	host_unchanged
}

@test "a file bound over a link to a file of the host" {
	ln -s "$UP/keep" "$ROOTFS/etc/hosts"
	echo other >"$WORK/other"
	bind_at /etc/hosts "$WORK/other"
	attempt
	host_unchanged
}

@test "a destination with '..' stays inside" {
	for up in .. ../../../../../../..; do
		bind_at "/$up$H/inside"
		attempt
		host_unchanged
	done
}

for_proc_link()
{
	rmdir "$ROOTFS$1"
	mkdir -p "$ROOTFS/bad"
	ln -s "$2" "$ROOTFS$1"
	set_args /bin/sh -c 'echo ran > /result'
	attempt
	[ "$status" != 0 ] || fail_test "should be refused"
	lacking ran
	host_unchanged
	assert_nothing_left
}

@test "CVE-2019-19921: /proc of the image is a link" {
	for_proc_link /proc /bad
}

@test "CVE-2019-19921: /sys of the image is a link" {
	for_proc_link /sys /bad
}

@test "CVE-2023-27561: /proc of the image is a link that climbs" {
	for_proc_link /proc "../../../../../bad"
}

@test "CVE-2023-28642: /proc of the image is a link to the host's directory" {
	for_proc_link /proc "$H/dir"
}

# A volume in which $1 and $2 change places all the time.
swap()
{
	"$CACHE/attack" swap "$1" "$2" >"$WORK/swap" 2>&1 3>&- &
	helper_process $!
	wait_for file_has "$WORK/swap" swapping
}

@test "CVE-2021-30465, CVE-2024-45310: destinations in a volume where names are exchanged" {
	mkdir -p "$WORK/vol/a/x"
	ln -s "$H" "$WORK/vol/b"
	bind_at /vol "$WORK/vol"
	bind_at /vol/a/x/y
	add_mount '{"destination": "/vol/a/x/z", "type": "tmpfs", "source": "tmpfs"}'
	swap "$WORK/vol/a" "$WORK/vol/b"
	for ((i = 0; i < RACE_ROUNDS; i++)); do
		attempt
		host_unchanged
	done
}

@test "CVE-2021-30465: the same with links that climb" {
	mkdir -p "$WORK/vol/a"
	ln -s "$UP/dir" "$WORK/vol/b"
	bind_at /vol "$WORK/vol"
	bind_at /vol/a/new/deep
	swap "$WORK/vol/a" "$WORK/vol/b"
	for ((i = 0; i < RACE_ROUNDS; i++)); do
		attempt
		host_unchanged
	done
}

@test "a read-only path in a volume where names are exchanged is read-only or refused" {
	differs_at vm "a guest loses what is mounted on a shared directory that somebody else renames"
	mkdir -p "$WORK/vol/a/ro" "$WORK/vol/b/ro"
	bind_at /vol "$WORK/vol"
	update_config '.linux.readonlyPaths += ["/vol/a/ro"]'
	swap "$WORK/vol/a" "$WORK/vol/b"
	for ((i = 0; i < RACE_ROUNDS; i++)); do
		# Names move between the two writes too, so both are tried often; each round has a file of its own.
		set_args /bin/sh -c "for _ in 1 2 3 4; do : > /vol/a/ro/$i; : > /vol/b/ro/$i; done 2>/dev/null"
		attempt
		[ "$(cd "$WORK/vol" && find . . . . -name "$i" -printf "%i\\n" | sort -u | wc -l)" -lt 2 ] || fail_test "both were writable"
	done
}

@test "a masked directory in a volume where names are exchanged is masked or refused" {
	differs_at vm "a guest loses what is mounted on a shared directory that somebody else renames"
	mkdir -p "$WORK/vol/a/secret" "$WORK/vol/b/secret"
	echo SECRET-1 >"$WORK/vol/a/secret/s"
	echo SECRET-2 >"$WORK/vol/b/secret/s"
	bind_at /vol "$WORK/vol"
	update_config '.linux.maskedPaths += ["/vol/a/secret"]'
	set_args /bin/sh -c 'for _ in 1 2 3 4 5 6; do cat /vol/?/secret/s; done > /result'
	swap "$WORK/vol/a" "$WORK/vol/b"
	for ((i = 0; i < RACE_ROUNDS; i++)); do
		attempt
		[ "$(result | sort -u | grep -c SECRET)" -lt 2 ] || fail_test "neither was masked"
	done
}

# --- /dev, the console and standard input -------------------------------------------------------

@test "control: a createContainer hook changes what the container sees" {
	create_hook 'echo seen > "$ROOT/dev/by-hook"'
	in_container /bin/cat /dev/by-hook
	equals "$output" seen
}

# mask_attack SCRIPT: the hook does something to /dev/null before /secret is masked.
mask_attack()
{
	echo SECRET >"$ROOTFS/secret"
	echo CANARY >"$ROOTFS/canary"
	update_config '.linux.maskedPaths += ["/secret"]'
	create_hook "$1"
	set_args /bin/sh -c '/bin/probe stat /secret > /result
		[ -p /secret ] || head -c 99 /secret >> /result; [ -p /secret ] || echo PAYLOAD > /secret'
	attempt
	lacking SECRET FAKE CANARY
	[ -z "$(result)" ] || contains "$(result)" "/secret char 0666 0:0 1:3"
	equals "$(cat "$ROOTFS/canary")" CANARY
	equals "$(cat "$ROOTFS/secret")" SECRET
}

@test "CVE-2025-31133: masking when /dev/null is a link to another file" {
	mask_attack 'rm -f "$ROOT/dev/null"; ln -s /canary "$ROOT/dev/null"'
}

@test "CVE-2025-31133: masking when /dev/null is missing" {
	mask_attack 'rm -f "$ROOT/dev/null"'
}

@test "CVE-2025-31133: masking when /dev/null is a regular file" {
	mask_attack 'rm -f "$ROOT/dev/null"; echo FAKE > "$ROOT/dev/null"'
}

@test "CVE-2025-31133: masking when /dev/null is a pipe" {
	mask_attack 'rm -f "$ROOT/dev/null"; mkfifo "$ROOT/dev/null"'
}

@test "CVE-2025-31133: masking when /dev/null is another device" {
	mask_attack 'rm -f "$ROOT/dev/null"; mknod "$ROOT/dev/null" c 1 5'
}

@test "control: masking works without an attack" {
	echo SECRET >"$ROOTFS/secret"
	mkdir "$ROOTFS/secrets"
	echo SECRET >"$ROOTFS/secrets/file"
	update_config '.linux.maskedPaths += ["/secret", "/secrets"]'
	set_args /bin/sh -c 'cat /secret > /result; ls /secrets >> /result; /bin/probe stat /secret >> /result'
	attempt
	equals "$status" 0
	lacking SECRET file
	contains "$(result)" "char 0666 0:0 1:3"
}

@test "CVE-2025-52565: /dev/console becomes a link between set-up and use" {
	echo CANARY >"$ROOTFS/canary"
	update_config '.process.terminal = true'
	create_hook 'rm -f "$ROOT/dev/console"; ln -s /canary "$ROOT/dev/console"'
	set_args /bin/sh -c 'echo PAYLOAD > /dev/console; echo end > /result'
	attempt_tty
	[ "$(stat -c %s "$ROOTFS/canary")" -ge 7 ] || fail_test "truncated"
	contains "$(cat "$ROOTFS/canary")" CANARY
}

@test "CVE-2025-52565: the terminal's name is taken from a false /dev/pts" {
	echo CANARY >"$ROOTFS/canary"
	update_config '.process.terminal = true'
	create_hook 'mount -t tmpfs tmpfs "$ROOT/dev/pts"
		for n in 0 1 2 3 4 5 6 7; do ln -s /canary "$ROOT/dev/pts/$n"; done
		ln -s /canary "$ROOT/dev/pts/ptmx"'
	set_args /bin/sh -c 'echo PAYLOAD > /dev/console; echo end > /result'
	attempt_tty
	equals "$(cat "$ROOTFS/canary")" CANARY
}

@test "CVE-2026-41579: /dev of the image is a link to the host and nothing is mounted there" {
	drop_mounts /dev /dev/pts /dev/shm
	for target in "$H" "$UP"; do
		rm -rf "$ROOTFS/dev"
		ln -s "$target" "$ROOTFS/dev"
		attempt
		host_unchanged
	done
}

@test "CVE-2026-88264: /dev/console of the image is a link, with a terminal" {
	drop_mounts /dev /dev/pts /dev/shm
	for target in "$H/new" "$UP/new" "$UP/keep"; do
		ln -sf "$target" "$ROOTFS/dev/console"
		update_config '.process.terminal = true'
		attempt_tty
		host_unchanged
		update_config '.process.terminal = false'
		attempt
		host_unchanged
	done
}

null_attack()
{
	drop_mounts /dev /dev/pts /dev/shm
	echo CANARY >"$ROOTFS/canary"
	update_config '.process.user = {uid: 1234, gid: 1234}'
	set_args /bin/sh -c 'echo PAYLOAD; echo PAYLOAD >&2; /bin/true'
	rm -f "$ROOTFS/dev/null"
	"$@"
	attempt
	equals "$(cat "$ROOTFS/canary")" CANARY
	equals "$(stat -c %u:%g "$ROOTFS/canary")" 0:0
	# And where the three are the host's /dev/null, as for a detached container.
	bulkhead run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || true
	equals "$(cat "$ROOTFS/canary")" CANARY
	equals "$(stat -c %u:%g "$ROOTFS/canary")" 0:0
	equals "$(stat -c %t:%T:%u /dev/null)" 1:3:0
}

@test "CVE-2026-88265: /dev/null of the image is a link to a file" {
	null_attack ln -s /canary "$ROOTFS/dev/null"
}

@test "CVE-2026-88265: /dev/null of the image is a link to a file of the host" {
	null_attack ln -s "$UP/keep" "$ROOTFS/dev/null"
	host_unchanged
}

@test "CVE-2026-88265: /dev/null of the image is a regular file" {
	null_attack ln "$ROOTFS/canary" "$ROOTFS/dev/null"
}

@test "a device's path through a link to the host" {
	ln -s "$H/dir" "$ROOTFS/lnk"
	for path in /lnk/x "/../$UP/x" "/../../x"; do
		update_config '.linux.devices = [{path: $p, type: "c", major: 1, minor: 3, fileMode: 438}]' \
			--arg p "$path"
		attempt
		host_unchanged
	done
	[ ! -e "$WORK/x" ] && [ ! -e "$BUNDLE/x" ]
}

@test "a device's path that is an existing file is not replaced" {
	before=$(cat "$ROOTFS/etc/passwd")
	update_config '.linux.devices = [{path: "/etc/passwd", type: "c", major: 1, minor: 3}]'
	attempt
	[ -f "$ROOTFS/etc/passwd" ]
	equals "$(cat "$ROOTFS/etc/passwd")" "$before"
}

# --- false procfs and sysfs ---------------------------------------------------------------------

@test "CVE-2015-1334: exec does not trust the container's /proc" {
	add_caps CAP_SYS_ADMIN
	update_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 321, hard: 321}]'
	set_args /bin/sh -c 'mount -t tmpfs none /proc && mkdir -p /proc/self/attr /proc/self/fd /proc/1/ns \
		/proc/thread-self/attr /proc/sys/kernel &&
		for f in self/attr/exec self/attr/current self/status self/cgroup self/uid_map self/oom_score_adj \
			self/loginuid thread-self/attr/exec sys/kernel/cap_last_cap sys/kernel/overflowuid; do
			echo 0 > /proc/$f; done
		echo ready > /result; exec sleep 1000'
	run_detached
	wait_for file_has "$ROOTFS/result" ready
	try bulkhead exec "$ID" /bin/probe caps
	ended_well
	if [ "$status" != 0 ]; then
		return 0 # refused for want of a real /proc
	fi
	contains "$output" "bounding=0000000020200420"
	contains "$output" "effective=0000000020200420"
	exec_in /bin/probe nnp
	equals "$output" 1
	exec_in /bin/probe rlimits NOFILE
	equals "$output" "NOFILE 321 321"
	exec_in /bin/sh -c 'cat /proc/self/*/* /proc/self/* /proc/thread-self/attr/* /proc/sys/kernel/* 2>&-; true'
	equals "$(tr -d '\n0' <<<"$output")" ""
	exec_in /bin/sh -c 'find /proc | wc -l'
	equals "$output" 20
}

over_proc()
{
	mkdir -p "$ROOTFS/fake"
	if [ "$2" = tmpfs ]; then
		add_mount "{\"destination\": \"$1\", \"type\": \"tmpfs\", \"source\": \"tmpfs\"}"
	else
		bind_at "$1" "$ROOTFS/fake"
	fi
	attempt
	[ "$status" != 0 ] || fail_test "a mount over $1 should be refused"
	assert_nothing_left
}

@test "CVE-2019-16884: a volume over /proc" {
	over_proc /proc bind
}

@test "CVE-2019-16884: a volume over /proc/self" {
	over_proc /proc/self bind
}

@test "CVE-2019-16884: a volume over /proc/sys/kernel" {
	over_proc /proc/sys/kernel bind
}

@test "CVE-2019-16884: a volume over /proc/self/attr" {
	over_proc /proc/self/attr bind
}

@test "CVE-2019-16884: a tmpfs over /proc/self/attr" {
	over_proc /proc/self/attr tmpfs
}

@test "CVE-2019-16884: a volume over the init's directory" {
	over_proc /proc/1 bind
	over_proc /proc/1 tmpfs
}

@test "CVE-2019-16884: a tmpfs over /proc named with '..'" {
	over_proc /sys/../proc/./self/attr tmpfs
}

@test "CVE-2019-16884: a volume at a link of the image that leads into /proc" {
	local target
	ln -s /proc "$ROOTFS/data"
	ln -s ../../../proc/sys/kernel "$ROOTFS/deep"
	ln -s /plain "$ROOTFS/honest"
	mkdir -p "$ROOTFS/plain" "$ROOTFS/fake"
	cp "$CONFIG" "$CONFIG.plain"
	for target in "/data bind" "/data tmpfs" "/data/self/attr tmpfs" "/deep bind"; do
		cp "$CONFIG.plain" "$CONFIG"
		# shellcheck disable=SC2086
		over_proc $target
	done
	cp "$CONFIG.plain" "$CONFIG"
	bind_at /honest "$ROOTFS/fake"
	attempt
	equals "$status" 0
}

@test "CVE-2025-52881: a sysctl is not written to a file put over it" {
	echo CANARY >"$ROOTFS/canary"
	update_config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "7"}'
	create_hook 'mount --bind "$ROOT/canary" "$ROOT/proc/sys/net/ipv4/ip_unprivileged_port_start"'
	attempt
	equals "$(cat "$ROOTFS/canary")" CANARY
}

@test "CVE-2025-52881: a sysctl is not written to another file of procfs put over it" {
	update_config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "7"}'
	create_hook 'mount --bind "$ROOT/proc/sys/kernel/domainname" \
		"$ROOT/proc/sys/net/ipv4/ip_unprivileged_port_start"'
	set_args /bin/sh -c 'cat /proc/sys/kernel/domainname > /result'
	attempt
	[ "$(result)" != 7 ] || fail_test "the sysctl went to the domain name"
}

@test "control: the sysctl is set where nothing is put over it" {
	update_config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "7"}'
	in_container /bin/cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	equals "$output" 7
}

@test "an AppArmor label is applied, also by exec" {
	requires_apparmor
	update_config '.process.apparmorProfile = "unconfined"'
	set_args /bin/sh -c 'cat /proc/self/attr/current > /result; sleep 1000'
	run_detached
	wait_for file_has "$ROOTFS/result" unconfined
	exec_in /bin/cat /proc/self/attr/current
	contains "$output" unconfined
}

@test "a label that cannot be applied is refused, not left out" {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || skip "AppArmor is there"
	update_config '.process.apparmorProfile = "docker-default"'
	set_args /bin/sh -c 'echo ran > /result'
	attempt
	[ "$status" != 0 ] || fail_test "should be refused"
	lacking ran
}

@test "masked and read-only paths cannot be undone from inside" {
	add_caps CAP_DAC_OVERRIDE
	echo SECRET >"$ROOTFS/secret"
	mkdir -p "$ROOTFS/masked" "$ROOTFS/ro"
	echo SECRET >"$ROOTFS/masked/file"
	echo text >"$ROOTFS/ro/file"
	update_config '.linux.maskedPaths += ["/secret", "/masked"] | .linux.readonlyPaths += ["/ro"]'
	set_args /bin/sh -c '{ cat /secret; cat /masked/file; echo PAYLOAD > /ro/file; echo PAYLOAD > /ro/new
		echo PAYLOAD > /proc/sys/kernel/domainname && echo WRITABLE
		for p in /secret /masked /ro /proc/sys; do /bin/probe umount $p; done; } > /result 2>&1'
	attempt
	lacking SECRET UNMOUNTED WRITABLE
	equals "$(cat "$ROOTFS/ro/file")" text
	[ ! -e "$ROOTFS/ro/new" ]
	equals "$(result | grep -c EPERM)" 4
}

@test "control: with the right to unmount, the mask can be lifted and the probe does it" {
	add_caps CAP_SYS_ADMIN
	echo SECRET >"$ROOTFS/secret"
	update_config '.linux.maskedPaths += ["/secret"]'
	set_args /bin/sh -c '{ /bin/probe umount /secret; cat /secret; } > /result'
	attempt
	contains "$(result)" UNMOUNTED
	contains "$(result)" SECRET
}

sysctl_refused()
{
	before=$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sys/fs/file-max)
	update_config '.linux.sysctl = {($k): $v}' --arg k "$1" --arg v "$2"
	attempt
	[ "$status" != 0 ] || fail_test "sysctl $1 should be refused"
	after=$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/swappiness /proc/sys/fs/file-max)
	equals "$after" "$before"
	assert_nothing_left
}

@test "CVE-2022-0811: a sysctl of the whole host is refused" {
	sysctl_refused kernel.core_pattern "$(cat /proc/sys/kernel/core_pattern)"
	sysctl_refused vm.swappiness "$(cat /proc/sys/vm/swappiness)"
	sysctl_refused kernel.panic "$(cat /proc/sys/kernel/panic)"
}

@test "CVE-2022-0811: a sysctl's name that climbs is refused" {
	value=$(cat /proc/sys/kernel/core_pattern)
	for key in net.ipv4/../../kernel/core_pattern net/../kernel/core_pattern \
		kernel.domainname/../core_pattern net/ipv4/../../kernel/core_pattern; do
		sysctl_refused "$key" "$value"
	done
	sysctl_refused fs.mqueue/../file-max "$(cat /proc/sys/fs/file-max)"
}

@test "CVE-2022-0811: a sysctl of a namespace that is not the container's own is refused" {
	update_config '.linux.namespaces |= map(select(.type != "network"))'
	sysctl_refused net.ipv4.ip_forward "$(cat /proc/sys/net/ipv4/ip_forward)"
	update_config '.linux.namespaces |= map(select(.type != "ipc"))'
	sysctl_refused kernel.msgmax "$(cat /proc/sys/kernel/msgmax)"
}

@test "CVE-2022-0811: a sysctl's value cannot smuggle another" {
	core=$(cat /proc/sys/kernel/core_pattern)
	for value in $'1\nkernel.core_pattern=|/evil' '1+kernel.core_pattern=|/evil' $'1\n'; do
		update_config '.linux.sysctl = {"net.ipv4.ip_forward": $v}' --arg v "$value"
		attempt
	done
	equals "$(cat /proc/sys/kernel/core_pattern)" "$core"
}

# --- who the program is -------------------------------------------------------------------------

@test "CVE-2016-8867: an ordinary user gets no ambient or effective capabilities unasked" {
	update_config '.process.user = {uid: 1000, gid: 1000} |
		.process.capabilities = {bounding: ["CAP_KILL"]}'
	in_container /bin/probe caps
	contains "$output" "ambient=0000000000000000"
	contains "$output" "effective=0000000000000000"
	contains "$output" "permitted=0000000000000000"
	contains "$output" "bounding=0000000000000020"
}

@test "the capability sets are exactly those asked for" {
	in_container /bin/probe caps
	equals "$output" "bounding=0000000020000420
effective=0000000020000420
permitted=0000000020000420
inheritable=0000000000000000
ambient=0000000000000000"
}

@test "CVE-2022-29162: exec --cap fills no inheritable set" {
	run_sleeper
	succeeds bulkhead exec --cap CAP_KILL "$ID" /bin/probe caps
	contains "$output" "inheritable=0000000000000000"
	contains "$output" "ambient=0000000000000000"
}

@test "exec without --cap has the sets of the container, with it one more" {
	run_sleeper
	exec_in /bin/probe caps
	contains "$output" "bounding=0000000020000420"
	contains "$output" "effective=0000000020000420"
	contains "$output" "inheritable=0000000000000000"
	succeeds bulkhead exec --cap CAP_SYS_CHROOT "$ID" /bin/probe caps
	contains "$output" "bounding=0000000020040420"
	contains "$output" "effective=0000000020040420"
	contains "$output" "permitted=0000000020040420"
	contains "$output" "inheritable=0000000000000000"
}

@test "exec as an ordinary user has no capabilities" {
	run_sleeper
	succeeds bulkhead exec --user 1000:1000 "$ID" /bin/probe caps
	contains "$output" "effective=0000000000000000"
	contains "$output" "ambient=0000000000000000"
}

setuid_probe()
{
	cp "$ROOTFS/bin/probe" "$ROOTFS/bin/suid"
	chmod 4755 "$ROOTFS/bin/suid"
	update_config '.process.user = {uid: 1000, gid: 1000}'
}

@test "control: a setuid program works without noNewPrivileges" {
	setuid_probe
	update_config '.process.noNewPrivileges = false'
	in_container /bin/suid ids
	contains "$output" "euid=0"
}

@test "noNewPrivileges holds for run and exec: a setuid program gains nothing" {
	setuid_probe
	set_args /bin/sh -c '/bin/suid ids > /tmp/result; /bin/suid nnp >> /tmp/result; exec sleep 1000'
	run_detached
	wait_for file_has "$ROOTFS/tmp/result" uid
	wait_for grep -qx 1 "$ROOTFS/tmp/result"
	contains "$(cat "$ROOTFS/tmp/result")" "uid=1000 euid=1000"
	exec_in /bin/suid ids
	contains "$output" "uid=1000 euid=1000"
	exec_in /bin/suid nnp
	equals "$output" 1
}

@test "CVE-2016-3697: a number stays a number, whatever the image's passwd says" {
	printf '1000:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\n' >"$ROOTFS/etc/passwd"
	run_sleeper
	succeeds bulkhead exec --user 1000 "$ID" /bin/probe ids
	contains "$output" "uid=1000 euid=1000"
	update_config '.process.user = {uid: 1000, gid: 0}'
	new_id
	mkdir "$WORK/second"
	jq '.linux.cgroupsPath = $c | .root.path = $r | .process.args = ["/bin/probe", "ids"]' --arg c "/$NEW" \
		--arg r "$ROOTFS" "$CONFIG" >"$WORK/second/config.json"
	succeeds bulkhead run --bundle "$WORK/second" "$NEW"
	contains "$output" "uid=1000 euid=1000"
}

@test "exec --user takes UID and UID:GID" {
	run_sleeper
	succeeds bulkhead exec --user 1 "$ID" /bin/probe ids
	contains "$output" "uid=1 euid=1 suid=1 gid=0"
	succeeds bulkhead exec --user 1:2 "$ID" /bin/probe ids
	contains "$output" "uid=1 euid=1 suid=1 gid=2 egid=2"
}

@test "CVE-2026-30892: exec --user refuses everything that is no plain number" {
	run_sleeper
	for user in : :1 1: a 1a -1 1:-1 0x0 ' 1' '1 ' 1:2:3 1.0; do
		try bulkhead exec --user "$user" "$ID" /bin/probe ids
		ended_well
		[ "$status" != 0 ] || fail_test "exec --user '$user' should be refused"
		lacks "$output" uid=
	done
}

@test "CVE-2026-30892: exec --user refuses numbers that do not fit" {
	run_sleeper
	for user in 4294967295 4294967296 18446744073709551615 18446744073709551616 \
		99999999999999999999999 1:4294967295 1:4294967296; do
		try bulkhead exec --user "$user" "$ID" /bin/probe ids
		ended_well
		[ "$status" != 0 ] || fail_test "exec --user '$user' should be refused"
		lacks "$output" uid=
	done
}

@test "CVE-2024-40635: a uid in config.json that is no 32-bit number is refused" {
	set_args /bin/sh -c '/bin/probe ids > /result'
	for uid in 4294967295 4294967296 -1 18446744073709551616 1.5 '"0"' '""' 1e30; do
		sed -E "s/\"uid\": *0/\"uid\": $uid/" "$CONFIG" >"$CONFIG.new"
		cp "$CONFIG" "$CONFIG.old"
		mv "$CONFIG.new" "$CONFIG"
		attempt
		[ "$status" != 0 ] || fail_test "uid $uid should be refused"
		lacking uid=
		mv "$CONFIG.old" "$CONFIG"
	done
	assert_nothing_left
}

@test "exec's process has the container's limits, not the runtime's" {
	update_config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88},
			{type: "RLIMIT_CORE", soft: 0, hard: 0}] |
		.process.oomScoreAdj = 123 | .process.user.umask = 31 |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["sethostname"], action: "SCMP_ACT_ERRNO", errnoRet: 42}]}'
	script='probe rlimits NOFILE; probe rlimits CORE; probe oom; probe umask; probe nnp; probe caps
		probe status Seccomp; probe cgroup; probe namespaces; probe securebits; probe signals'
	set_args /bin/sh -c "{ $script; } > /result; echo end >> /result; exec sleep 1000"
	run_detached
	wait_for file_has "$ROOTFS/result" end
	ulimit -n 1000
	umask 0
	exec_in /bin/sh -c "$script; echo end"
	diff <(echo "$output") "$ROOTFS/result" || fail_test "exec and init differ"
	contains "$output" "NOFILE 77 88"
	contains "$output" "0037"
	contains "$output" 123
}

# --- names that become paths --------------------------------------------------------------------

@test "an id cannot be a path: nothing outside the state directory is touched" {
	mkdir -p "$STATE" "$WORK/victim"
	echo KEEP >"$WORK/victim/file"
	for id in . .. ../victim ../../victim "$WORK/victim" a/b ./x '' $'a\nb' 'a b' 'a%b' a:b; do
		for command in "run --bundle $BUNDLE" "delete --force" "delete" kill start state pause ps; do
			# shellcheck disable=SC2086
			try bulkhead $command "$id"
			ended_well
			[ -f "$WORK/victim/file" ] || fail_test "$command '$id' removed the victim"
			[ "$status" != 0 ] || fail_test "$command '$id' should be refused"
		done
	done
	equals "$(cat "$WORK/victim/file")" KEEP
	equals "$(find "$WORK/victim" | wc -l)" 2
}

@test "a state directory's entry that is a link is not followed by delete" {
	mkdir -p "$STATE" "$WORK/victim"
	echo KEEP >"$WORK/victim/file"
	ln -s "$WORK/victim" "$STATE/$ID"
	try bulkhead delete --force "$ID"
	ended_well
	[ -f "$WORK/victim/file" ] || fail_test "the victim was removed"
	rm -f "$STATE/$ID"
}

@test "CVE-2025-24965: no file of ours is written into the image: links at the names we might use" {
	for name in .krun_config.json .bulkhead etc/resolv.conf etc/hostname etc/hosts etc/mtab \
		dev/console dev/ptmx run/secrets run/notify .dockerenv run/.containerenv; do
		mkdir -p "$(dirname "$ROOTFS/$name")"
		ln -sf "$UP/new" "$ROOTFS/$name"
	done
	drop_mounts /dev /dev/pts /dev/shm
	attempt
	host_unchanged
	ln -sf "$H/new" "$ROOTFS/.krun_config.json"
	attempt
	host_unchanged
}

@test "what run leaves in the image: only mount points" {
	before=$(cd "$ROOTFS" && find . | sort)
	in_container /bin/true
	equals "$(cd "$ROOTFS" && find . | sort)" "$before"
}

@test "a cgroup path that climbs stays in the hierarchy" {
	for path in "/../../../..$H/cg" "../../../../../..$H/cg" "/a/../../../../../$H/cg"; do
		update_config '.linux.cgroupsPath = $p' --arg p "$path"
		attempt
		host_unchanged
		[ ! -e "$H/cg" ]
	done
	find /sys/fs/cgroup -depth -type d -path "*bht*" -exec rmdir {} \; 2>/dev/null || true
}

@test "CVE-2016-9962's cousin: exec --cgroup cannot leave the container's cgroup" {
	run_sleeper
	for path in ../../ .. ../ /.. a/../../..; do
		try bulkhead exec --cgroup "$path" "$ID" /bin/probe cgroup
		ended_well
		[ "$status" != 0 ] || fail_test "exec --cgroup '$path' should be refused"
	done
}

@test "CVE-2021-43784: fields of absurd length are applied exactly or refused" {
	long=$(head -c 70000 /dev/zero | tr '\0' x)
	apply()
	{
		cp "$CONFIG" "$CONFIG.old"
		jq --rawfile x <(printf %s "$long") "$1" "$CONFIG.old" >"$CONFIG"
		attempt
		[ "$status" != 0 ] || fail_test "should be refused: $1"
		mv "$CONFIG.old" "$CONFIG"
	}
	apply '.linux.namespaces |= map(if .type == "network" then .path = "/" + $x else . end)'
	apply '.hostname = $x'
	apply '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=" + $x]}]'
	apply '.mounts += [{destination: ("/" + $x), type: "tmpfs", source: "tmpfs"}]'
	apply '.root.path = $x'
	apply '.linux.cgroupsPath = "/" + $x'
	assert_nothing_left
}

@test "CVE-2021-43784: an environment of a megabyte arrives whole" {
	jq '.process.env += [range(16) | "V\(.)=" + ("x" * 65536)]' "$CONFIG" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	in_container /bin/probe env
	equals "$(grep -a ^V "$WORK/stdout" | md5sum)" "$(jq -r '.process.env[]' "$CONFIG" | grep ^V | md5sum)"
}

@test "CVE-2021-43784: an id mapping of 20,000 entries is refused" {
	jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [range(20000) |
		{containerID: ., hostID: (100000 + .), size: 1}] | .linux.gidMappings = .linux.uidMappings' \
		"$CONFIG" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	attempt
	[ "$status" != 0 ] || fail_test "should be refused"
	assert_nothing_left
}

# --- cgroups and devices ------------------------------------------------------------------------

@test "CVE-2022-0492: a cgroup mount with 'ro' is read-only in every line" {
	add_mount '{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
		"options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}'
	set_args /bin/sh -c 'grep " /sys/fs/cgroup.* - cgroup" /proc/self/mountinfo > /result
		mkdir /sys/fs/cgroup/*/x'
	attempt
	contains "$(result)" cgroup
	while read -r _ _ _ _ _ options _; do
		[[ ,$options, == *,ro,* ]] || fail_test "a cgroup mount is writable: $(result)"
	done <"$ROOTFS/result"
}

@test "names of hugepage sizes and unified keys are no paths" {
	update_config '.linux.resources.hugepageLimits = [{pageSize: "../../x", limit: 0}]'
	attempt
	[ "$status" != 0 ] || fail_test "should be refused"
	update_config 'del(.linux.resources.hugepageLimits)'
	for key in ../x/cgroup.procs ../../../../cgroup.procs a/../../b /etc/x; do
		update_config '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		attempt
		[ "$status" != 0 ] || fail_test "unified key $key should be refused"
	done
	update_config '.linux.resources.unified = {"memory.max\n": "1"}'
	attempt
	[ "$status" != 0 ] || fail_test "should be refused"
	assert_nothing_left
}

@test "a device that is not allowed cannot be opened, even with CAP_MKNOD" {
	add_caps CAP_MKNOD CAP_DAC_OVERRIDE CAP_SYS_RAWIO
	set_args /bin/sh -c '/bin/probe device c 1 1 r > /result; /bin/probe device b 200 0 r >> /result
		/bin/probe device c 1 3 w >> /result'
	attempt
	equals "$(result | grep -c EPERM)" 2
	equals "$(tail -1 "$ROOTFS/result")" ok
	# Control: allowed, the one opens and the other has no driver.
	update_config '.linux.resources.devices = [{allow: true, access: "rwm"}]'
	attempt
	lacking EPERM
}

# Random lists of rules, of which the last that matches decides, against what can be opened. The
# devices have no driver: what is allowed fails otherwise than by EPERM. A list may be refused, since
# not every one can be told to cgroup v1, but not misunderstood.
@test "lists of device rules mean what they say" {
	[ "$(id -u)" = 0 ] || skip "must be root"
	add_caps CAP_MKNOD CAP_DAC_OVERRIDE
	set_args /bin/sh -c 'for d in "c 200 0" "c 200 1" "c 201 0" "b 200 0" "b 200 1" "b 201 0"; do
		for w in r w; do
			case $(/bin/probe device $d $w) in EPERM | *": EPERM") echo no ;; *) echo yes ;; esac
		done; done > /result'
	for seed in 1 2 3 4 5 6 7 8; do
		python3 - "$seed" "$CONFIG" "$WORK/expected" <<-'P'
			import json, random, sys
			seed, config, expected = sys.argv[1:]
			r = random.Random(int(seed))
			devices = [("c", 200, 0), ("c", 200, 1), ("c", 201, 0),
			           ("b", 200, 0), ("b", 200, 1), ("b", 201, 0)]
			rules = [{"allow": False, "access": "rwm"}]
			for _ in range(r.randrange(1, 7)):
			    kind, major, minor = r.choice(devices)
			    rule = {"allow": r.random() < 0.6, "type": kind, "access": r.choice(["rwm", "rm", "m", "wm"])}
			    rule["major"] = major
			    if r.random() < 0.7:
			        rule["minor"] = minor
			    if not rule["allow"] and "minor" not in rule:
			        rule["access"] = "rwm"
			    rules.append(rule)
			rules.append({"allow": True, "type": "c", "access": "m"})
			rules.append({"allow": True, "type": "b", "access": "m"})
			document = json.load(open(config))
			document["linux"]["resources"]["devices"] = rules
			json.dump(document, open(config, "w"))
			# Each class of access apart; a rule without minor stands for all of them.
			with open(expected, "w") as out:
			    for kind, major, minor in devices:
			        for access in "rw":
			            allowed = False
			            for rule in rules:
			                if rule.get("type", kind) != kind or access not in rule["access"]:
			                    continue
			                if rule.get("major", major) != major or rule.get("minor", minor) != minor:
			                    continue
			                allowed = rule["allow"]
			            # The open for writing asks for both.
			            out.write(("yes" if allowed else "no") + "\n")
			lines = open(expected).read().split()
			with open(expected, "w") as out:
			    for i in range(0, len(lines), 2):
			        out.write(lines[i] + "\n")
			        out.write(("yes" if lines[i] == lines[i + 1] == "yes" else "no") + "\n")
		P
		attempt
		[ "$status" = 0 ] || continue
		diff "$WORK/expected" "$ROOTFS/result" || fail_test "$(jq -c .linux.resources.devices "$CONFIG")"
	done
}

@test "CVE-2020-15257: no abstract socket while a container is made and runs" {
	create
	! grep -F '@' /proc/net/unix | grep -Fi -e bulkhead -e "$ID"
	start
	! grep -F '@' /proc/net/unix | grep -Fi -e bulkhead -e "$ID"
}

# --- hooks --------------------------------------------------------------------------------------

@test "CVE-2025-23266: hooks get nothing of the container's environment" {
	update_config '.process.env += ["EVIL=1", "LD_PRELOAD=/evil.so"]'
	printf '#!/bin/sh\nenv >> %s/hook-env\ncat > /dev/null\n' "$WORK" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	for kind in prestart createRuntime createContainer poststart poststop; do
		update_config '.hooks[$k] = [{path: $p}]' --arg k "$kind" --arg p "$WORK/hook"
	done
	attempt
	[ -s "$WORK/hook-env" ]
	lacks "$(cat "$WORK/hook-env")" EVIL
	lacks "$(cat "$WORK/hook-env")" LD_PRELOAD
}

@test "a hook that never reads its standard input, with a megabyte of annotations" {
	jq '.annotations = ([range(16) | {key: "a.\(.)", value: ("x" * 65536)}] | from_entries)' \
		"$CONFIG" >"$CONFIG.new"
	mv "$CONFIG.new" "$CONFIG"
	create_hook 'exec sleep 0.2'
	attempt
	equals "$status" 0
	create_hook 'exec 0<&-; exit 0'
	attempt
	equals "$status" 0
	assert_nothing_left
}

# --- exhaustion ---------------------------------------------------------------------------------

@test "CVE-2022-1708: a reader that stops reading does not make run grow" {
	set_args /bin/sh -c 'yes | head -c 200000000'
	mkfifo "$WORK/fifo"
	"$RUNTIME" --root "$STATE" run --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/fifo" 2>/dev/null 3>&- &
	runtime=$!
	helper_process $runtime
	exec 5<"$WORK/fifo"
	head -c 1000 <&5 >/dev/null
	sleep 1
	size=$(awk '/^VmRSS/ { print $2 }' "/proc/$runtime/status")
	[ "${size:-0}" -lt 30000 ] || fail_test "resident: $size KiB"
	# And when the reader goes away, the container ends.
	exec 5<&-
	wait_for has_gone "$runtime"
}

has_gone()
{
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

@test "CVE-2022-1708: nor exec" {
	run_sleeper
	mkfifo "$WORK/fifo"
	"$RUNTIME" --root "$STATE" exec "$ID" /bin/sh -c 'yes | head -c 200000000' </dev/null \
		>"$WORK/fifo" 2>/dev/null 3>&- &
	runtime=$!
	helper_process $runtime
	exec 5<"$WORK/fifo"
	head -c 1000 <&5 >/dev/null
	sleep 1
	size=$(awk '/^VmRSS/ { print $2 }' "/proc/$runtime/status")
	[ "${size:-0}" -lt 30000 ] || fail_test "resident: $size KiB"
	exec 5<&-
	wait_for has_gone "$runtime"
}

# --- where the host forbids what we like to do ------------------------------------------------------

@test "vm.memfd_noexec=2: the launch program is a file that nobody can write to" {
	[ -z "${ISOLATION:-}" ] || skip "ISOLATION is set"
	requires_tool unshare
	[ -e /proc/sys/vm/memfd_noexec ] || skip "this kernel has no vm.memfd_noexec"
	set_args /bin/echo fine
	# The setting is one of the pid namespace, and can only be made stricter there.
	# shellcheck disable=SC2016
	try env BULKHEAD="$BULKHEAD" STATE="$STATE" BUNDLE="$BUNDLE" ID="$ID" \
		unshare --pid --fork --mount-proc timeout -k 5 60 bash -c '
		echo 2 >/proc/sys/vm/memfd_noexec || exit 77
		"$BULKHEAD" --root "$STATE" create --bundle "$BUNDLE" "$ID" </dev/null || exit 3
		pid=$("$BULKHEAD" --root "$STATE" state "$ID" | jq .pid)
		[ "$(readlink "/proc/$pid/exe")" != "$(readlink -f "$BULKHEAD")" ] || exit 4
		! (: >>"/proc/$pid/exe") 2>/dev/null || exit 5
		! chmod 777 "/proc/$pid/exe" 2>/dev/null || exit 6
		"$BULKHEAD" --root "$STATE" start "$ID" || exit 7
		while [ "$("$BULKHEAD" --root "$STATE" state "$ID" | jq -r .status)" != stopped ]; do sleep 0.1; done
		"$BULKHEAD" --root "$STATE" delete "$ID"'
	[ "$status" != 77 ] || skip "the setting cannot be changed here"
	equals "$status" 0
	equals "$output" fine
	assert_nothing_left
}
