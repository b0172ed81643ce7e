/* SPDX-License-Identifier: Apache-2.0 */
/* model/lifecycle-refusal.h: why a container cannot do what is asked of it. */
#pragma once

typedef enum LifecycleRefusal {
        REFUSAL_NONE,
        REFUSAL_RUNNING,     /* the words of lifecycle_refusal_to_string(): "is running" */
        REFUSAL_PAUSED,
        REFUSAL_RESTARTING,
        REFUSAL_STARTING,
        REFUSAL_REMOVING,
        REFUSAL_DEAD,
        REFUSAL_NOT_RUNNING,
        REFUSAL_UNEXPECTED,  /* a fact that cannot be in this state: one that came late, and nothing to act on */
        _REFUSAL_MAX,
} LifecycleRefusal;

const char *lifecycle_refusal_to_string(LifecycleRefusal refusal);
