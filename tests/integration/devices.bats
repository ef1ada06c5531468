#!/usr/bin/env bats
# Device nodes, links below /dev, masked and read-only paths.

load helpers

@test "the default devices, with numbers and modes" {
	in_container /bin/probe stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
	equals "$output" "/dev/null char 0666 0:0 1:3
/dev/zero char 0666 0:0 1:5
/dev/full char 0666 0:0 1:7
/dev/random char 0666 0:0 1:8
/dev/urandom char 0666 0:0 1:9
/dev/tty char 0666 0:0 5:0"
}

@test "the default links" {
	in_container /bin/probe stat /dev/fd /dev/stdin /dev/stdout /dev/stderr
	contains "$output" "/dev/fd link 0777 0:0 0:0 -> /proc/self/fd"
	contains "$output" "/dev/stdin link 0777 0:0 0:0 -> /proc/self/fd/0"
	contains "$output" "/dev/stdout link 0777 0:0 0:0 -> /proc/self/fd/1"
	contains "$output" "/dev/stderr link 0777 0:0 0:0 -> /proc/self/fd/2"
}

@test "/dev/ptmx is the container's" {
	in_container /bin/sh -c 'readlink /dev/ptmx || stat -c %t:%T /dev/ptmx'
	case $output in
	pts/ptmx | /dev/pts/ptmx | 5:2) ;;
	*) fail_test "ptmx" ;;
	esac
}

@test "linux.devices of each type, mode, owner" {
	update_config '.linux.devices = [
		{path: "/dev/mychar", type: "c", major: 1, minor: 3, fileMode: 432, uid: 5, gid: 6},
		{path: "/dev/myunbuffered", type: "u", major: 1, minor: 5},
		{path: "/dev/mypipe", type: "p", fileMode: 420},
		{path: "/dev/sub/dir/node", type: "c", major: 1, minor: 7},
		{path: "/elsewhere/node", type: "c", major: 1, minor: 7, fileMode: 8630}]'
	in_container /bin/probe stat /dev/mychar /dev/myunbuffered /dev/mypipe /dev/sub/dir/node /elsewhere/node
	equals "$output" "/dev/mychar char 0660 5:6 1:3
/dev/myunbuffered char 0666 0:0 1:5
/dev/mypipe fifo 0644 0:0 0:0
/dev/sub/dir/node char 0666 0:0 1:7
/elsewhere/node char 0666 0:0 1:7"
}

@test "linux.devices with a block device" {
	differs_at vm "a disk has the numbers that the guest's kernel gives it"
	update_config '.linux.devices = [{path: "/dev/myblock", type: "b", major: 7, minor: 0, fileMode: 384}]'
	in_container /bin/probe stat /dev/myblock
	equals "$output" "/dev/myblock block 0600 0:0 7:0"
}

@test "a listed device replaces the default one at its path" {
	update_config '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 432, uid: 0, gid: 7}]'
	in_container /bin/probe stat /dev/null
	equals "$output" "/dev/null char 0660 0:7 1:3"
}

@test "the same device already in the image is fine, another file is an error" {
	update_config '.linux.devices = [{path: "/etc/node", type: "c", major: 1, minor: 3}]'
	mknod "$ROOTFS/etc/node" c 1 3
	in_container /bin/true
	rm "$ROOTFS/etc/node"
	mknod "$ROOTFS/etc/node" c 1 5
	refused devices
	rm "$ROOTFS/etc/node"
	echo text >"$ROOTFS/etc/node"
	refused devices
	equals "$(cat "$ROOTFS/etc/node")" text
}

@test "devices: bad type, missing numbers, relative path, out of range" {
	for bad in '{path: "/dev/x", type: "z", major: 1, minor: 1}' '{path: "/dev/x", type: "c", minor: 1}' \
		'{path: "/dev/x", type: "c", major: 1}' '{type: "c", major: 1, minor: 1}' \
		'{path: "/dev/x", major: 1, minor: 1}' '{path: "/dev/x", type: "c", major: -5, minor: 1}'; do
		update_config ".linux.devices = [$bad]"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$bad was accepted"
		contains "$error" "devices[0]"
		assert_nothing_left
	done
}

