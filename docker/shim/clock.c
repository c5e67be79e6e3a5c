/*
 * Preloaded into the server alone: bends its clocks as a control page says, and lets every timed wait
 * follow the bent clock. The page is written by the node agent (src/agent/clock-page.ts has the same layout)
 * and read here under a sequence lock, so a change is seen at once and never half.
 *
 * Monotonic clock: a line through an anchor, virtual = anchor_virtual + (true - anchor_true) * rate.
 * Wall clock:      such a line, by true wall time, + offset. No wait follows its rate, but for deadlines on it.
 *                  The writer takes the anchor of a new line while readers wait, and readers take the time while
 *                  the page stands still: so each time is bent by the line that was in force at that time, and
 *                  the clock changes its speed without a jump, however long either of them is held up.
 * A wait of d virtual nanoseconds takes d / rate true ones, in slices: a change of rate reaches waits in progress.
 *
 * Clocks of processor time, and time stamps that the kernel writes (files), stay true.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000LL
#define PAGE_MAGIC 0x6b636f6c63746e67ULL /* "gntclock" */
/* The longest that a wait goes on at an old rate. */
#define SLICE_NS (20 * 1000000LL)

struct line {
    int64_t anchor_true;
    int64_t anchor_virtual;
    double rate;
};

struct setting {
    int64_t wall_offset;
    struct line wall;
    struct line monotonic;
};

struct page {
    uint64_t magic;
    _Atomic uint64_t sequence; /* odd while it is being written */
    struct setting setting;
};

/* What the clocks were set to at a moment, and the true time of that moment on the clock that was asked about. */
struct moment {
    struct setting setting;
    int64_t now;
};

/* What these clocks are ahead of the monotonic one: the time asleep, and the correction of the oscillator. */
static int64_t boottime_ahead, raw_ahead;

static const struct page *page;

/* ---- the page ---- */

static void die(const char *what) {
    fprintf(stderr, "clock shim: %s: %s\n", what, strerror(errno));
    _exit(70);
}

static void check_condvar_layout(void);
static int64_t true_now(clockid_t clock);

__attribute__((constructor)) static void open_page(void) {
    const char *path = getenv("GAUNTLET_CLOCK_PAGE");
    if (path == NULL) { errno = EINVAL; die("GAUNTLET_CLOCK_PAGE is not set"); }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die(path);
    void *at = mmap(NULL, sizeof(struct page), PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) die(path);
    close(fd);
    if (((const struct page *)at)->magic != PAGE_MAGIC) { errno = EINVAL; die(path); }
    check_condvar_layout();
    boottime_ahead = true_now(CLOCK_BOOTTIME) - true_now(CLOCK_MONOTONIC);
    raw_ahead = true_now(CLOCK_MONOTONIC_RAW) - true_now(CLOCK_MONOTONIC);
    page = at;
}

/* False before the constructor ran: until then every clock is true. */
static int read_moment(clockid_t clock, struct moment *out) {
    if (page == NULL) return 0;
    for (;;) {
        uint64_t before = atomic_load_explicit(&page->sequence, memory_order_acquire);
        if ((before & 1) == 0) {
            out->setting = *(const volatile struct setting *)&page->setting;
            out->now = true_now(clock);
            atomic_thread_fence(memory_order_seq_cst);
            if (atomic_load_explicit(&page->sequence, memory_order_relaxed) == before) return 1;
        }
        sched_yield();
    }
}

/* ---- the real functions ---- */

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) { errno = ENOSYS; die(name); }
    return found;
}

