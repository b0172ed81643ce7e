/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/roles.h: what `pocketdocker-pull ROLE …` and `pocketdocker-files ROLE …` are asked to do. The first reads
 * archives; the second is small and static, and reads none. A role gets its fds and its arguments and nothing
 * else: no bus, no database, no environment. It confines itself before it looks at the first foreign byte.
 *
 * Every fd is named by number and inherited; all others are closed. Sentences for a user go to the report fd in the
 * form of model/pull-report.h, and the exit status is 0 only when the role did what it was asked. A run that ends
 * otherwise without a failure in its report was killed or has crashed.
 *
 * pocketdocker-pull unpack --archive-fd N --staging-fd N --report-fd N [--name NAME] [--message TEXT]
 *                          [--limit-bytes N] [--limit-entries N]
 *      Started as root. Unpacks a tar (plain, gzip, xz, zstd or bzip2) into STAGING/root, which it makes. STAGING is
 *      empty, mode 0700; it and all in it come to belong to the foreign id range. The report: progress at most ten
 *      times a second, then a result (diff id, bytes, entries, skipped devices, config) or a failure. The tree has been
 *      synced before the result is sent. NAME is what sentences call the archive; without it they say 'archive'.
 *      TEXT is the comment in the config. Dies with its parent.
 *
 * pocketdocker-files remove --dir-fd N [--report-fd N] NAME…
 *      Started as root. Deletes the trees DIR/NAME, one component each; one that is not there is fine. Whoever owns
 *      what is in them and however deep they are; no link is followed. Dies with its parent: what is left is a smaller
 *      tree under the same name.
 *
 * pocketdocker-files readlog --log-dir-fd N --out-fd N [--end-fd N] [--report-fd N] [--follow] [--tail N] [--since NS] [--until NS]
 *                            [--timestamps] [--framed] [--stdout] [--stderr]
 *      Copies a container's log (monitor/log-format.h) to OUT, in the order it was written. NS: nanoseconds since the
 *      epoch. --tail counts lines over both streams, before the others choose. Without --stdout and --stderr: both.
 *      --framed: each piece follows 8 bytes: stream (1, 2), three zeros, its length (32 bits, big endian).
 *      --follow: waits for more until the run's end is in the log, or a byte comes on END (read to the end and
 *      finish); END's end of file alone means nothing. Ends, with status 0, when OUT has no reader any more. Outlives
 *      its parent, since the output goes to the client and the log is the monitor's.
 */
#pragma once

/* argv[0] is the role's name. Return: the exit status. */
typedef int (*RoleFn)(int argc, char **argv);

typedef struct Role {
        const char *name;
        RoleFn run;
} Role;

/** role_main() - run the role that argv[1] names, or say what there is. @roles: ends with an empty one. Return: the exit status. */
int role_main(const Role *roles, int argc, char **argv);

int role_unpack(int argc, char **argv);
int role_remove(int argc, char **argv);
int role_readlog(int argc, char **argv);
