/*
 * Preloaded into the server alone: lets its disk behave badly as a control page says, for files below one directory
 * (GAUNTLET_DISK_DIR), and counts in the page what became of its calls. The page is written by the node agent
 * (src/agent/disk-page.ts has the same layout) and read here under a sequence lock.
 *
 * Syncs:  fsync, fdatasync, and writes to files opened with O_DSYNC or O_SYNC. They may be delayed, held, or fail.
 * Writes: write, pwrite, writev, pwritev and their kin. They may fail with EIO, before anything is written.
 * Full:   what makes a file longer, or allocates beyond its end, fails with ENOSPC. Only where no disk can be filled in
 *         earnest; ENOSPC that the kernel gives is counted here too.
 *
 * Not seen: mappings (msync), copies within the kernel, and calls that do not go through the C library.
 */
#define SHIM "disk shim"
#include "preload.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define PAGE_MAGIC 0x6b736964746c6e67ULL /* "gnltdisk" */
#define STALLED 1u
#define FULL 2u
/* How soon a held sync sees that it may go on. */
#define HOLD_NS (5 * 1000000LL)

struct setting {
    uint32_t sync_delay_ms;
    uint32_t flags;
    double write_error_share;
    double sync_error_share;
};

struct page {
    uint64_t magic;
    _Atomic uint64_t sequence; /* odd while it is being written */
    struct setting setting;
    _Atomic uint64_t slow_syncs;
    _Atomic uint64_t stalled_syncs;
    _Atomic uint64_t io_errors;
    _Atomic uint64_t space_errors;
};

static struct page *page;
static _Atomic uint64_t random_state;

/* ---- the page ---- */

__attribute__((constructor)) static void open_page(void) {
    const char *path = getenv("GAUNTLET_DISK_PAGE");
    if (path == NULL) { errno = EINVAL; die("GAUNTLET_DISK_PAGE is not set"); }
    take_directory();
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) die(path);
    void *at = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) die(path);
    close(fd);
    if (((const struct page *)at)->magic != PAGE_MAGIC) { errno = EINVAL; die(path); }
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    random_state = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15ULL + (uint64_t)getpid();
    page = at;
}

/* The setting in force and its sequence; 0 before the constructor ran. */
static uint64_t read_setting(struct setting *out) {
    if (page == NULL) { memset(out, 0, sizeof *out); return 0; }
    for (;;) {
        uint64_t before = atomic_load_explicit(&page->sequence, memory_order_acquire);
        if ((before & 1) == 0) {
            const volatile struct setting *s = &page->setting;
            out->sync_delay_ms = s->sync_delay_ms;
            out->flags = s->flags;
            out->write_error_share = s->write_error_share;
            out->sync_error_share = s->sync_error_share;
            atomic_thread_fence(memory_order_seq_cst);
            if (atomic_load_explicit(&page->sequence, memory_order_relaxed) == before) return before;
        }
        sched_yield();
    }
}

/* Counts are of the setting in force: what began under an older one is told to nobody. */
static void count(_Atomic uint64_t *counter, uint64_t sequence) {
    if (atomic_load(&page->sequence) == sequence) atomic_fetch_add(counter, 1);
}

/* ---- which calls are meant ---- */

static int is_ours(int fd) {
    char path[4096];
    return page != NULL && path_of(fd, path, sizeof path) && is_below(path);
}

static int happens(double share) {
    if (share <= 0) return 0;
    /* splitmix64 */
    uint64_t z = atomic_fetch_add(&random_state, 0x9e3779b97f4a7c15ULL) + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53 < share;
}

/* ---- what becomes of them ---- */

/* Past the C library: clock.c bends its sleeps, and a disk keeps true time. */
static void true_sleep(int64_t ns) {
    struct timespec left = {.tv_sec = ns / 1000000000LL, .tv_nsec = ns % 1000000000LL};
    while (syscall(SYS_nanosleep, &left, &left) != 0 && errno == EINTR) {}
}

/* 0: carry it out; -1: it failed, errno says how. */
static int before_sync(int fd) {
    struct setting s;
    uint64_t sequence = read_setting(&s);
    if (s.sync_delay_ms == 0 && (s.flags & STALLED) == 0 && s.sync_error_share <= 0) return 0;
    if (!is_ours(fd)) return 0;
    int saved = errno;
    if ((s.flags & STALLED) != 0) {
        count(&page->stalled_syncs, sequence);
        do {
            true_sleep(HOLD_NS);
            read_setting(&s);
        } while ((s.flags & STALLED) != 0);
        errno = saved;
        return 0;
    }
    if (s.sync_delay_ms > 0) {
        true_sleep(s.sync_delay_ms * 1000000LL);
        count(&page->slow_syncs, sequence);
    }
    errno = saved;
    if (!happens(s.sync_error_share)) return 0;
    count(&page->io_errors, sequence);
    errno = EIO;
    return -1;
}

/* `end`: the offset behind the last byte written; -1 where the file's own position says it. */
static int needs_space(int fd, off_t at, size_t bytes) {
    struct stat st;
    int saved = errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) { errno = saved; return 0; }
    if (at < 0) at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
    errno = saved;
    return at >= 0 && at + (off_t)bytes > st.st_size;
}

