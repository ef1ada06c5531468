/* What pid 1 does before there is anything else. */
#ifndef AGENT_BOOT_H
#define AGENT_BOOT_H

#include "base/err.h"

/* File systems, modules, a root that can be pivoted from, cgroups. */
int boot(struct err *e) must_check;
/* Whether the kernel's command line has the word. */
bool boot_has_word(const char *word);
/* ---- modules.c ---- */

/* In the initramfs, and kept reachable. */
#define MODULES_DIRECTORY "/modules"

/* Those that every guest needs, and those its devices need, but for the network's. */
int modules_load(struct err *e) must_check;
/* Those for virtio devices of that kind. */
int modules_load_for(unsigned long device, struct err *e) must_check;
/* We are the kernel's helper, asked for `alias`: the exit status. */
int modules_help(const char *alias);

#endif
