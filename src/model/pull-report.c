/* SPDX-License-Identifier: Apache-2.0 */
/* model/pull-report.c: reports of workers, written and read back with suspicion. */
#include "model/pull-report.h"
#include "model/id.h"
#include "model/limits.h"

/* Fields; on the wire: append only. */
enum {
        TAG_BYTES_DONE = 1, /* u64 */
        TAG_BYTES_TOTAL = 2,
        TAG_ENTRIES = 3,
        TAG_DIFF_ID = 4,   /* 64 hex digits */
        TAG_CONFIG_ID = 5,
        TAG_SIZE = 6,
        TAG_CONFIG = 7,    /* bytes */
        TAG_DEVICE = 8,    /* u32 type, major, minor, mode, uid, gid; the path's bytes */
        TAG_CODE = 9,      /* the name on the bus: numbers move, names do not */
        TAG_ERRNO = 10,    /* u64 */
        TAG_MESSAGE = 11,  /* of a failure and of a warning */
        TAG_UNCHANGED = 12, /* u64 */
        TAG_DIGEST = 13,
        TAG_MANIFEST_DIGEST = 14,
        TAG_MEDIA_TYPE = 15,
        TAG_RAW_CONFIG = 16, /* bytes */
        TAG_LAYER = 17,      /* u64 size; the digest's 64 hex digits, the diff id's */
        TAG_INDEX = 18,      /* u64 */
        TAG_STATE = 19,      /* u64 */
        TAG_REFERENCE = 20,
};

#define FIELD_HEADER_BYTES 8U
#define DEVICE_FIXED_BYTES 24U
#define LAYER_BYTES (8U + 2 * ID_HEX)

static void put_u16(uint8_t *p, uint16_t v) {
        p[0] = (uint8_t) v;
        p[1] = (uint8_t) (v >> 8);
}

static void put_u32(uint8_t *p, uint32_t v) {
        put_u16(p, (uint16_t) v);
        put_u16(p + 2, (uint16_t) (v >> 16));
}

static uint32_t get_u16(const uint8_t *p) {
        return (uint32_t) p[0] | (uint32_t) p[1] << 8;
}

static uint32_t get_u32(const uint8_t *p) {
        return get_u16(p) | get_u16(p + 2) << 16;
}

static uint64_t get_u64(const uint8_t *p) {
        return get_u32(p) | (uint64_t) get_u32(p + 4) << 32;
}

static void put_u64(uint8_t *p, uint64_t v) {
        put_u32(p, (uint32_t) v);
        put_u32(p + 4, (uint32_t) (v >> 32));
}

void pull_manifest_done(PullManifest *manifest) {
        free(manifest->media_type);
        free(manifest->raw_config);
        free(manifest->config);
        free(manifest->layers);
        strv_free(manifest->references);
        *manifest = (PullManifest) {};
}

void pull_report_done(PullReport *report) {
        free(report->result.config);
        for (size_t i = 0; i < report->result.n_devices; i++)
                free(report->result.devices[i].path);
        free(report->result.devices);
        failure_done(&report->failure);
        pull_manifest_done(&report->manifest);
        free(report->warning);
        *report = (PullReport) {};
}

/* The buffer keeps the first failure: it is looked at once, at the end. */
static void encode_bytes(StrBuf *b, uint16_t tag, const void *data, size_t size) {
        uint8_t header[FIELD_HEADER_BYTES] = {};

        put_u16(header, tag);
        put_u32(header + 4, (uint32_t) size);
        (void) strbuf_append(b, header, sizeof(header));
        (void) strbuf_append(b, data, size);
}

static void encode_u64(StrBuf *b, uint16_t tag, uint64_t value) {
        uint8_t bytes[8];

        put_u64(bytes, value);
        encode_bytes(b, tag, bytes, sizeof(bytes));
}

static void encode_text(StrBuf *b, uint16_t tag, const char *s) {
        if (!isempty(s))
                encode_bytes(b, tag, s, strlen(s));
}

static int encode_device(StrBuf *b, const PullDevice *d) {
        uint8_t bytes[DEVICE_FIXED_BYTES + ARCHIVE_PATH_MAX];
        size_t n = strlen(d->path);

        if (n == 0 || n >= ARCHIVE_PATH_MAX)
                return -EINVAL;

        put_u32(bytes, (uint32_t) (uint8_t) d->type);
        put_u32(bytes + 4, d->major);
        put_u32(bytes + 8, d->minor);
        put_u32(bytes + 12, d->mode);
        put_u32(bytes + 16, d->uid);
        put_u32(bytes + 20, d->gid);
        memcpy(bytes + DEVICE_FIXED_BYTES, d->path, n);
        encode_bytes(b, TAG_DEVICE, bytes, DEVICE_FIXED_BYTES + n);
        return 0;
}

