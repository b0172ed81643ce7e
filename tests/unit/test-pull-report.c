/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pull-report.h"
#include <string.h>
#include "model/limits.h"
#include "unit.h"

#define HEX62 "23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX64 "01" HEX62

static PullDevice devices[] = {
        { 'c', 1, 3, 0666, 0, 0, (char *) "dev/null" },
        { 'b', 8, 0, 0660, 0, 6, (char *) "dev/sda" },
};

static const PullReport result = {
        .type = PULL_REPORT_RESULT,
        .result = {
                .diff_id = HEX64,
                .config_id = HEX64,
                .size_bytes = 1ULL << 40,
                .entries = 7,
                .config = (char *) "{\"os\":\"linux\"}",
                .config_size = 14,
                .devices = devices,
                .n_devices = 2,
        },
};

static void test_pull_report_result_goes_round(void **state) {
        _cleanup_pull_report_ PullReport back = {};
        _cleanup_strbuf_ StrBuf b = {};
        size_t used;

        assert_int_equal(pull_report_encode(&result, &b), 0);
        assert_int_equal(pull_report_decode(b.data, b.size, &back, &used), 1);
        assert_int_equal(used, b.size);
        assert_int_equal(back.type, PULL_REPORT_RESULT);
        assert_string_equal(back.result.diff_id, HEX64);
        assert_string_equal(back.result.config_id, HEX64);
        assert_true(back.result.size_bytes == 1ULL << 40);
        assert_true(back.result.entries == 7);
        assert_string_equal(back.result.config, result.result.config);
        assert_int_equal(back.result.config_size, 14);
        assert_int_equal(back.result.n_devices, 2);
        assert_int_equal(back.result.devices[1].type, 'b');
        assert_int_equal(back.result.devices[1].major, 8);
        assert_int_equal(back.result.devices[1].mode, 0660);
        assert_int_equal(back.result.devices[1].gid, 6);
        assert_string_equal(back.result.devices[1].path, "dev/sda");
}

static PullLayer layers[] = {
        { HEX64, "ff" HEX62, 1ULL << 33 },
        { "00" HEX62, HEX64, 0 },
};

static const PullReport manifest = {
        .type = PULL_REPORT_MANIFEST,
        .manifest = {
                .digest = HEX64,
                .manifest_digest = "11" HEX62,
                .config_id = "22" HEX62,
                .media_type = (char *) "application/vnd.oci.image.manifest.v1+json",
                .raw_config = (char *) "{ \"os\": \"linux\"\0}",
                .raw_config_size = 18,
                .config = (char *) "{\"os\":\"linux\"}",
                .layers = layers,
                .n_layers = 2,
        },
};

static void test_pull_report_manifest_goes_round(void **state) {
        _cleanup_pull_report_ PullReport back = {};
        _cleanup_strbuf_ StrBuf b = {};
        size_t used;

        assert_int_equal(pull_report_encode(&manifest, &b), 0);
        assert_int_equal(pull_report_decode(b.data, b.size, &back, &used), 1);
        assert_int_equal(used, b.size);
        assert_int_equal(back.type, PULL_REPORT_MANIFEST);
        assert_string_equal(back.manifest.digest, HEX64);
        assert_string_equal(back.manifest.manifest_digest, "11" HEX62);
        assert_string_equal(back.manifest.config_id, "22" HEX62);
        assert_string_equal(back.manifest.media_type, manifest.manifest.media_type);
        assert_int_equal(back.manifest.raw_config_size, 18);
        assert_memory_equal(back.manifest.raw_config, manifest.manifest.raw_config, 19);
        assert_string_equal(back.manifest.config, manifest.manifest.config);
        assert_int_equal(back.manifest.n_layers, 2);
        assert_string_equal(back.manifest.layers[0].digest, HEX64);
        assert_string_equal(back.manifest.layers[0].diff_id, "ff" HEX62);
        assert_true(back.manifest.layers[0].size_bytes == 1ULL << 33);
        assert_string_equal(back.manifest.layers[1].digest, "00" HEX62);
}

