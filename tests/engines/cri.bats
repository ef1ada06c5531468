#!/usr/bin/env bats
# Pods of Kubernetes' kind under containerd's CRI plugin, at either level of isolation: at the vm level
# a pod is one machine.

load engines
load install
load containerd
load cri

setup_file()
{
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	if ! cri_is_here; then
		export ENGINE_SKIP="no protoc, or no grpc for python3, here"
		return
	fi
	engine_open containerd ctr && build_cri
}

teardown_file()
{
	engine_close
}

@test "pod: runs, is listed, has an address, goes" {
	pod_run
	asks PodSandboxStatus "$(request '{pod_sandbox_id: $id}' id "$POD")"
	[ "$(field .status.state)" = 0 ]
	[ "$(field .status.runtime_handler)" = "$HANDLER" ]
	[[ $(field .status.network.ip) == 10.213.0.* ]]
	asks ListPodSandbox
	[ "$(field '.items | length')" = 1 ]
	pod_remove "$POD"
	asks ListPodSandbox
	[ "$(field '.items | length')" = 0 ]
	eventually nothing_left
}

@test "pod: an unknown handler is refused" {
	fails 1 "no runtime for" cri RunPodSandbox "$(jq -c '{config: ., runtime_handler: "nosuch"}' <<<"$(pod_config "$NAME")")"
}

@test "container: output to the log, exit status, removal" {
	pod_run
	container_create one . sh -c 'echo to-output; echo to-error >&2; exit 3'
	container_is created
	container_start
	eventually container_is exited
	[ "$(container_exit)" = 3 ]
	eventually log_has one "stdout F to-output"
	log_has one "stderr F to-error"
	container_remove "$CONTAINER"
	asks ListContainers
	[ "$(field '.containers | length')" = 0 ]
}

