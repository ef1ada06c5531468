/* What must and must not fail: documents, top level, mounts, hooks, process, vm; engines' files. */
#include "base/fd.h"
#include "test-rows.h"

#include <dirent.h>
#include <fcntl.h>

#define PROCESS(members) "{'cwd':'/','args':['sh'],'user':{'uid':0,'gid':0}," members "}"
#define USER(members)	 "{'cwd':'/','args':['sh'],'user':{" members "}}"
#define VM(members)	 CONFIG("'vm':{" members "}")
#define KERNEL		 "'kernel':{'path':'/vmlinux'}"
#define NAME_64		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct row document_rows[] = {
	{"document: smallest", "{'ociVersion':'1.3.0','root':{'path':'rootfs'}}", NULL},
	{"document: not JSON", "{]", "line 1, column 2: ..."},
	{"document: empty", "", "is empty"},
	{"document: trailing bytes", CONFIG("'hooks':{}") " x", "line 1, column ..."},
	{"document: duplicate member", CONFIG("'root':{'path':'x'}"), "line 1, column ..."},
	{"document: not UTF-8", CONFIG("'hostname':'\xff'"), "line 1, column ..."},
	{"document: an array", "[]", "must be an object, not an array"},
	{"document: unknown members",
	 CONFIG("'nope':[1,{'x':null}],'windows':{'a':1},'solaris':{}"), NULL},
	{"document: null is absent", CONFIG("'process':null,'mounts':null,'hooks':null,'vm':null"),
	 NULL},
	{"document: wrong type", CONFIG("'mounts':{}"), "mounts: must be an array, not an object"},
	{"document: fraction",
	 CONFIG("'linux':{'namespaces':[" NAMESPACE(
		 "user") "],'uidMappings':[{"
			 "'containerID':0.5,'hostID':0,'size':1}]}"),
	 "linux.uidMappings[0].containerID: must be an integer, not 0.5"},
	{"document: out of range",
	 CONFIG("'linux':{'uidMappings':[{'containerID':0,'hostID':4294967296,'size':1}]}"),
	 "linux.uidMappings[0].hostID: must be an unsigned 32-bit integer ..."},
	{"version: absent", "{'root':{'path':'x'}}", "ociVersion: is required"},
	{"version: invalid", "{'ociVersion':'invalid','root':{'path':'x'}}",
	 "ociVersion: must be a SemVer 2.0 version, not 'invalid'"},
	{"version: two numbers", "{'ociVersion':'1.0','root':{'path':'x'}}",
	 "ociVersion: must be a SemVer 2.0 version, not '1.0'"},
	{"version: leading zero", "{'ociVersion':'1.02.0','root':{'path':'x'}}",
	 "ociVersion: must be a SemVer 2.0 version, not '1.02.0'"},
	{"version: empty suffix", "{'ociVersion':'1.0.0-','root':{'path':'x'}}",
	 "ociVersion: must be a SemVer 2.0 version, not '1.0.0-'"},
	{"version: bad build", "{'ociVersion':'1.0.0+a_b','root':{'path':'x'}}",
	 "ociVersion: must be a SemVer 2.0 version, not '1.0.0+a_b'"},
	{"version: 0.9", "{'ociVersion':'0.9.0','root':{'path':'x'}}",
	 "ociVersion: 0.9.0 is not supported (1.0.0 to 1.3 are)"},
	{"version: 2.0", "{'ociVersion':'2.0.0','root':{'path':'x'}}",
	 "ociVersion: 2.0.0 is not supported (1.0.0 to 1.3 are)"},
	{"version: 1.4", "{'ociVersion':'1.4.0','root':{'path':'x'}}",
	 "ociVersion: 1.4.0 is not supported (1.0.0 to 1.3 are)"},
	{"version: oldest", "{'ociVersion':'1.0.0','root':{'path':'x'}}", NULL},
	{"version: newest", "{'ociVersion':'1.3.9','root':{'path':'x'}}", NULL},
	{"version: 1.0.2-dev", "{'ociVersion':'1.0.2-dev','root':{'path':'x'}}", NULL},
	{"version: 1.3.0+dev", "{'ociVersion':'1.3.0-rc.1+dev.01','root':{'path':'x'}}", NULL},
	{"root: absent", "{'ociVersion':'1.3.0'}", "root: is required"},
	{"root.path: absent", "{'ociVersion':'1.3.0','root':{}}", "root.path: is required"},
	{"root.path: empty", "{'ociVersion':'1.3.0','root':{'path':''}}",
	 "root.path: must not be empty"},
	{"root.readonly: wrong type", "{'ociVersion':'1.3.0','root':{'path':'x','readonly':1}}",
	 "root.readonly: must be a boolean, not a number"},
	{"hostname: without uts", CONFIG("'hostname':'h'"),
	 "hostname: needs a uts namespace in linux.namespaces, or the host is renamed"},
	{"hostname: with uts",
	 CONFIG("'hostname':'h','linux':{'namespaces':[" NAMESPACE("uts") "]}"), NULL},
	{"hostname: empty is absent", CONFIG("'hostname':''"), NULL},
	{"hostname: too long", CONFIG("'hostname':'" NAME_64 "a'"),
	 "hostname: is longer than 64 bytes"},
	{"domainname: without uts", CONFIG("'domainname':'d'"),
	 "domainname: needs a uts namespace in linux.namespaces, or the host is renamed"},
	{"domainname: with uts",
	 CONFIG("'domainname':'d','linux':{'namespaces':[" NAMESPACE("uts") "]}"), NULL},
	{"annotations: empty key", CONFIG("'annotations':{'':'x'}"),
	 "annotations: a key must not be empty"},
	{"annotations: not a string", CONFIG("'annotations':{'a':1}"),
	 "annotations.a: must be a string, not a number"},
	{"annotations: empty value, unknown keys", CONFIG("'annotations':{'a':'','org.x.y':'1'}"),
	 NULL},
};

