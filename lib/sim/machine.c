/* SPDX-License-Identifier: MIT */
/*
 * A machine is the pump on a virtual clock: the target takes what arrived and tells the host, the
 * host acts on it, the application takes its events. What they give each other to do on the way is
 * due at once, so the machine is simply run again at the same instant.
 */
#include "toe/sim.h"

static toe_instant earlier(toe_instant a, toe_instant b)
{
    return a < b ? a : b;
}

toe_instant toe_sim_machine_deadline(void *machine)
{
    const struct toe_sim_machine *m = machine;
    const toe_instant at = earlier(m->ops->deadline(m->target), toe_host_deadline(m->host));

    return m->application == NULL ? at : earlier(at, m->application_at);
}

void toe_sim_machine_run(void *machine, toe_instant now)
{
    struct toe_sim_machine *m = machine;

    m->ops->run(m->target, now);
    toe_host_run(m->host, now);
    if (m->application != NULL) {
        m->application_at = m->application(m->user, now);
    }
    /* What the application has just asked for goes out in this run, not in one more. */
    if (m->ops->deadline(m->target) <= now) {
        m->ops->run(m->target, now);
    }
}
