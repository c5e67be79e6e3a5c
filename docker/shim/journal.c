/*
 * Preloaded into the server behind disk.c, where no file system can lose its power: notes below GAUNTLET_DISK_JOURNAL what
 * is not synced yet of the files and directories below GAUNTLET_DISK_DIR, and what was there before. The notes are files as
 * the data is, so both survive the server's death; src/agent/power-journal.ts reads them, and takes back what a power loss
 * would have taken. Both directories are on one file system.
 *
 * Data:    data/<inode>.map has a bit for each sector of 512 bytes that was written and not synced, and the length that
 *          was synced; data/<inode>.old has what such sectors held. fsync and fdatasync make a file clean; a write
 *          to a file opened with O_DSYNC or O_SYNC the sectors that it wrote, when it returns.
 * Entries: entries/<number> is a creation, renaming or removal, in their order, until a sync of its directory; with
 *          <number>.ino beside it, a link to the file whose name went.
 *
 * What may be written while a sync of the same file is under way waits for its end, so it is not taken for synced.
 * Not seen: mappings, copies within the kernel, calls that do not go through the C library, and lock.mdb, which LMDB
 * writes by a mapping, never syncs, and makes anew.
 */
#define SHIM "journal shim"
#include "preload.h"
#include "journal-notes.h"
#include "journal-data.h"
#include "journal-entries.h"

__attribute__((constructor)) static void open_journal(void) {
    const char *at = getenv("GAUNTLET_DISK_JOURNAL");
    if (at == NULL) { errno = EINVAL; die("GAUNTLET_DISK_JOURNAL is not set"); }
    take_directory();
    if (realpath(at, journal) == NULL) die(at);
    char path[4096];
    in_journal(path, "entries", 0);
    DIR *entries = opendir(path);
    if (entries == NULL) die(path);
    for (struct dirent *each; (each = readdir(entries)) != NULL;) {
        uint64_t number = strtoull(each->d_name, NULL, 16);
        if (number >= next_entry) next_entry = number + 1;
    }
    closedir(entries);
    is_ready = 1;
}

/* ---- data ---- */

