/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/list.h: doubly linked lists through a member of the objects themselves; a list is circular over its head.
 * An object that is in no list has a member initialised by list_init() (or zero: list_is_linked() knows both).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct List {
        struct List *next, *prev;
} List;

static inline void list_init(List *l) {
        l->next = l->prev = l;
}

static inline bool list_is_linked(const List *l) {
        return l->next && l->next != l;
}

static inline bool list_is_empty(const List *head) {
        return !list_is_linked(head);
}

static inline void list_append(List *head, List *item) {
        item->prev = head->prev;
        item->next = head;
        head->prev->next = item;
        head->prev = item;
}

static inline void list_prepend(List *head, List *item) {
        list_append(head->next, item);
}

/* Harmless for one that is in no list. */
static inline void list_remove(List *item) {
        if (list_is_linked(item)) {
                item->prev->next = item->next;
                item->next->prev = item->prev;
        }
        list_init(item);
}

/* Counts them one by one. */
static inline size_t list_size(const List *head) {
        size_t n = 0;

        for (const List *l = head->next; l && l != head; l = l->next)
                n++;
        return n;
}

#define list_entry(link, type, member) ((type *) ((char *) (link) - offsetof(type, member)))

#define list_first(head, type, member)                                                             \
        (list_is_empty(head) ? NULL : list_entry((head)->next, type, member))

/* The body may remove the current item (and free it), no other. */
#define LIST_FOREACH(i, head, type, member)                                                        \
        for (List *_li = (head)->next, *_ln = _li->next;                                           \
                        _li != (head) && ((i) = list_entry(_li, type, member), true);              \
                        _li = _ln, _ln = _li->next)