/* The largest that there can be: it fits into one report. */
static void test_pull_report_manifest_of_bounds(void **state) {
        _cleanup_pull_report_ PullReport back = {};
        _cleanup_free_ char *config = malloc(IMAGE_CONFIG_BYTES_MAX + 2);
        _cleanup_strbuf_ StrBuf b = {};
        PullLayer many[LAYERS_MAX + 1];
        PullReport report = manifest;
        size_t used;

        memset(config, 'x', IMAGE_CONFIG_BYTES_MAX + 1);
        config[IMAGE_CONFIG_BYTES_MAX] = config[IMAGE_CONFIG_BYTES_MAX + 1] = '\0';
        for (size_t i = 0; i < LAYERS_MAX + 1; i++)
                many[i] = layers[0];
        report.manifest.config = report.manifest.raw_config = config;
        report.manifest.raw_config_size = IMAGE_CONFIG_BYTES_MAX;
        report.manifest.layers = many;
        report.manifest.n_layers = LAYERS_MAX;
        assert_int_equal(pull_report_encode(&report, &b), 0);
        assert_int_equal(pull_report_decode(b.data, b.size, &back, &used), 1);
        assert_int_equal(back.manifest.n_layers, LAYERS_MAX);

        report.manifest.n_layers++;
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        report.manifest.n_layers = 1;
        many[0].diff_id[63] = '\0';
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        report.manifest.n_layers = 0;
        report.manifest.raw_config_size++;
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        report.manifest.raw_config_size--;
        config[IMAGE_CONFIG_BYTES_MAX] = 'x';
        assert_errno(EINVAL, pull_report_encode(&report, &b));
}

static void test_pull_report_manifest_must_be_whole(void **state) {
        for (size_t i = 0; i < 6; i++) {
                _cleanup_pull_report_ PullReport back = {};
                _cleanup_strbuf_ StrBuf b = {};
                PullReport report = manifest;
                PullManifest *m = &report.manifest;
                size_t used;

                if (i < 3)
                        *(char *[]){ m->digest, m->manifest_digest, m->config_id }[i] = '\0';
                else if (i < 5)
                        *(char **[]){ &m->media_type, &m->config }[i - 3] = NULL;
                assert_int_equal(pull_report_encode(&report, &b), 0);
                if (i < 5)
                        assert_errno(EBADMSG, pull_report_decode(b.data, b.size, &back, &used));
                else
                        assert_int_equal(pull_report_decode(b.data, b.size, &back, &used), 1);
        }
}

static void test_pull_report_layer_warning_and_unchanged(void **state) {
        PullReport layer = { .type = PULL_REPORT_LAYER,
                .layer = { LAYERS_MAX - 1, PULL_LAYER_AGAIN, 5, UINT64_MAX } };
        PullReport warning = { .type = PULL_REPORT_WARNING, .warning = (char *) "Old\033 news" };
        PullReport unchanged = { .type = PULL_REPORT_RESULT, .result.unchanged = true };
        _cleanup_pull_report_ PullReport first = {}, second = {}, third = {};
        _cleanup_strbuf_ StrBuf b = {};
        size_t used, more, last;

        assert_int_equal(pull_report_encode(&layer, &b), 0);
        assert_int_equal(pull_report_encode(&warning, &b), 0);
        assert_int_equal(pull_report_encode(&unchanged, &b), 0);
        assert_int_equal(pull_report_decode(b.data, b.size, &first, &used), 1);
        assert_int_equal(first.layer.index, LAYERS_MAX - 1);
        assert_int_equal(first.layer.state, PULL_LAYER_AGAIN);
        assert_true(first.layer.bytes_done == 5 && first.layer.bytes_total == UINT64_MAX);
        assert_int_equal(pull_report_decode(b.data + used, b.size - used, &second, &more), 1);
        assert_string_equal(second.warning, "Old? news");
        used += more;
        assert_int_equal(pull_report_decode(b.data + used, b.size - used, &third, &last), 1);
        assert_true(third.result.unchanged);

        warning.warning = NULL;
        assert_errno(EINVAL, pull_report_encode(&warning, &b));
}

