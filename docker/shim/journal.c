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
#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define MAP_MAGIC 0x616e72756f6a6c67ULL /* "gljourna" */
#define SECTOR 512
#define HEADER_BYTES 4096
/* Longest file that is kept account of: maps are sparse, so that long ones cost nothing. */
#define MAX_SECTORS (128ULL << 21)
#define MAP_BYTES (HEADER_BYTES + MAX_SECTORS / 8)
#define COPY_SECTORS 32

/* src/agent/power-journal.ts has the same layout. */
struct map {
    uint64_t magic;
    uint64_t synced_size;
    /* Outside [first, end) every sector is clean. */
    uint64_t first, end;
    unsigned char rest[HEADER_BYTES - 32];
    unsigned char bits[];
};

struct file {
    ino_t inode;
    pthread_mutex_t lock;
    struct map *map;
    int old;
    struct file *next;
};

#define BUCKETS 256
static char journal[4096];
static int is_ready;
static struct file *files[BUCKETS];
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t entries_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t next_entry = 1;

/* ---- past the functions below ---- */

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

static struct file *open_file(ino_t inode, off_t size) {
    struct file *file = calloc(1, sizeof *file);
    if (file == NULL) die("memory");
    file->inode = inode;
    pthread_mutex_init(&file->lock, NULL);
    char path[4096];
    in_journal(path, "data/%llu.old", inode);
    file->old = sys_open(path, O_RDWR | O_CREAT);
    if (file->old < 0) die(path);
    in_journal(path, "data/%llu.map", inode);
    int fd = sys_open(path, O_RDWR | O_CREAT);
    if (fd < 0 || syscall(SYS_ftruncate, fd, (off_t)MAP_BYTES) != 0) die(path);
    file->map = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (file->map == MAP_FAILED) die(path);
    close(fd);
    if (file->map->magic != MAP_MAGIC) {
        file->map->synced_size = (uint64_t)size;
        __atomic_store_n(&file->map->magic, MAP_MAGIC, __ATOMIC_RELEASE);
    }
    return file;
}

/* The account of what is open, locked; NULL where none is kept. One that is new takes what is there for synced. */
static struct file *lock_file(int fd) {
    if (!is_ready) return NULL;
    int saved = errno;
    struct stat st;
    char path[4096];
    struct file *file = NULL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !path_of(fd, path, sizeof path) || !is_below(path)) goto out;
    const char *name = strrchr(path, '/') + 1;
    if (strcmp(name, "lock.mdb") == 0) goto out;
    pthread_mutex_lock(&files_lock);
    struct file **bucket = &files[st.st_ino % BUCKETS];
    for (file = *bucket; file != NULL && file->inode != st.st_ino; file = file->next) {}
    if (file == NULL) {
        file = open_file(st.st_ino, st.st_size);
        file->next = *bucket;
        *bucket = file;
    }
    pthread_mutex_unlock(&files_lock);
    pthread_mutex_lock(&file->lock);
out:
    errno = saved;
    return file;
}

static void unlock_file(struct file *file) {
    if (file != NULL) pthread_mutex_unlock(&file->lock);
}

static int is_dirty(const struct file *file, uint64_t sector) {
    return (file->map->bits[sector / 8] >> (sector % 8)) & 1;
}

/* What these sectors hold goes to the journal, and only then are they marked: a kill in between loses nothing. */
static void copy_old(struct file *file, int from, uint64_t first, uint64_t count) {
    unsigned char bytes[COPY_SECTORS * SECTOR];
    memset(bytes, 0, count * SECTOR);
    size_t got = 0;
    while (got < count * SECTOR) {
        ssize_t done = pread(from, bytes + got, count * SECTOR - got, (off_t)(first * SECTOR + got));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) die("what is about to be overwritten cannot be read");
        if (done == 0) break;
        got += (size_t)done;
    }
    write_all(file->old, bytes, count * SECTOR, (off_t)(first * SECTOR));
    struct map *map = file->map;
    if (map->first == map->end) map->first = map->end = first;
    if (first < map->first) map->first = first;
    if (first + count > map->end) map->end = first + count;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint64_t s = first; s < first + count; s++) map->bits[s / 8] |= (unsigned char)(1u << (s % 8));
}

