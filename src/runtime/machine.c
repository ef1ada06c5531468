/*
 * The defaults of the vm level.
 *
 * The configuration file is the administrator's and read strictly: a member that it does not know
 * is an error, since a misspelt one would leave a default in place unseen. The guest's directory
 * has a description of its own (guest.json), made with it by contrib/guest/build.
 *
 * In a build tree the guest is found beside the program, so that nothing needs to be configured
 * there; an installed program finds it below /usr/lib.
 */
#include "machine.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define INSTALLED_GUEST "/usr/lib/bulkhead/guest"
#define GUEST_FILE	"guest.json"
#define MIB		(1024ULL * 1024)

enum { FILE_SIZE_MAX = 1024 * 1024 };

struct machine_config {
	const char *hypervisor, *virtiofsd, *guest, *kernel, *initramfs;
	struct strv hypervisor_parameters, kernel_parameters, allowed_hypervisors;
	struct opt_i32 accel;
	struct opt_u32 vcpus, spare_interfaces, boot_seconds;
	struct opt_u64 memory, guest_memory;
};

static const struct field config_fields[] = {
	FIELD(FIELD_STRING, struct machine_config, hypervisor, "hypervisor", FIELD_NONEMPTY),
	FIELD(FIELD_STRINGS, struct machine_config, hypervisor_parameters, "hypervisorParameters",
	      0),
	FIELD(FIELD_STRINGS, struct machine_config, allowed_hypervisors, "allowedHypervisors", 0),
	FIELD(FIELD_STRING, struct machine_config, virtiofsd, "virtiofsd", FIELD_NONEMPTY),
	FIELD(FIELD_STRING, struct machine_config, guest, "guest", FIELD_NONEMPTY),
	FIELD(FIELD_STRING, struct machine_config, kernel, "kernel", FIELD_NONEMPTY),
	FIELD(FIELD_STRING, struct machine_config, initramfs, "initramfs", FIELD_NONEMPTY),
	FIELD(FIELD_STRINGS, struct machine_config, kernel_parameters, "kernelParameters", 0),
	FIELD_WITH_NAMES(FIELD_ENUM, struct machine_config, accel, "accel", 0, plan_accel_names),
	FIELD(FIELD_U32, struct machine_config, vcpus, "vcpus", 0),
	FIELD(FIELD_U64, struct machine_config, memory, "memory", 0),
	FIELD(FIELD_U64, struct machine_config, guest_memory, "guestMemory", 0),
	FIELD(FIELD_U32, struct machine_config, spare_interfaces, "spareInterfaces", 0),
	FIELD(FIELD_U32, struct machine_config, boot_seconds, "bootSeconds", 0),
	{0},
};

/* guest.json; paths are relative to its directory. */
struct guest_description {
	const char *kernel, *initramfs;
	struct strv kernel_parameters;
	struct opt_u64 memory;
};

