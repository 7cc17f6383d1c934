/* SPDX-License-Identifier: MIT */
/*
 * libtoe-linux on a machine with rules that track connections (hostile input 78): what passes below
 * them while a connection is not the kernel's, what they make of it once it is given back, and the
 * remedies that doc/hostile.md names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emu/repair_world.h"

/* Drops what connection tracking calls invalid, and counts it. */
static const char tracking[] = "table inet watch {\n"
                               " counter unfit {}\n"
                               " counter seen {}\n"
                               " chain in {\n"
                               "  type filter hook input priority 0\n"
                               "  tcp sport 7000 counter name seen\n"
                               "  ct state invalid counter name unfit drop\n"
                               " }\n"
                               " chain out {\n"
                               "  type filter hook output priority 0\n"
                               "  tcp dport 7000 counter name seen\n"
                               "  ct state invalid counter name unfit drop\n"
                               " }\n"
                               "}\n";

static const char no_tracking[] = "table inet raw {\n"
                                  " chain in {\n"
                                  "  type filter hook prerouting priority raw\n"
                                  "  tcp sport 7000 notrack\n"
                                  " }\n"
                                  " chain out {\n"
                                  "  type filter hook output priority raw\n"
                                  "  tcp dport 7000 notrack\n"
                                  " }\n"
                                  "}\n";

/* Drops what comes from the loopback interface with the peer's address. */
static const char no_strangers[] = "table inet lo {\n"
                                   " counter seen {}\n"
                                   " chain in {\n"
                                   "  type filter hook input priority 0\n"
                                   "  iifname lo ip saddr 10.9.0.2 counter name seen drop\n"
                                   " }\n"
                                   "}\n";

/* Has nft do what |text| says; false if it cannot. */
static bool nft(const char *text)
{
    FILE *pipe = popen("nft -f - 2>/dev/null", "w");

    if (pipe == NULL) {
        return false;
    }
    (void)fputs(text, pipe);
    return pclose(pipe) == 0;
}

/* The packets that the counter |name| of |table| has counted. */
static uint64_t counted(const char *table, const char *name)
{
    char command[128];
    char line[128];
    uint64_t packets = UINT64_MAX;
    FILE *pipe;

    (void)snprintf(command, sizeof(command), "nft list counter inet %s %s", table, name);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof(line), pipe) != NULL) {
        (void)sscanf(line, " packets %" SCNu64, &packets);
    }
    assert_int_equal(pclose(pipe), 0);
    assert_true(packets != UINT64_MAX);
    return packets;
}

static void be_liberal(bool liberal)
{
    FILE *file = fopen("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal", "w");

    assert_non_null(file);
    assert_true(fputs(liberal ? "1" : "0", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int forget_rules(void **state)
{
    (void)state;
    return nft("flush ruleset") ? 0 : -1;
}

/* Both ends send the rest, and close. */
static void finish(struct r_machine *m, int ours)
{
    r_be_patient(ours);
    assert_int_equal(shutdown(m->theirs, SHUT_WR), 0);
    assert_int_equal(shutdown(ours, SHUT_WR), 0);
    r_receive_all(m->theirs, &m->got_them, m->to_them);
    r_receive_all(ours, &m->got_us, m->to_us);
    (void)close(ours);
    (void)close(m->theirs);
    r_machine_unmake(m);
}

/* Nothing of a round is seen by a rule; what is sent after it is invalid, and dropped. */
static void test_hostile_78_strict(void **state)
{
    struct r_machine m = {.theirs = -1};
    uint64_t seen;
    int ours;

    (void)state;
    assert_true(nft(tracking));
    be_liberal(false);
    r_machine_make(&m, 4);
    r_make_pair(4, 0, &ours, &m.theirs);
    seen = counted("watch", "seen");
    assert_true(seen >= 3);
    ours = r_machine_round(&m, ours);
    assert_true(m.got_them > 100000);
    /* The give-back itself says a few segments, the first of which are lost already. */
    assert_true(counted("watch", "seen") < seen + 20);
    r_send_some(ours, &m.to_them, 1000);
    assert_true(counted("watch", "unfit") > 0);

    /* The remedy may come later: TCP repeats what was dropped. */
    be_liberal(true);
    finish(&m, ours);
}

static void test_hostile_78_liberal(void **state)
{
    (void)state;
    assert_true(nft(tracking));
    be_liberal(true);
    for (int family = 4; family <= 6; family += 2) {
        struct r_machine m = {.theirs = -1};
        int ours;

        r_machine_make(&m, family);
        r_make_pair(family, 0, &ours, &m.theirs);
        for (int i = 0; i < 3; ++i) {
            ours = r_machine_round(&m, ours);
        }
        finish(&m, ours);
    }
    assert_int_equal(counted("watch", "unfit"), 0);
}

static void test_hostile_78_untracked(void **state)
{
    struct r_machine m = {.theirs = -1};
    int ours;

    (void)state;
    assert_true(nft(no_tracking));
    assert_true(nft(tracking));
    be_liberal(false);
    r_machine_make(&m, 4);
    r_make_pair(4, 0, &ours, &m.theirs);
    for (int i = 0; i < 3; ++i) {
        ours = r_machine_round(&m, ours);
    }
    finish(&m, ours);
    assert_int_equal(counted("watch", "unfit"), 0);
}

/*
 * A connection that the peer has closed is given back with a segment from the loopback interface: a
 * rule that drops it makes that fail with a word about it, and then it can be done again.
 */
static void test_hostile_78_loopback(void **state)
{
    struct toe_linux_taken taken;
    uint64_t to_them = 0;
    uint64_t got_them = 0;
    int ours;
    int theirs;

    (void)state;
    r_make_pair(4, 0, &ours, &theirs);
    assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    r_await_state(ours, LINUX_CLOSE_WAIT);
    ASSERT_OK(toe_linux_take(ours, r_fence, &taken, &r_error));
    assert_true(nft(no_strangers));
    r_error = (struct toe_linux_error){0};
    assert_int_equal(toe_linux_give(&taken.saved, r_fence, NULL, &r_error), -1);
    assert_true(r_error.text[0] != '\0');
    assert_true(counted("lo", "seen") > 0);
    assert_int_equal(forget_rules(NULL), 0);
    ours = toe_linux_give(&taken.saved, r_fence, NULL, &r_error);
    ASSERT_OK(ours >= 0);
    toe_linux_taken_free(&taken);
    assert_int_equal(r_state_of(ours), LINUX_CLOSE_WAIT);
    r_send_bytes(ours, &to_them, 1000);
    assert_int_equal(shutdown(ours, SHUT_WR), 0);
    r_receive_all(theirs, &got_them, to_them);
    (void)close(ours);
    (void)close(theirs);
}

static int set_up(void **state)
{
    if (!nft(tracking) || !nft("flush ruleset")) {
        (void)fprintf(stderr,
                      "skipped: no rules that track connections here (Debian package: nftables)\n");
        exit(R_SKIPPED);
    }
    return r_set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_hostile_78_strict, forget_rules),
        cmocka_unit_test_teardown(test_hostile_78_liberal, forget_rules),
        cmocka_unit_test_teardown(test_hostile_78_untracked, forget_rules),
        cmocka_unit_test_teardown(test_hostile_78_loopback, forget_rules),
    };

    return r_can() ? cmocka_run_group_tests(tests, set_up, r_tear_down) : R_SKIPPED;
}
