/*
 * The plan of a container in a guest. The configuration is read twice: once without what belongs to
 * the host and with the guest's facts, by the same planner that plans processes; once for the host
 * alone, where the container is a machine with a cgroup around it.
 *
 * The guest has no security modules and its network namespace is the container's, so labels are
 * left out and network parameters are simply set.
 *
 * Source: runtime-spec 1.3 config-vm.md; spec/vm.md.
 */
#include "machine.h"

#include "base/log.h"
#include "kern/compat.h"

void planner_guest_facts(const struct facts *host, struct facts *ret)
{
	static struct cgroup_hierarchy unified = {
		.mount_point = "/sys/fs/cgroup",
		.controllers = "",
		.own_path = "/",
		.mount_root = "/",
		.is_v2 = true,
	};

	*ret = (struct facts){
		.cgroup_mode = CGROUP_MODE_UNIFIED,
		.hierarchies = &unified,
		.hierarchy_count = 1,
		.v2_controllers = "cpuset cpu io memory hugetlb pids",
		.cap_last_cap = 40,
		.capabilities_effective = 0x1ffffffffffULL,
		.seccomp_flags = 0x3f,
		.boot_id = host->boot_id,
		.namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
			      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME,
	};
}

static int host_mount_label_check(const struct facts *host, const struct oci_linux *linux_,
				  struct err *e)
{
	if (linux_ && linux_->mount_label)
		return mount_label_check(host, linux_->mount_label, e);
	return 0;
}

/* A guest is more of a wall than a label, but who asks for what the host cannot give is told so. */
static int host_labels_check(const struct facts *host, const struct oci_process *process,
			     const struct oci_process *base, struct err *e)
{
	if (!process)
		return 0;
	return labels_check(
		host,
		process->apparmor_profile || !base ? process->apparmor_profile
						   : base->apparmor_profile,
		process->selinux_label || !base ? process->selinux_label : base->selinux_label, e);
}

static struct oci_process *process_for_guest(struct arena *arena, const struct oci_process *from)
{
	struct oci_process *process;

	if (!from)
		return NULL;
	process = arena_memdup(arena, from, sizeof(*from));
	if (process->apparmor_profile || process->selinux_label)
		log_debug("process.apparmorProfile and selinuxLabel have no meaning in a guest: "
			  "left out");
	process->apparmor_profile = NULL;
	process->selinux_label = NULL;
	process->exec_cpu_affinity = NULL; /* numbers of the host's CPUs */
	return process;
}

/* The namespaces but that of the network, which is the guest's own; and one for cgroups, without
 * which a program finds its limits neither where they are on a host with version 1 nor where
 * /proc/self/cgroup says. */
static struct list namespaces_for_guest(struct machine_planning *m, const struct oci_config *config)
{
	struct list to = {0};

	list_each(const struct oci_namespace, namespace, &config->linux_->namespaces)
	{
		struct oci_namespace *copy;

		if (namespace->type.value == OCI_NS_NETWORK)
			continue;
		copy = list_push(m->arena, &to, struct oci_namespace);
		*copy = *namespace;
		copy->path = machine_pod_namespace(m, namespace);
	}
	if (!oci_namespace_find(config, OCI_NS_CGROUP))
		*list_push(m->arena, &to, struct oci_namespace) =
			(struct oci_namespace){.type = {.is_set = true, .value = OCI_NS_CGROUP}};
	return to;
}

/* What the guest reads: a copy without what is the host's. */
static const struct oci_config *guest_config(struct machine_planning *m)
{
	struct oci_config *config = arena_memdup(m->arena, m->config, sizeof(*m->config));
	struct oci_linux *linux_ = arena_new(m->arena, struct oci_linux);
	struct oci_resources *resources = arena_new(m->arena, struct oci_resources);

	if (m->config->linux_)
		*linux_ = *m->config->linux_;
	config->process = process_for_guest(m->arena, m->config->process);
	linux_->mount_label = NULL;
	linux_->namespaces = namespaces_for_guest(m, m->config);
	linux_->devices = machine_devices(m->arena, m->config);
	if (linux_->resources)
		machine_resources_inside(linux_->resources, resources, m->arena);
	linux_->resources = resources;
	linux_->cgroups_path = arena_printf(m->arena, "/%s", m->options->id);
	linux_->memory_policy = NULL; /* nodes of the host: the machine's */
	config->linux_ = linux_;
	return config;
}