static const struct field guest_fields[] = {
	FIELD(FIELD_STRING, struct guest_description, kernel, "kernel",
	      FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD(FIELD_STRING, struct guest_description, initramfs, "initramfs",
	      FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD(FIELD_STRINGS, struct guest_description, kernel_parameters, "kernelParameters", 0),
	FIELD(FIELD_U64, struct guest_description, memory, "guestMemory", 0),
	{0},
};

static const struct {
	enum plan_accel accel;
	const char *hypervisor, *virtiofsd;
	uint32_t vcpus, spare_interfaces;
	uint64_t memory, guest_memory;
} builtin = {
	PLAN_ACCEL_KVM, "/usr/bin/qemu-system-x86_64", "/usr/lib/qemu/virtiofsd", 1, 2, 512 * MIB,
	96 * MIB};

/* ENOENT is the caller's to judge. */
static int document_read(struct arena *arena, const char *path, const struct json **ret,
			 struct err *e)
{
	auto_buf text = {0};

	if (file_read(AT_FDCWD, path, FILE_SIZE_MAX, false, &text, e) < 0)
		return -e->code;
	if (json_read(arena, buf_text(&text), text.size, ret, e) < 0)
		return wrap(e, "'%s'", path);
	return 0;
}

static int members_check(const struct json *tree, const char *path, struct err *e)
{
	if (tree->kind != JSON_OBJECT)
		return refuse(e, EINVAL, "'%s': must be an object", path);
	for (size_t i = 0; i < tree->count; i++) {
		const struct field *field = config_fields;

		while (field->name && !str_is(field->name, tree->members[i].name))
			field++;
		if (!field->name)
			return refuse(e, EINVAL, "'%s': unknown member '%s'", path,
				      tree->members[i].name);
	}
	return 0;
}

static int config_read(const struct runtime *runtime, struct arena *arena,
		       struct machine_config *ret, struct err *e)
{
	const char *path = runtime->vm_config ? runtime->vm_config : MACHINE_CONFIG_FILE;
	const struct json *tree;

	if (document_read(arena, path, &tree, e) < 0) {
		if (e->code == ENOENT && !runtime->vm_config)
			return 0;
		return wrap(e, "configuration of the vm level");
	}
	if (members_check(tree, path, e) < 0)
		return -e->code;
	if (fields_decode(config_fields, arena, tree, "", ret, e) < 0)
		return wrap(e, "'%s'", path);
	return 0;
}

/* Beside the program when that is in a build tree. */
static const char *built_guest(struct arena *arena)
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *guest;
	char *slash;

	if (size <= 0)
		return NULL;
	program[size] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	guest = path_join(arena, program, "guest");
	return access(path_join(arena, guest, GUEST_FILE), F_OK) == 0 ? guest : NULL;
}

static int absolute(struct arena *arena, const char *path, const char **ret, struct err *e)
{
	char directory[PATH_MAX];

	if (*path == '/') {
		*ret = path;
		return 0;
	}
	if (!getcwd(directory, sizeof(directory)))
		return fail(e, errno, "'%s': find the working directory", path);
	*ret = path_join(arena, directory, path);
	return 0;
}

static int guest_read(const struct runtime *runtime, struct arena *arena,
		      const struct machine_config *config, struct planner_machine *ret,
		      struct err *e)
{
	struct guest_description guest = {0};
	const char *directory = runtime->vm_guest ? runtime->vm_guest : config->guest;
	bool is_asked = directory != NULL;
	const struct json *tree;
	const char *path;

	if (!directory)
		directory = built_guest(arena);
	if (absolute(arena, directory ? directory : INSTALLED_GUEST, &directory, e) < 0)
		return -e->code;
	path = path_join(arena, directory, GUEST_FILE);
	if (document_read(arena, path, &tree, e) < 0) {
		if (e->code == ENOENT && !is_asked)
			return 0;
		return wrap(e, "the guest of the vm level");
	}
	if (fields_decode(guest_fields, arena, tree, "", &guest, e) < 0)
		return wrap(e, "'%s'", path);
	ret->kernel =
		*guest.kernel == '/' ? guest.kernel : path_join(arena, directory, guest.kernel);
	ret->initramfs = *guest.initramfs == '/' ? guest.initramfs
						 : path_join(arena, directory, guest.initramfs);
	ret->kernel_parameters = guest.kernel_parameters;
	if (guest.memory.is_set)
		ret->guest_memory = guest.memory.value;
	return 0;
}

static void config_apply(struct arena *arena, const struct machine_config *config,
			 struct planner_machine *to)
{
	if (config->hypervisor)
		to->hypervisor = config->hypervisor;
	to->hypervisor_parameters = config->hypervisor_parameters;
	to->allowed_hypervisors = config->allowed_hypervisors;
	if (config->virtiofsd)
		to->virtiofsd = config->virtiofsd;
	if (config->kernel)
		to->kernel = config->kernel;
	if (config->initramfs)
		to->initramfs = config->initramfs;
	for (size_t i = 0; i < config->kernel_parameters.count; i++)
		strv_push(&to->kernel_parameters, arena, config->kernel_parameters.items[i]);
	if (config->accel.is_set)
		to->accel = (enum plan_accel)config->accel.value;
	if (config->vcpus.is_set)
		to->vcpus = config->vcpus.value;
	if (config->memory.is_set)
		to->memory = config->memory.value;
	if (config->guest_memory.is_set)
		to->guest_memory = config->guest_memory.value;
	if (config->spare_interfaces.is_set)
		to->spare_interfaces = config->spare_interfaces.value;
	if (config->boot_seconds.is_set)
		to->boot_seconds = config->boot_seconds.value;
}

int machine_defaults(const struct runtime *runtime, struct arena *arena,
		     struct planner_machine *ret, struct err *e)
{
	struct machine_config config = {0};

	*ret = (struct planner_machine){
		.accel = builtin.accel,
		.hypervisor = builtin.hypervisor,
		.virtiofsd = builtin.virtiofsd,
		.vcpus = builtin.vcpus,
		.spare_interfaces = builtin.spare_interfaces,
		.memory = builtin.memory,
		.guest_memory = builtin.guest_memory,
	};
	if (config_read(runtime, arena, &config, e) < 0 ||
	    guest_read(runtime, arena, &config, ret, e) < 0)
		return -e->code;
	config_apply(arena, &config, ret);
	if (runtime->vm_accel)
		ret->accel = str_is(runtime->vm_accel, "tcg") ? PLAN_ACCEL_TCG : PLAN_ACCEL_KVM;
	return 0;
}
