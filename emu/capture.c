/* SPDX-License-Identifier: MIT */
/*
 * The format is that of draft-ietf-opsawg-pcapng: one section header, an interface description for
 * each interface before its first packet, enhanced packet blocks. All is in the byte order of the
 * machine, as the section header's magic tells.
 */
#include "capture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "linux/segment.h"
#include "option.h"
#include "pump.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BLOCK_CUSTOM = 0xbad, /* of those that may be copied into another file */
    ENTERPRISE = 32473,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_ETHERNET = 1,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_INTERFACE_NAME = 2,
    OPTION_PACKET_FLAGS = 2,
    OPTION_SECTION_APPLICATION = 4,
    OPTION_INTERFACE_RESOLUTION = 9,
    NANOSECONDS = 9, /* 10^-9 */
    SNAPLEN = 262144,
    LINKS_MAX = 64, /* of one simulation; frames of more go under the last */
    FLUSH_MS = 1000,
    INTERFACES_MAX = LINKS_MAX,
    NAME_MAX_LEN = 64,
    NOTES_MAX = 32,
    NOTE_LEN_MAX = 120,
    NOTE_FRAMES = 4096, /* that a note waits for the one it is about */
    FILES_MAX = 1000,
    CAPTURE_PATH_MAX = 4096,
};

/* A comment that waits for its frame. */
struct note {
    struct emu_tuple tuple;
    bool is_for_any;
    uint32_t patience; /* frames more */
    char text[NOTE_LEN_MAX];
};

struct emu_capture {
    pthread_mutex_t mutex; /* of all that follows */
    FILE *file;
    char path[CAPTURE_PATH_MAX];
    uint64_t offset;  /* added to every instant */
    toe_instant last; /* of what was written */
    uint32_t interface_cnt;
    char names[INTERFACES_MAX][NAME_MAX_LEN]; /* for the next file */
    uint64_t written;                         /* bytes of this file, */
    toe_instant began;                        /* and its first instant; 0: there is none yet */
    struct emu_filter *filter;
    struct emu_capture_rotation rotation;
    struct note notes[NOTES_MAX];
    uint32_t note_cnt;
    int code; /* the first error, as in errno */
    const struct toe_sim_link *links[LINKS_MAX];
    uint32_t link_index[LINKS_MAX];
    uint32_t link_cnt;
};

static void lock(struct emu_capture *capture)
{
    (void)pthread_mutex_lock(&capture->mutex);
}

static void unlock(struct emu_capture *capture)
{
    (void)pthread_mutex_unlock(&capture->mutex);
}

/* --- writing --- */

static void put(struct emu_capture *capture, const void *data, size_t len)
{
    if (len != 0 && fwrite(data, 1, len, capture->file) != len && capture->code == 0) {
        capture->code = errno != 0 ? errno : EIO;
    }
    capture->written += len;
}

