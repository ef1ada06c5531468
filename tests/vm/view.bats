#!/usr/bin/env bats
# Whoever enters the mount namespace of the container's pid, as engines do to copy files, or goes
# through /proc/<pid>/root, finds the container's files and nothing of the host.

load vm.bash

# look COMMAND...: runs a program of the image in the monitor's mount namespace.
look()
{
	succeeds nsenter --mount --target "$MONITOR" -- "$@"
}

@test "the mount namespace of the pid shows the container's files and mounts, not the host's" {
	mkdir -p "$WORK/volume/sub" "$ROOTFS/data"
	echo of-the-volume >"$WORK/volume/file"
	echo single >"$WORK/single"
	echo of-the-image >"$ROOTFS/here"
	update_config '.mounts += [
		{destination: "/data", type: "bind", source: $volume, options: ["rbind"]},
		{destination: "/fixed", type: "bind", source: $volume, options: ["rbind", "ro"]},
		{destination: "/etc/single", type: "bind", source: $single, options: ["bind"]},
		{destination: "/memory", type: "tmpfs", source: "tmpfs"},
		{destination: "/memory/deep/volume", type: "bind", source: $volume, options: ["rbind"]}]' \
		--arg volume "$WORK/volume" --arg single "$WORK/single"
	start_sleeping
	look /bin/cat /here /data/file /fixed/file /etc/single /memory/deep/volume/file
	[ "$output" = $'of-the-image\nof-the-volume\nof-the-volume\nsingle\nof-the-volume' ]

	# Nothing of the host: neither by name nor as a mount, and no processes.
	try nsenter --mount --target "$MONITOR" -- /bin/ls "$WORK"
	[ "$status" -ne 0 ]
	[ ! -e "/proc/$MONITOR/root/usr/sbin" ]
	[ -z "$(ls "/proc/$MONITOR/root/proc" "/proc/$MONITOR/root/sys" | grep -v :)" ]
	[ "$(awk '$5 == "/" {print $4}' "/proc/$MONITOR/mountinfo")" != / ]
	others=$(awk '{print $5}' "/proc/$MONITOR/mountinfo" |
		grep -vE '^/($|data|fixed|etc/single|memory|proc$|dev$|sys$)' || true)
	[ -z "$others" ]

	# What is written there the container sees, and the other way round.
	look /bin/sh -c 'echo new >/written; echo new >/data/written'
	succeeds bulkhead exec "$ID" cat /written /data/written
	[ "$output" = $'new\nnew' ]
	[ "$(cat "$WORK/volume/written")" = new ]
	succeeds bulkhead exec "$ID" sh -c 'echo inside >/from-inside'
	[ "$(cat "/proc/$MONITOR/root/from-inside")" = inside ]

	# Not through what is read-only, and not into what only the guest has.
	try nsenter --mount --target "$MONITOR" -- /bin/touch /fixed/no
	[ "$status" -ne 0 ]
	try nsenter --mount --target "$MONITOR" -- /bin/touch /memory/no
	[ "$status" -ne 0 ]
	[ ! -e "$WORK/volume/no" ]
}

@test "a root that is read-only is so in the view" {
	update_config '.root.readonly = true'
	start_sleeping
	try nsenter --mount --target "$MONITOR" -- /bin/touch /no
	[ "$status" -ne 0 ]
	[ ! -e "$ROOTFS/no" ]
}

# The guest turns directories and files into links to the host's; whoever follows them in the view
# ends in the container's root, and so does the monitor itself.
@test "links that the guest plants lead nowhere, and the monitor goes by none" {
	echo secret >"$WORK/secret"
	start_sleeping
	succeeds bulkhead exec "$ID" sh -c 'ln -s "$1" /link; ln -s / /all
		ln -s ../../../../../../../.. /up' sh "$WORK/secret"
	try nsenter --mount --target "$MONITOR" -- /bin/cat /link
	[ "$status" -ne 0 ]
	for link in all up; do
		try nsenter --mount --target "$MONITOR" -- /bin/cat "/$link$WORK/secret"
		[ "$status" -ne 0 ]
	done
	# A monitor that went by its /proc would find this.
	succeeds bulkhead exec "$ID" sh -c 'umount /proc 2>/dev/null; mkdir -p /dev /proc'
	succeeds bulkhead exec "$ID" echo still
	[ "$output" = still ]
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	assert_machine_gone
}

@test "programs of the monitor's hooks are the host's, before the view is there" {
	cat >"$WORK/hook" <<-END
	#!/bin/sh
	cat /proc/self/comm >"$WORK/hooked"
	END
	chmod +x "$WORK/hook"
	update_config '.hooks.createContainer = [{path: $hook}]' --arg hook "$WORK/hook"
	start_sleeping
	[ -s "$WORK/hooked" ]
	[ ! -e "/proc/$MONITOR/root$WORK" ]
}