static void test_pull_report_progress_and_failure_in_one_stream(void **state) {
        PullReport progress = { .type = PULL_REPORT_PROGRESS, .progress = { 1, UINT64_MAX, 3 } };
        PullReport failure = { .type = PULL_REPORT_FAILURE,
                .failure = { FAILURE_INVALID_ARCHIVE, EBADMSG, (char *) "Entry '..' leads out" } };
        _cleanup_pull_report_ PullReport back = {}, end = {};
        _cleanup_strbuf_ StrBuf b = {};
        size_t used, more;

        assert_int_equal(pull_report_encode(&progress, &b), 0);
        assert_int_equal(pull_report_encode(&failure, &b), 0);
        assert_int_equal(pull_report_decode(b.data, b.size, &back, &used), 1);
        assert_int_equal(back.type, PULL_REPORT_PROGRESS);
        assert_true(back.progress.bytes_done == 1 && back.progress.bytes_total == UINT64_MAX &&
                        back.progress.entries == 3);
        assert_int_equal(pull_report_decode(b.data + used, b.size - used, &end, &more), 1);
        assert_int_equal(used + more, b.size);
        assert_int_equal(end.failure.code, FAILURE_INVALID_ARCHIVE);
        assert_int_equal(end.failure.errnum, EBADMSG);
        assert_string_equal(failure_message(&end.failure), "Entry '..' leads out");
}

static void test_pull_report_decode_waits_for_the_rest(void **state) {
        _cleanup_strbuf_ StrBuf b = {};

        assert_int_equal(pull_report_encode(&result, &b), 0);
        for (size_t size = 0; size < b.size; size++) {
                PullReport back = {};
                size_t used = 1;

                assert_int_equal(pull_report_decode(b.data, size, &back, &used), 0);
                assert_int_equal(used, 0);
        }
}

/* One byte changed anywhere is an answer, never a crash; run under the sanitizers, too. */
static void test_pull_report_decode_of_damaged_bytes(void **state) {
        _cleanup_strbuf_ StrBuf b = {};

        assert_int_equal(pull_report_encode(*state ? &manifest : &result, &b), 0);
        for (size_t i = 0; i < b.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        _cleanup_pull_report_ PullReport back = {};
                        size_t used;

                        b.data[i] = (char) (b.data[i] ^ (1 << bit));
                        (void) pull_report_decode(b.data, b.size, &back, &used);
                        b.data[i] = (char) (b.data[i] ^ (1 << bit));
                }
}

/* A report of one field; @tag and its bytes as given. */
static int decode_field_of(PullReportType type, uint8_t tag, const void *data, size_t size,
                unsigned times, PullReport *ret) {
        _cleanup_strbuf_ StrBuf b = {};
        size_t length = times * (8 + size), used;
        uint8_t header[12] = { 'P', 'D', 'P', 'R', PULL_REPORT_VERSION, 0, (uint8_t) type, 0 };
        uint8_t field[8] = { tag };

        memcpy(header + 8, &length, 4);
        memcpy(field + 4, &size, 4);
        (void) strbuf_append(&b, header, sizeof(header));
        for (unsigned i = 0; i < times; i++) {
                (void) strbuf_append(&b, field, sizeof(field));
                (void) strbuf_append(&b, data, size);
        }
        assert_int_equal(b.error, 0);
        return pull_report_decode(b.data, b.size, ret, &used);
}

