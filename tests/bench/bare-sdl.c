// SPDX-License-Identifier: MIT
/*
 * The least that a program does to show frames with SDL: the same number of pixels as tripool-view's, in the same
 * window with the same renderer, but from its own memory and at its own pace. What tripool-view takes more than this is
 * what the transport and a viewer's comforts cost.
 */
#include "clock.h"
#include "samples.h"

#include <SDL.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BUFFERS 3 /* as many as a stream with one viewer touches */
#define MOST_FRAMES 100000
#define NS_PER_SECOND INT64_C(1000000000)

struct bare {
	bool gpu, vsync;
	int width_px, height_px;
	size_t frame_bytes;
	uint8_t *frames; /* NV12 */
	SDL_Window *window;
	SDL_Renderer *renderer; /* with `texture` if gpu */
	SDL_Texture *texture;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bare-sdl: %s: %s\n", what, SDL_GetError());
	exit(1);
}

/* Pages of the kind a stream has, too. */
static void make_frames(struct bare *b)
{
	b->frame_bytes = (size_t)b->width_px * (size_t)b->height_px * 3 / 2;
	b->frames = mmap(NULL, BUFFERS * b->frame_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b->frames == MAP_FAILED)
		die("no memory for frames");
	for (size_t i = 0; i < BUFFERS * b->frame_bytes; i++)
		b->frames[i] = (uint8_t)(16 + i * 7 % 220);
}

/* Few pixels change, as in the test pattern. */
static const uint8_t *next_frame(struct bare *b, int n)
{
	uint8_t *frame = b->frames + (size_t)(n % BUFFERS) * b->frame_bytes;
	memset(frame + (size_t)(n % b->height_px) * (size_t)b->width_px, 16 + n % 220, (size_t)b->width_px);
	return frame;
}

static void open_window(struct bare *b)
{
	Uint32 flags = b->gpu ? SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI : SDL_WINDOW_RESIZABLE;
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear"); /* not only for scaling: it smooths the chroma, too */
	if (SDL_Init(SDL_INIT_VIDEO) < 0)
		die("SDL");
	SDL_StopTextInput();
	SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_BT709);
	b->window =
	    SDL_CreateWindow("bare", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, b->width_px, b->height_px, flags);
	if (!b->window)
		die("window");
	if (!b->gpu)
		return;
	b->renderer =
	    SDL_CreateRenderer(b->window, -1, SDL_RENDERER_ACCELERATED | (b->vsync ? SDL_RENDERER_PRESENTVSYNC : 0));
	if (b->renderer)
		b->texture = SDL_CreateTexture(
		    b->renderer, SDL_PIXELFORMAT_NV12, SDL_TEXTUREACCESS_STREAMING, b->width_px, b->height_px);
	if (!b->texture)
		die("renderer");
}

static void show(struct bare *b, const uint8_t *frame)
{
	if (b->gpu) {
		const uint8_t *chroma = frame + (size_t)b->width_px * (size_t)b->height_px;
		/* clearing costs nothing: without it, the last round's pixels would be kept for this one */
		if (SDL_UpdateNVTexture(b->texture, NULL, frame, b->width_px, chroma, b->width_px) < 0 ||
		    SDL_RenderClear(b->renderer) < 0 || SDL_RenderCopy(b->renderer, b->texture, NULL, NULL) < 0)
			die("drawing");
		SDL_RenderPresent(b->renderer);
		return;
	}
	SDL_Surface *w = SDL_GetWindowSurface(b->window);
	if (!w || w->w != b->width_px || w->h != b->height_px)
		die("the window's pixels");
	if (SDL_ConvertPixels(
		w->w, w->h, SDL_PIXELFORMAT_NV12, frame, b->width_px, w->format->format, w->pixels, w->pitch) < 0 ||
	    SDL_UpdateWindowSurface(b->window) < 0)
		die("drawing");
}

static bool goes_on(void)
{
	SDL_Event e;
	while (SDL_PollEvent(&e))
		if (e.type == SDL_QUIT)
			return false;
	return true;
}

static void run(struct bare *b, int64_t interval_ns, int frames)
{
	static int64_t latency_ns[MOST_FRAMES];
	int64_t tick_ns = now_ns(), first_ns = 0, last_ns = 0;
	int n = 0;
	while (n < frames && goes_on()) {
		/* too late for a tick: only the newest one counts */
		for (tick_ns += interval_ns; now_ns() - tick_ns >= interval_ns; tick_ns += interval_ns)
			;
		sleep_until_ns(tick_ns);
		show(b, next_frame(b, n));
		last_ns = now_ns();
		latency_ns[n] = last_ns - tick_ns;
		if (n++ == 0)
			first_ns = last_ns;
	}
	if (n < 2)
		exit(1);
	printf("{\"frames_shown\":%d,\"fps\":%.2f,\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f}}\n", n,
	    (n - 1) * 1e9 / (double)(last_ns - first_ns), quantile(latency_ns, (size_t)n, 0.5) / 1e3,
	    quantile(latency_ns, (size_t)n, 0.99) / 1e3);
}

int main(int argc, char **argv)
{
	struct bare b = {.gpu = argc > 1 && strcmp(argv[1], "gpu") == 0};
	double fps = argc > 3 ? atof(argv[3]) : 0;
	int frames = argc > 4 ? atoi(argv[4]) : 0;
	b.vsync = argc < 6;
	if (argc < 5 || argc > 6 || sscanf(argv[2], "%dx%d", &b.width_px, &b.height_px) != 2 || b.width_px < 2 ||
	    b.height_px < 2 || fps <= 0 || frames < 2 || frames > MOST_FRAMES ||
	    (!b.vsync && strcmp(argv[5], "--no-vsync") != 0)) {
		fprintf(stderr, "usage: bare-sdl gpu|surface WIDTHxHEIGHT FPS FRAMES [--no-vsync]\n");
		return 2;
	}
	make_frames(&b);
	open_window(&b);
	run(&b, (int64_t)((double)NS_PER_SECOND / fps), frames);
	SDL_Quit();
	return 0;
}
