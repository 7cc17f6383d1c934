/* SPDX-License-Identifier: MIT */
/*
 * The excused: rules that no scenario at the seam can show, each with the reason.
 */
#include "rules.h"

const struct cert_excuse cert_excuses[] = {
    /* The host. */
    {.rules = "REF-3 EVO-2 SYN-1 TRM-15 TRM-30 SND-013 SND-016 SND-083 RCV-007 RCV-104 "
              "FWD-002..003 DSC-006 EVT-012",
     .reason = "a duty of the host: the contract monitor checks it (toe/inter.h)"},
    {.rules = "ARCH-4..5 EVO-5 TRM-10 LNK-5 LNK-7 INV-11 NBR-13 TSTAMP-8 RTT-001 RTT-006 "
              "CAP-10..12 PM-1 SND-082 FWD-001 SEG-051 SEG-056 SEG-061 RFC-104 TMR-020",
     .reason = "a duty of the host alone: a target under test has no part in it"},

    /* Where the seam has another shape. */
    {.rules = "REG-1..5 CAP-1 CAP-4 CAP-6..7 CAP-20 IOS-040..041 IOS-043..046",
     .reason = "about registration and configuration by the original operating system; here a host "
               "attaches itself with a table of functions (toe/seam.h)"},
    {.rules = "BLK-4 STATE-9 STATE-H-2 STATE-TD-32 QRY-10..11 RCV-002 IOS-001..002 IOS-005..007 "
              "IOS-009",
     .reason = "about the memory layout of the original headers: static assertions in "
               "toe/ndis_types.h, and its own tests"},
    {.rules = "CTX-6 EVT-005 TRM-2 NBR-20 SND-001 RCV-001 DSC-002",
     .reason = "the signatures of the seam leave no other possibility (toe/seam.h)"},
    {.rules = "OFF-13 NBR-21 CAP-31",
     .reason = "about codes that are reserved and never used; the seam does not have them"},
    {.rules = "STATE-TD-34 SND-053",
     .reason = "the structures of the seam have no place for anything else (toe/state.h, "
               "toe/buf.h)"},
    {.rules = "STATE-NC-3",
     .reason = "about multicast addresses of the interface: the seam does not tell them"},
    {.rules = "SND-015 CAP-44",
     .reason = "posts at the same time, and locks: here a target and its host belong to one "
               "thread"},

    /* Intermediate drivers. */
    {.rules = "IM-1..7 REU-1..3 SND-049",
     .reason = "about intermediate drivers, not about targets (toe/inter.h has some)"},

    /* What cannot be seen. */
    {.rules = "REF-2 TRV-3 TRM-28 UPD-2 SND-008 RCV-031 IOS-021 IOS-023 IOS-028 TMR-003",
     .reason = "about how a target is built inside; the seam shows only what follows from it"},
    {.rules = "SND-031",
     .reason = "IPv6 fragments of a target: none is ever sent, and every scenario checks that"},
    {.rules = "EVO-3 TRM-3 SND-045..046 RCV-006 RCV-028 FWD-008 FWD-013 DSC-014 CAP-37 CAP-39",
     .reason = "a permission: whatever a target does here is right"},
    {.rules = "TRM-31",
     .reason = "an upload that is prepared and not yet asked for: the host knows of none before it "
               "is asked; what holds from then on is TRM-9"},
    {.rules = "PST-3 IOS-083",
     .reason = "counters wrap after more traffic than a scenario can make"},

    /* Texts that require nothing of a target. */
    {.rules = "RCV-067 SND-009 TMR-071 RTT-033 RFC-001",
     .reason = "a note on how to read the documents, or on whose a buffer is; it requires nothing "
               "by itself"},
    {.rules = "RFC-054", .reason = "about a run of the suite: it names the profile of each result"},
    {.rules = "CERT-20..22", .reason = "describes the original test kit"},

    /* Honest gaps. */
    {.rules = "HWF-3",
     .reason = "a path or neighbor that is corrupt by itself: corrupt() spoils connections only "
               "(toe/certify.h)"},
    {.rules = NULL, .reason = NULL},
};
