#!/usr/bin/env bats
# The rootfs and bind mounts behave as files, and what is read-only is so on the host.

load vm.bash

mount_add()
{
	update_config '.mounts += [{destination: $to, type: "bind", source: $from, options: ($options | split(","))}]' \
		--arg to "$1" --arg from "$2" --arg options "$3"
}

# run_shell SCRIPT: in the container, as root.
run_shell()
{
	set_args sh -ec "$1"
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
}

@test "ownership, modes, links, sparse files and renames" {
	update_config '.root.readonly = false | .process.capabilities |= with_entries(.value += ["CAP_CHOWN", "CAP_FOWNER", "CAP_FSETID", "CAP_DAC_OVERRIDE"])'
	run_shell 'cd /mnt; echo one >a; chown 12:34 a; chmod 4751 a; ln a b; ln -s a c; mv b d
		dd if=/dev/zero of=sparse bs=1 count=1 seek=10000000 2>/dev/null; mkdir -p x/y; echo two >x/y/z; mv x w'
	[ "$(stat -c '%a %u %g %h' "$ROOTFS/mnt/a")" = "4751 12 34 2" ]
	[ "$(readlink "$ROOTFS/mnt/c")" = a ]
	[ "$(cat "$ROOTFS/mnt/d")" = one ]
	[ "$(cat "$ROOTFS/mnt/w/y/z")" = two ]
	[ "$(stat -c %b "$ROOTFS/mnt/sparse")" -lt 100 ]
}

@test "extended attributes" {
	command -v setfattr >/dev/null || skip "no setfattr"
	echo x >"$ROOTFS/mnt/f"
	setfattr -n user.mine -v value "$ROOTFS/mnt/f"
	update_config '.root.readonly = false'
	run_shell 'cp -a /mnt/f /mnt/g; cat /mnt/g'
	[ "$output" = x ]
}

@test "a bind mount of a directory, writable" {
	mkdir "$WORK/data"
	echo outside >"$WORK/data/a"
	mount_add /data "$WORK/data" rbind,rw
	run_shell 'cat /data/a; echo inside >/data/b'
	[ "$output" = outside ]
	[ "$(cat "$WORK/data/b")" = inside ]
}

@test "a bind mount of a file" {
	echo content >"$WORK/file"
	mount_add /etc/thing "$WORK/file" bind,rw
	run_shell 'cat /etc/thing; echo more >>/etc/thing'
	[ "$output" = content ]
	[ "$(tail -1 "$WORK/file")" = more ]
}

@test "read-only is enforced on the host, against a root that remounts" {
	mkdir "$WORK/data"
	echo original >"$WORK/data/a"
	mount_add /data "$WORK/data" rbind,ro
	update_config '.process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN"])'
	run_shell 'mount -o remount,rw,bind /data || true; echo changed >/data/a 2>/dev/null || echo refused'
	[[ $output == *refused* ]]
	[ "$(cat "$WORK/data/a")" = original ]
}

@test "a read-only root is read-only on the host too" {
	update_config '.root.readonly = true | .process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN"])'
	run_shell 'mount -o remount,rw / || true; echo x >/written 2>/dev/null || echo refused'
	[[ $output == *refused* ]]
	[ ! -e "$ROOTFS/written" ]
}

@test "what is mounted below a source comes along with rbind" {
	mkdir -p "$WORK/data/below"
	mount -t tmpfs tmpfs "$WORK/data/below"
	echo deep >"$WORK/data/below/f"
	mount_add /data "$WORK/data" rbind,ro
	set_args cat /data/below/f
	try bulkhead run --bundle "$BUNDLE" "$ID"
	umount "$WORK/data/below"
	[ "$output" = deep ]
}

@test "a socket as a source is refused with a reason" {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$WORK/sock"
	mount_add /run/sock "$WORK/sock" bind
	fails 1 "is a socket" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}

@test "nothing is written into the image" {
	update_config '.root.readonly = true'
	(cd "$ROOTFS" && find . -type f -newermt now) >"$WORK/before"
	find "$ROOTFS" | sort >"$WORK/names"
	run_shell 'true'
	find "$ROOTFS" | sort | diff "$WORK/names" -
}

@test "kernel file systems are the guest's" {
	mount_add /hostsys /sys/kernel bind,ro
	run_shell 'ls /hostsys >/dev/null && echo there'
	[ "$output" = there ]
}
