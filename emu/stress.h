/* SPDX-License-Identifier: MIT */
/*
 * The stress test: many connections over time, every byte checked, moved at random.
 *
 * A run keeps a number of connections open at once, of every kind (short and long, idle, one-way,
 * ping-pong, tiny writes, slow readers, half-closed, closed from both ends at once), replaces those
 * that finish, and has them offloaded and uploaded at random while data flows. At its end it lets
 * all of them finish and looks for what is left over. It is well if no byte was wrong, no
 * connection was reset or stalled, nothing is left, and the contract monitors that stand between
 * hosts and targets had nothing to report. With chaos a fault injector stands there as well, and
 * what lies around simulated machines changes (weather.h).
 *
 * The other end of the connections is a second machine of ours on a simulated link
 * (emu_stress_sim_run()) or a Linux kernel on a real one (emu_stress_wire_run()), where a small
 * program on kernel sockets, `toe peer` (emu/peer.h), does what the connections' openers ask for.
 */
#ifndef EMU_STRESS_H
#define EMU_STRESS_H

#include "error.h"
#include "fault.h"
#include "toe/host.h"
#include "toe/inter.h"
#include "toe/stats.h"
#include "weather.h"

#include <signal.h>
#include <stdio.h>

enum emu_stress_verdict {
    EMU_VERDICT_PASS,
    EMU_VERDICT_FAIL,
    EMU_VERDICT_INTERRUPTED,
};

struct emu_chronicle;
struct emu_course;
struct emu_endurance;
struct emu_ladder;
struct emu_schedule;
struct emu_soak;
struct emu_stress_result;

/*
 * The kinds of chaos: those of the fault injector, enum toe_inter_fault_kind, and behind them the
 * weather of simulated machines, enum emu_weather_kind.
 */
#define EMU_CHAOS_CNT (TOE_INTER_FAULT_CNT + EMU_WEATHER_CNT)
#define EMU_CHAOS_FAULTS ((1u << TOE_INTER_FAULT_CNT) - 1)
#define EMU_CHAOS_ALL ((1u << EMU_CHAOS_CNT) - 1)

/* The kinds by which connections are lost. */
#define EMU_CHAOS_HARDWARE                                                                         \
    (1u << TOE_INTER_FAULT_HARDWARE_QUERY | 1u << TOE_INTER_FAULT_HARDWARE_INVALIDATE |            \
     1u << TOE_INTER_FAULT_HARDWARE_TERMINATE)

/* emu_stress_chaos_name() is the name of the kind |kind|, below EMU_CHAOS_CNT. */
const char *emu_stress_chaos_name(unsigned kind);

/* What hosts of ours may do without. */
enum {
    EMU_WITHOUT_SACK = 1,
    EMU_WITHOUT_TIMESTAMPS = 2,
    EMU_WITHOUT_WINDOW_SCALING = 4,
    EMU_WITHOUT_ALL = 7,
};

/* What to do. emu_stress_settings_default() fills in all. */
struct emu_stress_settings {
    uint32_t connections; /* at once */
    uint32_t bytes;       /* that one carries, on average, roughly */
    double seconds;       /* of opening connections; draining them comes on top */
    uint64_t seed;
    bool ipv4, ipv6;