@test "a device path through links stays below the rootfs" {
	mkdir "$WORK/host"
	ln -s "$WORK/host" "$ROOTFS/link"
	ln -s ../../../../../../../../../.."$WORK/host" "$ROOTFS/rel"
	update_config '.linux.devices = [{path: "/link/x", type: "c", major: 1, minor: 3},
		{path: "/rel/y", type: "c", major: 1, minor: 3}, {path: "/../../z", type: "c", major: 1, minor: 3}]'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$(ls -A "$WORK/host")" ""
	[ ! -e /z ]
}

@test "no device is made when /dev is a bind mount of the host's" {
	mkdir "$WORK/dev"
	cp -a /dev/null "$WORK/dev/null"
	cp -a /dev/null "$WORK/dev/console" 2>/dev/null || true
	mkdir "$WORK/dev/pts" "$WORK/dev/shm"
	update_config '.mounts |= map(if .destination == "/dev" then {destination: "/dev", type: "bind", source: $s,
		options: ["rbind"]} else . end)' --arg s "$WORK/dev"
	in_container /bin/ls /dev
	lacks "$output" zero
	[ ! -e "$WORK/dev/zero" ]
	[ ! -e "$WORK/dev/fd" ]
}

@test "masked files read as empty, masked directories are empty and read-only" {
	mkdir "$ROOTFS/secret"
	echo hidden >"$ROOTFS/secret/file"
	echo hidden >"$ROOTFS/tmp/file"
	update_config '.linux.maskedPaths = ["/secret", "/tmp/file", "/proc/kcore", "/no/such"]'
	in_container /bin/sh -c 'ls -A /secret; cat /tmp/file; touch /secret/x 2>&1; echo x > /tmp/file; cat /tmp/file'
	lacks "$output" hidden
	contains "$output$error" "Read-only"
}

@test "masks cannot be removed with the container's capabilities" {
	echo hidden >"$ROOTFS/tmp/file"
	update_config '.linux.maskedPaths = ["/tmp/file"]'
	set_args /bin/probe umount /tmp/file
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$output" EPERM
}

@test "read-only paths, recursively, keep nosuid and friends" {
	mkdir -p "$ROOTFS/ro/sub"
	update_config '.linux.readonlyPaths = ["/ro", "/proc/sys", "/no/such"]
		| .mounts += [{destination: "/ro/sub", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec"]}]'
	in_container /bin/sh -c 'touch /ro/x; touch /ro/sub/y; echo 1 > /proc/sys/net/ipv4/ip_forward; probe mount /ro/sub'
	contains "$error" "/ro/x: Read-only"
	contains "$error" "/ro/sub/y: Read-only"
	contains "$output" ro
	contains "$output" nosuid
	contains "$output" noexec
	[ ! -e "$ROOTFS/ro/x" ]
}

@test "masked and read-only paths that are relative are refused" {
	update_config '.linux.maskedPaths = ["proc/kcore"]'
	refused "maskedPaths[0]"
	update_config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["proc/sys"]'
	refused "readonlyPaths[0]"
}

@test "masked paths without a mount namespace are refused" {
	update_config '.linux.namespaces |= map(select(.type != "mount")) | .mounts = []'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	assert_nothing_left
}

@test "root.readonly: / is read-only, other mounts are not" {
	update_config '.root.readonly = true'
	in_container /bin/sh -c 'touch /x; touch /dev/shm/y && echo ok'
	contains "$error" "Read-only"
	equals "$output" ok
	[ ! -e "$ROOTFS/x" ]
	touch "$ROOTFS/still-writable-outside"
}