@test "container: environment, directory, user, mounts of the pod" {
	mkdir "$WORK/data"
	echo from-host >"$WORK/data/file"
	pod_run
	container_run one "(.envs = [{key: \"GIVEN\", value: \"here\"}]) | (.working_dir = \"/tmp\") |
		(.mounts = [{container_path: \"/data\", host_path: \"$WORK/data\", readonly: true}]) |
		(.linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 1000}})" \
		sh -c 'echo "$FROM_IMAGE $GIVEN $(pwd) $(id -u):$(id -g) $(cat /data/file)"; hostname; cat /etc/resolv.conf; sleep 1000'
	eventually log_has one "yes here /tmp 1000:1000 from-host"
	eventually log_has one "nameserver 192.0.2.53"
	log_has one "stdout F $NAME"
}

@test "exec: output and exit status, in a container of a pod" {
	pod_run
	container_run one . sleep 1000
	exec_sync "$CONTAINER" sh -c 'echo inside; exit 4'
	[ "$shown" = inside ]
	[ "$code" = 4 ]
	fails 1 'exec: "nosuch": executable file not found in $PATH' cri ExecSync \
		"$(request '{container_id: $id, cmd: ["nosuch"]}' id "$CONTAINER")"
}

@test "pod: two containers share network and IPC, not processes" {
	pod_run
	container_run server . sh -c 'while :; do echo served | nc -l -p 8080; done'
	server=$CONTAINER
	container_run client . sleep 1000
	client=$CONTAINER
	eventually exec_gives served "$client" sh -c 'nc -w 5 127.0.0.1 8080 </dev/null'
	exec_gives "" "$server" sh -c 'echo shared >/dev/shm/file'
	exec_gives shared "$client" cat /dev/shm/file
	exec_sync "$client" ps -o args
	[[ $shown != *"nc -l"* ]]
	exec_gives "$NAME" "$client" hostname
	[ "$ISOLATION" = process ] || [ "$(inside pgrep -c qemu)" = 1 ] || fail_test "a pod should be one machine"
}

@test "pod: containers share one process namespace when it asks so" {
	pod_run '.linux.security_context = {namespace_options: {pid: 0}}'
	container_run first '.linux.security_context = {namespace_options: {pid: 0}}' sleep 1001
	container_run second '.linux.security_context = {namespace_options: {pid: 0}}' sleep 1002
	exec_sync "$CONTAINER" ps -o args
	[[ $shown == *"sleep 1001"* ]]
	[[ $shown == *"sleep 1002"* ]]
	[[ $shown == *pause* ]]
}

@test "pod: sysctls, and the bridge carries what one pod asks of another" {
	pod_run '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "200"}'
	container_run server . sh -c 'while :; do echo served | nc -l -p 8080; done'
	exec_gives 200 "$CONTAINER" cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	asks PodSandboxStatus "$(request '{pod_sandbox_id: $id}' id "$POD")"
	address=$(field .status.network.ip)
	NAME=$NAME-b
	pod_run
	container_run client . sleep 1000
	eventually exec_gives served "$CONTAINER" sh -c "nc -w 5 $address 8080 </dev/null"
}

@test "container: stop with a grace time, and without" {
	pod_run
	container_run one . sh -c 'trap "echo asked; exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	eventually log_has one ready
	container_stop "$CONTAINER" 60
	container_is exited
	[ "$(container_exit)" = 9 ]
	eventually log_has one asked
	container_run two . sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	container_stop "$CONTAINER" 0
	container_is exited
	[ "$(container_exit)" = 137 ]
}

@test "container: limits, changed while it runs, and statistics" {
	pod_run
	container_run one '.linux.resources = {memory_limit_in_bytes: 100663296, cpu_quota: 50000, cpu_period: 100000}' sleep 1000
	asks UpdateContainerResources "$(request '{container_id: $id, linux: {memory_limit_in_bytes: 134217728}}' id "$CONTAINER")"
	exec_gives "" "$CONTAINER" true
	asks ContainerStats "$(request '{container_id: $id}' id "$CONTAINER")"
	[ "$(field '(.stats.memory.working_set_bytes.value | tonumber) > 0')" = true ]
}

@test "container: out of memory is told as the reason" {
	differs_at vm "the kernel that ends the program is the guest's: containerd asks the host's"
	pod_run
	container_run one '.linux.resources = {memory_limit_in_bytes: 33554432}' sh -c 'x=$(yes | head -c 200000000)'
	eventually container_is exited
	asks ContainerStatus "$(request '{container_id: $id}' id "$CONTAINER")"
	[ "$(field .status.reason)" = OOMKilled ]
}

@test "container: a missing program is told, and the pod goes on" {
	pod_run
	container_create one . /no/such/program
	fails 1 'exec: "/no/such/program": stat /no/such/program: no such file or directory' cri StartContainer \
		"$(request '{container_id: $id}' id "$CONTAINER")"
	container_run two . sh -c 'echo fine'
	eventually log_has two "stdout F fine"
}

@test "container: capabilities, seccomp, read-only root, no new privileges" {
	pod_run
	container_run one '.linux.security_context += {capabilities: {add_capabilities: ["NET_ADMIN"],
		drop_capabilities: ["CHOWN"]}, readonly_rootfs: true, no_new_privs: true, seccomp: {profile_type: 0}}' \
		sh -c 'grep -E "CapEff|Seccomp:|NoNewPrivs" /proc/self/status; touch /x 2>&1'
	eventually log_has one "Read-only file system"
	log_of one | tr '\t' ' ' >"$WORK/log"
	file_has "$WORK/log" "CapEff: 00000000a80435fa"
	file_has "$WORK/log" "NoNewPrivs: 1"
	file_has "$WORK/log" "Seccomp: 2"
}

@test "pod: is removed with its containers running" {
	pod_run
	container_run one . sleep 1000
	container_run two . sleep 1000
	pod_remove "$POD"
	eventually nothing_left
}

@test "restart: a container of the pod is made again while the other runs" {
	pod_run
	container_run stays . sh -c 'while :; do date +%s%N >/tmp/now; sleep 0.1; done'
	stays=$CONTAINER
	container_run fails . sh -c 'exit 1'
	eventually container_is exited
	container_remove "$CONTAINER"
	container_run fails '.metadata.attempt = 1' sh -c 'echo again; sleep 1000'
	eventually log_has fails "stdout F again"
	container_is running "$stays"
}
