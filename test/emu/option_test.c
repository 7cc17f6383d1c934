/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "emu/option.h"

/* Where the values go. */
static struct {
    bool flag;
    const char *text;
    uint64_t number;
    uint32_t percent;
    toe_duration duration;
    struct toe_addr address;
    int choice;
    uint32_t set;
    bool given;
} got;

static const char *const choices[] = {"manual", "all", "random", NULL};

static const struct emu_option options[] = {
    {.name = "flag", .letter = 'f', .kind = EMU_OPTION_FLAG, .value = &got.flag, .help = "x"},
    {.name = "text", .kind = EMU_OPTION_TEXT, .value = &got.text, .help = "x"},
    {.name = "number",
     .letter = 'n',
     .kind = EMU_OPTION_NUMBER,
     .value = &got.number,
     .given = &got.given,
     .min = 1,
     .max = 1000000,
     .help = "x"},
    {.name = "loss", .kind = EMU_OPTION_PERCENT, .value = &got.percent, .help = "x"},
    {.name = "seconds",
     .kind = EMU_OPTION_DURATION,
     .value = &got.duration,
     .max = 3600 * TOE_NS_PER_SEC,
     .help = "x"},
    {.name = "address", .kind = EMU_OPTION_ADDRESS, .value = &got.address, .help = "x"},
    {.name = "policy",
     .kind = EMU_OPTION_CHOICE,
     .value = &got.choice,
     .choices = choices,
     .help = "one of"},
    {.name = "moods",
     .kind = EMU_OPTION_SET,
     .value = &got.set,
     .choices = choices,
     .placeholder = "[MOODS]",
     .help = "some of"},
};

static const struct emu_command command = {
    .name = "try",
    .synopsis = "[options]",
    .summary = "Tries options.",
    .options = options,
    .option_cnt = sizeof(options) / sizeof(options[0]),
};

