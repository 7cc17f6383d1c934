/* SPDX-License-Identifier: MIT */
/*
 * Filters in the language of pcap-filter(7), compiled by libpcap: which frames, or which
 * connections.
 *
 * A filter of connections is applied to the headers of a segment that this end would send: "src"
 * is this end, "dst" the other one. It comes from whoever may talk to a daemon, so only what can be
 * told of a connection is taken, and numbers only: names would be looked up by servers elsewhere.
 */
#ifndef EMU_FILTER_H
#define EMU_FILTER_H

#include "error.h"
#include "linux/kernel.h"
#include "toe/frame.h"

struct emu_filter;

/*
 * emu_filter_frames() is a filter of Ethernet frames, emu_filter_connections() one of connections;
 * an empty |text| is for all of them. NULL with |error| if |text| is not understood; |column|, from
 * 1, is where in |text|.
 */
struct emu_filter *emu_filter_frames(const char *text, struct emu_error *error);
struct emu_filter *emu_filter_connections(const char *text, size_t *column,
                                          struct emu_error *error);

/* emu_filter_del() frees it; NULL is allowed. */
void emu_filter_del(struct emu_filter *filter);

/* emu_filter_has_frame() and emu_filter_has_connection(): NULL has all. */
bool emu_filter_has_frame(const struct emu_filter *filter, const struct toe_frame *frame);
bool emu_filter_has_connection(const struct emu_filter *filter, const struct emu_tuple *tuple);

#endif