static const struct row mount_rows[] = {
	{"mounts: smallest", CONFIG("'mounts':[{'destination':'/a'}]"), NULL},
	{"mounts: destination absent", CONFIG("'mounts':[{'destination':'/'},{'source':'x'}]"),
	 "mounts[1].destination: is required"},
	{"mounts: destination empty", CONFIG("'mounts':[{'destination':''}]"),
	 "mounts[0].destination: must not be empty"},
	{"mounts: destination relative", CONFIG("'mounts':[{'destination':'a'}]"), NULL,
	 "mounts[0].destination: 'a' is relative, which is deprecated; taken relative to '/'"},
	{"mounts: filesystem data",
	 CONFIG("'mounts':[{'destination':'/a','type':'tmpfs','options':['size=4k','mode=755',"
		"'noswap','nosuid']}]"),
	 NULL},
	{"mounts: words of crun's callers",
	 CONFIG("'mounts':[{'destination':'/a','source':'/a','options':['rbind','copy-symlink',"
		"'src-nofollow','idmap=uids=0-1-2;gids=0-1-2']}]"),
	 NULL},
	{"mounts: empty option", CONFIG("'mounts':[{'destination':'/a','options':['ro','']}]"),
	 NULL},
	{"mounts: only uidMappings",
	 CONFIG("'mounts':[{'destination':'/a'},{'destination':'/b'},{'destination':'/c',"
		"'uidMappings':[{'containerID':0,'hostID':0,'size':1}]}]"),
	 "mounts[2].gidMappings: is required together with uidMappings"},
	{"mounts: only gidMappings",
	 CONFIG("'mounts':[{'destination':'/a',"
		"'gidMappings':[{'containerID':0,'hostID':0,'size':1}]}]"),
	 "mounts[0].uidMappings: is required together with gidMappings"},
	{"mounts: mapping incomplete",
	 CONFIG("'mounts':[{'destination':'/a','uidMappings':[{'containerID':0,'size':1}]}]"),
	 "mounts[0].uidMappings[0].hostID: is required"},
	{"mounts: mapping of size 0",
	 CONFIG("'mounts':[{'destination':'/a',"
		"'uidMappings':[{'containerID':0,'hostID':0,'size':0}],"
		"'gidMappings':[{'containerID':0,'hostID':0,'size':1}]}]"),
	 "mounts[0].uidMappings[0].size: must be at least 1"},
	{"mounts: idmap with mappings",
	 CONFIG("'mounts':[{'destination':'/a','options':['bind','idmap'],"
		"'uidMappings':[{'containerID':0,'hostID':0,'size':1}],"
		"'gidMappings':[{'containerID':0,'hostID':0,'size':1}]}]"),
	 NULL},
	{"mounts: idmap without mappings and user namespace",
	 CONFIG("'mounts':[{'destination':'/a','options':['bind','idmap']}]"),
	 "mounts[0].options[1]: idmap needs uidMappings and gidMappings, or a user namespace"},
	{"mounts: ridmap without mappings and user namespace",
	 CONFIG("'mounts':[{'destination':'/a','options':['rbind','ridmap']}]"),
	 "mounts[0].options[1]: ridmap needs uidMappings and gidMappings, or a user namespace"},
	{"mounts: idmap with a user namespace",
	 CONFIG("'mounts':[{'destination':'/a','options':['bind','idmap']}],"
		"'linux':{'namespaces':[{'type':'user','path':'/proc/1/ns/user'}]}"),
	 NULL},
	{"hooks: path absent", CONFIG("'hooks':{'poststop':[{'path':'/x'},{'args':[]}]}"),
	 "hooks.poststop[1].path: is required"},
	{"hooks: path relative", CONFIG("'hooks':{'createRuntime':[{'path':'x'}]}"),
	 "hooks.createRuntime[0].path: must be absolute, not 'x'"},
	{"hooks: timeout 0", CONFIG("'hooks':{'prestart':[{'path':'/x','timeout':0}]}"),
	 "hooks.prestart[0].timeout: must be more than 0, not 0"},
	{"hooks: timeout negative",
	 CONFIG("'hooks':{'startContainer':[{'path':'/x','timeout':-1}]}"),
	 "hooks.startContainer[0].timeout: must be more than 0, not -1"},
	{"hooks: all kinds",
	 CONFIG("'hooks':{'prestart':[{'path':'/a','args':['a','b'],'env':['x=y'],'timeout':3}],"
		"'createRuntime':[],'createContainer':[{'path':'/b'}],'startContainer':[{'path':"
		"'/c'}],'poststart':[{'path':'/d'}],'poststop':[{'path':'/e'}]}"),
	 NULL},
};

