/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/error.c: errors that came over the bus. */
#include <string.h>
#include "cli/bus/message.h"

#define ERRNO_PREFIX "System.Error."

/* What sd-bus names, without those that no call of ours can bring. Not strerrorname_np(3): musl has none. */
#define E(number) { #number, number }
static const struct {
        const char *name;
        int number;
} numbers[] = {
        E(E2BIG), E(EACCES), E(EADDRINUSE), E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(EAGAIN),
        E(EALREADY), E(EBADF), E(EBADFD), E(EBADMSG), E(EBUSY), E(ECANCELED), E(ECHILD), E(ECOMM),
        E(ECONNABORTED), E(ECONNREFUSED), E(ECONNRESET), E(EDEADLK), E(EDESTADDRREQ), E(EDOM),
        E(EDQUOT), E(EEXIST), E(EFAULT), E(EFBIG), E(EHOSTDOWN), E(EHOSTUNREACH), E(EIDRM),
        E(EILSEQ), E(EINPROGRESS), E(EINTR), E(EINVAL), E(EIO), E(EISCONN), E(EISDIR), E(ELOOP),
        E(EMEDIUMTYPE), E(EMFILE), E(EMLINK), E(EMSGSIZE), E(EMULTIHOP), E(ENAMETOOLONG),
        E(ENETDOWN), E(ENETRESET), E(ENETUNREACH), E(ENFILE), E(ENOBUFS), E(ENODATA), E(ENODEV),
        E(ENOENT), E(ENOEXEC), E(ENOKEY), E(ENOLCK), E(ENOLINK), E(ENOMEDIUM), E(ENOMEM), E(ENOMSG),
        E(ENOPKG), E(ENOPROTOOPT), E(ENOSPC), E(ENOSYS), E(ENOTBLK), E(ENOTCONN), E(ENOTDIR),
        E(ENOTEMPTY), E(ENOTRECOVERABLE), E(ENOTSOCK), E(ENOTTY), E(ENOTUNIQ), E(ENXIO),
        E(EOPNOTSUPP), E(EOVERFLOW), E(EOWNERDEAD), E(EPERM), E(EPFNOSUPPORT), E(EPIPE), E(EPROTO),
        E(EPROTONOSUPPORT), E(EPROTOTYPE), E(ERANGE), E(EREMCHG), E(EREMOTE), E(EREMOTEIO),
        E(EROFS), E(ESHUTDOWN), E(ESOCKTNOSUPPORT), E(ESPIPE), E(ESRCH), E(ESTALE), E(ESTRPIPE),
        E(ETIME), E(ETIMEDOUT), E(ETXTBSY), E(EUCLEAN), E(EUNATCH), E(EUSERS), E(EXDEV),
};
#undef E

void sd_bus_error_free(sd_bus_error *e) {
        if (!e)
                return;
        if (e->_need_free > 0) {
                free((char *) e->name);
                free((char *) e->message);
        }
        *e = SD_BUS_ERROR_NULL;
}

int sd_bus_error_has_names_sentinel(const sd_bus_error *e, ...) {
        const char *name;
        bool found = false;
        va_list ap;

        if (!e || !e->name)
                return 0;
        va_start(ap, e);
        while (!found && (name = va_arg(ap, const char *)))
                found = streq(name, e->name);
        va_end(ap);
        return found;
}

/* sd-bus puts the errno's name into that of an error which has none of its own. */
int sd_bus_error_get_errno(const sd_bus_error *e) {
        const char *name;

        if (!e || !e->name)
                return 0;
        if (!startswith(e->name, ERRNO_PREFIX))
                return EIO;
        name = e->name + strlen(ERRNO_PREFIX);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (streq(numbers[i].name, name))
                        return numbers[i].number;
        return EIO;
}
