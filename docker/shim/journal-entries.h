/* Of the journal's shim: names that were made, changed or removed, until their directory is synced. */
#include <dirent.h>
#include <pthread.h>

static pthread_mutex_t entries_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t next_entry = 1;

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

/* 0 where there is nothing to be renamed. */
static uint64_t note_rename(const struct entry *source, const struct entry *target) {
    ino_t inode;
    if (!inode_at(source->path, &inode)) return 0;
    char text[1024];
    snprintf(text, sizeof text, "rename/%llu/%s/%llu/%s/%llu", (unsigned long long)source->directory, source->name,
             (unsigned long long)target->directory, target->name, (unsigned long long)inode);
    return note(text, target->path);
}

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