static const struct row process_rows[] = {
	{"process: smallest", USER("'uid':0,'gid':0"), NULL},
	{"process: user absent", "{'cwd':'/','args':['sh']}", NULL,
	 "process.user: is missing; taken as uid 0 and gid 0"},
	{"process: cwd absent", "{'args':['sh']}", "process.cwd: is required"},
	{"process: cwd relative", "{'cwd':'x','args':['sh']}",
	 "process.cwd: must be an absolute path, not 'x'"},
	{"process: args absent", "{'cwd':'/'}", "process.args: is required"},
	{"process: args empty", "{'cwd':'/','args':[]}", "process.args: must not be empty"},
	{"process: args of a number", "{'cwd':'/','args':['a',1]}",
	 "process.args[1]: must be a string, not a number"},
	{"process: NUL", "{'cwd':'/','args':['a\\u0000b']}", "line 1, column ..."},
	{"env: no equals sign", PROCESS("'env':['A=b','x']"),
	 "process.env[1]: must be NAME=VALUE, not 'x'"},
	{"env: empty name", PROCESS("'env':['=x']"),
	 "process.env[0]: must be NAME=VALUE, not '=x'"},
	{"env: empty value", PROCESS("'env':['A=','A==b']"), NULL},
	{"user: uid absent", USER("'gid':0"), "process.user.uid: is required"},
	{"user: gid absent", USER("'uid':0"), "process.user.gid: is required"},
	{"user: uid -1", USER("'uid':4294967295,'gid':0"),
	 "process.user.uid: 4294967295 is no user id"},
	{"user: gid -1", USER("'uid':0,'gid':4294967295"),
	 "process.user.gid: 4294967295 is no group id"},
	{"user: uid negative", USER("'uid':-1,'gid':0"),
	 "process.user.uid: must be an unsigned 32-bit integer ..."},
	{"user: group -1", USER("'uid':0,'gid':0,'additionalGids':[1,4294967295]"),
	 "process.user.additionalGids[1]: 4294967295 is no group id"},
	{"user: umask", USER("'uid':0,'gid':0,'umask':512"),
	 "process.user.umask: must be at most 511 (0777), not 512"},
	{"user: everything", USER("'uid':4294967294,'gid':1,'umask':63,'additionalGids':[1,2]"),
	 NULL},
	{"rlimits: unknown type", PROCESS("'rlimits':[{'type':'RLIMIT_X','soft':1,'hard':1}]"),
	 "process.rlimits[0].type: unknown value 'RLIMIT_X' ..."},
	{"rlimits: soft absent", PROCESS("'rlimits':[{'type':'RLIMIT_CORE','hard':1}]"),
	 "process.rlimits[0].soft: is required"},
	{"rlimits: given twice",
	 PROCESS("'rlimits':[{'type':'RLIMIT_CORE','soft':0,'hard':0},"
		 "{'type':'RLIMIT_CORE','soft':1,'hard':1}]"),
	 "process.rlimits[1].type: RLIMIT_CORE given twice"},
	{"rlimits: soft above hard", PROCESS("'rlimits':[{'type':'RLIMIT_AS','soft':2,'hard':1}]"),
	 "process.rlimits[0].soft: 2 is above the hard limit 1"},
	{"rlimits: infinity",
	 PROCESS("'rlimits':[{'type':'RLIMIT_AS','soft':1,'hard':18446744073709551615}]"), NULL},
	{"capabilities: unknown", PROCESS("'capabilities':{'bounding':['CAP_KILL','CAP_NOPE']}"),
	 NULL, "process.capabilities.bounding[1]: unknown value 'CAP_NOPE' is ignored"},
	{"capabilities: wrong type", PROCESS("'capabilities':{'ambient':'CAP_KILL'}"),
	 "process.capabilities.ambient: must be an array, not a string"},
	{"oomScoreAdj: too large", PROCESS("'oomScoreAdj':1001"),
	 "process.oomScoreAdj: must be -1000 to 1000, not 1001"},
	{"oomScoreAdj: too small", PROCESS("'oomScoreAdj':-1001"),
	 "process.oomScoreAdj: must be -1000 to 1000, not -1001"},
	{"consoleSize: incomplete", PROCESS("'consoleSize':{'height':1}"),
	 "process.consoleSize.width: is required"},
	{"consoleSize: without terminal", PROCESS("'consoleSize':{'height':1,'width':1}"), NULL},
	{"scheduler: policy absent", PROCESS("'scheduler':{'nice':1}"),
	 "process.scheduler.policy: is required"},
	{"scheduler: unknown policy", PROCESS("'scheduler':{'policy':'SCHED_X'}"),
	 "process.scheduler.policy: unknown value 'SCHED_X' ..."},
	{"scheduler: unknown flag", PROCESS("'scheduler':{'policy':'SCHED_OTHER','flags':['X']}"),
	 "process.scheduler.flags[0]: unknown value 'X' ..."},
	{"scheduler: nice", PROCESS("'scheduler':{'policy':'SCHED_BATCH','nice':20}"),
	 "process.scheduler.nice: must be -20 to 19, not 20"},
	{"scheduler: priority for OTHER",
	 PROCESS("'scheduler':{'policy':'SCHED_OTHER','priority':1}"),
	 "process.scheduler.priority: must be 0 for SCHED_OTHER, not 1"},
	{"scheduler: no priority for FIFO", PROCESS("'scheduler':{'policy':'SCHED_FIFO'}"),
	 "process.scheduler.priority: must be 1 to 99 for SCHED_FIFO, not 0"},
	{"scheduler: runtime for RR",
	 PROCESS("'scheduler':{'policy':'SCHED_RR','priority':1,'runtime':1}"),
	 "process.scheduler.runtime: is for SCHED_DEADLINE only"},
	{"scheduler: deadline for IDLE",
	 PROCESS("'scheduler':{'policy':'SCHED_IDLE','deadline':1}"),
	 "process.scheduler.deadline: is for SCHED_DEADLINE only"},
	{"scheduler: period for OTHER", PROCESS("'scheduler':{'policy':'SCHED_OTHER','period':1}"),
	 "process.scheduler.period: is for SCHED_DEADLINE only"},
	{"scheduler: deadline",
	 PROCESS("'scheduler':{'policy':'SCHED_DEADLINE','runtime':1000000,'deadline':2000000,"
		 "'period':2000000,'flags':['SCHED_FLAG_RESET_ON_FORK']}"),
	 NULL},
	{"ioPriority: class absent", PROCESS("'ioPriority':{'priority':1}"),
	 "process.ioPriority.class: is required"},
	{"ioPriority: unknown class", PROCESS("'ioPriority':{'class':'X'}"),
	 "process.ioPriority.class: unknown value 'X' ..."},
	{"ioPriority: priority", PROCESS("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"),
	 "process.ioPriority.priority: must be 0 to 7, not 8"},
	{"ioPriority: no priority", PROCESS("'ioPriority':{'class':'IOPRIO_CLASS_BE'}"), NULL},
	{"execCPUAffinity: initial", PROCESS("'execCPUAffinity':{'initial':'3-1'}"),
	 "process.execCPUAffinity.initial: must be a list like 0-3,7, not '3-1'"},
	{"execCPUAffinity: final", PROCESS("'execCPUAffinity':{'initial':'','final':'a'}"),
	 "process.execCPUAffinity.final: must be a list like 0-3,7, not 'a'"},
	{"execCPUAffinity: lists", PROCESS("'execCPUAffinity':{'initial':'0-3, 7','final':''}"),
	 NULL},
};

