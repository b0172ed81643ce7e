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
 * pocketdocker-pull fetch --reference REFERENCE --control-fd N --report-fd N [--platform OS/ARCH[/VARIANT]] [--credentials-fd N]
 *                         [--config-fd N] [--known-digest sha256:HEX] [--sha256 HEX]
 *      Started as root, works as the user `pocketdocker-pull`, else `nobody`. Finds out what REFERENCE (normalized: domain/path:tag or
 *      …@sha256:…) names, reports its manifest, and brings each layer that is asked for over CONTROL into the pipe that comes with the
 *      request, verified: see puller/fetch-control.h. REFERENCE may be a URL of one file, whose SHA-256 is HEX. With --known-digest
 *      a reference that still names it is a result at once. CREDENTIALS is a sealed memfd with what Docker's config.json has;
 *      CONFIG is the daemon's (puller/fetch-config.h). Dies with its parent, and when CONTROL is closed.
 *
 * pocketdocker-pull unpack --archive-fd N --staging-fd N --report-fd N [--name NAME] [--message TEXT]
 *                          [--layer] [--diff-id HEX] [--limit-bytes N] [--limit-entries N] [--limit-ratio N]
 *                          [--limit-depth N]
 *      Started as root. Unpacks a tar (plain, gzip, xz, zstd or bzip2) into STAGING/root, which it makes, and writes
 *      what makes that tar again into STAGING/split (tar-split.h). STAGING is
 *      empty, mode 0700; it and all in it come to belong to the foreign id range. The report: progress at most ten
 *      times a second, then a result (diff id, bytes, entries, skipped devices, config) or a failure. All has been
 *      synced before the result is sent. NAME is what sentences call the archive; without it they say 'archive'.
 *      TEXT is the comment in the config. --layer: an image's layer, which has no config of its own. A tar that has
 *      not the digest HEX fails, with its tree made. Dies with its parent.
 *
 * pocketdocker-pull load --archive-fd N --staging-fd N --control-fd N --report-fd N [--name NAME] [--platform OS/ARCH]
 *                        [--limit-bytes N]
 *      Started as root. Finds the images in a docker-archive or oci-archive: a regular file that is a plain tar is read
 *      where it is, all else is first put aside in STAGING, an empty directory, in a file without a name. Reports a
 *      manifest for each image, with its names, and hands on its layers as puller/fetch-control.h says, until FETCH_END,
 *      which begins the next image; the result comes after the last. Of the layers it verifies the digests that the
 *      archive tells; the diff ids are the unpacker's. One whose reader has gone is reported as AGAIN. Dies with its parent.
 *
 * pocketdocker-pull save --plan-fd N --staging-fd N --layers-fd N --control-fd N --out-fd N --report-fd N
 *      Started as root. Writes the images of PLAN (model/save-plan.h) to OUT as one tar; what they are made of comes over CONTROL,
 *      SAVE_NEXT by SAVE_NEXT: the directory of each of the plan's layers, somewhere below LAYERS, then the config of each
 *      image. STAGING, an empty directory, becomes its root. A layer that does not come out with its diff id ends it.
 *
 * pocketdocker-pull export --out-fd N --staging-fd N --report-fd N FD…
 *      Started as root. Writes to OUT, as a pax archive, what the trees FD… give when laid over one another, topmost first:
 *      a container's own, then its image's layers. STAGING, an empty directory, is where that is mounted, for this process
 *      alone. Owners are as the container has them.
 *
 * pocketdocker-pull copy-from --out-fd N --path PATH --report-fd N [--follow] CONTAINER
 * pocketdocker-pull copy-to --in-fd N --path PATH --report-fd N [--one] [--keep-owners] CONTAINER
 *      CONTAINER: --process-fd N [--own-users], a pidfd of one that runs, or --staging-fd N [--state-fd N] FD…, its trees as for export;
 *      STATE, which has its `upper` and `work`, is for copy-to. Started as root, works inside: PATH is resolved there, and so is each link.
 *      The first writes PATH, and what is below it, to OUT as a pax archive under its last component; --follow: a link is not copied, but what
 *      it leads to. The second takes what IN has into the directory PATH; --one: IN has one thing, which comes into PATH if that is a
 *      directory, and becomes PATH otherwise. All is root's there, without --keep-owners.
 *
 * pocketdocker-files remove --dir-fd N [--report-fd N] NAME…
 *      Started as root. Deletes the trees DIR/NAME, one component each; one that is not there is fine. Whoever owns
 *      what is in them and however deep they are; no link is followed. Dies with its parent: what is left is a smaller
 *      tree under the same name.
 *
 * pocketdocker-files measure --dir-fd N --report-fd N NAME…
 *      Started as root. Reports the bytes that the trees DIR/NAME take on the disk, together: see measure-tree.h. Dies with its parent.
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

int role_fetch(int argc, char **argv);
int role_copy_from(int argc, char **argv);
int role_copy_to(int argc, char **argv);
int role_export(int argc, char **argv);
int role_load(int argc, char **argv);
int role_save(int argc, char **argv);
int role_unpack(int argc, char **argv);
int role_remove(int argc, char **argv);
int role_measure(int argc, char **argv);
int role_readlog(int argc, char **argv);
