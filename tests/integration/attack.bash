# What the security suite adds to the harness: every command of the runtime runs in a cage, a mount
# namespace in which only the test's directory can be written; and H, a fresh directory of the host
# that no container may change.
#
#   RACE_ROUNDS=N    rounds of each race (default 40; 4 where a machine boots in each)
#   OCI_VERSION=V    for old runtimes that refuse the version of the tests' configuration
#
# shellcheck shell=bash disable=SC2154 # CACHE and the like come from the harness

RACE_ROUNDS=${RACE_ROUNDS:-$(is_vm && echo 4 || echo 40)}

load tool

setup()
{
	setup_container || return 1
	build_tool attack -static || return 1
	cp "$CACHE/attack" "$ROOTFS/bin/attack"
	# The runtime under attack is a copy.
	cp "$BULKHEAD" "$WORK/runtime"
	RUNTIME=$WORK/runtime
	H=$WORK/H
	mkdir -p "$H/dir"
	echo KEEP >"$H/keep"
	echo KEEP >"$H/ptmx"
	chmod 751 "$H/dir"
	BEFORE=$(host_picture)
	# A path out of any directory of the root filesystem to H.
	UP=../../../../../../../../../..$H
	[ -z "${OCI_VERSION:-}" ] || update_config '.ociVersion = $v' --arg v "$OCI_VERSION"
	# Control: without an attack a container runs. Else every attack would seem to be refused.
	set_args /bin/sh -c 'echo control > /result'
	attempt
	[ "$(result)" = control ] || fail_test "control: no container runs"
	rm -f "$ROOTFS/result"
	set_args /bin/true
}

# What H is: names, types, modes, owners, sizes, content.
host_picture()
{
	find "$H" -printf '%P %y %m %U:%G %s %l\n' | sort
	cat "$H/keep" "$H/ptmx" 2>&1
}

host_unchanged()
{
	local after
	after=$(host_picture)
	[ "$after" = "$BEFORE" ] || fail_test "the host's directory changed:" "$after"
	[ "$(sha256sum <"$RUNTIME")" = "$(sha256sum <"$BULKHEAD")" ] || fail_test "the runtime was overwritten"
}

bulkhead()
{
	timeout --foreground -k 5 "$(is_vm && echo 120 || echo 30)" "$CACHE/attack" cage "$WORK" "$RUNTIME" \
		"${LEVEL[@]}" --root "$STATE" "${GLOBALS[@]}" "$@" 3>&-
}

# The last command neither crashed nor hung, whatever else it did.
ended_well()
{
	case $status in
	124 | 125 | 129 | 13[0-9] | 14[0-9]) fail_test "a crash or a hang" ;;
	esac
	if [[ $error == *"panic: "* ]]; then
		fail_test "a crash"
	fi
}

# attempt [OPTION...]: `run` of the bundle, which may be refused or do no harm, but not crash.
attempt()
{
	rm -f "$ROOTFS/result"
	try bulkhead run --bundle "$BUNDLE" "$@" "$ID"
	ended_well
}

# The same on a terminal of its own.
attempt_tty()
{
	rm -f "$ROOTFS/result"
	try "$CACHE/console" pty timeout -k 5 30 "$CACHE/attack" cage "$WORK" "$RUNTIME" --root "$STATE" \
		run --bundle "$BUNDLE" "$ID"
	error+=$output
	ended_well
}

# What the program wrote into the root filesystem; empty when it did not run. Standard output is not
# used: some attacks redirect it.
result()
{
	[ ! -e "$ROOTFS/result" ] || tr -d '\0' <"$ROOTFS/result"
}

# lacking WORD...: the program did not run, or ran without any of the words in its result.
lacking()
{
	local word
	for word in "$@"; do
		[[ $(result) != *"$word"* ]] || fail_test "the container got $word: $(result)"
	done
}

# A hook that runs SCRIPT with ROOT set to the root filesystem in the container's mount namespace.
create_hook()
{
	printf '#!/bin/sh\nROOT=%s\nH=%s\n%s\n' "$ROOTFS" "$H" "$1" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	update_config '.hooks.createContainer = [{path: $p}]' --arg p "$WORK/hook"
}

add_mount()
{
	update_config '.mounts += [$m]' --argjson m "$1"
}

# drop_mounts DESTINATION...
drop_mounts()
{
	local destination
	for destination in "$@"; do
		update_config 'del(.mounts[] | select(.destination == $d))' --arg d "$destination"
	done
}

add_caps()
{
	local cap
	for cap in "$@"; do
		update_config '.process.capabilities |= map_values(. + [$c])' --arg c "$cap"
	done
}
