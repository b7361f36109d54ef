// SPDX-License-Identifier: MIT
/* See options.c for what it does. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "alone.h"
#include "charts.h"
#include "cli.h"
#include "figures.h"
#include "json.h"
#include "noise.h"
#include "options.h"
#include "scratch.h"
#include "survey.h"
#include "table.h"

static void stop(int signal)
{
	(void)signal;
	measure_stop = 1;
}

/* ---- What is said ---- */

static const char *processor(char text[128])
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "re");
	snprintf(text, 128, "unknown processor");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %127[^\n]", text) == 1)
			break;
	if (f)
		fclose(f);
	return text;
}

static struct json_object *machine_json(void)
{
	struct utsname u;
	char text[128];
	struct json_object *o = json_object_new_object();
	uname(&u);
	json_object_object_add(o, "processor", json_object_new_string(processor(text)));
	json_object_object_add(o, "processors", json_object_new_int((int)sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_object_add(o, "kernel", json_object_new_string(u.release));
	return o;
}

static struct json_object *report_json(struct results *results, const struct alone *alone, const struct noise *noise)
{
	struct json_object *o = json_object_new_object(), *missing = json_object_new_array();
	for (const struct missing_transport *m = missing_transports; m->name; m++) {
		struct json_object *one = json_object_new_object();
		json_object_object_add(one, "transport", json_object_new_string(m->name));
		json_object_object_add(one, "package", json_object_new_string(m->package));
		json_object_array_add(missing, one);
	}
	json_object_object_add(o, "machine", machine_json());
	json_object_object_add(o, "seconds", json_number(results->seconds, 1));
	json_object_object_add(o, "used_by_others", json_number(noise->others, 4));
	json_object_object_add(o, "stolen_by_host", json_number(noise->stolen, 4));
	json_object_object_add(o, "noisy", json_object_new_boolean(noise_is_much(noise)));
	json_object_object_add(o, "missing", missing);
	json_object_object_add(o, "points", figures_json(results));
	json_object_object_add(o, "alone", alone_json(alone));
	return o;
}

static void print_tables(struct results *results, const struct alone *alone, const struct noise *noise)
{
	struct utsname u;
	char text[128];
	uname(&u);
	printf("%s, %ld processors, Linux %s\n", processor(text), sysconf(_SC_NPROCESSORS_ONLN), u.release);
	table_print(results);
	alone_print(alone);
	table_print_short(results);
	for (const struct missing_transport *m = missing_transports; m->name; m++)
		printf("%s is not measured: it was built without %s\n", m->name, m->package);
	printf("%.0f s. Other programs used %.1f %% of the processors' time, the machine's host took %.1f %%.\n",
	    results->seconds, noise->others * 100, noise->stolen * 100);
	if (noise_is_much(noise))
		puts("The machine was NOISY: let nothing else run, and measure again.");
}

static int print(
    const struct options *options, struct results *results, const struct alone *alone, const struct noise *noise)
{
	if (options->csv) {
		figures_csv(results, stdout);
	} else if (options->json) {
		struct json_object *o = report_json(results, alone, noise);
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY));
		json_object_put(o);
	} else {
		print_tables(results, alone, noise);
	}
	return cli_finish_output();
}

/* ---- Files ---- */

static int write_files(
    const char *directory, struct results *results, const struct alone *alone, const struct noise *noise)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/results.json", directory);
	struct json_object *o = report_json(results, alone, noise);
	int r = json_object_to_file_ext(path, o, JSON_C_TO_STRING_PRETTY);
	json_object_put(o);
	if (r == 0) {
		snprintf(path, sizeof(path), "%s/results.csv", directory);
		FILE *f = fopen(path, "we");
		if (f)
			figures_csv(results, f);
		bool bad = !f || ferror(f); /* fclose() tells the last write alone */
		r = (f && fclose(f) != 0) || bad ? -1 : 0;
	}
	if (r < 0) {
		cli_error("cannot write '%s': %s", path, strerror(errno));
		return -EIO;
	}
	return charts_write(results, alone, directory);
}

/* Before minutes are spent on what cannot be written. */
static int prepare_charts(const char *directory)
{
	char inside[PATH_MAX];
	if (!charts_possible()) {
		cli_error("--charts needs gnuplot: install the package gnuplot-nox");
		return -ENOENT;
	}
	if (mkdir(directory, 0777) < 0 && errno != EEXIST) {
		cli_error("cannot make the directory '%s': %s", directory, strerror(errno));
		return -EIO;
	}
	snprintf(inside, sizeof(inside), "%s/.", directory); /* a file would do without */
	if (access(inside, W_OK | X_OK) < 0) {
		cli_error("cannot write into '%s': %s", directory, strerror(errno));
		return -EIO;
	}
	return 0;
}

static bool wants_alone(const struct options *options)
{
	if (options->csv && !options->charts)
		return false; /* nothing would show it */
	for (int i = 0; i < options->only; i++)
		if (options->transport[i] == &transport_tripool)
			return true;
	return options->only == 0;
}

static int run(const struct options *options)
{
	struct results *results = survey_plan(options);
	if (!results) {
		cli_error("no memory for the results");
		return -ENOMEM;
	}
	static struct alone alone;
	struct progress progress;
	bool with_alone = wants_alone(options);
	progress_begin(&progress, survey_steps(results) + (with_alone ? alone_steps(results) : 0));
	noise_begin();
	int r = survey_run(results, scratch_directory(), &progress);
	bool failed = results_failed(results);
	if (r == 0 && with_alone)
		failed |= alone_run(&alone, scratch_directory(), results, &progress) < 0;
	struct noise noise = noise_end();
	results->seconds = progress_seconds(&progress);
	progress_end(&progress);
	if (r < 0) {
		cli_error("cannot go on: %s", strerror(-r));
	} else if (measure_stop) {
		cli_error("stopped before all was measured: no figures");
		r = -EINTR;
	} else {
		r = print(options, results, &alone, &noise);
		if (options->charts && write_files(options->charts, results, &alone, &noise) < 0)
			r = -EIO;
	}
	results_finish(results);
	return failed ? -EIO : r;
}

int main(int argc, char **argv)
{
	struct options options;
	cli_begin();
	options_parse(&options, argc, argv);
	struct sigaction old;
	for (int i = 0; i < 3; i++)
		sigaction((int[]){SIGINT, SIGTERM, SIGHUP}[i], &(struct sigaction){.sa_handler = stop}, &old);
	if (old.sa_handler == SIG_IGN) /* nohup */
		signal(SIGHUP, SIG_IGN);
	if ((options.charts && prepare_charts(options.charts) < 0) || scratch_make() < 0)
		return 1;
	int r = run(&options);
	return scratch_remove() != 0 || r < 0;
}