/* Before anything of [at, end) changes. */
static void save(struct file *file, int fd, off_t at, off_t end) {
    if (at < 0 || end <= at) return;
    int saved = errno, from = fd;
    uint64_t sector = (uint64_t)at / SECTOR, last = ((uint64_t)end + SECTOR - 1) / SECTOR;
    if (last > MAX_SECTORS) { errno = EFBIG; die("a file is longer than the journal knows"); }
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
        char link[32];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        from = sys_open(link, O_RDONLY);
        if (from < 0) die("a file that is only written cannot be read");
    }
    while (sector < last) {
        if (is_dirty(file, sector)) { sector++; continue; }
        uint64_t count = 1;
        while (count < COPY_SECTORS && sector + count < last && !is_dirty(file, sector + count)) count++;
        copy_old(file, from, sector, count);
        sector += count;
    }
    if (from != fd) close(from);
    errno = saved;
}

static void clean(struct file *file, uint64_t first, uint64_t end) {
    for (uint64_t s = first; s < end; s++) file->map->bits[s / 8] &= (unsigned char)~(1u << (s % 8));
}

static off_t size_of(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0) die("fstat");
    return st.st_size;
}

/* All of it is on the disk. */
static void settle(struct file *file, off_t size) {
    int saved = errno;
    struct map *map = file->map;
    map->synced_size = (uint64_t)size;
    if (map->end > map->first) {
        memset(map->bits + map->first / 8, 0, (map->end - 1) / 8 - map->first / 8 + 1);
        map->first = map->end = 0;
        /* After the bits: what is marked must have its old bytes. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (syscall(SYS_ftruncate, file->old, 0) != 0) die("the journal cannot be cut off");
    }
    errno = saved;
}

/* These sectors are on the disk, and that the file is shorter than it was; that it is longer as far as they go. */
static void settle_part(struct file *file, int fd, off_t at, off_t end) {
    uint64_t size = (uint64_t)size_of(fd), first = (uint64_t)at / SECTOR, last = ((uint64_t)end + SECTOR - 1) / SECTOR;
    uint64_t reached = last * SECTOR < size ? last * SECTOR : size;
    struct map *map = file->map;
    clean(file, first, last);
    if (size < map->synced_size) {
        map->synced_size = size;
        /* What was behind it does not come back when the file grows again. */
        if (syscall(SYS_ftruncate, file->old, (off_t)size) != 0) die("the journal cannot be cut off");
    } else if (reached > map->synced_size) {
        map->synced_size = reached;
    }
}

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

/* A name and the directory that it is in. */
struct entry {
    ino_t directory;
    char name[256];
    char path[4096];
};

/* Whether the entry is one that account is kept of. Leaves errno as it is. */
static int find_entry(struct entry *entry, int at, const char *given) {
    if (!is_ready || given == NULL) return 0;
    int saved = errno, found = 0;
    char whole[4096], parent[4096], base[4096] = "";
    if (given[0] != '/' && at != AT_FDCWD && !path_of(at, base, sizeof base)) goto out;
    if (snprintf(whole, sizeof whole, "%s%s%s", base, base[0] == 0 ? "" : "/", given) >= (int)sizeof whole) goto out;
    size_t length = strlen(whole);
    while (length > 1 && whole[length - 1] == '/') whole[--length] = 0;
    char *slash = strrchr(whole, '/');
    const char *name = slash == NULL ? whole : slash + 1, *up = slash == NULL ? "." : slash == whole ? "/" : whole;
    if (strlen(name) >= sizeof entry->name || strcmp(name, "lock.mdb") == 0) goto out;
    strcpy(entry->name, name);
    if (slash != NULL) *slash = 0;
    struct stat st;
    if (realpath(up, parent) == NULL || stat(parent, &st) != 0) goto out;
    if (snprintf(entry->path, sizeof entry->path, "%s/%s", parent, entry->name) >= (int)sizeof entry->path) goto out;
    entry->directory = st.st_ino;
    found = is_below(entry->path);
out:
    errno = saved;
    return found;
}

static int inode_at(const char *path, ino_t *inode) {
    struct stat st;
    int saved = errno, there = lstat(path, &st) == 0;
    errno = saved;
    if (there) *inode = st.st_ino;
    return there;
}

/* Notes what is about to be done, under the lock of entries; `goes`: a file whose name goes, kept by a link; or NULL. */
static uint64_t note(const char *text, const char *goes) {
    int saved = errno;
    char path[4096];
    int fd = -1;
    uint64_t number = 0;
    while (fd < 0) {
        number = next_entry++;
        in_journal(path, "entries/%016llx", number);
        fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL);
        if (fd < 0 && errno != EEXIST) die(path);
    }
    if (goes != NULL) {
        char link[4096];
        in_journal(link, "entries/%016llx.ino", number);
        /* A directory has none, and needs none. */
        if (syscall(SYS_linkat, AT_FDCWD, goes, AT_FDCWD, link, 0) != 0 && errno != ENOENT && errno != EPERM) die(link);
    }
    write_all(fd, text, strlen(text), 0);
    close(fd);
    errno = saved;
    return number;
}

static void forget(uint64_t number) {
    int saved = errno;
    char path[4096];
    in_journal(path, "entries/%016llx", number);
    sys_unlink(path);
    in_journal(path, "entries/%016llx.ino", number);
    sys_unlink(path);
    errno = saved;
}

static uint64_t note_one(const char *what, const struct entry *entry, const char *goes) {
    char text[512];
    ino_t inode;
    int gone = strcmp(what, "rmdir") == 0 && inode_at(entry->path, &inode);
    int length = snprintf(text, sizeof text, "%s/%llu/%s", what, (unsigned long long)entry->directory, entry->name);
    if (gone) snprintf(text + length, sizeof text - (size_t)length, "//%llu", (unsigned long long)inode);
    return note(text, goes);
}

/* What is made is empty, whatever had its inode before. */
static void begin_file(int fd) {
    struct file *file = lock_file(fd);
    if (file == NULL) return;
    settle(file, 0);
    unlock_file(file);
}

/* The end of an existing file goes with O_TRUNC. */
static void save_all(const char *path) {
    int saved = errno, fd = sys_open(path, O_RDONLY);
    if (fd >= 0) {
        struct file *file = lock_file(fd);
        if (file != NULL) save(file, fd, 0, size_of(fd));
        unlock_file(file);
        close(fd);
    }
    errno = saved;
}

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

/* 0 where there is nothing to be renamed. */
static uint64_t note_rename(const struct entry *source, const struct entry *target) {
    ino_t inode;
    if (!inode_at(source->path, &inode)) return 0;
    char text[1024];
    snprintf(text, sizeof text, "rename/%llu/%s/%llu/%s/%llu", (unsigned long long)source->directory, source->name,
             (unsigned long long)target->directory, target->name, (unsigned long long)inode);
    return note(text, target->path);
}

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

static void read_note(uint64_t number, char *text, size_t size) {
    char path[4096];
    in_journal(path, "entries/%016llx", number);
    int fd = sys_open(path, O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, text, size - 1);
    if (fd >= 0) close(fd);
    text[length < 0 ? 0 : length] = 0;
}

/* Whether this entry was noted for the directory. */
static int concerns(uint64_t number, ino_t inode) {
    char text[1024];
    read_note(number, text, sizeof text);
    unsigned long long one = 0, other = 0;
    int fields = sscanf(text, "%*[a-z]/%llu/%*[^/]/%llu/", &one, &other);
    return (fields >= 1 && one == inode) || (fields == 2 && other == inode);
}

static int by_number(const void *a, const void *b) {
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* The noted entries of a directory, in their order; to be freed. */
static uint64_t *entries_of(ino_t inode, size_t *count) {
    char path[4096];
    in_journal(path, "entries", 0);
    uint64_t *numbers = NULL;
    *count = 0;
    pthread_mutex_lock(&entries_lock);
    DIR *all = opendir(path);
    if (all == NULL) die(path);
    for (struct dirent *each; (each = readdir(all)) != NULL;) {
        if (each->d_name[0] == '.' || strchr(each->d_name, '.') != NULL) continue;
        uint64_t number = strtoull(each->d_name, NULL, 16);
        if (!concerns(number, inode)) continue;
        numbers = realloc(numbers, (*count + 1) * sizeof *numbers);
        if (numbers == NULL) die("memory");
        numbers[(*count)++] = number;
    }
    closedir(all);
    pthread_mutex_unlock(&entries_lock);
    if (numbers != NULL) qsort(numbers, *count, sizeof *numbers, by_number);
    return numbers;
}

/* It is on the disk; with a directory that is gone, what was in it. */
static void done_for_good(uint64_t number) {
    char text[1024];
    unsigned long long gone = 0;
    read_note(number, text, sizeof text);
    forget(number);
    if (sscanf(text, "rmdir/%*u/%*[^/]//%llu", &gone) != 1) return;
    size_t count;
    uint64_t *within = entries_of((ino_t)gone, &count);
    for (size_t i = 0; i < count && within[i] < number; i++) done_for_good(within[i]);
    free(within);
}

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
