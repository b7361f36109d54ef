// SPDX-License-Identifier: MIT
#include "tripool.h"
#include "tripool_report.h"

int main()
{
	struct tripool_format format = {};
	struct tripool_error error;
	return tripool_format_check(&format, &error) < 0 ? 0 : 1;
}
