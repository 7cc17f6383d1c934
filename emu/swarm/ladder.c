/* SPDX-License-Identifier: MIT */
#include "swarm/ladder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "swarm/who.h"

/* Rungs that are kept, and those that are printed: up to the fault and behind it, and before those
 * as many of the connection concerned. */
#define RUNGS_MAX 65536u
#define BEFORE 60u
#define BEHIND 12u
#define CONCERNED 200u

/* Characters between the uprights. */
#define SEAM_LEN 26
#define LINK_LEN 46

enum rung_kind {
    RUNG_SEAM,    /* a call or an upcall */
    RUNG_SEGMENT, /* put on the link */
    RUNG_EVENT,   /* injected */
    RUNG_FAULT,
};

struct rung {
    toe_instant at;
    uint64_t conns;   /* emu_who_bit() of those that it concerns */
    uint32_t number;  /* of a segment's connection */
    uint8_t kind;     /* enum rung_kind */
    uint8_t machine;  /* that calls, sends, or is befallen */
    bool is_upcall;   /* of the seam */
    bool is_lost;     /* on the link */
    char what[32];    /* the operation, or the event */
    char detail[256]; /* the rest of it */
};

struct emu_ladder {
    uint64_t cnt;   /* ever; the last RUNGS_MAX are there */
    uint64_t fault; /* the rung, plus one; 0: none yet */
    /* Of the process that runs. */
    struct toe_sim *sim;
    const struct emu_stress_result *result;
    struct emu_who *who;
    uint16_t port;
    struct rung rungs[RUNGS_MAX];
};