    enum toe_policy policy; /* manual: nothing is moved */
    enum toe_receive_mode receive_mode;
    double offload_every; /* random: mean seconds until a connection is offloaded */
    double upload_every;  /* random: mean seconds until it is taken back */
    double lag;           /* mean seconds by which every second state operation is late */
    bool ecn;             /* hosts offer explicit congestion notification */
    bool accurate_ecn;    /* and its accurate feedback */
    enum toe_mtu_probing mtu_probing; /* of hosts and targets; then routers say nothing */
    uint32_t without;                 /* EMU_WITHOUT_*: what hosts neither offer nor take */
    uint32_t rcv_buf;                 /* of hosts, bytes for a connection: the window they offer */
    double keep_alive;                /* seconds of silence until a peer is probed */
    uint32_t chaos;                   /* what else happens: 1 << kind, below EMU_CHAOS_CNT */
    /* Simulated only: all that happens (swarm/schedule.h), and nothing by chance; or NULL. */
    const struct emu_schedule *schedule;
    /*
     * The phases that the load goes through (endurance/course.h), or NULL. Then machines have a
     * second NIC each, over which they agree upon that; and the seam is counted.
     */
    const struct emu_course *course;
    struct toe_bus bus;    /* of hosts and targets */
    uint32_t tcp_max;      /* that a target takes; 0: as many as there may be */
    double stale;          /* seconds until a neighbor is; 0: as hosts have it */
    struct emu_soak *soak; /* what looks at memory and numbers all the time; or NULL */
    double stretch;        /* of the lives of scheduled connections; 0: none */
    uint64_t bulk;         /* bytes each way, of scheduled ones that carry most */

    /* What the link does, or the fault layer over a real one. Chances are in parts per million. */
    uint32_t loss, reorder, duplicate, corrupt;
    uint32_t mark; /* congestion marks on what may be marked */
    double delay;  /* seconds, one way */
    uint64_t rate; /* bits a second; simulated only */
    uint32_t mtu;
    uint16_t vlan_id; /* of the hosts' interfaces in a simulation; 0: none */

    /* On the wire: index 0 is IPv4, 1 is IPv6. */
    const char *interface; /* the raw socket's */
    struct toe_addr address[2];
    uint8_t prefix_len[2];
    struct toe_addr peer[2];
    uint16_t peer_port;
    bool peer_given; /* a peer runs at |peer|; otherwise one is started on a veth's other end */
    /* With a course: the second NIC's interface, our address there, and that of who follows. */
    const char *support;
    struct toe_addr support_address, support_peer;

    const char *capture;       /* pcapng file of all frames, or NULL */
    struct emu_ladder *ladder; /* simulated only: gets a rung for all that happens, or NULL */
    FILE *trace;               /* gets a line for each call between host and target, or NULL */
    struct emu_chronicle *chronicle; /* all zero, for a report; or NULL */

    volatile sig_atomic_t *stop; /* non-zero ends the run early; may be NULL */
    /* Called about twice a second of real time; |result| is as far as it goes. May be NULL. */
    void (*progress)(void *user, const struct emu_stress_result *result);
    /* Called when phase |idx| of the course has begun, and when the last one ends. May be NULL. */
    void (*phase)(void *user, uint32_t idx, const struct emu_stress_result *result);
    void *user;
};

/* What one end counts by itself, and tells the other one. */
struct emu_stress_tally {
    uint64_t opened; /* ends of connections that came to be, */
    uint64_t ended;  /* and that ended, as planned or not */
    uint64_t bytes;  /* received and checked */
    uint64_t bytes_wrong;
    uint64_t resets; /* that nobody had asked for */
};

/* What is seen where hosts and targets meet; all but the deadlines with a course only. */
struct emu_stress_seam {
    uint64_t ops[TOE_INTER_OP_CNT]; /* calls and upcalls */
    uint64_t checks;                /* of rules of the contract, by the monitors */
    uint32_t rules, rules_checked;  /* that there are, and that were looked at */
    uint32_t offloaded_peak;        /* connections in one target at once */
    uint32_t offloaded_max;         /* that the targets offer to take */
    uint64_t deadlines;             /* that the targets named, one after the other; and of these */
    uint64_t deadlines_fine;        /* those that are no multiple of 10 ms */
    uint64_t timers;                /* deadlines that came, */
    uint64_t timers_late;           /* those served more than 10 ms later, */
    toe_duration late_max;          /* and how late at most */
    uint64_t support_frames;        /* on the second NICs */
};