static void test_pull_report_decode_refuses_fields(void **state) {
        static const uint8_t device[] = { 'c', 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 'x' };
        uint8_t copy[sizeof(device) + 8];
        static const char *const bad_paths[] = { "/x", "../x", "x/..", ".", "x//y", "x/" };
        PullReport back = {};

        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_PROGRESS, 1, "1234567", 7, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 4, HEX64, 63, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 5,
                                              "../../../../../../../../../../../../../../../../../"
                                              "../../../../..",
                                              64, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 4, HEX64 "\0", 65, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 7, "a\0b", 3, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 7, "{}", 2, 2, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 8, device, sizeof(device) - 1, 1,
                                              &back));
        memcpy(copy, device, sizeof(device));
        copy[0] = 'p';
        assert_errno(EBADMSG,
                        decode_field_of(PULL_REPORT_RESULT, 8, copy, sizeof(device), 1, &back));
        copy[0] = 'c';
        for (size_t i = 0; i < sizeof(bad_paths) / sizeof(bad_paths[0]); i++) {
                memcpy(copy + 24, bad_paths[i], strlen(bad_paths[i]));
                assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 8, copy,
                                                      24 + strlen(bad_paths[i]), 1, &back));
        }
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_RESULT, 8, device, sizeof(device),
                                              DEVICES_MAX + 1, &back));
        assert_errno(EBADMSG,
                        decode_field_of(PULL_REPORT_FAILURE, 10, "\0\0\0\0\0\0\0\0", 8, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_FAILURE, 10, "\0\x10\0\0\0\0\0\0", 8, 1,
                                              &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_FAILURE, 10, "\1", 1, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_FAILURE, 11, "no code", 7, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_FAILURE, 9, "a\0", 2, 1, &back));
        assert_null(back.result.config);
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_LAYER, 18, "\177\0\0\0\0\0\0\0", 8, 1,
                                              &back)); /* LAYERS_MAX */
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_LAYER, 19, "\3\0\0\0\0\0\0\0", 8, 1,
                                              &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_MANIFEST, 17, "short", 5, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_MANIFEST, 17, "size...." HEX64 "XX" HEX62,
                                              136, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_MANIFEST, 16, "{}", 2, 2, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_WARNING, 11, "", 0, 1, &back));
        assert_errno(EBADMSG, decode_field_of(PULL_REPORT_WARNING, 200, "x", 1, 1, &back));
}

static void test_pull_report_decode_takes_what_is_new(void **state) {
        static const uint8_t device[] = { 'c', 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 'x' };
        PullReport back = {};

        assert_int_equal(decode_field_of(PULL_REPORT_PROGRESS, 200, "what", 4, 3, &back), 1);
        assert_int_equal(decode_field_of((PullReportType) 9, 1, "what", 4, 1, &back), 0);
        assert_int_equal(decode_field_of(PULL_REPORT_RESULT, 8, device, sizeof(device), DEVICES_MAX,
                                         &back),
                        1);
        assert_int_equal(back.result.n_devices, DEVICES_MAX);
        pull_report_done(&back);
        assert_int_equal(decode_field_of(PULL_REPORT_FAILURE, 9, "org.pocketdocker.Error.Newer", 28,
                                         1, &back),
                        1);
        assert_int_equal(back.failure.code, FAILURE_INTERNAL);
        assert_int_equal(back.failure.errnum, EIO);
        assert_null(back.failure.message);
}

static void test_pull_report_decode_refuses_headers(void **state) {
        uint8_t header[12] = { 'P', 'D', 'P', 'R', PULL_REPORT_VERSION, 0, PULL_REPORT_PROGRESS,
                0 };
        PullReport back = {};
        size_t used;

        assert_int_equal(pull_report_decode(header, sizeof(header), &back, &used), 1);
        assert_int_equal(used, 12);
        header[4]++;
        assert_errno(EPROTO, pull_report_decode(header, sizeof(header), &back, &used));
        header[4]--;
        header[11] = 1; /* 16 MiB */
        assert_errno(EBADMSG, pull_report_decode(header, sizeof(header), &back, &used));
        assert_errno(EBADMSG, pull_report_decode("PDPX", 4, &back, &used));
        assert_errno(EBADMSG, pull_report_decode("usage: ", 7, &back, &used));
        assert_errno(EBADMSG, pull_report_decode("usage: that", 12, &back, &used));
        header[11] = 0;
        header[8] = 3; /* shorter than a field's header */
        assert_errno(EBADMSG, pull_report_decode((uint8_t[15]){ 'P', 'D', 'P', 'R', 1, 0, 1, 0, 3 },
                                              15, &back, &used));
        /* a field that is longer than its report */
        assert_errno(EBADMSG, pull_report_decode((uint8_t[20]){ 'P', 'D', 'P', 'R', 1, 0, 1, 0, 8,
                                                                 0, 0, 0, 1, 0, 0, 0, 1 },
                                              20, &back, &used));
}

