/* SPDX-License-Identifier: MIT */
/*
 * Plots: what they show of points and names. That they are XML is seen where one is read
 * (usage_test.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "emu/plot.h"

/* Writes |plot|; the text is the caller's to free. */
static char *write_plot(const struct emu_plot *plot)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    assert_non_null(file);
    assert_true(emu_plot_write(plot, file));
    assert_int_equal(fclose(file), 0);
    return text;
}

static int count(const char *text, const char *what)
{
    int cnt = 0;

    while ((text = strstr(text, what)) != NULL) {
        ++cnt;
        text += strlen(what);
    }
    return cnt;
}

/* Each decade has the same width; a line goes through its points in order, with a mark at each. */
static void test_plot_is_logarithmic(void **state)
{
    struct emu_plot plot = {.title = "t", .subtitle = "s", .x_name = "x", .y_name = "y"};
    char *text;

    (void)state;
    emu_plot_add(&plot, "line", 1, 100);
    emu_plot_add(&plot, "line", 10, 1000);
    emu_plot_add(&plot, "line", 100, 10000);
    emu_plot_add(&plot, "none", 0, 1);
    emu_plot_add(&plot, "none", 1, -1);
    assert_int_equal(plot.series_cnt, 1);
    text = write_plot(&plot);
    assert_non_null(strstr(text, "d=\"M84.0 430.0L392.0 253.0L700.0 76.0\""));
    assert_int_equal(count(text, "m-4 0a4 4"), 3);
    assert_non_null(strstr(text, ">10k</text>"));
    assert_int_equal(count(text, ">line</text>"), 1);
    free(text);
}

/* Text is text, whatever is in it. */
static void test_plot_escapes(void **state)
{
    struct emu_plot plot = {.title = "a<b", .subtitle = "R&D\tLtd", .x_name = "x", .y_name = "y"};
    char *text;

    (void)state;
    emu_plot_add(&plot, "<&", 1, 1);
    text = write_plot(&plot);
    assert_int_equal(count(text, "a&lt;b"), 2);
    assert_non_null(strstr(text, ">R&amp;D Ltd</text>"));
    assert_non_null(strstr(text, ">&lt;&amp;</text>"));
    free(text);
}

/* What is too much is left out, and nothing at all has axes too. */
static void test_plot_limits(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    struct emu_plot plot = {.title = "t", .subtitle = "s", .x_name = "x", .y_name = "y"};
    char *text = write_plot(&plot);

    (void)state;
    assert_int_equal(count(text, "class=\"grid\""), 4);
    free(text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        for (int n = 1; n <= 40; ++n) {
            emu_plot_add(&plot, names[i], n, 1e-7 * n);
        }
    }
    assert_int_equal(plot.series_cnt, EMU_PLOT_SERIES_MAX);
    assert_int_equal(plot.series[5].cnt, EMU_PLOT_POINTS_MAX);
    text = write_plot(&plot);
    assert_null(strstr(text, ">g</text>"));
    assert_null(strstr(text, "nan"));
    assert_non_null(strstr(text, ">1e-7</text>"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plot_is_logarithmic),
        cmocka_unit_test(test_plot_escapes),
        cmocka_unit_test(test_plot_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
