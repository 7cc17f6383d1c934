/* SPDX-License-Identifier: MIT */
/*
 * Rules of the policy: what they mean, which connections they are for, and what is no rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nic/nic_policy.h"
#include "option.h"

static struct emu_rules rules;

static int tear_down(void **state)
{
    (void)state;
    emu_rules_clear(&rules);
    return 0;
}

static const struct emu_rule *add(const char *text)
{
    struct emu_error error;

    if (!emu_rules_add(&rules, text, &error)) {
        fail_msg("%s", error.text);
    }
    return &rules.rules[rules.cnt - 1];
}

static struct emu_tuple tuple(const char *local, uint16_t local_port, const char *remote,
                              uint16_t remote_port)
{
    struct emu_tuple t = {.local_port = local_port, .remote_port = remote_port};

    memset(&t.local, 0, sizeof(t.local));
    memset(&t.remote, 0, sizeof(t.remote));
    assert_true(emu_option_address(&t.local, local));
    assert_true(emu_option_address(&t.remote, remote));
    return t;
}

/* What each verb takes. */
static void test_meaning(void **state)
{
    const struct emu_rule *rule;

    (void)state;
    rule = add("offload tcp port 80 after 64k");
    assert_int_equal(rule->verb, EMU_VERB_OFFLOAD);
    assert_non_null(rule->filter);
    assert_int_equal(rule->after_bytes, 64000);
    assert_string_equal(rule->text, "offload tcp port 80 after 64k");
    rule = add("  offload  after 2.5s ");
    assert_null(rule->filter);
    assert_int_equal(rule->after_bytes, 0);
    assert_int_equal(rule->after_time, 2500 * TOE_NS_PER_MS);
    rule = add("upload host 10.0.0.9 when losing, idle 30s ,reordering");
    assert_int_equal(rule->verb, EMU_VERB_UPLOAD);
    assert_int_equal(rule->idle, 30 * TOE_NS_PER_SEC);
    assert_true(rule->when_reordering && rule->when_losing);
    rule = add("upload when idle 1m");
    assert_false(rule->when_reordering || rule->when_losing);
    rule = add("random at 2.5");
    assert_int_equal(rule->verb, EMU_VERB_RANDOM);
    assert_true(rule->rate > 2.4 && rule->rate < 2.6);
    assert_true(add("random")->rate > 99);
    assert_int_equal(add("keep")->verb, EMU_VERB_KEEP);
    assert_int_equal(add("never ip6")->verb, EMU_VERB_NEVER);
}

/* The first rule of a direction whose filter has a connection is its rule. */
static void test_first_match(void **state)
{
    static const struct {
        const char *name;
        const char *local;
        const char *remote;
        uint16_t local_port;
        uint16_t remote_port;
        int in_host; /* its rule, from 1; 0: none */
        int offloaded;
    } cases[] = {
        {"the port there", "10.0.0.1", "10.0.0.2", 40000, 80, 2, 5},
        {"the port here", "10.0.0.1", "10.0.0.2", 80, 40000, 2, 5},
        {"an address comes first", "10.0.0.1", "10.0.0.9", 40000, 80, 1, 5},
        {"this end is the source", "10.9.1.2", "10.0.0.2", 40000, 443, 3, 5},
        {"and not the other one", "10.0.0.2", "10.9.1.2", 40000, 443, 0, 5},
        {"IPv6", "fd00::1", "fd00::2", 40000, 5000, 4, 5},
        {"IPv6, another network", "fd00::1", "fd01::2", 40000, 5000, 0, 6},
        {"the port over IPv6", "fd00::1", "fd01::2", 40000, 80, 2, 6},
        {"nothing", "10.0.0.1", "10.0.0.2", 40000, 81, 0, 5},
    };

    (void)state;
    (void)add("never host 10.0.0.9");
    (void)add("offload tcp port 80 after 64k");
    (void)add("offload src net 10.9 and (dst port 443 or dst portrange 8000-8100)");
    (void)add("random ip6 and net fd00::/16 and not net fd01::/16 at 10");
    (void)add("upload ip || dst host fd00::2 when idle 5s");
    (void)add("keep");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const struct emu_tuple t =
            tuple(cases[i].local, cases[i].local_port, cases[i].remote, cases[i].remote_port);
        const struct emu_rule *in_host = emu_rules_find(&rules, &t, true);
        const struct emu_rule *offloaded = emu_rules_find(&rules, &t, false);
        const int got_in_host = in_host == NULL ? 0 : (int)(in_host - rules.rules) + 1;
        const int got_offloaded = offloaded == NULL ? 0 : (int)(offloaded - rules.rules) + 1;

        if (got_in_host != cases[i].in_host || got_offloaded != cases[i].offloaded) {
            fail_msg("%s: got %d and %d", cases[i].name, got_in_host, got_offloaded);
        }
    }
}

/* Names stand for rules, and rules that are the same are called by them. */
static void test_names(void **state)
{
    struct emu_error error;

    (void)state;
    for (int i = 0; emu_policy_names[i] != NULL; ++i) {
        emu_rules_clear(&rules);
        assert_true(emu_policy_name_add(&rules, emu_policy_names[i], 7, &error));
        assert_string_equal(emu_policy_name(&rules), emu_policy_names[i]);
    }
    assert_string_equal(rules.rules[0].text, "random at 7");
    (void)add("keep");
    assert_string_equal(emu_policy_name(&rules), "rules");
    assert_false(emu_policy_name_add(&rules, "sometimes", 7, &error));
}

/* What is no rule changes nothing, and says in one line where it goes wrong. */
static void test_bad(void **state)
{
    static const struct {
        const char *text;
        int column;
    } cases[] = {
        {"", 1},
        {"   ", 4},
        {"offloads", 1},
        {"never host", 7},
        {"never host localhost", 12},
        {"never host 10.0.0.300", 7},
        {"offload port http", 14},
        {"offload ether host 02:00:00:00:00:01", 9},
        {"offload len > 5", 9},
        {"offload (port 80", 9},
        {"offload port 80 after", 22},
        {"offload port 80 after 5x", 23},
        {"offload port 80 after 5s 6s", 26},
        {"random at", 10},
        {"random at 0", 11},
        {"random at 1e9", 11},
        {"upload", 7},
        {"upload when", 12},
        {"upload when idle", 17},
        {"upload when idle 0", 18},
        {"upload when idle 5s reordering", 21},
        {"upload when reordering,", 24},
        {"keep when idle 5s", 6},
        {"never\nkeep", 1},
    };
    char text[EMU_RULE_LEN_MAX + 8];
    struct emu_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        char want[32];

        (void)snprintf(want, sizeof(want), ", column %d: ", cases[i].column);
        if (emu_rules_add(&rules, cases[i].text, &error) || rules.cnt != 0) {
            fail_msg("\"%s\" is taken", cases[i].text);
        }
        if (strstr(error.text, want) == NULL || error.status != EMU_EXIT_USAGE) {
            fail_msg("\"%s\": %s", cases[i].text, error.text);
        }
    }
    memset(text, ' ', sizeof(text));
    memcpy(text, "never", 5);
    text[sizeof(text) - 1] = '\0';
    assert_false(emu_rules_add(&rules, text, &error));
    for (int i = 0; i < EMU_RULES_MAX; ++i) {
        (void)add("keep");
    }
    assert_false(emu_rules_add(&rules, "keep", &error));
    assert_int_equal(rules.cnt, EMU_RULES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_meaning, tear_down),
        cmocka_unit_test_teardown(test_first_match, tear_down),
        cmocka_unit_test_teardown(test_names, tear_down),
        cmocka_unit_test_teardown(test_bad, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
