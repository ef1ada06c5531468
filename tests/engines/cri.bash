# Pods, by containerd's CRI plugin: what a kubelet asks for, asked by cri.py.
#
# shellcheck shell=bash disable=SC2034,SC2154

case $ISOLATION in
vm) HANDLER=bulkhead-vm ;;
*) HANDLER=bulkhead ;;
esac

# The system's interpreter is the one that has the distribution's modules.
cri_is_here()
{
	command -v protoc >/dev/null && /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null
}

build_cri()
{
	mkdir -p "$STORE/cri"
	protoc --proto_path "$ENGINES_DIR" --python_out "$STORE/cri" cri.proto
}

# cri METHOD [REQUEST]
cri()
{
	inside timeout --foreground -k 5 200 /usr/bin/python3 "$ENGINES_DIR/cri.py" "$STORE/cri" "$SOCKET" "$@"
}

# asks METHOD [REQUEST]: it is answered; field FILTER reads the answer.
asks()
{
	succeeds cri "$@"
}

field()
{
	jq -r "$1" "$WORK/stdout"
}

# request FILTER [NAME VALUE...]: JSON made by jq, with variables.
request()
{
	local filter=$1
	local -a variables=()
	shift
	while [ $# -gt 0 ]; do
		variables+=(--arg "$1" "$2")
		shift 2
	done
	jq -cn "${variables[@]}" "$filter"
}

# pod_config NAME [FILTER]: the configuration of a pod, changed by a filter of jq.
pod_config()
{
	request "{metadata: {name: \$name, uid: (\"uid-\" + \$name), namespace: \"tests\"}, hostname: \$name,
		log_directory: \$logs, linux: {cgroup_parent: \"/pods/\(\$name)\",
		security_context: {namespace_options: {pid: 1}}},
		dns_config: {servers: [\"192.0.2.53\"]}} | ${2:-.}" name "$1" logs "$WORK/logs"
}

# pod_run [FILTER]: runs the test's pod; its id is POD, its configuration POD_CONFIG.
pod_run()
{
	mkdir -p "$WORK/logs"
	POD_CONFIG=$(pod_config "$NAME" "${1:-.}")
	asks RunPodSandbox "$(jq -c --arg handler "$HANDLER" '{config: ., runtime_handler: $handler}' <<<"$POD_CONFIG")"
	POD=$(field .pod_sandbox_id)
}

# container_create NAME FILTER COMMAND...: in the pod, not started; its id is CONTAINER.
container_create()
{
	local name=$1 filter=$2
	shift 2
	asks CreateContainer "$(jq -c --arg pod "$POD" --arg name "$name" --arg image "$IMAGE" \
		"{pod_sandbox_id: \$pod, sandbox_config: ., config: ({metadata: {name: \$name}, image: {image: \$image},
			command: \$ARGS.positional, log_path: (\$name + \".log\"),
			linux: {security_context: {namespace_options: {pid: 1}}}} | $filter)}" \
		--args -- "$@" <<<"$POD_CONFIG")"
	CONTAINER=$(field .container_id)
}

container_start()
{
	asks StartContainer "$(request '{container_id: $id}' id "${1:-$CONTAINER}")"
}

# container_run NAME FILTER COMMAND...
container_run()
{
	container_create "$@" && container_start
}

# container_state [ID]: created, running, exited
container_state()
{
	cri ContainerStatus "$(request '{container_id: $id}' id "${1:-$CONTAINER}")" |
		jq -r '.status.state | ["created", "running", "exited", "unknown"][.]'
}

container_is()
{
	[ "$(container_state "${2:-$CONTAINER}")" = "$1" ]
}

container_exit()
{
	cri ContainerStatus "$(request '{container_id: $id}' id "${1:-$CONTAINER}")" | jq -r .status.exit_code
}

# exec_sync ID COMMAND...: what it prints is `shown`, its status `code`.
exec_sync()
{
	local id=$1
	shift
	asks ExecSync "$(jq -cn --arg id "$id" '{container_id: $id, cmd: $ARGS.positional, timeout: 100}' --args -- "$@")"
	shown=$(field .stdout)
	code=$(field .exit_code)
}

# exec_gives TEXT ID COMMAND...
exec_gives()
{
	local wanted=$1
	shift
	exec_sync "$@"
	[ "$code" = 0 ] && [[ $shown == *"$wanted"* ]]
}

container_stop()
{
	asks StopContainer "$(jq -cn --arg id "$1" --argjson grace "${2:-0}" '{container_id: $id, timeout: $grace}')"
}

container_remove()
{
	asks RemoveContainer "$(request '{container_id: $id}' id "$1")"
}

pod_remove()
{
	asks StopPodSandbox "$(request '{pod_sandbox_id: $id}' id "$1")"
	asks RemovePodSandbox "$(request '{pod_sandbox_id: $id}' id "$1")"
}

# The lines of a log without their times.
log_of()
{
	cut -d ' ' -f 2- "$WORK/logs/$1.log"
}

log_has()
{
	log_of "$1" | grep -qF -- "$2"
}

engine_remove_all()
{
	local id
	for id in $(cri ListPodSandbox | jq -r '.items[].id'); do
		cri StopPodSandbox "$(request '{pod_sandbox_id: $id}' id "$id")" >/dev/null
		cri RemovePodSandbox "$(request '{pod_sandbox_id: $id}' id "$id")" >/dev/null
	done
	# The kubelet makes and removes the cgroup of a pod; here the runtime made it, as runc does.
	inside find /sys/fs/cgroup -mindepth 2 -maxdepth 3 -depth -path '*/pods*' -type d -exec rmdir {} + 2>/dev/null
	return 0
}
