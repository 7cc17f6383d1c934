/* SPDX-License-Identifier: MIT */
/*
 * Captures: frames written to a pcapng file, which Wireshark and every libpcap program read.
 *
 * Each frame goes with its instant in nanoseconds, its direction and, where there is one, a
 * comment. Time is real (instants of CLOCK_MONOTONIC become the time of day) or virtual (instants
 * are written as they are, so a simulation begins in 1970). Frames come from a port that stands on
 * another one, or from a simulator's tap. What was written is in the file after
 * emu_capture_flush(), and a capture port flushes each second.
 */
#ifndef EMU_CAPTURE_H
#define EMU_CAPTURE_H

#include "port.h"
#include "toe/sim.h"

struct emu_capture;

enum emu_capture_time {
    EMU_CAPTURE_REAL,
    EMU_CAPTURE_VIRTUAL,
};

/* The values are those of the pcapng flags word. */
enum emu_direction {
    EMU_DIRECTION_IN = 1,
    EMU_DIRECTION_OUT = 2,
};

/* emu_capture_open() creates the file |path|; NULL with |error| if that fails. */
struct emu_capture *emu_capture_open(const char *path, enum emu_capture_time time,
                                     struct emu_error *error);

/* emu_capture_interface_add() describes one more interface and returns its index. */
uint32_t emu_capture_interface_add(struct emu_capture *capture, const char *name);

/* emu_capture_write() writes one frame of interface |index|; |comment| may be NULL. */
void emu_capture_write(struct emu_capture *capture, uint32_t index, toe_instant now,
                       enum emu_direction direction, const struct toe_frame *frame,
                       const char *comment);

/* emu_capture_flush() hands to the system what was written so far. */
void emu_capture_flush(struct emu_capture *capture);

/*
 * emu_capture_close() ends the file and frees |capture|. Returns false with |error| if anything
 * could not be written since it was opened.
 */
bool emu_capture_close(struct emu_capture *capture, struct emu_error *error);

/*
 * emu_capture_port_new() puts a port on |below|, which then belongs to it, that records all that
 * passes. |capture| is borrowed until the port is closed. NULL if memory is short.
 */
struct emu_port *emu_capture_port_new(struct emu_port *below, struct emu_capture *capture);

/*
 * emu_capture_sim() records all links of |sim| until the simulation or the capture ends: call
 * toe_sim_tap_set(sim, NULL, NULL) before closing the capture. Each link is an interface; what its
 * end 0 sends is outbound. Lost frames say so in a comment.
 */
void emu_capture_sim(struct emu_capture *capture, struct toe_sim *sim);

#endif
