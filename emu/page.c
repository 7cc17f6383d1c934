/* SPDX-License-Identifier: MIT */
#include "page.h"

static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--text:#1c1e21;--soft:#5c6370;--line:#dcdfe4;"
    "--tile:#f4f6f8;--good:#17692f;--bad:#b3151c;--warn:#8a5a00;--a:#0b62c4;--b:#c2410c;"
    "--c:#15803d;--band:#0b62c420}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#16181d;--text:#e6e6e6;--soft:#a0a6b0;"
    "--line:#33363d;--tile:#1f2229;--good:#4ade80;--bad:#ff7b7b;--warn:#facc15;--a:#6fb1ff;"
    "--b:#fb923c;--c:#4ade80;--band:#6fb1ff2e}}\n"
    "*{box-sizing:border-box}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:66rem;margin:0 auto;padding:1rem;"
    "background:var(--page);color:var(--text);overflow-wrap:break-word}\n"
    "h1{font-size:1.7rem;margin:.6rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem}"
    "h3{font-size:1rem;margin:1rem 0 .2rem}p{margin:.4rem 0;max-width:46rem}\n"
    "h1 span{padding:.05em .45em;border-radius:.3em;color:var(--page);background:var(--soft)}\n"
    "h1 .good{background:var(--good)}h1 .bad{background:var(--bad)}h1 "
    ".warn{background:var(--warn)}\n"
    ".soft,.skip,.excused,.untested{color:var(--soft)}.good,.pass{color:var(--good)}"
    ".bad,.fail,.crash,.hang{color:var(--bad);font-weight:600}"
    ".warn{color:var(--warn)}h1 .good,h1 .bad,h1 .warn{color:var(--page)}\n"
    ".tiles,.figures{display:grid;gap:.6rem;margin:1rem 0}\n"
    ".tiles{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}\n"
    ".figures{grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.2rem}\n"
    ".tiles div{background:var(--tile);border-radius:.4rem;padding:.5rem .7rem}\n"
    ".tiles b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}\n"
    ".tiles div span{color:var(--soft);font-size:.85rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;margin:.4rem 0;font-variant-numeric:tabular-nums}\n"
    "td,th{padding:.15rem .8rem .15rem 0;text-align:left;border-bottom:1px solid var(--line);"
    "vertical-align:top}table.numbers td+td,table.numbers th+th{text-align:right;"
    "white-space:nowrap}\n"
    "figure{margin:0;min-width:0}figcaption{font-weight:600}figcaption span{font-weight:400}\n"
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:13px}\n"
    "svg .grid{stroke:var(--line)}svg .axis{stroke:var(--soft);fill:none}\n"
    "svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round}\n"
    "svg .a{stroke:var(--a)}svg .b{stroke:var(--b)}svg .c{stroke:var(--c)}\n"
    "svg rect.bar{fill:var(--a)}svg .band{fill:var(--band)}svg .wait{stroke:var(--bad);"
    "stroke-width:3}\n"
    ".key{display:inline-block;width:.9em;height:.25em;margin:0 .3em 0 .8em;vertical-align:middle;"
    "background:var(--a)}.key.b{background:var(--b)}.key.c{background:var(--c)}"
    ".key.band{height:.8em;background:var(--band);outline:1px solid var(--line)}"
    ".key.wait{background:var(--bad)}\n"
    "details{margin:.4rem 0}summary{cursor:pointer;color:var(--soft)}\n"
    "pre{background:var(--tile);padding:.7rem;border-radius:.4rem;overflow-x:auto;font-size:.85rem;"
    "overflow-wrap:normal}\n"
    "@media print{details>*{display:block}}\n";

static const char *class_of(enum emu_page_tone tone)
{
    static const char *const classes[] = {
        [EMU_PAGE_PLAIN] = "plain",
        [EMU_PAGE_GOOD] = "good",
        [EMU_PAGE_BAD] = "bad",
        [EMU_PAGE_WARN] = "warn",
    };

    return classes[tone];
}

void emu_page_text(FILE *out, const char *text)
{
    for (; text != NULL && *text != '\0'; ++text) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

void emu_page_begin(FILE *out, const char *what, const char *verdict, enum emu_page_tone tone)
{
    (void)fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
                out);
    emu_page_text(out, what);
    (void)fputs(": ", out);
    emu_page_text(out, verdict);
    (void)fprintf(out, "</title>\n<style>\n%s</style></head>\n<body>\n<h1>", style);
    emu_page_text(out, what);
    (void)fprintf(out, " <span class=\"%s\">", class_of(tone));
    emu_page_text(out, verdict);
    (void)fputs("</span></h1>\n", out);
}

bool emu_page_end(FILE *out)
{
    (void)fputs("</body></html>\n", out);
    return fflush(out) == 0 && ferror(out) == 0;
}

void emu_page_tiles(FILE *out)
{
    (void)fputs("<div class=\"tiles\">\n", out);
}

void emu_page_tile(FILE *out, const char *name, const char *value, enum emu_page_tone tone)
{
    (void)fprintf(out, "<div><b class=\"%s\">", class_of(tone));
    emu_page_text(out, value);
    (void)fputs("</b><span>", out);
    emu_page_text(out, name);
    (void)fputs("</span></div>\n", out);
}

void emu_page_tiles_end(FILE *out)
{
    (void)fputs("</div>\n", out);
}

static void put_cells(FILE *out, const char *const *cells, unsigned cnt, const char *tag)
{
    (void)fputs("<tr>", out);
    for (unsigned i = 0; i < cnt; ++i) {
        (void)fprintf(out, "<%s>", tag);
        emu_page_text(out, cells[i]);
        (void)fprintf(out, "</%s>", tag);
    }
    (void)fputs("</tr>\n", out);
}

void emu_page_table(FILE *out, const char *const *headings, unsigned cnt)
{
    (void)fputs("<div class=\"scroll\"><table class=\"numbers\">\n", out);
    put_cells(out, headings, cnt, "th");
}

void emu_page_row(FILE *out, const char *const *cells, unsigned cnt)
{
    put_cells(out, cells, cnt, "td");
}

void emu_page_table_end(FILE *out)
{
    (void)fputs("</table></div>\n", out);
}
