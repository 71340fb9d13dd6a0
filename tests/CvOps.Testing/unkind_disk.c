/* A disk that is unkind at a chosen moment, put between a process and libc (LD_PRELOAD). Every operation that changes something under CVOPS_DISK
 * is counted and written to CVOPS_DISK_LOG; at operation number CVOPS_DISK_AT the process is killed before it (CVOPS_DISK_THEN=kill), or from there on
 * nothing that needs room succeeds (full) or nothing that changes anything (readonly), or the clock is off by CVOPS_DISK_CLOCK seconds (clock; from the start on when the number is 0), or the
 * first sync of a segment (*.log) from there on fails (sync): of that file nothing becomes durable any more, though later syncs succeed, as in Linux.
 * What a power cut leaves is kept in CVOPS_DISK_DURABLE, by the strictest reading of POSIX: of a file what it was at its last fsync, of a folder the
 * names it had at its own last fsync. One file a number there: 'f7' is a file's bytes, 'd3' a folder's lines of 'number name'. The root is d1. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS 4096
#define NODES 4096

static const char *root, *durable;
static size_t root_length;
static int at, log_fd = -1, full, readonly, failed, off, count;
static ino_t broken;
static long clock_off;
static char then[16];
static char *paths[FDS];
static struct { ino_t ino; int number; } nodes[NODES];
static int nodes_used, numbers;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside;

#define REAL(result, name, ...) static result (*real_##name)(__VA_ARGS__)
REAL(int, open, const char *, int, ...);
REAL(int, openat, int, const char *, int, ...);
REAL(int, close, int);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
REAL(int, fsync, int);
REAL(int, rename, const char *, const char *);
REAL(int, unlink, const char *);
REAL(int, ftruncate, int, off_t);
REAL(int, mkdir, const char *, mode_t);
REAL(int, clock_gettime, clockid_t, struct timespec *);
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned);
REAL(ssize_t, sendfile, int, int, off_t *, size_t);
REAL(int, posix_fallocate, int, off_t, off_t);

static int number_of(ino_t ino, int fresh)
{
	for (int i = 0; i < nodes_used; i++) if (nodes[i].ino == ino) {
		if (fresh) nodes[i].number = ++numbers;		/* the number of a file that is gone is given to another */
		return nodes[i].number;
	}
	if (nodes_used == NODES) abort();
	nodes[nodes_used].ino = ino;
	return nodes[nodes_used++].number = ++numbers;
}

static void store_path(char *out, char kind, int number) { snprintf(out, PATH_MAX, "%s/%c%d", durable, kind, number); }

/* Whoever is killed from outside in the middle of a sync has the old state or the new one. */
static void keep_path(char *out) { snprintf(out, PATH_MAX, "%s/new", durable); }

static void keep_file(const char *path, int number)
{
	char to[PATH_MAX], fresh[PATH_MAX], block[65536];
	ssize_t got;
	store_path(to, 'f', number);
	keep_path(fresh);
	int in = real_open(path, O_RDONLY), out = real_open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	while (in >= 0 && out >= 0 && (got = read(in, block, sizeof block)) > 0) if (real_write(out, block, got) != got) abort();
	if (in >= 0) real_close(in);
	if (out >= 0) real_close(out);
	if (in >= 0 && out >= 0 && real_rename(fresh, to)) abort();
}

/* The names a folder has now. At the start all that is in it counts as on the disk, too. */
static void keep_folder(const char *path, int number, int all)
{
	char to[PATH_MAX], fresh[PATH_MAX], child[PATH_MAX], line[PATH_MAX];
	struct stat info;
	struct dirent *entry;
	DIR *folder = opendir(path);
	if (!folder) return;
	store_path(to, 'd', number);
	snprintf(fresh, sizeof fresh, "%s/new%d", durable, number);		/* it calls itself */
	int out = real_open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	while ((entry = readdir(folder))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
		if (snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >= (int)sizeof child || lstat(child, &info)) continue;
		int it = number_of(info.st_ino, 0);
		if (all && S_ISDIR(info.st_mode)) keep_folder(child, it, 1);
		if (all && S_ISREG(info.st_mode)) keep_file(child, it);
		int length = snprintf(line, sizeof line, "%c%d %s\n", S_ISDIR(info.st_mode) ? 'd' : 'f', it, entry->d_name);
		if (real_write(out, line, length) != length) abort();
	}
	real_close(out);
	if (real_rename(fresh, to)) abort();
	closedir(folder);
}