static const struct row vm_rows[] = {
	{"vm: kernel absent", CONFIG("'vm':{}"), "vm.kernel: is required"},
	{"vm: kernel path absent", VM("'kernel':{}"), "vm.kernel.path: is required"},
	{"vm: kernel path empty", VM("'kernel':{'path':''}"), "vm.kernel.path: is required"},
	{"vm: kernel path relative", VM("'kernel':{'path':'x'}"),
	 "vm.kernel.path: must be absolute, not 'x'"},
	{"vm: initrd relative", VM("'kernel':{'path':'/x','initrd':'y'}"),
	 "vm.kernel.initrd: must be absolute, not 'y'"},
	{"vm: hypervisor relative", VM(KERNEL ",'hypervisor':{'path':'x'}"),
	 "vm.hypervisor.path: must be absolute, not 'x'"},
	{"vm: hypervisor without path", VM(KERNEL ",'hypervisor':{}"),
	 "vm.hypervisor.path: is required"},
	{"vm: hypervisor parameters alone",
	 VM(KERNEL ",'hypervisor':{'path':'','parameters':['x']}"),
	 "vm.hypervisor.path: is required"},
	{"vm: empty paths are absent",
	 VM(KERNEL ",'hypervisor':{'path':''},'image':{'path':'','format':''}"), NULL},
	{"vm: image relative", VM(KERNEL ",'image':{'path':'x','format':'raw'}"),
	 "vm.image.path: must be absolute, not 'x'"},
	{"vm: image without path", VM(KERNEL ",'image':{'path':'','format':'raw'}"),
	 "vm.image.path: is required"},
	{"vm: image format", VM(KERNEL ",'image':{'path':'/x','format':'iso'}"),
	 "vm.image.format: must be raw, qcow2, vdi, vmdk or vhd, not 'iso'"},
	{"vm: image format unset", VM(KERNEL ",'image':{'path':'/x'}"), NULL},
	{"vm: hwConfig", VM(KERNEL ",'hwConfig':{'vcpus':2,'memory':1,'irqs':[],'dtdevs':[]}"),
	 NULL},
	{"vm: hwconfig", VM(KERNEL ",'hwconfig':{'vcpus':2}"), NULL},
	{"vm: both spellings", VM(KERNEL ",'hwConfig':{},'hwconfig':{}"),
	 "vm.hwconfig: is another spelling of hwConfig, given too"},
	{"vm: vcpus 0", VM(KERNEL ",'hwConfig':{'vcpus':0}"),
	 "vm.hwConfig.vcpus: must be at least 1"},
	{"vm: memory 0", VM(KERNEL ",'hwConfig':{'memory':0}"),
	 "vm.hwConfig.memory: must be more than 0"},
	{"vm: deviceTree relative", VM(KERNEL ",'hwConfig':{'deviceTree':'x'}"),
	 "vm.hwConfig.deviceTree: must be absolute, not 'x'"},
	{"vm: dtdevs", VM(KERNEL ",'hwConfig':{'dtdevs':['x']}"),
	 "vm.hwConfig.dtdevs: passing devices is not supported"},
	{"vm: iomems", VM(KERNEL ",'hwConfig':{'iomems':[{'firstMFN':1,'nrMFNs':1}]}"),
	 "vm.hwConfig.iomems: passing memory is not supported"},
	{"vm: iomems incomplete", VM(KERNEL ",'hwConfig':{'iomems':[{'nrMFNs':1}]}"),
	 "vm.hwConfig.iomems[0].firstMFN: is required"},
	{"vm: irqs", VM(KERNEL ",'hwConfig':{'irqs':[1]}"),
	 "vm.hwConfig.irqs: passing interrupts is not supported"},
};

