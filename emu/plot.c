/* SPDX-License-Identifier: MIT */
#include "plot.h"

#include <math.h>
#include <string.h>

/* The page, and the part of it that the axes enclose. */
enum { WIDTH = 800, HEIGHT = 500, LEFT = 84, RIGHT = 700, TOP = 76, BOTTOM = 430 };

/* What an axis goes from and to: whole powers of ten. */
struct range {
    int low, high;
};

static const char style[] =
    "<style>\n"
    "svg{font-family:system-ui,sans-serif;font-size:13px}.page{fill:#fff}\n"
    "text{fill:#222}.title{font-size:17px;font-weight:600}.note{fill:#666;font-size:11px}\n"
    ".grid{stroke:#ddd}.axis{stroke:#444}.line{fill:none;stroke-width:2}\n"
    ".s0{stroke:#0b62c4;fill:#0b62c4}.s1{stroke:#8a8a8a;fill:#8a8a8a}\n"
    ".s2{stroke:#c2410c;fill:#c2410c}.s3{stroke:#15803d;fill:#15803d}\n"
    ".s4{stroke:#7e22ce;fill:#7e22ce}.s5{stroke:#a16207;fill:#a16207}\n"
    "text.name{stroke:none;font-weight:600}path.line{fill:none}\n"
    "@media (prefers-color-scheme:dark){\n"
    ".page{fill:#16181d}text{fill:#e6e6e6}.note{fill:#a0a0a0}\n"
    ".grid{stroke:#33363d}.axis{stroke:#b0b0b0}\n"
    ".s0{stroke:#6fb1ff;fill:#6fb1ff}.s1{stroke:#9a9a9a;fill:#9a9a9a}\n"
    ".s2{stroke:#fb923c;fill:#fb923c}.s3{stroke:#4ade80;fill:#4ade80}\n"
    ".s4{stroke:#c084fc;fill:#c084fc}.s5{stroke:#facc15;fill:#facc15}\n"
    "path.line{fill:none}}\n"
    "</style>\n";

void emu_plot_add(struct emu_plot *plot, const char *name, double x, double y)
{
    struct emu_plot_series *series = plot->series;

    if (!(x > 0 && y > 0)) {
        return; /* It has no place on such an axis. */
    }
    while (series < plot->series + plot->series_cnt && strcmp(series->name, name) != 0) {
        ++series;
    }
    if (series == plot->series + EMU_PLOT_SERIES_MAX) {
        return;
    }
    if (series == plot->series + plot->series_cnt) {
        *series = (struct emu_plot_series){.name = name};
        ++plot->series_cnt;
    }
    if (series->cnt < EMU_PLOT_POINTS_MAX) {
        series->xs[series->cnt] = x;
        series->ys[series->cnt++] = y;
    }
}

static void range_cover(struct range *range, double value)
{
    const int low = (int)floor(log10(value));
    const int high = (int)ceil(log10(value));

    range->low = low < range->low ? low : range->low;
    range->high = high > range->high ? high : range->high;
}

/* Where |value| is between the ends |from| and |to| of an axis, on the page. */
static double place(const struct range *range, double value, double from, double to)
{
    return from + (log10(value) - range->low) / (range->high - range->low) * (to - from);
}

/* Text that may hold anything, such as a machine's name. */
static void put_text(FILE *file, const char *text)
{
    for (; *text != '\0'; ++text) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", file);
            break;
        case '<':
            (void)fputs("&lt;", file);
            break;
        default:
            (void)fputc((unsigned char)*text < ' ' ? ' ' : *text, file);
        }
    }
}

static void put_label(FILE *file, const char *attributes, double x, double y, const char *text)
{
    (void)fprintf(file, "<text %s x=\"%.1f\" y=\"%.1f\">", attributes, x, y);
    put_text(file, text);
    (void)fputs("</text>\n", file);
}

/* A power of ten, as people write it: 1, 10, 1000, 10k, 1M. */
static void put_power(char text[16], int power)
{
    static const char *const suffixes[] = {"", "", "", "", "k", "k", "M", "M", "M", "G"};
    const bool has_suffix = power >= 0 && power < (int)(sizeof(suffixes) / sizeof(suffixes[0]));
    const char *suffix = has_suffix ? suffixes[power] : "";
    const int cut = suffix[0] == 'k' ? 3 : suffix[0] == 'M' ? 6 : suffix[0] == 'G' ? 9 : 0;

    if (has_suffix) {
        (void)snprintf(text, 16, "%.0f%s", pow(10, power - cut), suffix);
    } else {
        (void)snprintf(text, 16, "1e%d", power);
    }
}