__attribute__((constructor)) static void begin(void)
{
#define FIND(name) real_##name = dlsym(RTLD_NEXT, #name)
	FIND(open); FIND(openat); FIND(close); FIND(write); FIND(pwrite); FIND(pwritev); FIND(fsync); FIND(rename); FIND(unlink); FIND(ftruncate);
	FIND(mkdir); FIND(clock_gettime); FIND(copy_file_range); FIND(sendfile); FIND(posix_fallocate);
	const char *log = getenv("CVOPS_DISK_LOG"), *what = getenv("CVOPS_DISK_THEN"), *number = getenv("CVOPS_DISK_AT"), *clock = getenv("CVOPS_DISK_CLOCK");
	const char *place = getenv("CVOPS_DISK");
	durable = getenv("CVOPS_DISK_DURABLE");
	if (!place || !log) return;
	strncpy(then, what ? what : "", sizeof then - 1);
	at = number ? atoi(number) : 0;
	clock_off = clock ? atol(clock) : 0;
	off = !at && !strcmp(then, "clock");
	root_length = strlen(place);
	log_fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct stat info;
	if (durable && !stat(place, &info)) keep_folder(place, number_of(info.st_ino, 0), 1);
	root = place;
}

static int ours(const char *path) { return root && path && !inside && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]); }

static const char *path_of(int fd) { return root && fd >= 0 && fd < FDS ? paths[fd] : NULL; }

/* Counts an operation that is about to be done, and does what is due at it. Leaves the gate closed until done(). */
static void doing(const char *what, const char *path)
{
	char line[PATH_MAX + 64];
	pthread_mutex_lock(&gate);
	inside = 1;
	count++;
	int due = at && count == at, length = snprintf(line, sizeof line, "%d %s %s\n", count, what, path + root_length + (path[root_length] == '/'));
	if (real_write(log_fd, line, length) != length) abort();
	if (due && !strcmp(then, "kill")) kill(getpid(), SIGKILL), pause();
	if (due && !strcmp(then, "full")) full = 1;
	if (due && !strcmp(then, "clock")) off = 1;
	if (due && !strcmp(then, "readonly")) readonly = 1;
}

static void done(void)
{
	int error = errno;
	inside = 0;
	pthread_mutex_unlock(&gate);
	errno = error;
}

static int refuse(void) { done(); errno = readonly ? EROFS : ENOSPC; return -1; }

static int grows(int fd, off_t end) { struct stat info; return !fstat(fd, &info) && end > info.st_size; }

static void opened(int fd, const char *path) { if (fd >= 0 && fd < FDS) { free(paths[fd]); paths[fd] = strdup(path); } }

static int open_it(const char *path, int flags, mode_t mode)
{
	struct stat info;
	if (!ours(path)) { int fd = real_open(path, flags, mode); if (fd >= 0 && fd < FDS && paths[fd]) { free(paths[fd]); paths[fd] = NULL; } return fd; }
	int there = !stat(path, &info), makes = !there && flags & O_CREAT, cuts = there && flags & O_TRUNC && S_ISREG(info.st_mode) && info.st_size;
	if (!makes && !cuts) { int fd = real_open(path, flags, mode); opened(fd, path); return fd; }
	doing(makes ? "create" : "truncate", path);
	if (readonly || (full && makes)) return refuse();
	int fd = real_open(path, flags, mode);
	if (fd >= 0 && makes && !fstat(fd, &info)) {
		number_of(info.st_ino, 1);
		if (info.st_ino == broken) broken = 0;
	}
	opened(fd, path);
	done();
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return open_it(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	return open_it(path, flags, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < FDS && paths[fd] && !inside) { free(paths[fd]); paths[fd] = NULL; }
	return real_close(fd);
}

ssize_t write(int fd, const void *data, size_t size)
{
	const char *path = path_of(fd);
	if (!path || inside) return real_write(fd, data, size);
	doing("write", path);
	off_t place = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
	if (readonly || (full && grows(fd, place + size))) return refuse();
	ssize_t result = real_write(fd, data, size);
	done();
	return result;
}

static ssize_t pwrite_it(int fd, const void *data, size_t size, off_t place)
{
	const char *path = path_of(fd);
	if (!path || inside) return real_pwrite(fd, data, size, place);
	doing("write", path);
	if (readonly || (full && grows(fd, place + size))) return refuse();
	ssize_t result = real_pwrite(fd, data, size, place);
	done();
	return result;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t place) { return pwrite_it(fd, data, size, place); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) { return pwrite_it(fd, data, size, place); }

static ssize_t pwritev_it(int fd, const struct iovec *parts, int many, off_t place)
{
	const char *path = path_of(fd);
	if (!path || inside) return real_pwritev(fd, parts, many, place);
	size_t size = 0;
	for (int i = 0; i < many; i++) size += parts[i].iov_len;
	doing("write", path);
	if (readonly || (full && grows(fd, place + size))) return refuse();
	ssize_t result = real_pwritev(fd, parts, many, place);
	done();
	return result;
}

ssize_t pwritev(int fd, const struct iovec *parts, int many, off_t place) { return pwritev_it(fd, parts, many, place); }
ssize_t pwritev64(int fd, const struct iovec *parts, int many, off64_t place) { return pwritev_it(fd, parts, many, place); }

static int sync_it(int fd)
{
	struct stat info;
	const char *path = path_of(fd);
	if (!path || inside) return real_fsync(fd);
	doing("sync", path);
	/* tmpfs or not: what is asked for is noted, the test's own disk may take its time. The name may have changed since it was opened: by descriptor. */
	char self[64];
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	size_t length = strlen(path);
	if (!strcmp(then, "sync") && count >= at && !failed && length > 4 && !strcmp(path + length - 4, ".log") && !fstat(fd, &info)) {
		broken = info.st_ino;
		failed = 1;
		done();
		errno = EIO;
		return -1;
	}
	if (durable && !fstat(fd, &info) && info.st_ino != broken) {
		if (S_ISDIR(info.st_mode)) keep_folder(path, number_of(info.st_ino, 0), 0);
		else keep_file(self, number_of(info.st_ino, 0));
	}
	done();
	return 0;
}

int fsync(int fd) { return sync_it(fd); }
int fdatasync(int fd) { return sync_it(fd); }

int rename(const char *from, const char *to)
{
	if (!ours(from) && !ours(to)) return real_rename(from, to);
	doing("rename", ours(to) ? to : from);
	if (readonly) return refuse();
	int result = real_rename(from, to);
	done();
	return result;
}

/* glibc's name for it; the kernel's RENAME_EXCHANGE among others. */
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	if (!ours(from) && !ours(to)) return syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
	doing("exchange", to);
	int result = syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
	done();
	return result;
}