static void put32(struct emu_capture *capture, uint32_t value)
{
    put(capture, &value, sizeof(value));
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void put_padding(struct emu_capture *capture, size_t len)
{
    static const uint8_t zeros[4];

    put(capture, zeros, padded(len) - len);
}

/* An option takes 4 bytes and its padded value. */
static void put_option(struct emu_capture *capture, uint16_t code, const void *value, size_t len)
{
    const uint16_t head[2] = {code, (uint16_t)len};

    put(capture, head, sizeof(head));
    put(capture, value, len);
    put_padding(capture, len);
}

static void put_section(struct emu_capture *capture)
{
    static const char name[] = "toe " TOE_VERSION;
    const uint32_t len = (uint32_t)(28 + 4 + padded(sizeof(name) - 1) + 4);
    const uint16_t version[2] = {1, 0};

    put32(capture, BLOCK_SECTION);
    put32(capture, len);
    put32(capture, BYTE_ORDER_MAGIC);
    put(capture, version, sizeof(version));
    put32(capture, UINT32_MAX); /* the section's length is not known */
    put32(capture, UINT32_MAX);
    put_option(capture, OPTION_SECTION_APPLICATION, name, sizeof(name) - 1);
    put_option(capture, OPTION_END, NULL, 0);
    put32(capture, len);
}

static void put_interface(struct emu_capture *capture, const char *name)
{
    const uint8_t resolution = NANOSECONDS;
    const uint32_t len = (uint32_t)(20 + 4 + padded(strlen(name)) + 8 + 4);
    const uint16_t type[2] = {LINKTYPE_ETHERNET, 0};

    put32(capture, BLOCK_INTERFACE);
    put32(capture, len);
    put(capture, type, sizeof(type));
    put32(capture, SNAPLEN);
    put_option(capture, OPTION_INTERFACE_NAME, name, strlen(name));
    put_option(capture, OPTION_INTERFACE_RESOLUTION, &resolution, 1);
    put_option(capture, OPTION_END, NULL, 0);
    put32(capture, len);
}

/* Those beyond the maximum are not known to a file that begins later. */
static uint32_t describe(struct emu_capture *capture, const char *name)
{
    const uint32_t index = capture->interface_cnt++;

    if (index < INTERFACES_MAX) {
        (void)snprintf(capture->names[index], NAME_MAX_LEN, "%s", name);
    }
    put_interface(capture, name);
    return index;
}

uint32_t emu_capture_interface_add(struct emu_capture *capture, const char *name)
{
    uint32_t index = 0;

    lock(capture);
    while (index < capture->interface_cnt && index < INTERFACES_MAX &&
           strncmp(capture->names[index], name, NAME_MAX_LEN - 1) != 0) {
        ++index;
    }
    if (index == capture->interface_cnt || index == INTERFACES_MAX) {
        index = describe(capture, name);
    }
    unlock(capture);
    return index;
}

/* --- rotation --- */

static void name_of(char out[], size_t size, const struct emu_capture *capture, uint32_t number)
{
    (void)snprintf(out, size, number == 0 ? "%s" : "%s.%u", capture->path, number);
}

/*
 * NAME.1 becomes NAME.2 and so on; the last one is replaced. Returns false if NAME is still there:
 * what it holds must not be written over.
 */
static bool shift_names(const struct emu_capture *capture)
{
    char from[sizeof(capture->path) + 16];
    char to[sizeof(from)];

    for (uint32_t i = capture->rotation.files - 1; i > 0; --i) {
        name_of(from, sizeof(from), capture, i - 1);
        name_of(to, sizeof(to), capture, i);
        if (rename(from, to) != 0 && i == 1) {
            return false;
        }
    }
    return true;
}

static void flush(struct emu_capture *capture)
{
    if (fflush(capture->file) != 0 && capture->code == 0) {
        capture->code = errno;
    }
}

/* Begins another file; if that cannot be, this one goes on, and the end tells why. */
static void rotate(struct emu_capture *capture)
{
    FILE *file;

    flush(capture);
    file = shift_names(capture) ? fopen(capture->path, "we") : NULL;
    if (file == NULL) {
        capture->code = capture->code == 0 ? errno : capture->code;
        capture->rotation.files = 0;
        return;
    }
    if (fclose(capture->file) != 0 && capture->code == 0) {
        capture->code = errno;
    }
    capture->file = file;
    capture->written = 0;
    capture->began = 0;
    put_section(capture);
    for (uint32_t i = 0; i < capture->interface_cnt && i < INTERFACES_MAX; ++i) {
        put_interface(capture, capture->names[i]);
    }
}

/*
 * A block is going to be written at |now|. Returns its instant: of two ports one may know a moment
 * later what time it is, but what is written later did not pass before.
 */
static uint64_t make_room(struct emu_capture *capture, toe_instant now)
{
    const struct emu_capture_rotation *rotation = &capture->rotation;

    now = now > capture->last ? now : capture->last;
    capture->last = now;

    if (rotation->files != 0 && capture->began != 0 &&
        ((rotation->bytes != 0 && capture->written >= rotation->bytes) ||
         (rotation->age != 0 && now - capture->began >= rotation->age))) {
        rotate(capture);
    }
    capture->began = capture->began == 0 ? now : capture->began;
    return now + capture->offset;
}

bool emu_capture_rotation_parse(struct emu_capture_rotation *rotation, const char *text)
{
    const size_t len = strcspn(text, ":");
    char limit[32];
    uint64_t files = 2;

    *rotation = (struct emu_capture_rotation){.bytes = 0};
    if (len >= sizeof(limit)) {
        return false;
    }
    memcpy(limit, text, len);
    limit[len] = '\0';
    if (!emu_option_number(&rotation->bytes, limit) &&
        !emu_option_duration(&rotation->age, limit)) {
        return false;
    }
    if (text[len] == ':' && !emu_option_number(&files, text + len + 1)) {
        return false;
    }
    rotation->files = (uint32_t)files;
    return files >= 2 && files <= FILES_MAX && (rotation->bytes != 0 || rotation->age != 0);
}

void emu_capture_rotation_set(struct emu_capture *capture,
                              const struct emu_capture_rotation *rotation)
{
    capture->rotation = *rotation;
}

void emu_capture_filter_set(struct emu_capture *capture, struct emu_filter *filter)
{
    emu_filter_del(capture->filter);
    capture->filter = filter;
}

/* --- events and notes --- */

static void put_big(uint8_t *out, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; ++i) {
        out[i] = (uint8_t)(value >> 8 * (len - 1 - i));
    }
}

