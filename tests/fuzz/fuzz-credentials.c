/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "puller/auth.h"

/* What a client hands over, and what a token service answers: neither may become more than one header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const hosts[] = { "docker.io", "r.example:5000" };
        char *token = NULL;
        usec_t lifetime;

        for (size_t i = 0; i < 2; i++) {
                _cleanup_login_ Login login = {};
                _cleanup_free_ char *basic = NULL;

                if (login_find((const char *) data, size, hosts[i], &login, NULL) > 0 &&
                                login.user &&
                                basic_credentials(login.user, login.password, &basic) >= 0)
                        assert(!strpbrk(basic, "\r\n"));
        }
        if (token_parse((const char *) data, size, &token, &lifetime) >= 0) {
                char *bearer;

                assert(lifetime > 0 && bearer_credentials(token, &bearer) >= 0);
                assert(!strpbrk(bearer, "\r\n"));
                free(bearer);
                free(token);
        }
        return 0;
}
