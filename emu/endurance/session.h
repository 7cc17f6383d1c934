/* SPDX-License-Identifier: MIT */
/*
 * The session: what the two machines of a certification stress tell each other over their support
 * NICs, in lines of text on one TCP connection. The one that leads asks, the other one answers:
 *
 *     toe 1 SEED CONNECTIONS MILLISECONDS  ->                 what is going to happen
 *                                          <-   ok            agreed
 *     phase INDEX                          ->                 that phase begins now
 *                                          <-   ok
 *     end                                  ->                 all connections are over
 *                                          <-   report OPENED ENDED BYTES WRONG RESETS
 *
 * and closes. A line is complete when its end has come, whatever TCP makes of it.
 */
#ifndef EMU_ENDURANCE_SESSION_H
#define EMU_ENDURANCE_SESSION_H

#include "stress.h"

enum { EMU_SESSION_LINE_MAX = 160, EMU_SESSION_PORT = 7008 };

enum emu_session_kind {
    EMU_SESSION_HELLO,
    EMU_SESSION_OK,
    EMU_SESSION_PHASE,
    EMU_SESSION_END,
    EMU_SESSION_REPORT,
};

struct emu_session_message {
    enum emu_session_kind kind;
    uint64_t seed; /* of a hello, as are the next two */
    uint32_t connections;
    uint64_t ms;
    uint32_t phase;
    struct emu_stress_tally tally; /* of a report */
};

/* Lines that come in pieces. */
struct emu_session_reader {
    char line[EMU_SESSION_LINE_MAX];
    size_t len;
    bool is_broken; /* too long, or none of ours */
};

/* emu_session_write() writes |message| as a line, with its end, and returns its length. */
size_t emu_session_write(char out[EMU_SESSION_LINE_MAX], const struct emu_session_message *message);

/*
 * emu_session_read() takes one byte that came, and returns true if |message| is complete with it.
 */
bool emu_session_read(struct emu_session_reader *reader, struct emu_session_message *message,
                      char byte);

#endif
