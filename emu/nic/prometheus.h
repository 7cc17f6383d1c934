/* SPDX-License-Identifier: MIT */
/*
 * Counters as Prometheus reads them: toe_GROUP_NAME{labels} value.
 */
#ifndef EMU_NIC_PROMETHEUS_H
#define EMU_NIC_PROMETHEUS_H

#include <jansson.h>

struct emu_prometheus {
    const char *nic;   /* a label of each */
    json_t *collected; /* an array of the objects of an answer to "stats" */
};

/* emu_prometheus_collect() keeps one object; |user| is the struct above. */
void emu_prometheus_collect(void *user, const json_t *object);

/* emu_prometheus_print() prints them, all lines of a metric together as the format wants. */
void emu_prometheus_print(const struct emu_prometheus *prometheus);

#endif