void emu_capture_event(struct emu_capture *capture, toe_instant now, const char *text)
{
    const size_t text_len = strlen(text);
    uint8_t head[16] = {'T', 'O', 'E', 1};
    const uint32_t len = (uint32_t)(12 + padded(sizeof(head) + text_len) + 4);

    lock(capture);
    put_big(head + 4, make_room(capture, now), 8);
    put_big(head + 12, text_len, 4);
    put32(capture, BLOCK_CUSTOM);
    put32(capture, len);
    put32(capture, ENTERPRISE);
    put(capture, head, sizeof(head));
    put(capture, text, text_len);
    put_padding(capture, sizeof(head) + text_len);
    put32(capture, len);
    unlock(capture);
}

/* With too many of them the oldest is lost: the event itself is in the file. */
void emu_capture_note(struct emu_capture *capture, const struct emu_tuple *tuple, const char *text)
{
    struct note *note;

    lock(capture);
    if (capture->note_cnt == NOTES_MAX) {
        --capture->note_cnt;
        memmove(capture->notes, capture->notes + 1, capture->note_cnt * sizeof(struct note));
    }
    note = &capture->notes[capture->note_cnt++];
    *note = (struct note){.is_for_any = tuple == NULL, .patience = NOTE_FRAMES};
    if (tuple != NULL) {
        note->tuple = *tuple;
    }
    (void)snprintf(note->text, sizeof(note->text), "%s", text);
    unlock(capture);
}

static bool is_same(const struct emu_tuple *a, const struct emu_tuple *b)
{
    return memcmp(&a->local, &b->local, sizeof(a->local)) == 0 &&
           memcmp(&a->remote, &b->remote, sizeof(a->remote)) == 0 &&
           a->local_port == b->local_port && a->remote_port == b->remote_port;
}

/* Whether |note| is about |frame|, whoever sent that. */
static bool is_about(const struct note *note, const struct toe_frame *frame)
{
    struct emu_segment seg;

    for (int by_kernel = 0; by_kernel < 2 && !note->is_for_any; ++by_kernel) {
        memset(&seg, 0, sizeof(seg));
        if (emu_segment_parse(&seg, frame, by_kernel != 0) && is_same(&seg.tuple, &note->tuple)) {
            return true;
        }
    }
    return note->is_for_any;
}

/* Takes those that are about |frame| into |out|, as one comment; returns whether there are any. */
static bool take_notes(struct emu_capture *capture, const struct toe_frame *frame, char *out,
                       size_t size)
{
    uint32_t kept = 0;
    size_t len = 0;

    for (uint32_t i = 0; i < capture->note_cnt; ++i) {
        struct note *note = &capture->notes[i];

        if (is_about(note, frame)) {
            if (len < size) {
                len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : "; ",
                                        note->text);
            }
        } else if (--note->patience != 0) {
            capture->notes[kept++] = *note;
        }
    }
    capture->note_cnt = kept;
    return len != 0;
}

static void put_frame(struct emu_capture *capture, uint32_t index, toe_instant now,
                      enum emu_direction direction, const struct toe_frame *frame,
                      const char *comment)
{
    const uint32_t flags = direction;
    size_t frame_len = frame->len;
    char notes[2 * NOTE_LEN_MAX];
    uint64_t when;
    size_t len;

    when = make_room(capture, now);
    if (capture->note_cnt != 0 && take_notes(capture, frame, notes, sizeof(notes))) {
        comment = comment == NULL ? notes : comment;
    }
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        frame_len += frame->more[i].len;
    }
    len = 32 + padded(frame_len) + 8 + 4;
    len += comment == NULL ? 0 : 4 + padded(strlen(comment));

    put32(capture, BLOCK_PACKET);
    put32(capture, (uint32_t)len);
    put32(capture, index);
    put32(capture, (uint32_t)(when >> 32));
    put32(capture, (uint32_t)when);
    put32(capture, (uint32_t)frame_len);
    put32(capture, (uint32_t)frame_len);
    put(capture, frame->data, frame->len);
    for (uint32_t i = 0; i < frame->more_cnt; ++i) {
        put(capture, frame->more[i].base, frame->more[i].len);
    }
    put_padding(capture, frame_len);
    put_option(capture, OPTION_PACKET_FLAGS, &flags, sizeof(flags));
    if (comment != NULL) {
        put_option(capture, OPTION_COMMENT, comment, strlen(comment));
    }
    put_option(capture, OPTION_END, NULL, 0);
    put32(capture, (uint32_t)len);
}

void emu_capture_write(struct emu_capture *capture, uint32_t index, toe_instant now,
                       enum emu_direction direction, const struct toe_frame *frame,
                       const char *comment)
{
    if (emu_filter_has_frame(capture->filter, frame)) {
        lock(capture);
        put_frame(capture, index, now, direction, frame, comment);
        unlock(capture);
    }
}

/* --- the file --- */

static uint64_t real_offset(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * TOE_NS_PER_SEC + (uint64_t)now.tv_nsec - emu_pump_now();
}

