/* SPDX-License-Identifier: MIT */
/*
 * The subcommands of toe. Each is a main() of its own: argv[0] is its name, what it returns is the
 * exit status (error.h).
 */
#ifndef EMU_COMMAND_H
#define EMU_COMMAND_H

int emu_demo_main(int argc, char **argv);
int emu_stress_main(int argc, char **argv);
int emu_certify_main(int argc, char **argv);
int emu_peer_main(int argc, char **argv);
int emu_state_main(int argc, char **argv);
int emu_bench_main(int argc, char **argv);
int emu_nic_main(int argc, char **argv);
int emu_show_main(int argc, char **argv);
int emu_stats_main(int argc, char **argv);
int emu_offload_main(int argc, char **argv);
int emu_upload_main(int argc, char **argv);
int emu_policy_main(int argc, char **argv);
int emu_pause_main(int argc, char **argv);
int emu_resume_main(int argc, char **argv);
int emu_fault_main(int argc, char **argv);
int emu_watch_main(int argc, char **argv);
int emu_check_main(int argc, char **argv);

#endif