/* Parses "try ARG..." with stdout and stderr going to a file; the text is in |out| afterwards. */
static int parse(char out[1024], const char *a, const char *b)
{
    char name[] = "try";
    char *argv[] = {name, (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL};
    const int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    FILE *file = tmpfile();
    int status;

    assert_non_null(file);
    (void)fflush(NULL);
    (void)dup2(fileno(file), STDOUT_FILENO);
    (void)dup2(fileno(file), STDERR_FILENO);
    memset(&got, 0, sizeof(got));
    status = emu_option_parse(&command, a == NULL ? 1 : b == NULL ? 2 : 3, argv);
    (void)fflush(NULL);
    (void)dup2(saved[0], STDOUT_FILENO);
    (void)dup2(saved[1], STDERR_FILENO);
    (void)close(saved[0]);
    (void)close(saved[1]);
    rewind(file);
    out[fread(out, 1, 1023, file)] = '\0';
    (void)fclose(file);
    return status;
}

/* Each kind stores what was written, in its own unit. */
static void test_values_are_stored(void **state)
{
    char out[1024];

    (void)state;
    assert_int_equal(parse(out, NULL, NULL), -1);
    assert_int_equal(parse(out, "-f", NULL), -1);
    assert_true(got.flag);
    assert_int_equal(parse(out, "--text", "a b"), -1);
    assert_string_equal(got.text, "a b");
    assert_int_equal(parse(out, "-n", "4k"), -1);
    assert_int_equal(got.number, 4000);
    assert_true(got.given);
    assert_int_equal(parse(out, "--loss=0.5%", NULL), -1);
    assert_int_equal(got.percent, 5000);
    assert_int_equal(parse(out, "--seconds", "2.5"), -1);
    assert_int_equal(got.duration, 2500 * TOE_NS_PER_MS);
    assert_int_equal(parse(out, "--address", "fd00::1"), -1);
    assert_int_equal(got.address.family, 6);
    assert_int_equal(parse(out, "--policy", "random"), -1);
    assert_int_equal(got.choice, 2);
    assert_int_equal(parse(out, "--moods", "all"), -1);
    assert_int_equal(got.set, 2);
    assert_int_equal(parse(out, "--moods=random,manual", NULL), -1);
    assert_int_equal(got.set, 5);
    assert_string_equal(out, "");
}

/* A set without a value is all of it, and what follows is another option. */
static void test_whole_set(void **state)
{
    char out[1024];

    (void)state;
    assert_int_equal(parse(out, "--moods", NULL), -1);
    assert_int_equal(got.set, 7);
    assert_int_equal(parse(out, "--moods", "-f"), -1);
    assert_int_equal(got.set, 7);
    assert_true(got.flag);
    assert_string_equal(out, "");
}

/* A wrong value is one line that names the option and the value, and status 2. */
static void test_wrong_values_are_explained(void **state)
{
    static const struct {
        const char *a, *b, *says;
    } cases[] = {
        {"--number", "many", "--number: \"many\" is not a number"},
        {"--number", "0", "--number: 0 is too small, it must be at least 1"},
        {"--number", "2M", "--number: 2M is too large, it must be at most 1000000"},
        {"--number", "-3", "\"-3\" is not a number"},
        {"--number", "1.5", "\"1.5\" is not a number"},
        {"--number", "99999999999999999999", "is not a number"},
        {"--number", "", "\"\" is not a number"},
        {"--number", NULL, "--number needs a value"},
        {"-n", NULL, "-n needs a value"},
        {"--loss", "101", "--loss: \"101\" is not a percentage"},
        {"--loss", "nan", "\"nan\" is not a percentage"},
        {"--seconds", "10 days", "--seconds: \"10 days\" is not a time"},
        {"--seconds", "2h", "--seconds: 2h is too large, it must be at most 3600 s"},
        {"--address", "10.0.0.256", "\"10.0.0.256\" is neither an IPv4 nor an IPv6 address"},
        {"--policy", "some", "--policy: \"some\" is none of manual, all, random"},
        {"--moods", "all,some", "--moods: there is no \"some\""},
        {"--moods=", NULL, "--moods: there is no \"\""},
        {"--flag=yes", NULL, "--flag=yes takes no value"},
        {"--what", NULL, "there is no option --what"},
        {"-x", NULL, "there is no option -x"},
        {"extra", NULL, "unexpected argument \"extra\""},
    };
    char out[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const int status = parse(out, cases[i].a, cases[i].b);
        const char *newline = strchr(out, '\n');

        if (status != 2 || strstr(out, cases[i].says) == NULL || newline == NULL ||
            newline[1] != '\0' || strncmp(out, "toe try: ", 9) != 0) {
            fail_msg("%s: status %d, said: %s", cases[i].a, status, out);
        }
    }
}

/* --help names every option and ends with status 0. */
static void test_help_lists_all(void **state)
{
    char out[1024];

    (void)state;
    assert_int_equal(parse(out, "--help", NULL), 0);
    for (size_t i = 0; i < command.option_cnt; ++i) {
        assert_non_null(strstr(out, options[i].name));
    }
    assert_non_null(strstr(out, "Usage: toe try [options]"));
    assert_non_null(strstr(out, "one of: manual, all, random"));
    assert_non_null(strstr(out, "--moods [MOODS]"));
}

/* The units of numbers and times, at their edges. */
static void test_units(void **state)
{
    uint64_t number;

    (void)state;
    assert_true(emu_option_number(&number, "0x1F") && number == 31);
    assert_false(emu_option_number(&number, "0x"));
    assert_true(emu_option_number(&number, "1.5M") && number == 1500000);
    assert_true(emu_option_number(&number, "64Ki") && number == 65536);
    assert_true(emu_option_number(&number, "18446744073709551614") && number == UINT64_MAX - 1);
    assert_false(emu_option_number(&number, "18446744073709551616"));
    assert_false(emu_option_number(&number, "18446744073709551615k"));
    assert_true(emu_option_duration(&number, "250us") && number == 250000);
    assert_true(emu_option_duration(&number, "2m") && number == 120 * TOE_NS_PER_SEC);
    assert_false(emu_option_duration(&number, "s"));
    assert_false(emu_option_duration(&number, "1e3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_stored),
        cmocka_unit_test(test_whole_set),
        cmocka_unit_test(test_wrong_values_are_explained),
        cmocka_unit_test(test_help_lists_all),
        cmocka_unit_test(test_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
