// SPDX-License-Identifier: MIT
/* How numbers and percentiles stand in the programs' summaries. */
#include "json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_says(struct json_object *object, const char *text)
{
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN), text);
	json_object_put(object);
}

static void numbers_have_their_decimals(void **state)
{
	(void)state;
	assert_says(json_number(0, 1), "0.0");
	assert_says(json_number(29.97003, 2), "29.97");
	assert_says(json_number(-0.25, 1), "-0.2");
	assert_says(json_number(3, 0), "3");
	assert_null(json_number(INFINITY, 1));
	assert_null(json_number(NAN, 1));
	/* Not cut off. */
	struct json_object *most = json_number(1.7e308, 1);
	assert_int_equal(strlen(json_object_to_json_string(most)), 309 + 2);
	json_object_put(most);
}

static void percentiles_stand_in_order(void **state)
{
	(void)state;
	static struct distribution d;
	for (int i = 1; i <= 200; i++)
		distribution_add(&d, i <= 100 ? 100 : i <= 180 ? 200 : i <= 198 ? 400 : 300000000);
	assert_says(json_percentiles(&d), "{\"p50\":0.1,\"p90\":0.2,\"p99\":0.4,\"max\":300000.0}");
}

static void no_sample_is_null(void **state)
{
	(void)state;
	static const struct distribution none;
	assert_says(json_percentiles(&none), "{\"p50\":null,\"p90\":null,\"p99\":null,\"max\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_have_their_decimals),
	    cmocka_unit_test(percentiles_stand_in_order),
	    cmocka_unit_test(no_sample_is_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