/* Whatever Docker, Podman and containerd really wrote. */
static void check_engine_files(void)
{
	const char *source = getenv("SOURCE_DIR");
	char path[4096];
	struct dirent *entry;
	DIR *directory;
	int count = 0;

	(void)snprintf(path, sizeof(path), "%s/tests/corpus/fuzz-config", source ? source : ".");
	directory = opendir(path);
	check(directory != NULL);
	while (directory && (entry = readdir(directory))) {
		auto_arena arena = {0};
		auto_buf text = {0};
		struct err e = {0};
		int r;

		if (!str_starts(entry->d_name, "engine-"))
			continue;
		r = file_read(dirfd(directory), entry->d_name, JSON_SIZE_MAX, false, &text, &e);
		row_warning[0] = '\0';
		if (r == 0)
			r = row_parse(&arena,
				      str_ends(entry->d_name, ".process.json") ? ROW_PROCESS
									       : ROW_CONFIG,
				      buf_text(&text), text.size, &e);
		tap_check(r == 0 && row_warning[0] == '\0', __FILE__, __LINE__,
			  "engine's %s is accepted (%s%s)", entry->d_name, e.text, row_warning);
		count++;
	}
	if (directory)
		(void)closedir(directory);
	check(count >= 18);
}

static void check_files(void)
{
	static const char rootless[] = "{\"ociVersion\":\"1.0.0\"}";
	static const char whole[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}";
	auto_arena arena = {0};
	auto_buf text = {0};
	const struct oci_config *config = NULL;
	struct err e = {0};
	char name[] = "/tmp/oci-load-XXXXXX";
	int fd = mkstemp(name);

	check(fd >= 0);
	check(oci_config_load(&arena, AT_FDCWD, "/nonexistent/config.json", &config, NULL, &e) < 0);
	check_contains(e.text, "/nonexistent/config.json");
	check(fd_write_all(fd, rootless, strlen(rootless)) == 0);
	check(oci_config_load(&arena, AT_FDCWD, name, &config, NULL, &e) == -EINVAL);
	check_contains(e.text, ": root: is required");
	check(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	check(fd_write_all(fd, whole, strlen(whole)) == 0);
	check(oci_config_load(&arena, AT_FDCWD, name, &config, &text, &e) == 0);
	check_text(buf_text(&text), whole);
	check_text(config ? config->root->path : NULL, "r");
	check(oci_config_load(&arena, AT_FDCWD, "/tmp", &config, NULL, &e) < 0);
	(void)unlink(name);
	(void)close(fd);
}

int main(void)
{
	ROWS_CHECK(ROW_CONFIG, document_rows);
	ROWS_CHECK(ROW_CONFIG, mount_rows);
	ROWS_CHECK(ROW_PROCESS, process_rows);
	ROWS_CHECK(ROW_CONFIG, vm_rows);
	check_engine_files();
	check_files();
	return tap_done();
}