/* Looked up on first use: clocks are read by other constructors, before ours. */
#define REAL(name)                                                                \
    static __typeof__(&name) real_##name;                                         \
    if (real_##name == NULL) real_##name = (__typeof__(&name))real(#name)

static int true_clock(clockid_t clock, struct timespec *ts) {
    REAL(clock_gettime);
    return real_clock_gettime(clock, ts);
}

/* ---- arithmetic ---- */

static int64_t to_ns(const struct timespec *ts) { return (int64_t)ts->tv_sec * NS + ts->tv_nsec; }

static struct timespec to_timespec(int64_t ns) {
    int64_t seconds = ns / NS, rest = ns % NS;
    if (rest < 0) { seconds -= 1; rest += NS; }
    return (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
}

static int64_t true_now(clockid_t clock) {
    struct timespec ts;
    true_clock(clock, &ts);
    return to_ns(&ts);
}

/* Rate 1 needs no floating point and is exact. */
static int64_t bend(const struct line *line, int64_t now) {
    int64_t since = now - line->anchor_true;
    return line->anchor_virtual + (line->rate == 1.0 ? since : (int64_t)((double)since * line->rate));
}

static int64_t virtual_now(void) {
    struct moment m;
    return read_moment(CLOCK_MONOTONIC, &m) ? bend(&m.setting.monotonic, m.now) : true_now(CLOCK_MONOTONIC);
}

/* True nanoseconds to sleep towards a virtual monotonic deadline: at most one slice; 0 when it has passed. */
static int64_t slice_towards(int64_t deadline) {
    struct moment m;
    if (!read_moment(CLOCK_MONOTONIC, &m))
        m = (struct moment){.setting = {.monotonic = {.rate = 1.0}}, .now = true_now(CLOCK_MONOTONIC)};
    int64_t left = deadline - bend(&m.setting.monotonic, m.now);
    if (left <= 0) return 0;
    double wait = (double)left / m.setting.monotonic.rate + 1;
    return wait < SLICE_NS ? (int64_t)wait : SLICE_NS;
}

/* Saturates, so that "for ever" given as a huge number stays that. */
static int64_t deadline_after(int64_t ns) {
    int64_t now = virtual_now(), deadline;
    return __builtin_add_overflow(now, ns, &deadline) ? INT64_MAX : deadline;
}

static int64_t duration_ns(const struct timespec *ts) {
    return ts->tv_sec > INT64_MAX / NS - 1 ? INT64_MAX : to_ns(ts);
}

static int valid_timespec(const struct timespec *ts) {
    return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < NS;
}

/* ---- reading clocks ---- */

/* The wall clocks differ by whole seconds at most, so one line does for all. */
static int is_wall(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int clock_gettime(clockid_t clock, struct timespec *ts) {
    struct moment m;
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        if (!read_moment(clock, &m)) break;
        *ts = to_timespec(bend(&m.setting.wall, m.now) + m.setting.wall_offset);
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE: /* finer than it says */
        *ts = to_timespec(virtual_now());
        return 0;
    case CLOCK_MONOTONIC_RAW:
        *ts = to_timespec(virtual_now() + raw_ahead);
        return 0;
    case CLOCK_BOOTTIME:
        *ts = to_timespec(virtual_now() + boottime_ahead);
        return 0;
    default:
        break;
    }
    return true_clock(clock, ts);
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
    if (zone != NULL) memset(zone, 0, sizeof(struct timezone));
    struct timespec ts;
    int result = clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return result;
}

time_t time(time_t *out) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME_COARSE, &ts);
    if (out != NULL) *out = ts.tv_sec;
    return ts.tv_sec;
}

/* ---- waiting for events: the wait is done in slices until something happens or the deadline has passed ---- */

static int whole_ms(int64_t ns) { return (int)((ns + 999999) / 1000000); }

int epoll_pwait(int ep, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
    REAL(epoll_pwait);
    if (timeout <= 0) return real_epoll_pwait(ep, events, max, timeout, mask);
    int64_t deadline = deadline_after(timeout * 1000000LL);
    for (;;) {
        int64_t slice = slice_towards(deadline);
        int n = real_epoll_pwait(ep, events, max, whole_ms(slice), mask);
        if (n != 0 || slice == 0) return n;
    }
}

int epoll_wait(int ep, struct epoll_event *events, int max, int timeout) {
    return epoll_pwait(ep, events, max, timeout, NULL);
}

int epoll_pwait2(int ep, struct epoll_event *events, int max, const struct timespec *timeout, const sigset_t *mask) {
    REAL(epoll_pwait2);
    if (timeout == NULL || !valid_timespec(timeout)) return real_epoll_pwait2(ep, events, max, timeout, mask);
    int64_t deadline = deadline_after(duration_ns(timeout));
    for (;;) {
        int64_t slice = slice_towards(deadline);
        struct timespec ts = to_timespec(slice);
        int n = real_epoll_pwait2(ep, events, max, &ts, mask);
        if (n != 0 || slice == 0) return n;
    }
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    REAL(ppoll);
    if (timeout == NULL || !valid_timespec(timeout)) return real_ppoll(fds, count, timeout, mask);
    int64_t deadline = deadline_after(duration_ns(timeout));
    for (;;) {
        int64_t slice = slice_towards(deadline);
        struct timespec ts = to_timespec(slice);
        int n = real_ppoll(fds, count, &ts, mask);
        if (n != 0 || slice == 0) return n;
    }
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    struct timespec ts = to_timespec((int64_t)timeout * 1000000);
    return ppoll(fds, count, timeout < 0 ? NULL : &ts, NULL);
}

/* A slice empties the sets when it ends without an event: each begins from the caller's. */
int pselect(int count, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
            const struct timespec *restrict timeout, const sigset_t *restrict mask) {
    REAL(pselect);
    if (timeout == NULL || !valid_timespec(timeout) || count > FD_SETSIZE)
        return real_pselect(count, r, w, e, timeout, mask);
    int64_t deadline = deadline_after(duration_ns(timeout));
    for (;;) {
        fd_set r2, w2, e2;
        if (r != NULL) r2 = *r;
        if (w != NULL) w2 = *w;
        if (e != NULL) e2 = *e;
        int64_t slice = slice_towards(deadline);
        struct timespec ts = to_timespec(slice);
        int n = real_pselect(count, r == NULL ? NULL : &r2, w == NULL ? NULL : &w2, e == NULL ? NULL : &e2, &ts, mask);
        if (n == 0 && slice != 0) continue;
        if (n >= 0) {
            if (r != NULL) *r = r2;
            if (w != NULL) *w = w2;
            if (e != NULL) *e = e2;
        }
        return n;
    }
}

