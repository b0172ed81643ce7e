/* SPDX-License-Identifier: Apache-2.0 */
/* model/save-plan.c: from the daemon to its worker, which are of one build. */
#include "model/save-plan.h"
#include "base/str.h"
#include "model/digest.h"
#include "model/id.h"
#include "model/json.h"
#include "model/limits.h"

static const char *const formats[_SAVE_FORMAT_MAX] = {
        [SAVE_DOCKER_ARCHIVE] = "docker-archive",
        [SAVE_OCI_ARCHIVE] = "oci-archive",
};

const char *save_format_to_string(SaveFormat format) {
        return format >= 0 && format < _SAVE_FORMAT_MAX ? formats[format] : NULL;
}

SaveFormat save_format_from_string(const char *s) {
        for (int i = 0; i < _SAVE_FORMAT_MAX; i++)
                if (streq(formats[i], s))
                        return (SaveFormat) i;
        return _SAVE_FORMAT_INVALID;
}

void save_plan_done(SavePlan *plan) {
        for (size_t i = 0; i < plan->n_images; i++) {
                free(plan->images[i].config);
                strv_free(plan->images[i].references);
                strv_free(plan->images[i].layers);
        }
        free(plan->images);
        strv_free(plan->layers);
        *plan = (SavePlan) {};
}

static int put_image(json_t *array, const SaveImage *image) {
        json_t *j = json_object();

        if (json_array_append_new(array, j) < 0 ||
                        json_put_string(j, "config", image->config) < 0 ||
                        json_put_strv(j, "references", image->references) < 0 ||
                        json_put_strv(j, "layers", image->layers) < 0)
                return -ENOMEM;
        return 0;
}

int save_plan_to_json(const SavePlan *plan, char **ret) {
        _cleanup_json_ json_t *j = json_object();
        json_t *images = json_array();
        int r;

        if (!j) {
                json_decref(images);
                return -ENOMEM;
        }
        r = json_put_new(j, "images", images);
        if (r >= 0)
                r = json_put_string(j, "format", save_format_to_string(plan->format));
        for (size_t i = 0; r >= 0 && i < plan->n_images; i++)
                r = put_image(images, &plan->images[i]);
        return r < 0 ? r : json_print(j, ret);
}

static int read_image(const json_t *j, SaveImage *ret) {
        int r;

        r = json_is_object(j) ? json_read_string(j, "config", DIGEST_HEX_MAX, &ret->config)
                              : -EBADMSG;
        if (r >= 0)
                r = json_read_strv(j, "references", TAGS_PER_IMAGE_MAX,
                                TAGS_PER_IMAGE_MAX * REFERENCE_MAX, &ret->references);
        if (r >= 0)
                r = json_read_strv(j, "layers", LAYERS_MAX, LAYERS_MAX * DIGEST_HEX_MAX,
                                &ret->layers);
        if (r < 0)
                return r;
        if (!ret->config || !id_is_valid(ret->config))
                return -EBADMSG;
        STRV_FOREACH(id, ret->layers)
                if (!id_is_valid(*id))
                        return -EBADMSG;
        return 0;
}

static int read_plan(const json_t *j, SavePlan *plan) {
        const json_t *images = json_object_get(j, "images");
        _cleanup_free_ char *format = NULL;
        int r;

        r = json_read_string(j, "format", 64, &format);
        if (r < 0)
                return r;
        plan->format = format ? save_format_from_string(format) : _SAVE_FORMAT_INVALID;
        if (plan->format < 0 || !json_is_array(images) ||
                        json_array_size(images) > IMAGE_ARCHIVE_IMAGES_MAX)
                return -EBADMSG;
        plan->images = calloc(json_array_size(images) + 1, sizeof(*plan->images));
        if (!plan->images)
                return -ENOMEM;
        for (size_t i = 0; i < json_array_size(images); i++) {
                SaveImage *image = &plan->images[plan->n_images++];

                r = read_image(json_array_get(images, i), image);
                if (r < 0)
                        return r;
                STRV_FOREACH(id, image->layers) {
                        if (strv_contains(plan->layers, *id))
                                continue;
                        r = strv_push(&plan->layers, *id);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int save_plan_from_json(const char *json, size_t size, SavePlan *ret) {
        _cleanup_(save_plan_done) SavePlan plan = {};
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        int r;

        j = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
        if (!j)
                return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
        r = json_is_object(j) ? read_plan(j, &plan) : -EBADMSG;
        if (r < 0)
                return r;
        *ret = plan;
        plan = (SavePlan) {};
        return 0;
}
