/* SPDX-License-Identifier: MIT */
#include "endurance/session.h"

#include <inttypes.h>
#include <string.h>

#include "endurance/course.h"

size_t emu_session_write(char out[EMU_SESSION_LINE_MAX], const struct emu_session_message *message)
{
    const struct emu_stress_tally *tally = &message->tally;
    int len = 0;

    switch (message->kind) {
    case EMU_SESSION_HELLO:
        len = snprintf(out, EMU_SESSION_LINE_MAX, "toe 1 %" PRIu64 " %" PRIu32 " %" PRIu64 "\n",
                       message->seed, message->connections, message->ms);
        break;
    case EMU_SESSION_OK:
        len = snprintf(out, EMU_SESSION_LINE_MAX, "ok\n");
        break;
    case EMU_SESSION_PHASE:
        len = snprintf(out, EMU_SESSION_LINE_MAX, "phase %" PRIu32 "\n", message->phase);
        break;
    case EMU_SESSION_END:
        len = snprintf(out, EMU_SESSION_LINE_MAX, "end\n");
        break;
    case EMU_SESSION_REPORT:
        len =
            snprintf(out, EMU_SESSION_LINE_MAX,
                     "report %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                     tally->opened, tally->ended, tally->bytes, tally->bytes_wrong, tally->resets);
        break;
    }
    return (size_t)len;
}

/* Whether |line|, without its end, is |format| as a whole: the last conversion of it says so. */
static bool parse(struct emu_session_message *message, const char *line)
{
    struct emu_stress_tally *tally = &message->tally;
    const int whole = (int)strlen(line);
    int end = -1;

    *message = (struct emu_session_message){.kind = EMU_SESSION_OK};
    if (strcmp(line, "ok") == 0) {
        return true;
    }
    if (strcmp(line, "end") == 0) {
        message->kind = EMU_SESSION_END;
        return true;
    }
    if (sscanf(line, "phase %" SCNu32 "%n", &message->phase, &end) == 1 && end == whole) {
        message->kind = EMU_SESSION_PHASE;
        return message->phase < emu_course_cnt();
    }
    if (sscanf(line, "toe 1 %" SCNu64 " %" SCNu32 " %" SCNu64 "%n", &message->seed,
               &message->connections, &message->ms, &end) == 3 &&
        end == whole) {
        message->kind = EMU_SESSION_HELLO;
        return true;
    }
    message->kind = EMU_SESSION_REPORT;
    return sscanf(line, "report %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n",
                  &tally->opened, &tally->ended, &tally->bytes, &tally->bytes_wrong, &tally->resets,
                  &end) == 5 &&
           end == whole;
}

bool emu_session_read(struct emu_session_reader *reader, struct emu_session_message *message,
                      char byte)
{
    if (reader->is_broken) {
        return false;
    }
    if (byte != '\n') {
        reader->line[reader->len] = byte;
        ++reader->len;
        reader->is_broken = byte == '\0' || reader->len == sizeof(reader->line);
        return false;
    }
    reader->line[reader->len] = '\0';
    reader->len = 0;
    reader->is_broken = !parse(message, reader->line);
    return !reader->is_broken;
}