static int encode_result(StrBuf *b, const PullResult *result) {
        int r;

        if (result->n_devices > DEVICES_MAX || result->config_size > IMAGE_CONFIG_BYTES_MAX)
                return -EINVAL;

        encode_text(b, TAG_DIFF_ID, result->diff_id);
        encode_text(b, TAG_CONFIG_ID, result->config_id);
        encode_u64(b, TAG_SIZE, result->size_bytes);
        encode_u64(b, TAG_ENTRIES, result->entries);
        if (result->config)
                encode_bytes(b, TAG_CONFIG, result->config, result->config_size);
        if (result->unchanged)
                encode_u64(b, TAG_UNCHANGED, 1);
        for (size_t i = 0; i < result->n_devices; i++) {
                r = encode_device(b, result->devices + i);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int encode_manifest(StrBuf *b, const PullManifest *m) {
        uint8_t bytes[LAYER_BYTES];

        if (m->n_layers > LAYERS_MAX || m->raw_config_size > IMAGE_CONFIG_BYTES_MAX ||
                        !m->raw_config || strlen(strempty(m->config)) > IMAGE_CONFIG_BYTES_MAX ||
                        strlen(strempty(m->media_type)) >= MEDIA_TYPE_MAX ||
                        strv_length(m->references) > TAGS_PER_IMAGE_MAX)
                return -EINVAL;

        encode_text(b, TAG_DIGEST, m->digest);
        encode_text(b, TAG_MANIFEST_DIGEST, m->manifest_digest);
        encode_text(b, TAG_MEDIA_TYPE, m->media_type);
        encode_text(b, TAG_CONFIG_ID, m->config_id);
        encode_bytes(b, TAG_RAW_CONFIG, m->raw_config, m->raw_config_size);
        encode_text(b, TAG_CONFIG, m->config);
        STRV_FOREACH(reference, m->references)
                encode_text(b, TAG_REFERENCE, *reference);
        for (const PullLayer *l = m->layers; l < m->layers + m->n_layers; l++) {
                if (strlen(l->digest) != ID_HEX || strlen(l->diff_id) != ID_HEX)
                        return -EINVAL;
                put_u64(bytes, l->size_bytes);
                memcpy(bytes + 8, l->digest, ID_HEX);
                memcpy(bytes + 8 + ID_HEX, l->diff_id, ID_HEX);
                encode_bytes(b, TAG_LAYER, bytes, sizeof(bytes));
        }
        return 0;
}

static int encode_layer(StrBuf *b, const PullLayerProgress *l) {
        encode_u64(b, TAG_INDEX, l->index);
        encode_u64(b, TAG_STATE, (uint64_t) l->state);
        encode_u64(b, TAG_BYTES_DONE, l->bytes_done);
        encode_u64(b, TAG_BYTES_TOTAL, l->bytes_total);
        return 0;
}

static int encode_fields(StrBuf *b, const PullReport *report) {
        switch (report->type) {
        case PULL_REPORT_PROGRESS:
                encode_u64(b, TAG_BYTES_DONE, report->progress.bytes_done);
                encode_u64(b, TAG_BYTES_TOTAL, report->progress.bytes_total);
                encode_u64(b, TAG_ENTRIES, report->progress.entries);
                return 0;
        case PULL_REPORT_RESULT:
                return encode_result(b, &report->result);
        case PULL_REPORT_FAILURE:
                encode_text(b, TAG_CODE, failure_to_bus_name(report->failure.code));
                encode_u64(b, TAG_ERRNO, (uint64_t) report->failure.errnum);
                encode_text(b, TAG_MESSAGE, failure_message(&report->failure));
                return 0;
        case PULL_REPORT_MANIFEST:
                return encode_manifest(b, &report->manifest);
        case PULL_REPORT_LAYER:
                return encode_layer(b, &report->layer);
        case PULL_REPORT_WARNING:
                if (isempty(report->warning) || strlen(report->warning) >= ERROR_MESSAGE_MAX)
                        return -EINVAL;
                encode_text(b, TAG_MESSAGE, report->warning);
                return 0;
        default:
                return -EINVAL;
        }
}

int pull_report_encode(const PullReport *report, StrBuf *buffer) {
        _cleanup_strbuf_ StrBuf fields = { .max_bytes = REPORT_BYTES_MAX -
                                                        PULL_REPORT_HEADER_BYTES };
        uint8_t header[PULL_REPORT_HEADER_BYTES];
        int r;

        r = encode_fields(&fields, report);
        if (r < 0)
                return r;
        if (fields.error < 0)
                return fields.error;

        put_u32(header, PULL_REPORT_MAGIC);
        put_u16(header + 4, PULL_REPORT_VERSION);
        put_u16(header + 6, (uint16_t) report->type);
        put_u32(header + 8, (uint32_t) fields.size);
        r = strbuf_append(buffer, header, sizeof(header));
        if (r < 0)
                return r;
        return strbuf_append(buffer, fields.data, fields.size);
}

static int decode_u64(const uint8_t *data, size_t size, uint64_t *ret) {
        if (size != 8)
                return -EBADMSG;
        *ret = get_u64(data);
        return 0;
}

static int decode_digest(const uint8_t *data, size_t size, char ret[static DIGEST_HEX_MAX]) {
        char hex[DIGEST_HEX_MAX];

        if (size != ID_HEX || memchr(data, 0, size))
                return -EBADMSG;
        memcpy(hex, data, size);
        hex[size] = '\0';
        if (!id_is_valid(hex))
                return -EBADMSG;
        memcpy(ret, hex, sizeof(hex));
        return 0;
}

/* @ret holds nothing before; a second field of the kind is refused. */
static int decode_text(const uint8_t *data, size_t size, size_t max_bytes, char **ret) {
        char *s;

        if (*ret || size >= max_bytes || memchr(data, 0, size))
                return -EBADMSG;
        s = strndup((const char *) data, size);
        if (!s)
                return -ENOMEM;
        *ret = s;
        return 0;
}

/* Relative, with neither "." nor ".." nor empty components: it is shown and stored, never opened, and still. */
static bool path_is_plain(const char *s) {
        do {
                size_t n = strcspn(s, "/");

                if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
                        return false;
                s += n;
        } while (*s++ == '/');
        return true;
}

static int decode_device(const uint8_t *data, size_t size, PullResult *result) {
        PullDevice *bigger, device = {};
        uint32_t type;
        int r;

        if (size <= DEVICE_FIXED_BYTES || result->n_devices == DEVICES_MAX)
                return -EBADMSG;
        type = get_u32(data);
        if (type != 'c' && type != 'b')
                return -EBADMSG;

        if ((result->n_devices & (result->n_devices - 1)) == 0) { /* 0 or a power of two: the array is full */
                bigger = realloc(result->devices,
                                MAX2((size_t) 1, 2 * result->n_devices) * sizeof(*bigger));
                if (!bigger)
                        return -ENOMEM;
                result->devices = bigger;
        }

        r = decode_text(data + DEVICE_FIXED_BYTES, size - DEVICE_FIXED_BYTES, ARCHIVE_PATH_MAX,
                        &device.path);
        if (r < 0)
                return r;
        if (!path_is_plain(device.path)) {
                free(device.path);
                return -EBADMSG;
        }
        device.type = (char) type;
        device.major = get_u32(data + 4);
        device.minor = get_u32(data + 8);
        device.mode = get_u32(data + 12);
        device.uid = get_u32(data + 16);
        device.gid = get_u32(data + 20);
        result->devices[result->n_devices++] = device;
        return 0;
}

static int decode_code(const uint8_t *data, size_t size, FailureCode *ret) {
        _cleanup_free_ char *name = NULL;
        FailureCode code;
        int r;

        r = decode_text(data, size, 256, &name);
        if (r < 0)
                return r;
        code = failure_from_bus_name(name);
        *ret = code < 0 ? FAILURE_INTERNAL : code; /* a newer worker may know more */
        return 0;
}

static int decode_errno(const uint8_t *data, size_t size, int *ret) {
        uint64_t value;
        int r;

        r = decode_u64(data, size, &value);
        if (r < 0)
                return r;
        if (value < 1 || value > 4095) /* the kernel's MAX_ERRNO */
                return -EBADMSG;
        *ret = (int) value;
        return 0;
}

static int decode_progress_field(uint32_t tag, const uint8_t *data, size_t size, PullProgress *p) {
        switch (tag) {
        case TAG_BYTES_DONE:
                return decode_u64(data, size, &p->bytes_done);
        case TAG_BYTES_TOTAL:
                return decode_u64(data, size, &p->bytes_total);
        case TAG_ENTRIES:
                return decode_u64(data, size, &p->entries);
        default:
                return 0;
        }
}

static int decode_result_field(uint32_t tag, const uint8_t *data, size_t size, PullResult *result) {
        int r;

        switch (tag) {
        case TAG_ENTRIES:
                return decode_u64(data, size, &result->entries);
        case TAG_DIFF_ID:
                return decode_digest(data, size, result->diff_id);
        case TAG_CONFIG_ID:
                return decode_digest(data, size, result->config_id);
        case TAG_SIZE:
                return decode_u64(data, size, &result->size_bytes);
        case TAG_CONFIG:
                r = decode_text(data, size, IMAGE_CONFIG_BYTES_MAX + 1, &result->config);
                if (r >= 0)
                        result->config_size = size;
                return r;
        case TAG_DEVICE:
                return decode_device(data, size, result);
        case TAG_UNCHANGED:
                result->unchanged = true;
                return 0;
        default:
                return 0;
        }
}

static int decode_layer(const uint8_t *data, size_t size, PullManifest *m) {
        PullLayer *bigger, layer = {};
        int r;

        if (size != LAYER_BYTES || m->n_layers == LAYERS_MAX)
                return -EBADMSG;
        layer.size_bytes = get_u64(data);
        r = decode_digest(data + 8, ID_HEX, layer.digest);
        if (r < 0)
                return r;
        r = decode_digest(data + 8 + ID_HEX, ID_HEX, layer.diff_id);
        if (r < 0)
                return r;

        bigger = realloc(m->layers, (m->n_layers + 1) * sizeof(*bigger)); /* few, and once a pull */
        if (!bigger)
                return -ENOMEM;
        m->layers = bigger;
        m->layers[m->n_layers++] = layer;
        return 0;
}

static int decode_raw_config(const uint8_t *data, size_t size, PullManifest *m) {
        if (m->raw_config || size > IMAGE_CONFIG_BYTES_MAX)
                return -EBADMSG;
        m->raw_config = malloc(size + 1);
        if (!m->raw_config)
                return -ENOMEM;
        memcpy(m->raw_config, data, size);
        m->raw_config[size] = '\0';
        m->raw_config_size = size;
        return 0;
}

static int decode_reference(const uint8_t *data, size_t size, PullManifest *m) {
        char *reference = NULL;
        int r;

        if (strv_length(m->references) >= TAGS_PER_IMAGE_MAX)
                return -EBADMSG;
        r = decode_text(data, size, REFERENCE_MAX, &reference);
        return r < 0 ? r : strv_consume(&m->references, reference);
}

static int decode_manifest_field(
                uint32_t tag, const uint8_t *data, size_t size, PullManifest *m) {
        switch (tag) {
        case TAG_DIGEST:
                return decode_digest(data, size, m->digest);
        case TAG_MANIFEST_DIGEST:
                return decode_digest(data, size, m->manifest_digest);
        case TAG_CONFIG_ID:
                return decode_digest(data, size, m->config_id);
        case TAG_MEDIA_TYPE:
                return decode_text(data, size, MEDIA_TYPE_MAX, &m->media_type);
        case TAG_RAW_CONFIG:
                return decode_raw_config(data, size, m);
        case TAG_CONFIG:
                return decode_text(data, size, IMAGE_CONFIG_BYTES_MAX + 1, &m->config);
        case TAG_LAYER:
                return decode_layer(data, size, m);
        case TAG_REFERENCE:
                return decode_reference(data, size, m);
        default:
                return 0;
        }
}

static int decode_layer_field(
                uint32_t tag, const uint8_t *data, size_t size, PullLayerProgress *l) {
        uint64_t value;
        int r;

        switch (tag) {
        case TAG_INDEX:
        case TAG_STATE:
                r = decode_u64(data, size, &value);
                if (r < 0)
                        return r;
                if (value >= (tag == TAG_INDEX ? LAYERS_MAX : (uint64_t) _PULL_LAYER_STATE_MAX))
                        return -EBADMSG;
                if (tag == TAG_INDEX)
                        l->index = (uint32_t) value;
                else
                        l->state = (PullLayerState) value;
                return 0;
        case TAG_BYTES_DONE:
                return decode_u64(data, size, &l->bytes_done);
        case TAG_BYTES_TOTAL:
                return decode_u64(data, size, &l->bytes_total);
        default:
                return 0;
        }
}

static int decode_failure_field(uint32_t tag, const uint8_t *data, size_t size, Failure *failure) {
        switch (tag) {
        case TAG_CODE:
                return decode_code(data, size, &failure->code);
        case TAG_ERRNO:
                return decode_errno(data, size, &failure->errnum);
        case TAG_MESSAGE:
                return decode_text(data, size, ERROR_MESSAGE_MAX, &failure->message);
        default:
                return 0;
        }
}

/* A field that its type does not have is as good as unknown. */
static int decode_field(uint32_t tag, const uint8_t *data, size_t size, PullReport *report) {
        switch (report->type) {
        case PULL_REPORT_PROGRESS:
                return decode_progress_field(tag, data, size, &report->progress);
        case PULL_REPORT_RESULT:
                return decode_result_field(tag, data, size, &report->result);
        case PULL_REPORT_FAILURE:
                return decode_failure_field(tag, data, size, &report->failure);
        case PULL_REPORT_MANIFEST:
                return decode_manifest_field(tag, data, size, &report->manifest);
        case PULL_REPORT_LAYER:
                return decode_layer_field(tag, data, size, &report->layer);
        default:
                return tag != TAG_MESSAGE ? 0 :
                                decode_text(data, size, ERROR_MESSAGE_MAX, &report->warning);
        }
}

/* What must be there for its kind. */
static int check_whole(PullReport *report) {
        const PullManifest *m = &report->manifest;
        Failure *failure = &report->failure;

        switch (report->type) {
        case PULL_REPORT_FAILURE:
                if (failure->code == FAILURE_NONE)
                        return -EBADMSG;
                if (failure->errnum == 0)
                        failure->errnum = failure_to_errno(failure->code);
                if (failure->message)
                        text_clean(failure->message);
                return 0;
        case PULL_REPORT_MANIFEST:
                if (isempty(m->digest) || isempty(m->manifest_digest) || isempty(m->config_id) ||
                                isempty(m->media_type) || !m->raw_config || isempty(m->config))
                        return -EBADMSG;
                text_clean(m->media_type);
                return 0;
        case PULL_REPORT_WARNING:
                if (isempty(report->warning))
                        return -EBADMSG;
                text_clean(report->warning);
                return 0;
        default:
                return 0;
        }
}

static int decode_fields(const uint8_t *data, size_t size, PullReport *report) {
        int r;

        while (size > 0) {
                uint32_t length;

                if (size < FIELD_HEADER_BYTES)
                        return -EBADMSG;
                length = get_u32(data + 4);
                if (length > size - FIELD_HEADER_BYTES)
                        return -EBADMSG;

                r = decode_field(get_u16(data), data + FIELD_HEADER_BYTES, length, report);
                if (r < 0)
                        return r;
                data += FIELD_HEADER_BYTES + length;
                size -= FIELD_HEADER_BYTES + length;
        }

        return check_whole(report);
}

int pull_report_decode(const void *data, size_t size, PullReport *ret, size_t *ret_used) {
        _cleanup_pull_report_ PullReport report = {};
        const uint8_t *p = data;
        uint32_t type, length;
        bool known;
        int r;

        *ret_used = 0;
        if (size < PULL_REPORT_HEADER_BYTES) {
                /* What cannot become a header is refused at once: else a chatty program would be waited for. */
                for (size_t i = 0; i < MIN2(size, (size_t) 4); i++)
                        if (p[i] != (uint8_t) (PULL_REPORT_MAGIC >> (8 * i)))
                                return -EBADMSG;
                return 0;
        }

        length = get_u32(p + 8);
        if (get_u32(p) != PULL_REPORT_MAGIC || length > REPORT_BYTES_MAX - PULL_REPORT_HEADER_BYTES)
                return -EBADMSG;
        if (get_u16(p + 4) != PULL_REPORT_VERSION)
                return -EPROTO;
        if (size - PULL_REPORT_HEADER_BYTES < length)
                return 0;

        type = get_u16(p + 6);
        known = type >= PULL_REPORT_PROGRESS && type < _PULL_REPORT_TYPE_MAX;
        if (known) {
                report.type = (PullReportType) type;
                r = decode_fields(p + PULL_REPORT_HEADER_BYTES, length, &report);
                if (r < 0)
                        return r;
                *ret = report;
                report = (PullReport) {};
        }
        *ret_used = PULL_REPORT_HEADER_BYTES + length;
        return known;
}
