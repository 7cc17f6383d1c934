/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/capture.h"

static char path[64];

static int make_path(void **state)
{
    int fd;

    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/toe-capture-XXXXXX");
    fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* Frame |i|: its length and bytes follow from the number. */
static struct toe_frame make_frame(uint8_t *data, uint32_t i)
{
    const uint32_t len = 60 + i * 13 % 1455;

    memset(data, (int)(i & 0xff), len);
    return (struct toe_frame){.data = data, .len = len};
}

static void write_capture(uint32_t cnt)
{
    struct emu_error error;
    struct emu_capture *capture = emu_capture_open(path, EMU_CAPTURE_VIRTUAL, &error);
    uint32_t index;

    assert_non_null(capture);
    index = emu_capture_interface_add(capture, "veth0");
    for (uint32_t i = 0; i < cnt; ++i) {
        uint8_t data[2048];
        struct toe_frame frame = make_frame(data, i);
        const struct toe_iov more = {data + 50, frame.len - 50};

        if (i % 2 == 1) { /* in two pieces */
            frame = (struct toe_frame){.data = data, .len = 50, .more_cnt = 1, .more = &more};
        }
        emu_capture_write(capture, index, UINT64_C(1234567890123) + i, 1 + i % 2, &frame,
                          i % 5 == 0 ? "lost" : NULL);
    }
    assert_true(emu_capture_close(capture, &error));
}

/* What was written is read back by libpcap: instants to the nanosecond, lengths, bytes. */
static void test_round_trip(void **state)
{
    char text[PCAP_ERRBUF_SIZE];
    pcap_t *pcap;
    struct pcap_pkthdr *header;
    const u_char *bytes;

    (void)state;
    write_capture(500);
    pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
    assert_non_null(pcap);
    assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
    for (uint32_t i = 0; i < 500; ++i) {
        uint8_t data[2048];
        const struct toe_frame frame = make_frame(data, i);

        assert_int_equal(pcap_next_ex(pcap, &header, &bytes), 1);
        assert_int_equal(header->ts.tv_sec, 1234);
        assert_int_equal(header->ts.tv_usec, 567890123 + i);
        assert_int_equal(header->caplen, frame.len);
        assert_int_equal(header->len, frame.len);
        assert_memory_equal(bytes, data, frame.len);
    }
    assert_int_equal(pcap_next_ex(pcap, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(pcap);
}

/* tshark, if there is one, sees comments, directions and the interface's name. */
static void test_tshark_reads_options(void **state)
{
    char command[256];
    char line[256];
    FILE *pipe;

    (void)state;
    if (system("tshark --version >/dev/null 2>&1") != 0) {
        print_message(
            "tshark not found: its view of the capture is not tested (package: tshark)\n");
        skip();
    }
    write_capture(6);
    (void)snprintf(
        command, sizeof(command),
        "tshark -r %s -T fields -E separator=, -e frame.number -e frame.interface_name "
        "-e frame.packet_flags_direction -e frame.comment -Y 'frame.number>=5' 2>/dev/null",
        path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof(line), pipe));
    assert_string_equal(line, "5,veth0,0x00000001,\n");
    assert_non_null(fgets(line, sizeof(line), pipe));
    assert_string_equal(line, "6,veth0,0x00000002,lost\n");
    assert_int_equal(pclose(pipe), 0);
}

/* Takes all frames of the capture file through a port. */
static uint32_t drain(struct emu_port *port)
{
    uint32_t cnt = 0;

    while (emu_port_deadline(port) == 0) {
        struct toe_frame frames[16];

        cnt += port->ops.receive(port, frames, 16);
    }
    return cnt;
}

/* A capture is a port as well; wherever it is cut, whole packets arrive and the cut is named. */
static void test_cut_capture_is_named(void **state)
{
    struct emu_error error;
    struct stat info;
    struct emu_port *port;

    (void)state;
    write_capture(10);
    assert_int_equal(stat(path, &info), 0);
    port = emu_port_pcap_file_open(path, &error);
    assert_non_null(port);
    assert_int_equal(drain(port), 10);
    assert_string_equal(port->error.text, "");
    emu_port_close(port);

    for (int i = 1; i < 40; ++i) {
        assert_int_equal(truncate(path, info.st_size - i), 0);
        port = emu_port_pcap_file_open(path, &error);
        assert_non_null(port);
        assert_int_equal(drain(port), 9);
        assert_non_null(strstr(port->error.text, "ends in the middle of packet 10"));
        emu_port_close(port);
    }
}

/* What is no capture, or not there, is refused with its name. */
static void test_bad_files_are_refused(void **state)
{
    struct emu_error error;

    (void)state;
    assert_null(emu_port_pcap_file_open(path, &error)); /* empty */
    assert_int_equal(error.status, EMU_EXIT_USAGE);
    assert_non_null(strstr(error.text, path));
    assert_null(emu_port_pcap_file_open("/nonexistent/file", &error));
    assert_non_null(strstr(error.text, "/nonexistent/file"));
    assert_null(emu_capture_open("/nonexistent/file", EMU_CAPTURE_REAL, &error));
    assert_non_null(strstr(error.text, "/nonexistent/file"));
}

/* A disk that is full is noticed when the capture is closed, not passed over. */
static void test_full_disk_is_noticed(void **state)
{
    struct emu_error error;
    struct emu_capture *capture = emu_capture_open("/dev/full", EMU_CAPTURE_REAL, &error);

    (void)state;
    assert_non_null(capture);
    assert_false(emu_capture_close(capture, &error));
    assert_non_null(strstr(error.text, "not complete"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_tshark_reads_options, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_cut_capture_is_named, make_path, remove_path),
        cmocka_unit_test_setup_teardown(test_bad_files_are_refused, make_path, remove_path),
        cmocka_unit_test(test_full_disk_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
