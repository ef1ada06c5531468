/* The field table of a monitor's setup. */
#include "setup.h"

const struct field vm_setup_fields[] = {
	FIELD(FIELD_STRING, struct vm_setup, id, "id", FIELD_REQUIRED),
	FIELD(FIELD_BOOL, struct vm_setup, terminal, "terminal", 0),
	FIELD(FIELD_BOOL, struct vm_setup, log_json, "logJson", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct vm_setup, machine, "machine", FIELD_REQUIRED,
			  struct plan_machine, plan_machine_fields),
	{0},
};
