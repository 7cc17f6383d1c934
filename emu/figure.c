/* SPDX-License-Identifier: MIT */
#include "figure.h"

#include <math.h>
#include <string.h>

#include "amount.h"
#include "page.h"

/* The drawing, and the part of it that the axes enclose. */
enum { WIDTH = 480, HEIGHT = 190, LEFT = 72, RIGHT = 470, TOP = 10, BOTTOM = 160 };

static const char classes[EMU_FIGURE_LINES] = {'a', 'b'};

/* --- axes --- */

/* A round number that is not below |value|, and not much above it. */
static double round_up(double value)
{
    static const double steps[] = {1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10};
    const double power = pow(10, floor(log10(value)));
    uint32_t i = 0;

    while (steps[i] * power < value && i + 1 < sizeof(steps) / sizeof(steps[0])) {
        ++i;
    }
    return steps[i] * power;
}

static void amount_text(char text[EMU_AMOUNT_LEN], const char *unit, double value)
{
    if (unit != NULL && strncmp(unit, "bytes", 5) == 0) {
        (void)emu_amount_bytes(text, value);
        if (unit[5] != '\0') {
            (void)strcat(text, unit + 5);
        }
    } else if (value == floor(value)) {
        (void)emu_amount_count(text, (uint64_t)value);
    } else {
        (void)snprintf(text, EMU_AMOUNT_LEN, "%.2g", value);
    }
}

static void put_height(FILE *out, const char *unit, double most, double share)
{
    const double y = BOTTOM - share * (BOTTOM - TOP);
    char text[EMU_AMOUNT_LEN];

    amount_text(text, unit, most * share);
    (void)fprintf(out,
                  "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                  "text-anchor=\"end\">%s</text>\n",
                  LEFT, y, RIGHT, LEFT - 5, y + 4, text);
}

/* What is at |share| of the axis below: at its ends, or in its middle. */
static void put_foot(FILE *out, double share, toe_duration time)
{
    char text[EMU_AMOUNT_LEN];

    (void)fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
                  LEFT + share * (RIGHT - LEFT), BOTTOM + 18,
                  share <= 0   ? "start"
                  : share >= 1 ? "end"
                               : "middle",
                  emu_amount_time(text, time));
}

static void begin(FILE *out)
{
    (void)fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", WIDTH, HEIGHT);
}

static void end(FILE *out)
{
    (void)fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n</svg></figure>\n", LEFT, TOP,
                  BOTTOM, RIGHT);
}

/* --- lines over time --- */

static double most_of(const struct emu_figure *figure)
{
    double most = 0;

    for (uint32_t line = 0; line < figure->line_cnt; ++line) {
        for (uint32_t i = 0; i < figure->cnt; ++i) {
            most = fmax(most, figure->lines[line].values[i]);
        }
    }
    return most > 0 ? round_up(most) : 1;
}

static void put_caption(FILE *out, const struct emu_figure *figure)
{
    (void)fputs("<figure><figcaption>", out);
    emu_page_text(out, figure->title);
    (void)fputs("<span class=\"soft\">", out);
    for (uint32_t line = 0; line < figure->line_cnt && figure->line_cnt > 1; ++line) {
        (void)fprintf(out, "<i class=\"key %c\"></i>", classes[line]);
        emu_page_text(out, figure->lines[line].name);
    }
    if (figure->band != NULL) {
        (void)fputs("<i class=\"key band\"></i>", out);
        emu_page_text(out, figure->band_name);
    }
    if (figure->wait != 0) {
        (void)fputs("<i class=\"key wait\"></i>longest wait", out);
    }
    (void)fputs("</span></figcaption>\n", out);
}

struct scale {
    toe_duration from, span;
    double most;
};

static double x_of(const struct scale *scale, toe_duration at)
{
    return LEFT + (double)(at - scale->from) / (double)scale->span * (RIGHT - LEFT);
}

static void put_bands(FILE *out, const struct emu_figure *figure, const struct scale *scale)
{
    for (uint32_t i = 0; i + 1 < figure->cnt; ++i) {
        uint32_t last = i;

        while (last + 1 < figure->cnt && figure->band[last]) {
            ++last;
        }
        if (last > i) {
            const double x = x_of(scale, figure->at[i]);

            (void)fprintf(out, "<path class=\"band\" d=\"M%.1f %dH%.1fV%dH%.1fz\"/>\n", x, TOP,
                          x_of(scale, figure->at[last]), BOTTOM, x);
            i = last;
        }
    }
}

