// SPDX-License-Identifier: MIT
/*
 * The fuzzer's bytes, read as a little script. Any byte means something, so that no change of one is lost; and a person
 * can write a script, as letters and digits stand for themselves. Behind the end all is 0.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *at;
	size_t left;
};

uint8_t input_byte(struct input *in);

/* '0' is 0, '1' is 1 ... 'A' is 17; below `n`. */
uint32_t input_digit(struct input *in, uint32_t n);

/* One of these letters. */
char input_choice(struct input *in, const char *letters);

/* A number of the kind that finds mistakes: a digit; 'b', 'w', 'd', 'q' and its 1, 2, 4, 8 bytes, the lowest first; '^'
 * and a digit: that power of 2; '_': one less; '-' and a digit: so much below 0. */
uint64_t input_number(struct input *in);

/* As many bytes as there are; the rest is 0. Returns how many there were. */
size_t input_bytes(struct input *in, void *to, size_t size);

/* Puts a number somewhere into memory, aligned to its width: a digit (the power of 2 that is the width), two bytes
 * (which of the memory's words of that width), a number. */
void input_poke(struct input *in, void *memory, size_t size);

/* The same for the 1, 2, 4 or 8 bytes that are a field. */
void input_set(struct input *in, void *field, size_t size);

#endif
