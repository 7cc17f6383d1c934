/* SPDX-License-Identifier: MIT */
/*
 * The command `toe check`: tries what the others need, and says what is missing and what helps.
 *
 * What can be tried without a trace is tried for real, in a private network in a process of its
 * own.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "netlink.h"
#include "netns.h"
#include "nic/privilege.h"
#include "option.h"
#include "port.h"
#include "report.h"

/* What came of one check. */
struct finding {
    bool ok;
    char text[256]; /* why not, and what helps; or what was found */
};

struct check {
    const char *what;
    const char *for_what;
    bool (*run)(struct emu_error *error);
    bool is_private;  /* runs in the private network */
    bool is_optional; /* without it something is slower or refused, but all commands run */
};

static bool can_tun(struct emu_error *error)
{
    struct emu_port *tap = emu_port_tap_open(&(struct emu_tap_settings){.name = ""}, error);

    emu_port_close(tap);
    return tap != NULL;
}

static bool can_veth(struct emu_error *error)
{
    return emu_netlink_veth_add("check0", "check1", 0, error) &&
           emu_netlink_up("check0", 0, error) && emu_netlink_up("check1", 0, error);
}

/* After can_veth(), on what it made. */
static bool can_packet(struct emu_error *error)
{
    struct emu_port *port = emu_port_packet_open("check0", NULL, error);

    emu_port_close(port);
    return port != NULL;
}

static bool can_pcap(struct emu_error *error)
{
    struct emu_port *port = emu_port_pcap_open("check0", NULL, error);

    emu_port_close(port);
    return port != NULL;
}

static bool can_xdp(struct emu_error *error)
{
    struct emu_port *port = emu_port_xdp_open("check0", NULL, error);

    emu_port_close(port);
    return port != NULL;
}

static bool can_diagnose(struct emu_error *error)
{
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "the kernel has no socket diagnostics (CONFIG_INET_DIAG): connections are "
                      "offloaded with estimates for the round trip and the congestion window");
        return false;
    }
    (void)close(fd);
    return true;
}

static bool can_guard_arp(struct emu_error *error)
{
    const int fd = open("/proc/sys/net/ipv4/conf/check0/arp_ignore", O_WRONLY | O_CLOEXEC);

    if (fd < 0) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "/proc/sys/net cannot be written: on a wire in the same network, run: sysctl "
                      "net.ipv4.conf.IF.arp_ignore=1");
        return false;
    }
    (void)close(fd);
    return true;
}

static bool is_admin(struct emu_error *error)
{
    emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                  "not here; run toe nic as root, or in a network of your own: unshare -Urn");
    return emu_privilege_has(CAP_NET_ADMIN) && emu_privilege_has(CAP_NET_RAW);
}

static bool has_ip(struct emu_error *error)
{
    emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                  "not found; install the Debian package iproute2 to give interfaces addresses");
    return access("/sbin/ip", X_OK) == 0 || access("/usr/sbin/ip", X_OK) == 0 ||
           access("/bin/ip", X_OK) == 0;
}

static const struct check checks[] = {
    {.what = "CAP_NET_ADMIN and CAP_NET_RAW",
     .for_what = "toe nic in this network",
     .run = is_admin,
     .is_optional = true},
    {.what = "ip(8)", .for_what = "to set up a NIC", .run = has_ip, .is_optional = true},
    {.what = "private networks", .for_what = "toe demo", .is_private = true},
    {.what = "veth", .for_what = "toe demo", .run = can_veth, .is_private = true},
    {.what = "TAP with virtio-net header",
     .for_what = "toe nic",
     .run = can_tun,
     .is_private = true},
    {.what = "raw sockets with virtio-net header",
     .for_what = "toe nic --wire IF, toe stress --port",
     .run = can_packet,
     .is_private = true},
    {.what = "AF_XDP",
     .for_what = "toe nic --wire xdp:IF",
     .run = can_xdp,
     .is_private = true,
     .is_optional = true},
    {.what = "libpcap on an interface",
     .for_what = "toe nic --wire pcap:IF",
     .run = can_pcap,
     .is_private = true,
     .is_optional = true},
    {.what = "socket diagnostics",
     .for_what = "offloads that start warm",
     .run = can_diagnose,
     .is_private = true,
     .is_optional = true},
    {.what = "sysctl arp_ignore",
     .for_what = "toe nic with its wire in the same network",
     .run = can_guard_arp,
     .is_private = true,
     .is_optional = true},
};