/* A kernel parameter of the network belongs to the guest's namespace, which is the agent's too. */
static void sysctls_free(struct plan *plan)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		if (op->kind.value == PLAN_OP_SYSCTL && (op->flags.value & CLONE_NEWNET))
			op->flags = (struct opt_u64){0};
	}
}

static int inside_plan(struct machine_planning *m, struct err *e)
{
	struct planner_options options = *m->options;
	const struct plan *made;
	struct facts facts;
	int r;

	planner_guest_facts(m->host, &facts);
	options.systemd_cgroup = false;
	options.no_cgroup = false;
	options.no_pivot = false;
	options.notify_directory = NULL;
	r = planner_build(m->arena, guest_config(m), arena_memdup(m->arena, &facts, sizeof(facts)),
			  &options, &made, e);
	if (r < 0)
		return r;
	m->plan = arena_memdup(m->arena, made, sizeof(*made));
	if (made->process) {
		m->plan->process = arena_memdup(m->arena, made->process, sizeof(*made->process));
		machine_caller_apply(m->arena, m->options->caller, m->config, m->plan->process);
	}
	m->plan->ops.items =
		arena_memdup(m->arena, made->ops.items, made->ops.count * sizeof(struct plan_op));
	sysctls_free(m->plan);
	m->machine->guest_cgroup = m->plan->cgroup;
	return 0;
}

/* The cgroup around the machine: its place, and limits with room for what the machine needs. */
static int outside_plan(struct machine_planning *m, struct err *e)
{
	struct oci_config *config = arena_memdup(m->arena, m->config, sizeof(*m->config));
	struct oci_linux *linux_ = arena_new(m->arena, struct oci_linux);
	struct oci_resources *resources = arena_new(m->arena, struct oci_resources);
	struct plan *outside = arena_new(m->arena, struct plan);
	struct planning p;
	int r;

	if (m->config->linux_)
		*linux_ = *m->config->linux_;
	if (linux_->resources)
		machine_resources_outside(linux_->resources, m->machine->memory.value, resources,
					  m->arena);
	linux_->resources = resources;
	config->linux_ = linux_;
	planning_init(&p, m->arena, config, m->host, m->options);
	p.plan = outside;
	r = limits_plan(&p, e);
	if (r == 0)
		r = cgroup_path_plan(&p, e);
	if (r < 0)
		return r;
	/* The rules are for the container's processes, which are not here. */
	outside->limits->devices = (struct list){0};
	outside->limits->has_devices = (struct opt_bool){0};
	outside->cgroup->delegate_uid = (struct opt_u32){0};
	m->plan->cgroup = outside->cgroup;
	m->machine->limits = outside->limits;
	return 0;
}

static void network_join_plan(struct machine_planning *m)
{
	const struct list *namespaces = &m->config->linux_->namespaces;

	for (size_t i = 0; i < namespaces->count; i++) {
		const struct oci_namespace *namespace =
			list_at(struct oci_namespace, namespaces, i);

		if (namespace->type.value != OCI_NS_NETWORK)
			continue;
		m->machine->network_path = namespace->path;
		m->machine->network_origin =
			arena_printf(m->arena, "linux.namespaces[%zu].path", i);
	}
	m->machine->spare_interfaces = opt_u32_of(m->defaults->spare_interfaces);
}

static int hypervisor_plan(struct machine_planning *m, struct err *e)
{
	const struct oci_vm *vm = m->config->vm;
	struct plan_machine *machine = m->machine;
	const char *asked = vm && vm->hypervisor ? vm->hypervisor->path : NULL;

	machine->accel = opt_i32_of((int32_t)m->defaults->accel);
	machine->hypervisor = m->defaults->hypervisor;
	machine->hypervisor_parameters = m->defaults->hypervisor_parameters;
	machine->virtiofsd = m->defaults->virtiofsd;
	machine->boot_seconds = opt_u32_of(m->defaults->boot_seconds);
	if (!asked)
		return 0;
	/* A bundle is not the administrator: it may choose, not introduce a program. */
	if (!str_is(asked, machine->hypervisor) &&
	    !strv_has(&m->defaults->allowed_hypervisors, asked))
		return refuse(e, EPERM,
			      "vm.hypervisor.path: '%s' is not one of those that the "
			      "configuration file allows (hypervisor, allowedHypervisors)",
			      asked);
	if (vm->hypervisor->parameters.count > 0)
		return refuse(e, EPERM,
			      "vm.hypervisor.parameters: would reach through the jail around the "
			      "hypervisor; the configuration file can set them "
			      "(hypervisorParameters)");
	machine->hypervisor = asked;
	return 0;
}

