/* SPDX-License-Identifier: Apache-2.0 */
/* model/namespace-options.c: see namespace-options.h. What a text may be is namespace_modes_check()'s to say. */
#include "model/namespace-options.h"
#include "base/str.h"

/* Empty is as good as not given. */
static int set_text(char **p, const OptionValue *value, Failure *reterr) {
        if (free_and_strdup(p, isempty(value->string) ? NULL : value->string) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return 0;
}

static int set_list(char ***p, const OptionValue *value, Failure *reterr) {
        _cleanup_strv_free_ char **copy = NULL;

        if (strv_copy(value->strings, &copy) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        strv_free(*p);
        *p = TAKE_PTR(copy);
        return 0;
}

int namespace_option_pid(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_text(&o->spec->namespaces.texts[NAMESPACE_PID], value, reterr);
}

int namespace_option_ipc(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_text(&o->spec->namespaces.texts[NAMESPACE_IPC], value, reterr);
}

int namespace_option_uts(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_text(&o->spec->namespaces.texts[NAMESPACE_UTS], value, reterr);
}

int namespace_option_cgroupns(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_text(&o->spec->namespaces.texts[NAMESPACE_CGROUP], value, reterr);
}

int namespace_option_userns(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_text(&o->spec->namespaces.userns, value, reterr);
}

int namespace_option_group_add(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_list(&o->spec->namespaces.group_add, value, reterr);
}

int namespace_option_device(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_list(&o->spec->namespaces.devices, value, reterr);
}

int namespace_option_device_rule(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_list(&o->spec->namespaces.device_rules, value, reterr);
}

int namespace_option_privileged(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->namespaces.privileged = value->enabled;
        return 0;
}