enum { CHECK_CNT = sizeof(checks) / sizeof(checks[0]) };

static void find(struct finding *finding, const struct check *check)
{
    struct emu_error error = {.text = ""};

    finding->ok = check->run == NULL || check->run(&error);
    (void)snprintf(finding->text, sizeof(finding->text), "%s", finding->ok ? "" : error.text);
}

/* The private part: all findings go to |fd| at once. */
static void find_private(int fd)
{
    struct finding findings[CHECK_CNT];
    struct emu_error error;
    const bool entered = emu_netns_enter(&error);

    memset(findings, 0, sizeof(findings));
    for (int i = 0; i < CHECK_CNT; ++i) {
        if (entered && checks[i].is_private) {
            find(&findings[i], &checks[i]);
        } else {
            (void)snprintf(findings[i].text, sizeof(findings[i].text), "%s",
                           checks[i].run == NULL ? error.text : "there are no private networks");
        }
    }
    (void)!write(fd, findings, sizeof(findings));
}

/* Fills in all findings; false if not even a process can be had. */
static bool find_all(struct finding findings[CHECK_CNT])
{
    int pair[2];
    pid_t pid;
    bool ok;

    if (pipe2(pair, O_CLOEXEC) != 0) {
        return false;
    }
    pid = fork();
    if (pid == 0) {
        find_private(pair[1]);
        _exit(0);
    }
    (void)close(pair[1]);
    ok = pid > 0 && read(pair[0], findings, sizeof(findings[0]) * CHECK_CNT) ==
                        (ssize_t)(sizeof(findings[0]) * CHECK_CNT);
    (void)close(pair[0]);
    if (pid > 0) {
        (void)waitpid(pid, NULL, 0);
    }
    for (int i = 0; i < CHECK_CNT; ++i) {
        if (!checks[i].is_private) {
            find(&findings[i], &checks[i]);
        }
    }
    return ok;
}

static void say(struct emu_report *report, const struct check *check, const struct finding *finding)
{
    emu_report_say(report,
                   json_pack("{ss ss ss sb sb ss}", "type", "check", "what", check->what, "for",
                             check->for_what, "ok", (int)finding->ok, "optional",
                             (int)check->is_optional, "text", finding->text),
                   "%-4s %-36s %s%s%s",
                   finding->ok          ? "ok"
                   : check->is_optional ? "-"
                                        : "NO",
                   check->what, check->for_what, finding->ok ? "" : ": ", finding->text);
}

static int check_all(struct emu_report *report)
{
    struct finding findings[CHECK_CNT];
    struct emu_error error;
    struct utsname name;
    int missing = 0;

    if (!find_all(findings)) {
        emu_error_set(&error, EMU_EXIT_ENVIRONMENT, "cannot start a process to try things in");
        return emu_error_print(&error);
    }
    (void)uname(&name);
    emu_report_say(
        report,
        json_pack("{ss ss ss}", "type", "kernel", "name", name.sysname, "release", name.release),
        "%s %s", name.sysname, name.release);
    for (int i = 0; i < CHECK_CNT; ++i) {
        say(report, &checks[i], &findings[i]);
        missing += findings[i].ok || checks[i].is_optional ? 0 : 1;
    }
    emu_report_say(report,
                   json_pack("{ss ss ss si}", "type", "summary", "command", "check", "verdict",
                             missing == 0 ? "pass" : "fail", "missing", missing),
                   "check: %s",
                   missing == 0 ? "pass, every command can run here"
                                : "fail, something is missing");
    return missing == 0 ? EMU_EXIT_OK : EMU_EXIT_ENVIRONMENT;
}

int emu_check_main(int argc, char **argv)
{
    bool json = false;
    const struct emu_option table[] = {
        {.name = "json",
         .kind = EMU_OPTION_FLAG,
         .value = &json,
         .help = "print JSON, one object a line, the last one the summary"},
    };
    const struct emu_command command = {
        .name = "check",
        .synopsis = "[options]",
        .summary = "Tries what the commands need here, and says what is missing and what helps.",
        .options = table,
        .option_cnt = sizeof(table) / sizeof(table[0]),
    };
    struct emu_report report;
    const int status = emu_option_parse(&command, argc, argv);

    if (status >= 0) {
        return status;
    }
    emu_report_init(&report, json);
    return check_all(&report);
}