/*
 * Connections of one kind: of one family, and opened by us or by the peer. What they agreed upon is
 * asked where a connection begins; one that is offloaded by then is not in |asked|.
 */
struct emu_stress_class {
    uint64_t asked;
    uint64_t sack, timestamps, window_scaling, ecn; /* agreed upon, of those */
    uint64_t finished;                              /* with all bytes */
    uint64_t sent, received;                        /* bytes of the finished ones, all checked */
};

/* Bytes of memory: the mean in two quarters of the time, and the most. */
struct emu_soak_size {
    uint64_t second, last;
    uint64_t peak;
};

/* What came of a soak (swarm/soak.h) besides. */
struct emu_soak_result {
    bool is_one;
    struct emu_soak_size taken, resident; /* by hosts and targets; of the process */
    uint64_t sequence_wraps, timestamp_wraps;
    uint64_t bytes_most; /* that one connection carried one way */
    double seconds_most; /* that one lasted */
};

/* What came of it; also what a progress report tells. */
struct emu_stress_result {
    enum emu_stress_verdict verdict;
    uint64_t seed;
    uint64_t digest; /* of everything that crossed the link; 0 on the wire */
    char fault[256]; /* the first thing that went wrong, in words; empty if nothing did */

    uint64_t connections_opened;
    uint64_t connections_finished;
    uint32_t connections_now;
    uint32_t connections_peak;
    uint64_t bytes; /* received and checked, both ways */
    uint64_t bytes_wrong;
    uint64_t offloads, offloads_failed, uploads;
    struct {
        toe_status status;
        uint64_t cnt;
    } failures[8];   /* offloads that failed, by status, as they come */
    uint64_t resets; /* that nobody had asked for */
    uint64_t resets_wanted;
    uint64_t connections_lost; /* with corrupt hardware: chaos does that */
    uint64_t resets_lost;      /* of their other ends */
    uint64_t refused;          /* connections that could not be opened */
    uint64_t stalls;
    uint64_t leftover; /* connections, and what offloaded neighbors and paths still count */
    uint64_t breaches; /* of the contract between host and target, by either */
    uint64_t injected[EMU_CHAOS_CNT]; /* chaos, by kind */
    double virtual_seconds, wall_seconds;
    double busy_seconds; /* virtual: until the last connection was gone, TIME_WAIT aside */
    double cpu_seconds;  /* of processors, whatever else they had to do */

    struct emu_stress_class classes[2][2];        /* IPv4 and IPv6; opened by us, by the peer */
    struct emu_fault_stats faults_in, faults_out; /* on the wire */
    uint64_t frames, frames_lost;                 /* of the link, or at our end of the wire */
    uint64_t reordered;                           /* of these */
    struct toe_host_stats host;                   /* sums over our machines */
    struct emu_soak_result soak;
    struct toe_stats target;
    struct emu_stress_seam seam;
    struct emu_stress_tally remote; /* what the other machine reported at the end, with a course */
    bool has_remote;
    const struct emu_endurance *endurance; /* of a certification; else NULL */
};

/* emu_stress_settings_default() fills in |settings|: 256 connections, 60 seconds, seed 1. */
void emu_stress_settings_default(struct emu_stress_settings *settings);

/*
 * emu_stress_sim_run() runs two machines on a simulated link, as fast as it goes. Returns an exit
 * status (error.h); with EMU_EXIT_OK and EMU_EXIT_FAULT there is a result.
 */
int emu_stress_sim_run(struct emu_stress_result *result,
                       const struct emu_stress_settings *settings);

/*
 * emu_stress_wire_run() runs one machine on the raw socket of settings->interface, against a peer.
 * Returns an exit status; EMU_EXIT_ENVIRONMENT comes with a line on stderr that says what is
 * missing.
 */
int emu_stress_wire_run(struct emu_stress_result *result,
                        const struct emu_stress_settings *settings);

/* emu_stress_main() is the command `toe stress`. */
int emu_stress_main(int argc, char **argv);

#endif