/* Where a write without an offset begins. */
static off_t position_of(int fd) {
    return (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
}

#define WRITES(name, parameters, offset, size, flags, ...)                        \
    ssize_t name parameters {                                                     \
        REAL(name);                                                               \
        struct file *file = lock_file(fd);                                        \
        if (file == NULL) return real_##name(__VA_ARGS__);                        \
        off_t start = (offset);                                                   \
        if (start < 0) start = position_of(fd);                                   \
        save(file, fd, start, start + (off_t)(size));                             \
        ssize_t written = real_##name(__VA_ARGS__);                               \
        int synced = is_synchronous(fd) || ((flags) & (RWF_DSYNC | RWF_SYNC)) != 0; \
        if (written > 0 && synced) settle_part(file, fd, start, start + written); \
        unlock_file(file);                                                        \
        return written;                                                           \
    }

WRITES(write, (int fd, const void *from, size_t size), -1, size, 0, fd, from, size)
WRITES(pwrite, (int fd, const void *from, size_t size, off_t at), at, size, 0, fd, from, size, at)
WRITES(pwrite64, (int fd, const void *from, size_t size, off64_t at), at, size, 0, fd, from, size, at)
WRITES(writev, (int fd, const struct iovec *parts, int n), -1, total(parts, n), 0, fd, parts, n)
WRITES(pwritev, (int fd, const struct iovec *parts, int n, off_t at), at, total(parts, n), 0, fd, parts, n, at)
WRITES(pwritev64, (int fd, const struct iovec *parts, int n, off64_t at), at, total(parts, n), 0, fd, parts, n, at)
WRITES(pwritev2, (int fd, const struct iovec *parts, int n, off_t at, int how), at, total(parts, n), how, fd, parts, n, at, how)
WRITES(pwritev64v2, (int fd, const struct iovec *parts, int n, off64_t at, int how), at, total(parts, n), how, fd, parts, n, at, how)

#define TRUNCATES(name, offset)                                                   \
    int name(int fd, offset length) {                                             \
        REAL(name);                                                               \
        struct file *file = lock_file(fd);                                        \
        if (file != NULL) save(file, fd, length, size_of(fd));                    \
        int result = real_##name(fd, length);                                     \
        unlock_file(file);                                                        \
        return result;                                                            \
    }

TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

/* Some modes change what is there; what only makes room reads as before. */
#define ALLOCATES(name, offset)                                                   \
    int name(int fd, int mode, offset at, offset bytes) {                         \
        REAL(name);                                                               \
        struct file *file = lock_file(fd);                                        \
        if (file != NULL && mode != 0) save(file, fd, at, size_of(fd));           \
        int result = real_##name(fd, mode, at, bytes);                            \
        unlock_file(file);                                                        \
        return result;                                                            \
    }

ALLOCATES(fallocate, off_t)
ALLOCATES(fallocate64, off64_t)

/* ---- entries ---- */

#define OPENED(at, path, flags, call)                                             \
    struct entry entry;                                                           \
    if (((flags) & (O_CREAT | O_TRUNC)) == 0 || ((flags) & O_TMPFILE) == O_TMPFILE || !find_entry(&entry, at, path)) \
        return call;                                                              \
    pthread_mutex_lock(&entries_lock);                                            \
    ino_t inode;                                                                  \
    int existed = inode_at(entry.path, &inode);                                   \
    uint64_t number = existed || ((flags) & O_CREAT) == 0 ? 0 : note_one("create", &entry, NULL); \
    if (existed && ((flags) & O_TRUNC) != 0 && ((flags) & O_EXCL) == 0) save_all(entry.path); \
    int fd = call;                                                                \
    if (number != 0 && fd < 0) forget(number);                                    \
    if (number != 0 && fd >= 0) begin_file(fd);                                   \
    pthread_mutex_unlock(&entries_lock);                                          \
    return fd

#define OPENS(name)                                                               \
    int name(const char *path, int flags, ...) {                                  \
        REAL(name);                                                               \
        TAKE_MODE(flags, mode)                                                    \
        OPENED(AT_FDCWD, path, flags, real_##name(path, flags, mode));            \
    }
#define OPENS_AT(name)                                                            \
    int name(int at, const char *path, int flags, ...) {                          \
        REAL(name);                                                               \
        TAKE_MODE(flags, mode)                                                    \
        OPENED(at, path, flags, real_##name(at, path, flags, mode));              \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

/* A call that changes one entry; `goes`: a name that goes. */
#define CHANGES(name, what, parameters, at, path, goes, ...)                      \
    int name parameters {                                                         \
        REAL(name);                                                               \
        struct entry entry;                                                       \
        if (!find_entry(&entry, at, path)) return real_##name(__VA_ARGS__);       \
        pthread_mutex_lock(&entries_lock);                                        \
        uint64_t number = note_one(what, &entry, (goes) ? entry.path : NULL);     \
        int result = real_##name(__VA_ARGS__);                                    \
        if (result != 0) forget(number);                                          \
        pthread_mutex_unlock(&entries_lock);                                      \
        return result;                                                            \
    }

CHANGES(mkdir, "mkdir", (const char *path, mode_t mode), AT_FDCWD, path, 0, path, mode)
CHANGES(mkdirat, "mkdir", (int at, const char *path, mode_t mode), at, path, 0, at, path, mode)
CHANGES(rmdir, "rmdir", (const char *path), AT_FDCWD, path, 0, path)
CHANGES(unlink, "unlink", (const char *path), AT_FDCWD, path, 1, path)
CHANGES(unlinkat, (how & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", (int at, const char *path, int how), at, path, 1, at, path, how)
CHANGES(link, "create", (const char *old, const char *path), AT_FDCWD, path, 0, old, path)

#define RENAMES(call, parameters, from_at, from, to_at, to, ...)                  \
    int call parameters {                                                         \
        REAL(call);                                                               \
        struct entry source, target;                                              \
        if (!find_entry(&source, from_at, from) || !find_entry(&target, to_at, to)) return real_##call(__VA_ARGS__); \
        pthread_mutex_lock(&entries_lock);                                        \
        uint64_t number = note_rename(&source, &target);                          \
        int result = real_##call(__VA_ARGS__);                                    \
        if (result != 0 && number != 0) forget(number);                           \
        pthread_mutex_unlock(&entries_lock);                                      \
        return result;                                                            \
    }

RENAMES(rename, (const char *from, const char *to), AT_FDCWD, from, AT_FDCWD, to, from, to)
RENAMES(renameat, (int from_at, const char *from, int to_at, const char *to), from_at, from, to_at, to, from_at, from, to_at, to)

/* ---- syncs ---- */

static int is_our_directory(int fd, ino_t *inode) {
    if (!is_ready) return 0;
    int saved = errno;
    struct stat st;
    char path[4096];
    int ours = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && path_of(fd, path, sizeof path) &&
               (is_below(path) || strcmp(path, directory) == 0);
    errno = saved;
    if (ours) *inode = st.st_ino;
    return ours;
}

#define SYNCS(name)                                                               \
    int name(int fd) {                                                            \
        REAL(name);                                                               \
        ino_t inode;                                                              \
        if (is_our_directory(fd, &inode)) {                                       \
            size_t count;                                                         \
            uint64_t *numbers = entries_of(inode, &count);                        \
            int done = real_##name(fd);                                           \
            for (size_t i = 0; done == 0 && i < count; i++) done_for_good(numbers[i]); \
            free(numbers);                                                        \
            return done;                                                          \
        }                                                                         \
        struct file *file = lock_file(fd);                                        \
        int result = real_##name(fd);                                             \
        if (file != NULL && result == 0) settle(file, size_of(fd));               \
        unlock_file(file);                                                        \
        return result;                                                            \
    }

SYNCS(fsync)
SYNCS(fdatasync)
