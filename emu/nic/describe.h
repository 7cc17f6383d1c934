/* SPDX-License-Identifier: MIT */
/*
 * Connections of the kernel as the control protocol describes them (toe-nic(8)).
 */
#ifndef EMU_NIC_DESCRIBE_H
#define EMU_NIC_DESCRIBE_H

#include <jansson.h>

#include "linux/kernel.h"

enum { EMU_DETAIL_LEN = 64 };

/* emu_describe_detail() is what there is to add to the connection's |why|, as text. */
void emu_describe_detail(char out[EMU_DETAIL_LEN], const struct emu_kernel_conn *conn);

/* emu_describe_connection() is the object of type "connection"; NULL: no memory. */
json_t *emu_describe_connection(const struct emu_kernel_conn *conn, toe_instant now);

#endif
