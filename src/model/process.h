/* SPDX-License-Identifier: Apache-2.0 */
/* model/process.h: one process as /proc tells of it. Pure: the texts are read by others. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/usec.h"

#define PROCESS_NAME_MAX 64 /* the kernel's have 15 bytes, those of its own threads more */
#define PROCESS_TERMINAL_MAX 24

typedef struct Process {
        uint32_t pid;    /* as the host counts */
        uint32_t parent; /* the same */
        uint32_t inner;  /* as the container counts */
        uid_t uid;       /* as the host counts */
        usec_t started_usec; /* after the machine's boot */
        usec_t cpu_usec;
        char terminal[PROCESS_TERMINAL_MAX]; /* "pts/0"; "" when it has none */
        char name[PROCESS_NAME_MAX];
} Process;

/**
 * process_read_stat() - /proc/PID/stat
 * @ticks: of the clock, a second
 *
 * Return: 0 or -EBADMSG. Source: proc_pid_stat(5)
 */
int process_read_stat(Process *p, const char *text, unsigned ticks);

/** process_read_status() - /proc/PID/status: uid and inner. Return: 0 or -EBADMSG. Source: proc_pid_status(5) */
int process_read_status(Process *p, const char *text);
