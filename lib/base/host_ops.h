/* SPDX-License-Identifier: MIT */
#ifndef BASE_HOST_OPS_H
#define BASE_HOST_OPS_H

#include "toe/seam.h"

/*
 * base_host_ops_take() makes |to| a whole table: that of |ops| as far as its size goes, and for the
 * rest, or all of it if |ops| is NULL, functions of a host that does not listen. It takes no data.
 */
void base_host_ops_take(struct toe_host_ops *to, const struct toe_host_ops *ops);

#endif
