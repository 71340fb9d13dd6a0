/* A GPIO chip that is not there: /dev/gpiochip990 with 8 lines, played by these four calls for the code that is bound to this library.
 * Line 0 is wired to line 1, 2 to 3: what the even one puts out the odd one sees. Line 7 belongs to somebody else.
 * Compiled with the kernel's own header, so its layout is the judge of ours. It is as strict as the kernel's gpiolib-cdev about flags. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINES 8
#define PULLED_UP(flags) (((flags) & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) != 0)

static struct line { int fd, events, level; unsigned seqno; __u64 flags; char consumer[GPIO_MAX_NAME_SIZE]; } lines[LINES] =
	{ [7] = { .fd = -1, .flags = GPIO_V2_LINE_FLAG_USED, .consumer = "somebody-else" } };
static int chip = -1;

int open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/gpiochip990") != 0) return syscall(SYS_openat, AT_FDCWD, path, flags, 0);
	return chip = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
}

static struct line *line_of(int fd)
{
	for (int i = 0; i < LINES; i++) if (fd > 0 && lines[i].fd == fd) return &lines[i];
	return NULL;
}

int close(int fd)
{
	struct line *line = line_of(fd);
	if (line) {
		syscall(SYS_close, line->events);
		line->fd = 0;
		line->flags = 0;
		line->consumer[0] = 0;
	}
	if (fd == chip) chip = -1;
	return syscall(SYS_close, fd);
}

static int fail(int error) { errno = error; return -1; }

static void edge(struct line *line, int level)
{
	int rose = level && !line->level, fell = !level && line->level;
	line->level = level;
	if (!(rose && line->flags & GPIO_V2_LINE_FLAG_EDGE_RISING) && !(fell && line->flags & GPIO_V2_LINE_FLAG_EDGE_FALLING)) return;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct gpio_v2_line_event event = {
		.timestamp_ns = now.tv_sec * 1000000000ull + now.tv_nsec, .id = rose ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE,
		.offset = line - lines, .seqno = ++line->seqno, .line_seqno = line->seqno };
	if (write(line->events, &event, sizeof event) != sizeof event) return;
}

static void put(struct line *line, int level)
{
	line->level = level;
	if ((line - lines) % 2 == 0) edge(line + 1, level);
}

static int configure(struct line *line, const struct gpio_v2_line_config *config)
{
	__u64 edges = GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING, flags = config->flags;
	int in = (flags & GPIO_V2_LINE_FLAG_INPUT) != 0, out = (flags & GPIO_V2_LINE_FLAG_OUTPUT) != 0;
	for (int i = 0; i < 5; i++) if (config->padding[i]) return fail(EINVAL);
	if ((in && out) || ((flags & edges) && !in) || (flags & GPIO_V2_LINE_FLAG_USED)) return fail(EINVAL);
	if (config->num_attrs > 1) return fail(EINVAL);
	line->flags = flags;
	if (out) {
		if (config->num_attrs != 1 || config->attrs[0].attr.id != GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES || config->attrs[0].mask != 1) return fail(EINVAL);
		put(line, config->attrs[0].attr.values & 1);
	}
	if (PULLED_UP(flags)) line->level = 1;
	return 0;
}

static int request(struct gpio_v2_line_request *wanted)
{
	int pair[2];
	if (wanted->num_lines != 1 || wanted->offsets[0] >= LINES) return fail(EINVAL);
	struct line *line = &lines[wanted->offsets[0]];
	if (line->fd) return fail(EBUSY);
	if (pipe2(pair, O_CLOEXEC) < 0) return -1;
	line->fd = wanted->fd = pair[0];
	line->events = pair[1];
	memcpy(line->consumer, wanted->consumer, sizeof line->consumer);
	return wanted->config.flags ? configure(line, &wanted->config) : 0;
}

int ioctl(int fd, unsigned long number, ...)
{
	va_list rest;
	va_start(rest, number);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	struct line *line = line_of(fd);
	if (fd == chip && number == GPIO_GET_CHIPINFO_IOCTL) {
		*(struct gpiochip_info *)argument = (struct gpiochip_info){ .name = "gpiochip990", .label = "played", .lines = LINES };
		return 0;
	}
	if (fd == chip && number == GPIO_V2_GET_LINEINFO_IOCTL) {
		struct gpio_v2_line_info *info = argument;
		struct line *it = &lines[info->offset];
		info->flags = it->flags ? it->flags : GPIO_V2_LINE_FLAG_INPUT;
		memcpy(info->consumer, it->consumer, sizeof info->consumer);
		return 0;
	}
	if (fd == chip && number == GPIO_V2_GET_LINE_IOCTL) return request(argument);
	if (line && number == GPIO_V2_LINE_SET_CONFIG_IOCTL) return configure(line, argument);
	if (line && number == GPIO_V2_LINE_GET_VALUES_IOCTL) {
		struct gpio_v2_line_values *values = argument;
		values->bits = line->level;
		return values->mask == 1 ? 0 : fail(EINVAL);
	}
	if (line && number == GPIO_V2_LINE_SET_VALUES_IOCTL) {
		const struct gpio_v2_line_values *values = argument;
		if (!(line->flags & GPIO_V2_LINE_FLAG_OUTPUT)) return fail(EPERM);
		put(line, values->bits & 1);
		return values->mask == 1 ? 0 : fail(EINVAL);
	}
	return syscall(SYS_ioctl, fd, number, argument);
}
