/* SPDX-License-Identifier: Apache-2.0 */
#include "base/list.h"
#include <stdlib.h>
#include "unit.h"

typedef struct Item {
        int number;
        List link;
} Item;

static void test_list_keeps_its_order(void **state) {
        Item items[4] = { { .number = 0 }, { .number = 1 }, { .number = 2 }, { .number = 3 } };
        List head;
        Item *i;
        int n = 0;

        list_init(&head);
        assert_true(list_is_empty(&head));
        assert_null(list_first(&head, Item, link));
        list_append(&head, &items[1].link);
        list_append(&head, &items[2].link);
        list_append(&head, &items[3].link);
        list_prepend(&head, &items[0].link);
        LIST_FOREACH (i, &head, Item, link)
                assert_int_equal(i->number, n++);
        assert_int_equal(n, 4);
        assert_int_equal(list_first(&head, Item, link)->number, 0);
}

static void test_list_remove_of_what_is_in_none(void **state) {
        Item zero = {};

        assert_false(list_is_linked(&zero.link));
        list_remove(&zero.link);
        list_remove(&zero.link);
        assert_false(list_is_linked(&zero.link));
}

static void test_list_foreach_lets_the_current_go(void **state) {
        List head;
        Item *i;

        list_init(&head);
        for (int n = 0; n < 5; n++) {
                i = calloc(1, sizeof(*i));
                assert_non_null(i);
                list_append(&head, &i->link);
        }
        LIST_FOREACH (i, &head, Item, link) {
                list_remove(&i->link);
                free(i);
        }
        assert_true(list_is_empty(&head));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_list_keeps_its_order),
                cmocka_unit_test(test_list_remove_of_what_is_in_none),
                cmocka_unit_test(test_list_foreach_lets_the_current_go),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
