/*
 * What the shims of the disk share: whose files are meant (GAUNTLET_DISK_DIR), and how the functions are found that a shim
 * stands before. To be included once, with SHIM defined as the name in messages.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char directory[4096];
static size_t directory_length;

static void die(const char *what) {
    fprintf(stderr, SHIM ": %s: %s\n", what, strerror(errno));
    _exit(70);
}

static void take_directory(void) {
    const char *below = getenv("GAUNTLET_DISK_DIR");
    if (below == NULL) { errno = EINVAL; die("GAUNTLET_DISK_DIR is not set"); }
    if (realpath(below, directory) == NULL) die(below);
    directory_length = strlen(directory);
}

/* Below the directory; an absolute path without links. */
static int is_below(const char *path) {
    return strncmp(path, directory, directory_length) == 0 && path[directory_length] == '/';
}

/* The path of what is open, 0 when there is none. Leaves errno as it is. */
static int path_of(int fd, char *path, size_t size) {
    int saved = errno;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    errno = saved;
    if (length <= 0) return 0;
    path[length] = 0;
    return 1;
}

static int is_synchronous(int fd) {
    int saved = errno, flags = fcntl(fd, F_GETFL);
    errno = saved;
    return flags >= 0 && (flags & O_DSYNC) != 0;
}

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) { errno = ENOSYS; die(name); }
    return found;
}

#define REAL(name)                                                                \
    static __typeof__(&name) real_##name;                                         \
    if (real_##name == NULL) real_##name = (__typeof__(&name))real(#name)

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    return bytes;
}

/* `mode` of open: given only where a file may be made. */
#define TAKE_MODE(flags, mode)                                                    \
    mode_t mode = 0;                                                              \
    if (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE) {         \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        mode = va_arg(rest, mode_t);                                              \
        va_end(rest);                                                             \
    }
