// SPDX-License-Identifier: MIT
#include "input.h"

#include <string.h>

uint8_t input_byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

uint32_t input_digit(struct input *in, uint32_t n)
{
	return (uint8_t)(input_byte(in) - '0') % n;
}

char input_choice(struct input *in, const char *letters)
{
	uint8_t byte = input_byte(in);
	return byte && strchr(letters, byte) ? (char)byte : letters[byte % strlen(letters)];
}

size_t input_bytes(struct input *in, void *to, size_t size)
{
	size_t n = size < in->left ? size : in->left;
	memset(to, 0, size);
	if (n > 0)
		memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

uint64_t input_number(struct input *in)
{
	uint64_t value = 0;
	char kind = input_choice(in, "0123456789bwdq^_-");
	switch (kind) {
	case 'b':
		return input_byte(in);
	case 'w':
		input_bytes(in, &value, 2);
		return value;
	case 'd':
		input_bytes(in, &value, 4);
		return value;
	case 'q':
		input_bytes(in, &value, 8);
		return value;
	case '^':
		return UINT64_C(1) << input_digit(in, 64);
	case '_':
		return (UINT64_C(1) << input_digit(in, 64)) - 1;
	case '-':
		return -(uint64_t)input_digit(in, 256);
	default:
		return (uint64_t)(kind - '0');
	}
}

void input_set(struct input *in, void *field, size_t size)
{
	uint64_t value = input_number(in); /* the lowest bytes come first */
	memcpy(field, &value, size < sizeof(value) ? size : sizeof(value));
}

void input_poke(struct input *in, void *memory, size_t size)
{
	size_t width = (size_t)1 << input_digit(in, 4);
	size_t at = input_byte(in);
	at |= (size_t)input_byte(in) << 8;
	input_set(in, (uint8_t *)memory + at % (size / width) * width, width);
}
