/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/worker.h: one run of pocketdocker-pull or pocketdocker-files: started with its fds, listened to, ended. Knows model/pull-report.h;
 * knows no image and no container.
 */
#pragma once
#include <systemd/sd-event.h>
#include "model/pull-report.h"
#include "runtime/spawn.h"

typedef struct Worker Worker;

typedef struct WorkerHandler {
        void (*progress)(const PullProgress *progress, void *userdata); /* may be NULL */
        /* What else comes before the end: a manifest, a layer, a warning. May be NULL; may change the report and take what it
         * holds; may cancel the worker, not free it. */
        void (*report)(PullReport *report, void *userdata);
        /* Once, when the process has ended: @result or @failure is set. May free the worker. @result may be changed. */
        void (*done)(PullResult *result, const Failure *failure, void *userdata);
} WorkerHandler;

/**
 * worker_new() - start a role
 * @argv:    the role, which says which program, and its options without --report-fd, which is added before @names; fds are 3, 4, …
 * @names:   more arguments, after the options; may be NULL
 * @fds:     borrowed
 * @handler: borrowed as long as the worker lives
 *
 * A run that ends without a report has failed; one whose report makes no sense is killed.
 *
 * Return: 0 or negative errno.
 */
int worker_new(sd_event *event, const Spawner *spawner, char *const *argv, char *const *names,
                const int *fds, size_t n_fds, const WorkerHandler *handler, void *userdata,
                Worker **ret);

/** worker_free() - kills it; done() is not called any more. */
Worker *worker_free(Worker *w);
DEFINE_CLEANUP(Worker *, worker_free);

/** worker_cancel() - kill it; done() follows with FAILURE_CANCELLED. */
void worker_cancel(Worker *w);
