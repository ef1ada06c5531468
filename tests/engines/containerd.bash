# containerd in a room of its own (engines.bash), with the configuration of contrib, and images that
# are made here: busybox, and a program that waits, for the pods of the CRI plugin.
#
# shellcheck shell=bash disable=SC2034,SC2154

ENGINE=ctr
ENGINE_PROCESSES="containerd"
IMAGE=localhost/busybox:latest
PAUSE=localhost/pause:latest
SOCKET=/run/containerd/containerd.sock

# --- images -------------------------------------------------------------------------------------

# blob DIRECTORY: keeps standard input under its digest, which is printed.
blob()
{
	local sum
	cat >"$1/blob"
	sum=$(sha256sum <"$1/blob" | cut -c1-64)
	mv "$1/blob" "$1/blobs/sha256/$sum"
	echo "$sum"
}

# descriptor DIRECTORY MEDIA-TYPE DIGEST
descriptor()
{
	jq -cn --arg type "application/vnd.oci.image.$2" --arg digest "sha256:$3" \
		--argjson size "$(stat -c %s "$1/blobs/sha256/$3")" '{mediaType: $type, digest: $digest, size: $size}'
}

# oci_image NAME ROOT.tar OUT.tar CONFIG: an OCI image layout of one layer.
oci_image()
{
	local dir=$3.dir layer config manifest
	mkdir -p "$dir/blobs/sha256"
	layer=$(blob "$dir" <"$2")
	config=$(jq -cn --arg layer "sha256:$layer" --argjson config "$4" '{architecture: "amd64", os: "linux",
		config: $config, rootfs: {type: "layers", diff_ids: [$layer]}}' | blob "$dir")
	manifest=$(jq -cn --argjson config "$(descriptor "$dir" config.v1+json "$config")" \
		--argjson layer "$(descriptor "$dir" layer.v1.tar "$layer")" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' | blob "$dir")
	jq -cn --arg name "$1" --argjson manifest "$(descriptor "$dir" manifest.v1+json "$manifest")" \
		'{schemaVersion: 2, manifests: [$manifest + {annotations: {"io.containerd.image.name": $name}}]}' \
		>"$dir/index.json"
	echo '{"imageLayoutVersion": "1.0.0"}' >"$dir/oci-layout"
	tar -C "$dir" -cf "$3" oci-layout index.json blobs
	rm -rf "$dir"
}

build_containerd_images()
{
	local out=$STORE/containerd
	mkdir -p "$out"
	exec 7>"$STORE/lock"
	flock 7
	if [ ! -e "$out/images.done" ] || [ "$STORE/busybox.tar" -nt "$out/images.done" ]; then
		oci_image "$IMAGE" "$STORE/busybox.tar" "$out/busybox.tar" \
			'{"Env": ["PATH=/bin", "FROM_IMAGE=yes"], "Cmd": ["sh"]}' || return 1
		mkdir -p "$out/pause"
		printf '#include <unistd.h>\nint main(void)\n{\n\tfor (;;)\n\t\tpause();\n}\n' |
			gcc -static -Os -o "$out/pause/pause" -x c - || return 1
		tar -C "$out/pause" -cf "$out/pause-root.tar" .
		oci_image "$PAUSE" "$out/pause-root.tar" "$out/pause.tar" '{"Entrypoint": ["/pause"]}' || return 1
		rm -rf "$out/pause" "$out/pause-root.tar"
		touch "$out/images.done"
	fi
	exec 7>&-
}

# --- the engine ---------------------------------------------------------------------------------

engine_words()
{
	ENGINE_WORDS=(ctr --address "$SOCKET")
}

engine_command()
{
	inside "$@"
}

# ctr ARGUMENT...: cut when it hangs.
ctr()
{
	inside timeout --foreground -k 5 200 ctr --address "$SOCKET" "$@"
}

# What is of this room and not of the runtime is added to the tables of contrib.
containerd_config()
{
	sed "/default_runtime_name/a\  snapshotter = \"$(containerd_snapshotter)\"" "$CONTRIB/containerd-config.toml"
	cat <<-END
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "$PAUSE"
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "/etc/cni/net.d"
	END
}

# Where / is an overlay itself, none can be made on it.
containerd_snapshotter()
{
	if [ "$(stat -f -c %T "$ROOM")" = overlayfs ]; then echo native; else echo overlayfs; fi
}

cni_config()
{
	cat <<-'END'
		{"cniVersion": "0.4.0", "name": "room", "plugins": [
			{"type": "bridge", "bridge": "room0", "isGateway": true, "promiscMode": false,
			 "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
				"ranges": [[{"subnet": "10.213.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
			{"type": "portmap", "capabilities": {"portMappings": true}, "snat": false}]}
	END
}

containerd_answers()
{
	ctr version
}

# containerd_run: starts it and waits until it answers.
containerd_run()
{
	inside setsid bash -c 'echo $$ >"$0/containerd.pid"; exec containerd --root "$0/containerd" --log-level debug' \
		"$ROOM" </dev/null >"$ROOM/containerd.log" 2>&1 &
	waits containerd_answers || {
		tail -n 20 "$ROOM/containerd.log"
		return 1
	}
}

engine_start()
{
	build_containerd_images && room_install || return 1
	containerd_config >"$ROOM/config.toml"
	cni_config >"$ROOM/cni.conflist"
	mkdir -p "$ROOM/containerd"
	inside bash -c 'mkdir -p /etc/containerd /etc/cni/net.d && cp "$0/config.toml" /etc/containerd &&
		cp "$0/cni.conflist" /etc/cni/net.d/10-room.conflist' "$ROOM"
	containerd_run
}

import_images()
{
	ctr images import "$STORE/containerd/busybox.tar" >/dev/null &&
		ctr -n k8s.io images import "$STORE/containerd/busybox.tar" >/dev/null &&
		ctr -n k8s.io images import "$STORE/containerd/pause.tar" >/dev/null
}

containerd_is_gone()
{
	! inside kill -0 "$(<"$ROOM/containerd.pid")"
}

engine_stop()
{
	inside kill -TERM "$(<"$ROOM/containerd.pid")"
	waits containerd_is_gone
}

# --- after a test ---------------------------------------------------------------------------------

engine_remove_all()
{
	local id
	for id in $(ctr tasks ls -q); do
		ctr tasks rm --force "$id" >/dev/null 2>&1
	done
	for id in $(ctr containers ls -q); do
		ctr containers rm "$id" >/dev/null 2>&1
	done
}

# Whatever there is of containers, a line each.
room_leftovers()
{
	local directory
	inside ps -e -o pid=,stat=,args= | awk '
		$2 ~ /^Z/ { next }
		$3 ~ /^(.*\/)?(docker-init|sleep|ps|containerd)$/ { next }
		{ print "process " $0 }'
	inside grep -E " /run/(containerd/io[^ ]*/(rootfs|shm)|netns/[^ ]*|[^ ]*/share) " /proc/self/mountinfo | sed 's/^/mount /'
	inside find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -type d -regextype posix-extended \
		-regex '.*/(default|k8s.io|pods/[^/]*)/[^/]*' -printf 'cgroup %p\n'
	inside ip -o link show type tun | sed 's/^/tap /'
	inside ip -o link show type veth | sed 's/^/veth /'
	for directory in runc/default runc/k8s.io io.containerd.runtime.v2.task/default \
		io.containerd.runtime.v2.task/k8s.io; do
		inside find "/run/containerd/$directory" -mindepth 1 -maxdepth 1 ! -name .cache \
			-printf 'state %p\n' 2>/dev/null
	done
	return 0
}