struct emu_capture *emu_capture_open(const char *path, enum emu_capture_time time,
                                     struct emu_error *error)
{
    struct emu_capture *capture = calloc(1, sizeof(*capture));

    if (capture == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for a capture");
        return NULL;
    }
    if (strlen(path) >= sizeof(capture->path)) {
        emu_error_set(error, EMU_EXIT_USAGE, "the name of the capture is too long");
        free(capture);
        return NULL;
    }
    capture->file = fopen(path, "we");
    if (capture->file == NULL) {
        emu_error_set(error, EMU_EXIT_USAGE, "cannot create the capture \"%s\": %s", path,
                      strerror(errno));
        free(capture);
        return NULL;
    }
    (void)pthread_mutex_init(&capture->mutex, NULL);
    (void)snprintf(capture->path, sizeof(capture->path), "%s", path);
    capture->offset = time == EMU_CAPTURE_REAL ? real_offset() : 0;
    put_section(capture);
    return capture;
}

void emu_capture_flush(struct emu_capture *capture)
{
    lock(capture);
    flush(capture);
    unlock(capture);
}

bool emu_capture_close(struct emu_capture *capture, struct emu_error *error)
{
    int code;

    emu_capture_flush(capture);
    if (fclose(capture->file) != 0 && capture->code == 0) {
        capture->code = errno;
    }
    code = capture->code;
    if (code != 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "the capture \"%s\" is not complete: %s",
                      capture->path, strerror(code));
    }
    emu_filter_del(capture->filter);
    (void)pthread_mutex_destroy(&capture->mutex);
    free(capture);
    return code == 0;
}

/* --- the port --- */

struct capture_port {
    struct emu_port port;
    struct emu_capture *capture;
    uint32_t index;
    toe_instant flush_next;
};

static uint32_t receive(void *wire, struct toe_frame *frames, uint32_t max)
{
    struct capture_port *port = wire;
    struct emu_port *below = port->port.below;
    const uint32_t cnt = below->ops.receive(below, frames, max);

    for (uint32_t i = 0; i < cnt; ++i) {
        emu_capture_write(port->capture, port->index, port->port.now, EMU_DIRECTION_IN, &frames[i],
                          NULL);
    }
    return cnt;
}

static void transmit(void *wire, const struct toe_frame *frames, uint32_t cnt)
{
    struct capture_port *port = wire;
    struct emu_port *below = port->port.below;

    for (uint32_t i = 0; i < cnt; ++i) {
        emu_capture_write(port->capture, port->index, port->port.now, EMU_DIRECTION_OUT, &frames[i],
                          NULL);
    }
    below->ops.transmit(below, frames, cnt);
}

static void tick(struct emu_port *port, toe_instant now)
{
    struct capture_port *capture_port = (struct capture_port *)port;

    if (now >= capture_port->flush_next) {
        capture_port->flush_next = now + FLUSH_MS * TOE_NS_PER_MS;
        emu_capture_flush(capture_port->capture);
    }
}

static void close_capture_port(struct emu_port *port)
{
    struct capture_port *capture_port = (struct capture_port *)port;

    emu_capture_flush(capture_port->capture);
    free(capture_port);
}

struct emu_port *emu_capture_port_new(struct emu_port *below, struct emu_capture *capture)
{
    struct capture_port *port = calloc(1, sizeof(*port));

    if (port == NULL) {
        return NULL;
    }
    emu_port_on(&port->port, below);
    port->port.ops.receive = receive;
    port->port.ops.transmit = transmit;
    port->port.tick = tick;
    port->port.close = close_capture_port;
    port->capture = capture;
    port->index = emu_capture_interface_add(capture, below->name);
    return &port->port;
}

/* --- the simulator --- */

static uint32_t find_link(struct emu_capture *capture, const struct toe_sim_link *link)
{
    char name[16];
    uint32_t i = 0;

    while (i < capture->link_cnt && capture->links[i] != link) {
        ++i;
    }
    if (i < capture->link_cnt || i == LINKS_MAX) {
        return capture->link_index[i == LINKS_MAX ? i - 1 : i];
    }
    (void)snprintf(name, sizeof(name), "link%u", i);
    capture->links[i] = link;
    capture->link_index[i] = emu_capture_interface_add(capture, name);
    capture->link_cnt++;
    return capture->link_index[i];
}

static void on_frame(void *user, const struct toe_sim_tap_frame *frame)
{
    struct emu_capture *capture = user;

    emu_capture_write(capture, find_link(capture, frame->link), frame->now,
                      frame->end == 0 ? EMU_DIRECTION_OUT : EMU_DIRECTION_IN, frame->frame,
                      frame->lost ? "lost" : NULL);
}

void emu_capture_sim(struct emu_capture *capture, struct toe_sim *sim)
{
    toe_sim_tap_set(sim, on_frame, capture);
}
