/* Tables of words that the field tables of a plan use. */
#ifndef PLAN_WORDS_H
#define PLAN_WORDS_H

#include "plan/plan.h"

extern const struct enum_name plan_op_names[];		/* enum plan_op_kind */
extern const struct enum_name plan_driver_names[];	/* enum plan_cgroup_driver */
extern const struct enum_name plan_propagation_names[]; /* MS_* [| MS_REC] */

extern const struct field plan_id_map_fields[];

#endif
