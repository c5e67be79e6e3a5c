/* Of the journal's shim: where its notes are, and how they are written, past the functions that the shim stands before. */
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char journal[4096];
static int is_ready;

static int sys_open(const char *path, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600); }
static int sys_unlink(const char *path) { return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }

static void write_all(int fd, const void *from, size_t size, off_t at) {
    while (size > 0) {
        ssize_t done = syscall(SYS_pwrite64, fd, from, size, at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) die("the journal cannot be written");
        from = (const char *)from + done;
        size -= (size_t)done;
        at += done;
    }
}

static void in_journal(char *path, const char *format, uint64_t number) {
    char name[64];
    snprintf(name, sizeof name, format, (unsigned long long)number);
    if (snprintf(path, 4096, "%s/%s", journal, name) >= 4096) { errno = ENAMETOOLONG; die(journal); }
}
