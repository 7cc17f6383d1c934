/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_ended;

static void on_signal(int number)
{
    (void)number;
    is_ended = 1;
}

/* A change of size waits for emu_screen_wait(): it interrupts calls that others make meanwhile. */
static void hold_resizes(bool holds)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGWINCH);
    (void)sigprocmask(holds ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

bool emu_screen_open(struct emu_error *error)
{
    const struct sigaction action = {.sa_handler = on_signal};
    SCREEN *screen = NULL;

    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        (void)setlocale(LC_ALL, "");
        screen = newterm(NULL, stdout, stdin);
    }
    if (screen == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "the live screen needs a terminal (TERM=%s); --once does not",
                      getenv("TERM") == NULL ? "" : getenv("TERM"));
        return false;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    hold_resizes(true);
    (void)cbreak();
    (void)noecho();
    (void)curs_set(0);
    (void)keypad(stdscr, true);
    return true;
}

void emu_screen_close(void)
{
    (void)endwin();
    hold_resizes(false);
}

void emu_screen_size(int *lines, int *columns)
{
    *lines = LINES;
    *columns = COLS;
}

void emu_screen_draw(const char *text, int heading)
{
    (void)erase();
    for (int line = 0; *text != '\0' && line < LINES; ++line) {
        const size_t len = strcspn(text, "\n");

        if (line == heading) {
            (void)attron(A_REVERSE);
        }
        (void)mvaddnstr(line, 0, text, len < (size_t)COLS ? (int)len : COLS);
        (void)attroff(A_REVERSE);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
    (void)refresh();
}

bool emu_screen_wait(toe_duration time)
{
    int key;

    timeout((int)(time / TOE_NS_PER_MS));
    hold_resizes(false);
    key = getch();
    hold_resizes(true);
    return is_ended == 0 && key != 'q' && key != 'Q' && key != 3;
}
