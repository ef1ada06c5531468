# Docker in a room: dockerd as Debian packages it, with containerd started by it, data, sockets and
# configuration of its own.
#
# shellcheck shell=bash disable=SC2034,SC2154

ENGINE=docker
ENGINE_PROCESSES="dockerd|containerd"

engine_words()
{
	ENGINE_WORDS=(/usr/bin/docker -H "unix://$ROOM/docker.sock")
}

# The process level by dockerd's option, the vm level by its configuration file, with arguments.
engine_start()
{
	local -a options=()
	mkdir -p "$ROOM/data" "$ROOM/exec"
	if [ -z "$RUNTIME_ARGS" ]; then
		echo '{}' >"$ROOM/daemon.json"
		options=(--add-runtime "bulkhead=$BULKHEAD")
	else
		jq -n --arg path "$BULKHEAD" --arg words "$RUNTIME_ARGS" \
			'{runtimes: {bulkhead: {path: $path, runtimeArgs: ($words / " ")}}}' >"$ROOM/daemon.json"
	fi
	inside dockerd --config-file "$ROOM/daemon.json" "${options[@]}" --default-runtime bulkhead \
		--data-root "$ROOM/data" --exec-root "$ROOM/exec" --pidfile "$ROOM/docker.pid" \
		-H "unix://$ROOM/docker.sock" </dev/null >"$ROOM/dockerd.log" 2>&1 &
	disown -a
	waits engine version || {
		tail -n 30 "$ROOM/dockerd.log"
		return 1
	}
}

engine_ended()
{
	! inside pgrep -x dockerd >/dev/null
}

engine_stop()
{
	[ ! -e "$ROOM/docker.pid" ] || inside kill "$(<"$ROOM/docker.pid")"
	waits engine_ended || {
		echo "dockerd does not end"
		return 1
	}
}

engine_remove_all()
{
	local -a ids
	mapfile -t ids < <(engine ps --all --quiet)
	[ ${#ids[@]} = 0 ] || engine rm --force --volumes "${ids[@]}" >/dev/null 2>&1 || true
	engine volume prune --force >/dev/null 2>&1
	engine network prune --force >/dev/null 2>&1
}

engine_state_directories()
{
	printf '%s\n' "$ROOM/exec"/runtime-*/moby
}