int unlink(const char *path)
{
	if (!ours(path)) return real_unlink(path);
	doing("unlink", path);
	if (readonly) return refuse();
	int result = real_unlink(path);
	done();
	return result;
}

static int cut_it(int fd, off_t size)
{
	const char *path = path_of(fd);
	if (!path || inside) return real_ftruncate(fd, size);
	doing("resize", path);
	if (readonly || (full && grows(fd, size))) return refuse();
	int result = real_ftruncate(fd, size);
	done();
	return result;
}

int ftruncate(int fd, off_t size) { return cut_it(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut_it(fd, size); }

int mkdir(const char *path, mode_t mode)
{
	struct stat info;
	if (!ours(path) || !stat(path, &info)) return real_mkdir(path, mode);
	doing("mkdir", path);
	if (full || readonly) return refuse();
	int result = real_mkdir(path, mode);
	if (!result && !stat(path, &info)) number_of(info.st_ino, 1);
	done();
	return result;
}

ssize_t copy_file_range(int from, off_t *from_place, int to, off_t *to_place, size_t size, unsigned flags)
{
	const char *path = path_of(to);
	if (!path || inside) return real_copy_file_range(from, from_place, to, to_place, size, flags);
	doing("write", path);
	if (full) return refuse();
	ssize_t result = real_copy_file_range(from, from_place, to, to_place, size, flags);
	done();
	return result;
}

static ssize_t send_it(int to, int from, off_t *place, size_t size)
{
	const char *path = path_of(to);
	if (!path || inside) return real_sendfile(to, from, place, size);
	doing("write", path);
	if (full) return refuse();
	ssize_t result = real_sendfile(to, from, place, size);
	done();
	return result;
}

ssize_t sendfile(int to, int from, off_t *place, size_t size) { return send_it(to, from, place, size); }
ssize_t sendfile64(int to, int from, off64_t *place, size_t size) { return send_it(to, from, place, size); }

static int reserve_it(int fd, off_t place, off_t size)
{
	const char *path = path_of(fd);
	if (!path || inside) return real_posix_fallocate(fd, place, size);
	doing("resize", path);
	if (full && grows(fd, place + size)) { refuse(); return ENOSPC; }
	int result = real_posix_fallocate(fd, place, size);
	done();
	return result;
}

int posix_fallocate(int fd, off_t place, off_t size) { return reserve_it(fd, place, size); }
int posix_fallocate64(int fd, off64_t place, off64_t size) { return reserve_it(fd, place, size); }

int clock_gettime(clockid_t which, struct timespec *time)
{
	int result = real_clock_gettime ? real_clock_gettime(which, time) : (int)syscall(SYS_clock_gettime, which, time);
	if (!result && off && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) time->tv_sec += clock_off;
	return result;
}
