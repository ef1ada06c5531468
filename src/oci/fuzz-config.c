/*
 * Any bytes into the three parsers: none may crash, hang or accept what it cannot write back.
 * Samples "engine-*" are what engines really wrote.
 */
#include "base/log.h"
#include "oci/load.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_sink(enum log_level level, const char *text, void *data)
{
	(void)level;
	(void)text;
	(void)data;
}

static void resources_again(struct arena *arena, const struct oci_resources *resources)
{
	const struct oci_resources *again;
	struct json_writer w;
	struct err e = {0};
	auto_buf text = {0};

	json_writer_init(&w, &text, 0);
	oci_resources_write(resources, &w);
	if (oci_resources_parse(arena, buf_text(&text), text.size, &again, &e) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct oci_config *config;
	const struct oci_process *process;
	const struct oci_resources *resources;
	const char *text = (const char *)data;
	auto_arena arena = {0};
	struct err e = {0};

	log_set_sink(no_sink, NULL);
	if (oci_config_parse(&arena, text, size, &config, NULL, &e) == 0) {
		if (config->process && (config->process->args.count == 0 || !config->process->user))
			abort();
		if (config->linux_ && config->linux_->resources)
			resources_again(&arena, config->linux_->resources);
	} else if (e.code != EINVAL || e.text[0] == '\0') {
		abort();
	}
	if (oci_process_parse(&arena, text, size, &process, &e) == 0 && process->cwd[0] != '/')
		abort();
	if (oci_resources_parse(&arena, text, size, &resources, &e) == 0)
		resources_again(&arena, resources);
	return 0;
}
