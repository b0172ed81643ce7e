/* SPDX-License-Identifier: Apache-2.0 */
/* engine/inspect.c: gathers what model/inspect.h prints. */
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/health.h"
#include "engine/image-private.h"
#include "model/inspect.h"

int container_inspect(Container *c, bool all, char **ret_json) {
        _cleanup_free_ char *log_path = NULL, *volumes_dir = NULL;
        const HealthResult *results;
        size_t n_results = health_results(c, &results);
        int r;

        if (c->spec->log_driver == LOG_DRIVER_FILE) {
                r = str_printf(&log_path, "%s/" STATE_DIR_LOGS "/%s", c->manager->state_dir, c->id);
                if (r < 0)
                        return r;
        }
        r = str_printf(&volumes_dir, "%s/" STATE_DIR_VOLUMES, c->manager->state_dir);
        if (r < 0)
                return r;
        return (all ? inspect_container : inspect_container_for_all)(&(InspectContainer) {
                .id = c->id,
                .name = c->name,
                .image = c->image,
                .image_id = c->image_id,
                .error = c->run.error,
                .cgroup_path = c->control_group,
                .log_path = log_path,
                .owner = c->owner,
                .pid = c->pid,
                .created_usec = c->created_usec,
                .life = &c->run.life,
                .oom_kills = c->run.oom_kills,
                .health = c->run.health,
                .health_streak = c->run.health_streak,
                .health_results = results,
                .n_health_results = n_results,
                .spec = c->spec,
                .volumes_dir = volumes_dir,
        }, ret_json);
}

int image_inspect(Image *i, char **ret_json) {
        return inspect_image(&(InspectImage) {
                .id = i->row.id,
                .tags = i->familiar,
                .digests = i->digests,
                .created_usec = i->row.created_usec,
                .size_bytes = i->row.size_bytes,
                .config = i->config,
        }, ret_json);
}