int select(int count, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e, struct timeval *restrict timeout) {
    if (timeout == NULL) return pselect(count, r, w, e, NULL, NULL);
    struct timespec ts = {.tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_usec * 1000L};
    if (!valid_timespec(&ts)) { errno = EINVAL; return -1; }
    int64_t deadline = deadline_after(duration_ns(&ts));
    int n = pselect(count, r, w, e, &ts, NULL);
    int64_t left = deadline - virtual_now(); /* Linux tells what is left of the time */
    ts = to_timespec(left > 0 ? left : 0);
    timeout->tv_sec = ts.tv_sec;
    timeout->tv_usec = ts.tv_nsec / 1000;
    return n;
}

/* ---- sleeping ---- */

static int sleep_until(int64_t deadline) {
    REAL(clock_nanosleep);
    for (;;) {
        int64_t slice = slice_towards(deadline);
        if (slice == 0) return 0;
        struct timespec ts = to_timespec(slice);
        int error = real_clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
        if (error != 0) return error;
    }
}

/* When a bent wall clock will show this, if nobody sets it meanwhile. */
static struct timespec true_wall(const struct timespec *bent, const struct moment *m) {
    const struct line *line = &m->setting.wall;
    int64_t unset = duration_ns(bent) - m->setting.wall_offset;
    if (line->rate != 1.0) {
        double since = (double)(unset - line->anchor_virtual) / line->rate;
        unset = since < (double)(INT64_MAX / 2) ? line->anchor_true + (int64_t)since : INT64_MAX;
    }
    struct timespec ts = to_timespec(unset);
    return ts.tv_sec < 0 ? (struct timespec){0, 0} : ts;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left) {
    REAL(clock_nanosleep);
    struct moment m;
    if ((!is_wall(clock) && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) || !valid_timespec(wanted) ||
        !read_moment(CLOCK_MONOTONIC, &m))
        return real_clock_nanosleep(clock, flags, wanted, left);
    if ((flags & TIMER_ABSTIME) != 0) {
        if (is_wall(clock)) {
            struct timespec ts = true_wall(wanted, &m);
            return real_clock_nanosleep(clock, flags, &ts, left);
        }
        struct timespec now;
        clock_gettime(clock, &now);
        return sleep_until(deadline_after(to_ns(wanted) - to_ns(&now)));
    }
    int64_t deadline = deadline_after(duration_ns(wanted));
    int error = sleep_until(deadline);
    if (error == EINTR && left != NULL) {
        int64_t rest = deadline - virtual_now();
        *left = to_timespec(rest > 0 ? rest : 0);
    }
    return error;
}

int nanosleep(const struct timespec *wanted, struct timespec *left) {
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, wanted, left);
    if (error == 0) return 0;
    errno = error;
    return -1;
}

int usleep(useconds_t us) {
    struct timespec ts = to_timespec((int64_t)us * 1000);
    return nanosleep(&ts, NULL);
}

unsigned int sleep(unsigned int seconds) {
    struct timespec ts = {.tv_sec = seconds, .tv_nsec = 0}, left = {0, 0};
    return nanosleep(&ts, &left) == 0 ? 0 : (unsigned int)(left.tv_sec + (left.tv_nsec > 0));
}

/* ---- deadlines on the wall clock ---- */

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict until) {
    REAL(sem_timedwait);
    struct moment m;
    if (!valid_timespec(until) || !read_moment(CLOCK_REALTIME, &m)) return real_sem_timedwait(sem, until);
    struct timespec ts = true_wall(until, &m);
    return real_sem_timedwait(sem, &ts);
}

/* ---- condition variables: deadlines are given on a bent clock, the kernel waits on the true one ---- */

/* glibc (2.25 and later) keeps the clock of a condition variable in bit 1 of __wrefs; there is no call for it. */
static clockid_t clock_of(const pthread_cond_t *cond) {
    return (cond->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

static void check_condvar_layout(void) {
    pthread_condattr_t attr;
    pthread_cond_t monotonic, wall;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&monotonic, &attr);
    pthread_cond_init(&wall, NULL);
    if (clock_of(&monotonic) != CLOCK_MONOTONIC || clock_of(&wall) != CLOCK_REALTIME) {
        errno = ENOSYS;
        die("this C library keeps the clock of a condition variable elsewhere");
    }
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    REAL(pthread_cond_clockwait);
    struct moment m;
    if (!valid_timespec(until) || !read_moment(clock, &m)) return real_pthread_cond_clockwait(cond, mutex, clock, until);
    if (clock == CLOCK_REALTIME) {
        struct timespec ts = true_wall(until, &m);
        return real_pthread_cond_clockwait(cond, mutex, CLOCK_REALTIME, &ts);
    }
    /* The end of a slice is told as a spurious wake-up: going on to wait here could sleep through a signal. */
    int64_t slice = slice_towards(duration_ns(until));
    struct timespec ts = to_timespec(true_now(CLOCK_MONOTONIC) + slice);
    int error = real_pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &ts);
    return error == ETIMEDOUT && slice != 0 ? 0 : error;
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    return pthread_cond_clockwait(cond, mutex, clock_of(cond), until);
}