static void put_line(FILE *out, const struct emu_figure *figure, uint32_t line,
                     const struct scale *scale)
{
    (void)fprintf(out, "<path class=\"line %c\" d=\"", classes[line]);
    for (uint32_t i = 0; i < figure->cnt; ++i) {
        const double x = x_of(scale, figure->at[i]);

        if (i > 0 && figure->is_stepped) {
            (void)fprintf(out, "H%.1f", x);
        }
        (void)fprintf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x,
                      BOTTOM - figure->lines[line].values[i] / scale->most * (BOTTOM - TOP));
    }
    (void)fputs("\"/>\n", out);
}

void emu_figure_time(FILE *out, const struct emu_figure *figure)
{
    struct scale scale = {.from = figure->at[0], .most = most_of(figure)};

    scale.span = figure->at[figure->cnt - 1] - scale.from;
    scale.span = scale.span == 0 ? 1 : scale.span;
    put_caption(out, figure);
    begin(out);
    put_height(out, figure->unit, scale.most, 0.5);
    put_height(out, figure->unit, scale.most, 1);
    put_foot(out, 0, scale.from);
    put_foot(out, 0.5, scale.from + scale.span / 2);
    put_foot(out, 1, scale.from + scale.span);
    if (figure->band != NULL) {
        put_bands(out, figure, &scale);
    }
    for (uint32_t line = figure->line_cnt; line-- > 0;) {
        put_line(out, figure, line, &scale);
    }
    if (figure->wait != 0) {
        (void)fprintf(out, "<path class=\"wait\" d=\"M%.1f %dH%.1f\"/>\n",
                      x_of(&scale, figure->wait_until - figure->wait), BOTTOM,
                      x_of(&scale, figure->wait_until));
    }
    end(out);
}

/* --- histograms --- */

/* The quantiles in words, and as the numbers of the drawing. */
static void put_quantiles(FILE *out, const struct emu_histogram *histogram)
{
    char half[EMU_AMOUNT_LEN];
    char most[EMU_AMOUNT_LEN];
    char max[EMU_AMOUNT_LEN];
    char cnt[EMU_AMOUNT_LEN];

    (void)fprintf(out,
                  "<p class=\"soft\">%s requests: half took at most %s, 99 of 100 at most %s, the "
                  "longest %s</p>\n",
                  emu_amount_count(cnt, histogram->cnt),
                  emu_amount_time(half, emu_histogram_quantile(histogram, 0.5)),
                  emu_amount_time(most, emu_histogram_quantile(histogram, 0.99)),
                  emu_amount_time(max, histogram->max));
}

void emu_figure_histogram(FILE *out, const char *title, const struct emu_histogram *histogram)
{
    uint32_t first = EMU_HISTOGRAM_BUCKETS;
    uint32_t last = 0;
    uint64_t most = 0;

    (void)fputs("<figure><figcaption>", out);
    emu_page_text(out, title);
    (void)fputs("</figcaption>\n", out);
    if (histogram->cnt == 0) {
        (void)fputs("<p class=\"soft\">there were none</p></figure>\n", out);
        return;
    }
    put_quantiles(out, histogram);
    for (uint32_t i = 0; i < EMU_HISTOGRAM_BUCKETS; ++i) {
        if (histogram->buckets[i] > 0) {
            first = i < first ? i : first;
            last = i;
            most = histogram->buckets[i] > most ? histogram->buckets[i] : most;
        }
    }
    begin(out);
    put_height(out, NULL, round_up((double)most), 1);
    put_foot(out, 0, emu_histogram_from(first));
    put_foot(out, 0.5, emu_histogram_from(first + (last + 1 - first) / 2));
    put_foot(out, 1, emu_histogram_from(last + 1));
    for (uint32_t i = first; i <= last; ++i) {
        const double width = (double)(RIGHT - LEFT) / (double)(last + 1 - first);
        const double height =
            (double)histogram->buckets[i] / round_up((double)most) * (BOTTOM - TOP);

        if (histogram->buckets[i] > 0) {
            (void)fprintf(
                out, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                LEFT + width * (double)(i - first), BOTTOM - height, fmax(width * 0.9, 0.5),
                height);
        }
    }
    end(out);
}