static void put_axes(const struct emu_plot *plot, FILE *file, const struct range *x,
                     const struct range *y)
{
    char text[16];

    for (int power = x->low; power <= x->high; ++power) {
        const double at = place(x, pow(10, power), LEFT, RIGHT);

        (void)fprintf(file, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>\n", at, TOP, BOTTOM);
        put_power(text, power);
        put_label(file, "text-anchor=\"middle\"", at, BOTTOM + 20, text);
    }
    for (int power = y->low; power <= y->high; ++power) {
        const double at = place(y, pow(10, power), BOTTOM, TOP);

        (void)fprintf(file, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, at, RIGHT);
        put_power(text, power);
        put_label(file, "text-anchor=\"end\"", LEFT - 8, at + 4, text);
    }
    (void)fprintf(file, "<path class=\"axis\" fill=\"none\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP,
                  BOTTOM, RIGHT);
    put_label(file, "text-anchor=\"middle\"", (LEFT + RIGHT) / 2.0, HEIGHT - 24, plot->x_name);
    (void)fprintf(file, "<g transform=\"translate(22 %d) rotate(-90)\">\n", (TOP + BOTTOM) / 2);
    put_label(file, "text-anchor=\"middle\"", 0, 0, plot->y_name);
    (void)fputs("</g>\n", file);
}

/* A mark at a point: of another form for each series. */
static void put_mark(FILE *file, uint32_t form, double x, double y)
{
    static const char *const forms[] = {
        "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        "m-3.5 -3.5h7v7h-7z",
        "m0 -5l5 8h-10z",
        "m0 -5l5 5l-5 5l-5 -5z",
        "m0 5l5 -8h-10z",
        "m-5 -1.5h10v3h-10z",
    };

    (void)fprintf(file, "<path d=\"M%.1f %.1f%s\"/>\n", x, y, forms[form]);
}

/*
 * Where the names go that stand at the ends of the lines: at their height, but not upon each other.
 * From the highest one down each makes room for the next.
 */
static void place_names(const struct emu_plot *plot, const struct range *y,
                        double at[EMU_PLOT_SERIES_MAX])
{
    enum { ROW = 16 };
    bool is_placed[EMU_PLOT_SERIES_MAX] = {false};
    double last = TOP - ROW;

    for (uint32_t i = 0; i < plot->series_cnt; ++i) {
        at[i] = place(y, plot->series[i].ys[plot->series[i].cnt - 1], BOTTOM, TOP);
    }
    for (uint32_t turn = 0; turn < plot->series_cnt; ++turn) {
        uint32_t best = EMU_PLOT_SERIES_MAX;

        for (uint32_t i = 0; i < plot->series_cnt; ++i) {
            if (!is_placed[i] && (best == EMU_PLOT_SERIES_MAX || at[i] < at[best])) {
                best = i;
            }
        }
        is_placed[best] = true;
        at[best] = at[best] < last + ROW ? last + ROW : at[best];
        last = at[best];
    }
}

static void put_series(const struct emu_plot *plot, FILE *file, const struct range *x,
                       const struct range *y)
{
    double names[EMU_PLOT_SERIES_MAX];

    place_names(plot, y, names);
    for (uint32_t i = 0; i < plot->series_cnt; ++i) {
        const struct emu_plot_series *series = &plot->series[i];
        char attributes[32];

        (void)fprintf(file, "<g class=\"s%u\">\n<path class=\"line\" d=\"", i);
        for (uint32_t n = 0; n < series->cnt; ++n) {
            (void)fprintf(file, "%c%.1f %.1f", n == 0 ? 'M' : 'L',
                          place(x, series->xs[n], LEFT, RIGHT),
                          place(y, series->ys[n], BOTTOM, TOP));
        }
        (void)fputs("\"/>\n", file);
        for (uint32_t n = 0; n < series->cnt; ++n) {
            put_mark(file, i, place(x, series->xs[n], LEFT, RIGHT),
                     place(y, series->ys[n], BOTTOM, TOP));
        }
        (void)fputs("</g>\n", file);
        (void)snprintf(attributes, sizeof(attributes), "class=\"name s%u\"", i);
        put_label(file, attributes, place(x, series->xs[series->cnt - 1], LEFT, RIGHT) + 10,
                  names[i] + 4, series->name);
    }
}

bool emu_plot_write(const struct emu_plot *plot, FILE *file)
{
    struct range x = {0, 1};
    struct range y = {2, 3};

    for (uint32_t i = 0; i < plot->series_cnt; ++i) {
        for (uint32_t n = 0; n < plot->series[i].cnt; ++n) {
            range_cover(&x, plot->series[i].xs[n]);
            range_cover(&y, plot->series[i].ys[n]);
        }
    }
    (void)fprintf(file,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n"
                  "<title>",
                  WIDTH, HEIGHT);
    put_text(file, plot->title);
    (void)fprintf(file, "</title>\n%s<path class=\"page\" d=\"M0 0H%dV%dH0z\"/>\n", style, WIDTH,
                  HEIGHT);
    put_label(file, "class=\"title\"", LEFT, 32, plot->title);
    put_label(file, "class=\"note\"", LEFT, 52, plot->subtitle);
    put_axes(plot, file, &x, &y);
    put_series(plot, file, &x, &y);
    (void)fputs("</svg>\n", file);
    return fflush(file) == 0 && ferror(file) == 0;
}