static int before_write(int fd, off_t at, size_t bytes) {
    struct setting s;
    uint64_t sequence = read_setting(&s);
    if (s.write_error_share > 0 && is_ours(fd) && happens(s.write_error_share)) {
        count(&page->io_errors, sequence);
        errno = EIO;
        return -1;
    }
    if ((s.flags & FULL) != 0 && is_ours(fd) && needs_space(fd, at, bytes)) {
        count(&page->space_errors, sequence);
        errno = ENOSPC;
        return -1;
    }
    int syncs = s.sync_delay_ms != 0 || (s.flags & STALLED) != 0 || s.sync_error_share > 0;
    return syncs && is_synchronous(fd) ? before_sync(fd) : 0;
}

/* A disk that is full in earnest says so itself. */
static void after_write(int fd, int error) {
    if (error != ENOSPC || !is_ours(fd)) return;
    struct setting s;
    count(&page->space_errors, read_setting(&s));
}

/* ---- the calls ---- */

#define WRITES(name, parameters, at, bytes, ...)                                  \
    ssize_t name parameters {                                                     \
        REAL(name);                                                               \
        if (before_write(fd, at, bytes) != 0) return -1;                          \
        ssize_t written = real_##name(__VA_ARGS__);                               \
        if (written < 0) after_write(fd, errno);                                  \
        return written;                                                           \
    }

WRITES(write, (int fd, const void *from, size_t size), -1, size, fd, from, size)
WRITES(pwrite, (int fd, const void *from, size_t size, off_t at), at, size, fd, from, size, at)
WRITES(pwrite64, (int fd, const void *from, size_t size, off64_t at), at, size, fd, from, size, at)
WRITES(writev, (int fd, const struct iovec *parts, int n), -1, total(parts, n), fd, parts, n)
WRITES(pwritev, (int fd, const struct iovec *parts, int n, off_t at), at, total(parts, n), fd, parts, n, at)
WRITES(pwritev64, (int fd, const struct iovec *parts, int n, off64_t at), at, total(parts, n), fd, parts, n, at)
WRITES(pwritev2, (int fd, const struct iovec *parts, int n, off_t at, int flags), at, total(parts, n), fd, parts, n, at, flags)
WRITES(pwritev64v2, (int fd, const struct iovec *parts, int n, off64_t at, int flags), at, total(parts, n), fd, parts, n, at, flags)

#define SYNCS(name)                                                               \
    int name(int fd) {                                                            \
        REAL(name);                                                               \
        if (before_sync(fd) != 0) return -1;                                      \
        int result = real_##name(fd);                                             \
        if (result != 0) after_write(fd, errno);                                  \
        return result;                                                            \
    }

SYNCS(fsync)
SYNCS(fdatasync)

/* ---- allocation ---- */

static int before_allocation(int fd, off_t at, off_t bytes) {
    struct setting s;
    uint64_t sequence = read_setting(&s);
    if ((s.flags & FULL) == 0 || !is_ours(fd) || !needs_space(fd, at, (size_t)bytes)) return 0;
    count(&page->space_errors, sequence);
    return -1;
}

#define ALLOCATES(name, offset)                                                   \
    int name(int fd, int mode, offset at, offset bytes) {                         \
        REAL(name);                                                               \
        if (before_allocation(fd, at, bytes) != 0) { errno = ENOSPC; return -1; } \
        int result = real_##name(fd, mode, at, bytes);                            \
        if (result != 0) after_write(fd, errno);                                  \
        return result;                                                            \
    }

ALLOCATES(fallocate, off_t)
ALLOCATES(fallocate64, off64_t)

/* These give the error as their result. */
#define POSIX_ALLOCATES(name, offset)                                             \
    int name(int fd, offset at, offset bytes) {                                   \
        REAL(name);                                                               \
        if (before_allocation(fd, at, bytes) != 0) return ENOSPC;                 \
        int error = real_##name(fd, at, bytes);                                   \
        after_write(fd, error);                                                   \
        return error;                                                             \
    }

POSIX_ALLOCATES(posix_fallocate, off_t)
POSIX_ALLOCATES(posix_fallocate64, off64_t)

/* A file or directory that cannot be made has no descriptor yet; the name tells whose it is. */
static void after_creation(const char *path) {
    if (errno != ENOSPC || page == NULL) return;
    char absolute[4096];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 1 : (size_t)(slash - path);
    char parent[4096];
    if (length >= sizeof parent) { errno = ENOSPC; return; }
    memcpy(parent, slash == NULL ? "." : path, length);
    parent[length] = 0;
    int below = realpath(parent[0] == 0 ? "/" : parent, absolute) != NULL &&
                strncmp(absolute, directory, directory_length) == 0;
    struct setting s;
    if (below) count(&page->space_errors, read_setting(&s));
    errno = ENOSPC;
}

#define OPENS(name)                                                               \
    int name(const char *path, int flags, ...) {                                  \
        REAL(name);                                                               \
        TAKE_MODE(flags, mode)                                                    \
        int fd = real_##name(path, flags, mode);                                  \
        if (fd < 0) after_creation(path);                                         \
        return fd;                                                                \
    }

OPENS(open)
OPENS(open64)

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    int result = real_mkdir(path, mode);
    if (result != 0) after_creation(path);
    return result;
}