static void test_pull_report_encode_refuses(void **state) {
        _cleanup_free_ char *longest = malloc(ARCHIVE_PATH_MAX + 1);
        PullDevice device = { 'c', 1, 3, 0666, 0, 0, (char *) "" };
        PullReport report = { .type = PULL_REPORT_RESULT,
                .result = { .devices = &device, .n_devices = 1 } };
        _cleanup_strbuf_ StrBuf b = {}, small = { .max_bytes = 8 };
        static PullDevice many[800];

        assert_errno(EINVAL, pull_report_encode(&report, &b));
        memset(longest, 'x', ARCHIVE_PATH_MAX);
        longest[ARCHIVE_PATH_MAX] = '\0';
        device.path = longest;
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        longest[ARCHIVE_PATH_MAX - 1] = '\0';
        assert_int_equal(pull_report_encode(&report, &b), 0);
        for (size_t i = 0; i < 800; i++)
                many[i] = device;
        report.result.devices = many;
        report.result.n_devices = 800; /* 3.3 MB of paths */
        strbuf_done(&b);
        assert_errno(E2BIG, pull_report_encode(&report, &b));
        report.result.n_devices = DEVICES_MAX + 1;
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        report = (PullReport){ .type = PULL_REPORT_RESULT,
                .result.config_size = IMAGE_CONFIG_BYTES_MAX + 1 };
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        report = (PullReport) {};
        assert_errno(EINVAL, pull_report_encode(&report, &b));
        assert_int_equal(b.size, 0);
        report.type = PULL_REPORT_PROGRESS;
        assert_errno(E2BIG, pull_report_encode(&report, &small));
}

static void test_pull_devices_to_json(void **state) {
        PullDevice odd = { 'c', 1, 3, 0666, 0, 0, (char *) "d\xff" };
        _cleanup_free_ char *json = NULL, *cleaned = NULL;
        char *none = (char *) "";

        assert_int_equal(pull_devices_to_json(devices, 1, &json), 0);
        assert_string_equal(json, "[{\"gid\":0,\"major\":1,\"minor\":3,\"mode\":438,\"path\":\"dev/"
                                  "null\",\"type\":\"c\",\"uid\":0}]");
        assert_int_equal(pull_devices_to_json(&odd, 1, &cleaned), 0);
        assert_non_null(strstr(cleaned, "\"d?\""));
        assert_int_equal(pull_devices_to_json(NULL, 0, &none), 0);
        assert_null(none);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pull_report_result_goes_round),
                cmocka_unit_test(test_pull_report_manifest_goes_round),
                cmocka_unit_test(test_pull_report_manifest_of_bounds),
                cmocka_unit_test(test_pull_report_manifest_must_be_whole),
                cmocka_unit_test(test_pull_report_layer_warning_and_unchanged),
                cmocka_unit_test(test_pull_report_progress_and_failure_in_one_stream),
                cmocka_unit_test(test_pull_report_decode_waits_for_the_rest),
                cmocka_unit_test(test_pull_report_decode_of_damaged_bytes),
                cmocka_unit_test_prestate(
                                test_pull_report_decode_of_damaged_bytes, (void *) &manifest),
                cmocka_unit_test(test_pull_report_decode_refuses_fields),
                cmocka_unit_test(test_pull_report_decode_takes_what_is_new),
                cmocka_unit_test(test_pull_report_decode_refuses_headers),
                cmocka_unit_test(test_pull_report_encode_refuses),
                cmocka_unit_test(test_pull_devices_to_json),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
