/* SPDX-License-Identifier: MIT */
/*
 * Captures: frames written to a pcapng file, which Wireshark and every libpcap program read.
 *
 * Each frame goes with its instant in nanoseconds, its direction and, where there is one, a
 * comment. Time is real (instants of CLOCK_MONOTONIC become the time of day) or virtual (instants
 * are written as they are, so a simulation begins in 1970). Frames come from a port that stands on
 * another one, or from a simulator's tap. What was written is in the file after
 * emu_capture_flush(), and a capture port flushes each second. Frames and events of several threads
 * may go into one capture: it is locked for each, and they are written in the order in which they
 * come, no instant before the one above.
 *
 * Between the frames there may be events: custom blocks of the enterprise number 32473, which is
 * there for examples and documentation (RFC 5612), since toe has none of its own. Their data is
 * "TOE", a byte 1, the instant in nanoseconds (64 bits), the length of a text (32 bits), both in
 * network byte order, and that text, a JSON object.
 */
#ifndef EMU_CAPTURE_H
#define EMU_CAPTURE_H

#include "filter.h"
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

/* emu_capture_filter_set() has only frames of |filter| written, which belongs to |capture| then. */
void emu_capture_filter_set(struct emu_capture *capture, struct emu_filter *filter);

/*
 * When a file is longer than |bytes|, or older than |age| (0: no matter), another one begins. It
 * has the name that was given to emu_capture_open(); those before are called NAME.1, the newest, to
 * NAME.|files| - 1. At least two files.
 */
struct emu_capture_rotation {
    uint64_t bytes;
    toe_duration age;
    uint32_t files;
};

/* emu_capture_rotation_parse() reads "100M:5" or "10m:3"; false if that is none. */
bool emu_capture_rotation_parse(struct emu_capture_rotation *rotation, const char *text);

void emu_capture_rotation_set(struct emu_capture *capture,
                              const struct emu_capture_rotation *rotation);

/* emu_capture_event() writes an event: |text| is a JSON object. */
void emu_capture_event(struct emu_capture *capture, toe_instant now, const char *text);

/*
 * emu_capture_note() has |text| as a comment on the next frame that is written of that connection,
 * or, if |tuple| is NULL, on the next frame of all.
 */
void emu_capture_note(struct emu_capture *capture, const struct emu_tuple *tuple, const char *text);

/*
 * emu_capture_interface_add() describes one more interface, unless there is one of that name, and
 * returns its index.
 */
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
