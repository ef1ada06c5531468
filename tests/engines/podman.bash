# Podman in a room: storage and configuration of its own, the runtime by --runtime, its level by
# --runtime-flag; and the same for an ordinary user that only the room knows.
#
# shellcheck shell=bash disable=SC2034,SC2154

ENGINE=podman
ENGINE_PROCESSES="none"
USER_ID=5050

# podman_words CONF STORAGE: the command line with these files.
podman_words()
{
	local flag
	ENGINE_WORDS=(env "CONTAINERS_CONF=$1" "CONTAINERS_STORAGE_CONF=$2" podman --runtime "$BULKHEAD")
	for flag in $RUNTIME_ARGS; do
		ENGINE_WORDS+=(--runtime-flag "${flag#--}")
	done
}

engine_words()
{
	podman_words "$ROOM/containers.conf" "$ROOM/storage.conf"
}

# From here on the engine is the ordinary user's.
user_words()
{
	podman_words "$ROOM/home/containers.conf" "$ROOM/home/storage.conf"
	ENGINE_WORDS=(setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups env -i "HOME=$ROOM/home"
		"XDG_RUNTIME_DIR=/run/user/$USER_ID" "PATH=$PATH" --chdir="$ROOM/home" "${ENGINE_WORDS[@]:1}")
}

# Limits of our own: those that Podman would raise to need a right that is not everywhere.
engine_start()
{
	cat >"$ROOM/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[network]
		network_config_dir = "$ROOM/networks"
	END
	cat >"$ROOM/storage.conf" <<-END
		[storage]
		driver = "overlay"
		graphroot = "$ROOM/store"
		runroot = "/run/containers/storage"
	END
	engine info >/dev/null
}

# The user, known in the room alone.
user_make()
{
	local file
	mkdir -p "$ROOM/etc" "$ROOM/home"
	chown "$USER_ID:$USER_ID" "$ROOM/home"
	grep -v -e '^.network' "$ROOM/containers.conf" >"$ROOM/home/containers.conf"
	for file in passwd group subuid subgid; do
		cat "/etc/$file" >"$ROOM/etc/$file"
	done
	echo "tester:x:$USER_ID:$USER_ID::$ROOM/home:/bin/bash" >>"$ROOM/etc/passwd"
	echo "tester:x:$USER_ID:" >>"$ROOM/etc/group"
	echo "tester:600000:65536" | tee -a "$ROOM/etc/subuid" >>"$ROOM/etc/subgid"
	for file in passwd group subuid subgid; do
		inside mount --bind "$ROOM/etc/$file" "/etc/$file"
	done
	inside install -d -m 700 -o "$USER_ID" -g "$USER_ID" "/run/user/$USER_ID"
	cat >"$ROOM/home/storage.conf" <<-END
		[storage]
		driver = "overlay"
		graphroot = "$ROOM/home/store"
		runroot = "/run/user/$USER_ID/containers"
	END
	user_words
	engine import "$STORE/busybox.tar" bb >/dev/null
	touch "$ROOM/home/used"
	engine_remove_all
}

engine_stop()
{
	:
}

remove_all_of_one()
{
	engine pod rm --force --all --time 0
	engine rm --force --all --time 0 --volumes
	engine volume prune --force
	engine network prune --force
}

engine_remove_all()
{
	engine_words
	remove_all_of_one >/dev/null 2>&1
	if [ -e "$ROOM/home/used" ]; then
		user_words
		remove_all_of_one >/dev/null 2>&1
		# The process that keeps the user's namespaces between two commands.
		inside sh -c 'for file in "$0"/libpod/tmp/pause.pid; do kill -KILL "$(cat "$file")"; rm "$file"; done' \
			"/run/user/$USER_ID" >/dev/null 2>&1
		rm -f "$ROOM/home/used"
		engine_words
	fi
}

engine_state_directories()
{
	echo /run/bulkhead
	echo "/run/user/$USER_ID/bulkhead"
}