struct emu_ladder *emu_ladder_new(void)
{
    void *memory = mmap(NULL, sizeof(struct emu_ladder), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void emu_ladder_del(struct emu_ladder *ladder)
{
    if (ladder != NULL) {
        (void)munmap(ladder, sizeof(*ladder));
    }
}

/* --- rungs --- */

static const struct rung *rung_at(const struct emu_ladder *ladder, uint64_t idx)
{
    return &ladder->rungs[idx % RUNGS_MAX];
}

static struct rung *add_rung(struct emu_ladder *ladder, enum rung_kind kind, uint8_t machine,
                             toe_instant at)
{
    struct rung *rung = &ladder->rungs[ladder->cnt++ % RUNGS_MAX];

    *rung = (struct rung){.at = at, .kind = (uint8_t)kind, .machine = machine};
    return rung;
}

/* The connection that the text of a fault names: by its ports, or by a machine's handle. */
static uint32_t conn_of(const struct emu_ladder *ladder, const char *fault)
{
    const char *ports = strstr(fault, "ports ");
    const char *machine = strstr(fault, "machine ");
    const char *handle = strstr(fault, "handle ");
    unsigned local;
    unsigned remote;
    unsigned family;

    if (ports != NULL && sscanf(ports, "ports %u to %u, IPv%u", &local, &remote, &family) == 3) {
        return emu_who_port(ladder->who, (uint8_t)family,
                            (uint16_t)(local == ladder->port ? remote : local));
    }
    if (machine != NULL && handle != NULL) {
        return emu_who_handle(ladder->who, machine[strlen("machine ")] == 'B',
                              strtoull(handle + strlen("handle "), NULL, 16));
    }
    return 0;
}

/* A fault is noted where it came up: before what happens next. */
static void look_for_fault(struct emu_ladder *ladder)
{
    struct rung *rung;

    if (ladder->fault != 0 || ladder->result->fault[0] == '\0') {
        return;
    }
    rung = add_rung(ladder, RUNG_FAULT, 0, 0);
    ladder->fault = ladder->cnt;
    rung->number = conn_of(ladder, ladder->result->fault);
    rung->conns = emu_who_bit(rung->number);
    snprintf(rung->detail, sizeof(rung->detail), "%s", ladder->result->fault);
}

static void on_frame(void *user, const struct toe_sim_tap_frame *tapped)
{
    static const char letters[] = "FSRPAUEC";
    struct emu_ladder *ladder = user;
    const uint8_t machine = (uint8_t)tapped->end;
    struct emu_segment segment;
    struct rung *rung;

    look_for_fault(ladder);
    rung = add_rung(ladder, RUNG_SEGMENT, machine, tapped->now);
    rung->is_lost = tapped->lost;
    if (!emu_segment_parse(&segment, tapped->frame, true)) {
        snprintf(rung->what, sizeof(rung->what), "%u bytes, no TCP", tapped->frame->len);
        return;
    }
    rung->number = emu_who_segment(ladder->who, machine, &segment);
    rung->conns = emu_who_bit(rung->number);
    for (size_t i = 0, len = 0; letters[i] != '\0'; ++i) {
        if ((segment.flags >> i & 1) != 0) {
            rung->what[len++] = letters[i];
        }
    }
    snprintf(rung->detail, sizeof(rung->detail), "%u+%u ack %u", segment.seq, segment.len,
             segment.ack);
}

void emu_ladder_record(struct emu_ladder *ladder, uint8_t idx,
                       const struct toe_inter_record *record)
{
    const uint64_t conns = emu_who_record(ladder->who, idx, record);
    struct rung *rung;
    char line[1024];
    const char *body;

    look_for_fault(ladder);
    /* The frames of the ordinary path cross the link as well, and say more there. */
    if (record->op == TOE_INTER_FRAMES || record->op == TOE_INTER_TRANSMIT) {
        return;
    }
    rung = add_rung(ladder, RUNG_SEAM, idx, toe_sim_now(ladder->sim));
    rung->conns = conns;
    rung->is_upcall = toe_inter_op_is_upcall(record->op);
    snprintf(rung->what, sizeof(rung->what), "%s", toe_inter_op_name(record->op));
    (void)toe_inter_record_line(record, line, sizeof(line));
    body = strrchr(line, '|'); /* the arrow's end */
    snprintf(rung->detail, sizeof(rung->detail), "%.*s", (int)sizeof(rung->detail) - 1,
             body != NULL && body[1] == ' ' ? body + 2 : "");
}

void emu_ladder_event(struct emu_ladder *ladder, const struct emu_swarm_event *event)
{
    struct rung *rung;

    look_for_fault(ladder);
    rung = add_rung(ladder, RUNG_EVENT, event->machine, event->at);
    snprintf(rung->what, sizeof(rung->what), "%s", emu_swarm_name(event->what));
}

void emu_ladder_begin(struct emu_ladder *ladder, struct toe_sim *sim, uint16_t port,
                      const struct emu_stress_result *result)
{
    ladder->sim = sim;
    ladder->port = port;
    ladder->result = result;
    ladder->who = emu_who_new(port);
    if (ladder->who == NULL) {
        abort();
    }
    toe_sim_tap_set(sim, on_frame, ladder);
}

void emu_ladder_end(struct emu_ladder *ladder)
{
    look_for_fault(ladder);
    emu_who_del(ladder->who);
    ladder->who = NULL;
}

/* --- printing --- */

/* |text| with an arrow through it, |len| characters wide. */
static void print_arrow(FILE *out, const char *text, int len, bool to_the_right, bool is_lost)
{
    const char *tail = to_the_right ? "-- " : is_lost ? "x- " : "<- ";
    const int fill = len - (int)strlen(text) - 6;

    fprintf(out, "%s%.*s ", tail, len - 6, text);
    for (int i = 0; i < fill; ++i) {
        fputc('-', out);
    }
    fputs(!to_the_right ? "--" : is_lost ? "-x" : "->", out);
}

/* A piece of the ladder: with an arrow, or with nothing between the uprights. */
static void print_part(FILE *out, int len, const char *text, bool to_the_right, bool is_lost)
{
    if (text == NULL) {
        fprintf(out, "|%*s|", len, "");
        return;
    }
    fputc('|', out);
    print_arrow(out, text, len, to_the_right, is_lost);
    fputc('|', out);
}

static void print_segment(FILE *out, const struct rung *rung)
{
    char text[sizeof(rung->what) + sizeof(rung->detail) + 16];

    if (rung->number != 0) {
        snprintf(text, sizeof(text), "#%u %s %s", rung->number, rung->what, rung->detail);
    } else {
        snprintf(text, sizeof(text), "%s", rung->what);
    }
    print_part(out, SEAM_LEN, NULL, false, false);
    fputs("  ", out);
    print_part(out, LINK_LEN, text, rung->machine == 0, rung->is_lost);
    fputs("  ", out);
    print_part(out, SEAM_LEN, NULL, false, false);
    fputs(rung->is_lost ? "  lost\n" : "\n", out);
}

/* The numbers of connections that have a bit in |conns|, if they are below 64. */
static void print_conns(FILE *out, uint64_t conns)
{
    for (unsigned i = 0; i < 64; ++i) {
        if ((conns >> i & 1) != 0) {
            fprintf(out, " #%u", i);
        }
    }
}

static void print_seam(FILE *out, const struct rung *rung)
{
    for (uint8_t machine = 0; machine < 2; ++machine) {
        /* The host of the second machine stands on the right. */
        print_part(out, SEAM_LEN, rung->machine == machine ? rung->what : NULL,
                   rung->is_upcall == (machine == 1), false);
        if (machine == 0) {
            fputs("  ", out);
            print_part(out, LINK_LEN, NULL, false, false);
            fputs("  ", out);
        }
    }
    print_conns(out, rung->conns);
    fprintf(out, " %s\n", rung->detail);
}

static void print_rung(FILE *out, const struct rung *rung)
{
    if (rung->kind == RUNG_FAULT) {
        fprintf(out, "%14s", ""); /* Its text has the instant. */
    } else {
        fprintf(out, "%13.6f ", (double)rung->at / (double)TOE_NS_PER_SEC);
    }
    switch ((enum rung_kind)rung->kind) {
    case RUNG_SEAM:
        print_seam(out, rung);
        break;
    case RUNG_SEGMENT:
        print_segment(out, rung);
        break;
    case RUNG_EVENT:
        fprintf(out, "***** injected at %c: %s\n", rung->machine == 0 ? 'A' : 'B', rung->what);
        break;
    case RUNG_FAULT:
        fprintf(out, "##### FAULT");
        print_conns(out, rung->conns);
        fprintf(out, ": %s\n", rung->detail);
        break;
    }
}

/* The first rung that has to do with |conns| and is printed. */
static uint64_t first_of(const struct emu_ladder *ladder, uint64_t end, uint64_t conns)
{
    uint64_t first = end;
    const uint64_t oldest = ladder->cnt > RUNGS_MAX ? ladder->cnt - RUNGS_MAX : 0;

    for (uint32_t left = CONCERNED; first > oldest && left > 0; --first) {
        left -= (rung_at(ladder, first - 1)->conns & conns) != 0;
    }
    return first;
}

static void print_titles(FILE *out)
{
    fprintf(out, "%13s %-*s%*s  %-*s%*s  %-*s%*s\n", "seconds", SEAM_LEN / 2 + 1, "A's host",
            SEAM_LEN / 2 + 1, "A's target", LINK_LEN / 2 + 1, "A", LINK_LEN / 2 + 1, "B",
            SEAM_LEN / 2 + 1, "B's target", SEAM_LEN / 2 + 1, "B's host");
}

void emu_ladder_print(FILE *out, const struct emu_ladder *ladder)
{
    const uint64_t fault = ladder->fault != 0 ? ladder->fault - 1 : ladder->cnt;
    const uint64_t oldest = ladder->cnt > RUNGS_MAX ? ladder->cnt - RUNGS_MAX : 0;
    const uint64_t conns = ladder->fault != 0 ? rung_at(ladder, fault)->conns : 0;
    const uint64_t near = fault > oldest + BEFORE ? fault - BEFORE : oldest;
    const uint64_t end = fault + BEHIND < ladder->cnt ? fault + BEHIND : ladder->cnt;
    const uint64_t first = conns != 0 ? first_of(ladder, near, conns) : near;
    uint64_t skipped = first - oldest;

    print_titles(out);
    for (uint64_t i = first; i < end; ++i) {
        const struct rung *rung = rung_at(ladder, i);

        if (i < near && (rung->conns & conns) == 0 && rung->kind != RUNG_EVENT) {
            ++skipped;
            continue;
        }
        if (skipped > 0) {
            fprintf(out, "%13s %" PRIu64 " left out\n", "...", skipped);
            skipped = 0;
        }
        print_rung(out, rung);
    }
}
