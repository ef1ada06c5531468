# What engines do: their configurations made fit for this machine, and their way of calling.
#
# shellcheck shell=bash disable=SC2154 # TOP and the like come from the harness

load tool

setup()
{
	setup_container || return 1
	build_tool shim || return 1
}

is_apart()
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# engine_config NAME: tests/data/engines/NAME.json as the bundle's configuration. What the engine had
# prepared is made here (the files that are mounted, relative to the bundle); the cgroup is the test's.
engine_config()
{
	local engine=$BUNDLE/engine holder=$$
	if is_vm; then
		# A guest would take the host's interfaces.
		unshare --net sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
		holder=$!
		helper_process $holder
		wait_for is_apart $holder
	fi
	jq --arg path "/$ID" '.linux.cgroupsPath = $path | del(.hooks) |
		.linux.namespaces |= map(if .path then .path = $net else . end)' --arg net "/proc/$holder/ns/net" \
		"$TOP/tests/data/engines/$1.json" >"$CONFIG"
	mkdir -p "$engine"/{shm,data}
	chmod 1777 "$engine/shm"
	echo "nameserver 192.0.2.1" >"$engine/resolv.conf"
	echo name >"$engine/hostname"
	echo "127.0.0.1 localhost" >"$engine/hosts"
	echo 'engine="test"' >"$engine/.containerenv"
	cp "$ROOTFS/etc/passwd" "$ROOTFS/etc/group" "$engine"
	# Docker's init: runs what follows "--".
	printf '#!/bin/sh\nshift\n"$@"\n' >"$engine/docker-init"
	chmod 755 "$engine/docker-init"
	mkdir -p "$ROOTFS"/{sbin,data,home/user,usr/local/bin}
	if [ "$(jq '.linux.uidMappings // [] | length' "$CONFIG")" -gt 0 ]; then
		chown -R --from=0:0 "$(jq -r '.linux.uidMappings[0].hostID' "$CONFIG"):$(jq -r \
			'.linux.gidMappings[0].hostID' "$CONFIG")" "$ROOTFS" "$engine"
	fi
}

# The runtime as the shim calls it, with a log that must stay one valid error or nothing.
engine()
{
	"$BULKHEAD" "${LEVEL[@]}" --root "$STATE" --log "$WORK/log.json" \
		--log-format json "$@" 3>&-
}

RUNTIME_WORDS=()
engine_words()
{
	RUNTIME_WORDS=("$BULKHEAD" "${LEVEL[@]}" --root "$STATE" --log "$WORK/log.json"
		--log-format json)
}

# shim_run [OPTION...]: create and start under the shim, in the foreground; its words are in `output`.
shim_run()
{
	local console=()
	engine_words
	[ "$(jq .process.terminal "$CONFIG")" != true ] || console=(--console-socket "$WORK/c.sock")
	rm -f "$WORK/c.sock" "$WORK/init.pid"
	try "$CACHE/shim" "$WORK/init.pid" ${console:+"${SHIM_CONSOLE:---late-console}" "$WORK/c.sock"} \
		"${RUNTIME_WORDS[@]}" create --bundle "$BUNDLE" --pid-file "$WORK/init.pid" "${console[@]}" "$@" "$ID" \
		--then "${RUNTIME_WORDS[@]}" start "$ID" 3>&-
}

# The same in the background, with the words in $WORK/shim; SHIM is its pid.
shim_background()
{
	engine_words
	"$CACHE/shim" "$WORK/init.pid" "${RUNTIME_WORDS[@]}" create --bundle "$BUNDLE" --pid-file \
		"$WORK/init.pid" "$@" "$ID" --then "${RUNTIME_WORDS[@]}" start "$ID" </dev/null >"$WORK/shim" 2>&1 3>&- &
	SHIM=$!
	helper_process "$SHIM"
	wait_status running
}

# What the log says: no line, or valid records; the last error's text is printed.
last_error()
{
	jq -rs 'map(select(.level == "error")) | last | .msg // empty' "$WORK/log.json"
}

# The shim's two deletes after the end of a container.
shim_delete()
{
	succeeds engine delete "$ID"
	succeeds engine delete --force "$ID"
	assert_nothing_left
}