static int kernel_plan(struct machine_planning *m, struct err *e)
{
	const struct oci_vm *vm = m->config->vm;
	struct plan_machine *machine = m->machine;

	machine->kernel = m->defaults->kernel;
	machine->initramfs = m->defaults->initramfs;
	machine->kernel_parameters = m->defaults->kernel_parameters;
	if (vm && vm->kernel) {
		machine->kernel = vm->kernel->path;
		if (vm->kernel->initrd)
			machine->initramfs = vm->kernel->initrd;
		for (size_t i = 0; i < vm->kernel->parameters.count; i++)
			strv_push(&machine->kernel_parameters, m->arena,
				  vm->kernel->parameters.items[i]);
	}
	if (!machine->kernel || !machine->initramfs)
		return refuse(e, ENOENT,
			      "the vm level needs a guest: make one with contrib/guest/build and "
			      "name it with --vm-guest DIR or in the configuration file");
	return 0;
}

int planner_build_machine(struct arena *arena, const struct oci_config *config,
			  const struct facts *host, const struct planner_options *options,
			  const struct planner_machine *machine, const struct plan **ret,
			  struct err *e)
{
	struct machine_planning m = {
		.arena = arena,
		.config = config,
		.host = host,
		.options = options,
		.defaults = machine,
		.machine = arena_new(arena, struct plan_machine),
	};

	if (machine_check(&m, e) < 0 || host_labels_check(host, config->process, NULL, e) < 0 ||
	    host_mount_label_check(host, config->linux_, e) < 0 || hypervisor_plan(&m, e) < 0 ||
	    kernel_plan(&m, e) < 0 || machine_size_plan(&m, e) < 0 || inside_plan(&m, e) < 0 ||
	    outside_plan(&m, e) < 0 || machine_shares_plan(&m, e) < 0)
		return -e->code;
	network_join_plan(&m);
	m.machine->memory_policy = memory_policy_plan(arena, config->linux_);
	if (machine->sandbox)
		m.machine->sandbox = machine->sandbox->state;
	m.plan->machine = m.machine;
	*ret = m.plan;
	return 0;
}

int planner_exec_machine(struct arena *arena, const struct oci_config *config,
			 const struct oci_process *process, const struct facts *host,
			 const struct planner_options *options, const struct plan_process **ret,
			 struct err *e)
{
	struct oci_config guest = *config;
	struct oci_linux linux_ = config->linux_ ? *config->linux_ : (struct oci_linux){0};
	const struct plan_process *made;
	struct plan_process *own;
	struct facts facts;

	if (options->preserve_fds + options->listen_fds > 0)
		return refuse(e, ENOTSUP, "--preserve-fds: no descriptor can go into a guest");
	if (host_labels_check(host, process, config->process, e) < 0)
		return -e->code;
	guest.process = process_for_guest(arena, config->process);
	linux_.memory_policy = NULL;
	guest.linux_ = &linux_;
	planner_guest_facts(host, &facts);
	if (planner_exec(arena, &guest, process_for_guest(arena, process), &facts, options, &made,
			 e) < 0)
		return -e->code;
	own = arena_memdup(arena, made, sizeof(*made));
	machine_caller_apply(arena, options->caller, &guest, own);
	*ret = own;
	return 0;
}

int planner_limits_machine(struct arena *arena, const struct oci_resources *resources,
			   const struct facts *host, bool systemd_cgroup,
			   const struct plan_limits **ret, struct err *e)
{
	struct oci_resources inside, outside;
	const struct plan_limits *made, *host_made;
	struct plan_limits *both;
	struct facts guest;

	machine_resources_inside(resources, &inside, arena);
	/* The machine keeps its size: what the container may use of it changes inside. */
	machine_resources_outside(resources, 0, &outside, arena);
	planner_guest_facts(host, &guest);
	if (planner_limits(arena, &inside, &guest, false, &made, e) < 0 ||
	    planner_limits(arena, &outside, host, systemd_cgroup, &host_made, e) < 0)
		return -e->code;
	both = arena_memdup(arena, made, sizeof(*made));
	both->outside = arena_memdup(arena, host_made, sizeof(*host_made));
	*ret = both;
	return 0;
}
