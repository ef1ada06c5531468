/*
 * Traffic control as far as two interfaces are joined: everything that arrives at one leaves by the
 * other. tc(8), tc-mirred(8), tc-u32(8).
 */
#ifndef KERN_RTNL_TRAFFIC_H
#define KERN_RTNL_TRAFFIC_H

#include "base/err.h"

/* What arrives at `from` is sent out by `to`, and not seen by the network stack. Needs the kernel's
 * sch_ingress, cls_u32 and act_mirred. An earlier redirection of `from` is replaced. */
int rtnl_redirect(int sock, int from, int to, struct err *e) must_check;
/* Back to the network stack; none is fine. */
int rtnl_redirect_end(int sock, int from, struct err *e) must_check;

#endif
