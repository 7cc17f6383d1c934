/* SPDX-License-Identifier: MIT */
#ifndef PD_PERSONA_H
#define PD_PERSONA_H

#include "toe/host.h"
#include "toe/target.h"

/*
 * Personas: the choices that a TCP is free to make
 *
 * A script names values that no RFC does: a window scale, the size of a buffer, how soon an
 * acknowledgment leaves. The persona is what it takes for granted. `toe`, the default, is what the
 * library does by itself. `linux` has Linux's constants, and reads those sysctls that a script may
 * have set, from /proc/sys, when the first socket is made. `freebsd` has FreeBSD's.
 */

/* Where connections are. */
enum pd_mode {
    PD_MODE_HOST,   /* never offloaded */
    PD_MODE_TARGET, /* offloaded as soon as they are established */
    PD_MODE_HOP,    /* each thing the script does moves them: there, and back */
};

struct pd_persona {
    enum pd_mode mode;
    const char *flags; /* of the script */
    bool is_linux;
    uint32_t notsent_lowat; /* Linux: what a socket has that sets none, */
    uint32_t snd_buf_max;   /* and what its send buffer may grow to */
    uint32_t mtu;
    struct toe_host_settings host;
    struct toe_target_settings target;
};

/*
 * pd_persona_parse() takes the string given by --so_flags, or NULL: a comma separated list of a
 * persona and of settings, as in `linux,ack_frequency=2`. From the environment come more of them,
 * which count before, TOE_PACKETDRILL_FLAGS, and the mode, TOE_PACKETDRILL_MODE. False, and a line
 * on stderr, if it makes no sense.
 */
bool pd_persona_parse(struct pd_persona *persona, const char *flags);

/* How much more the host takes than Linux would, which goes beyond its limit by a piece. */
#define PD_SND_BUF_SPARE (256u * 1024)

/* pd_persona_sysctls() lets the sysctls count that hold now, but where a flag says otherwise. */
void pd_persona_sysctls(struct pd_persona *persona);

#endif
