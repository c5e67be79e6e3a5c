/* Of the journal's shim: which sectors of a file are not synced, and what they held before. */
#include <pthread.h>
#include <sys/mman.h>

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
static struct file *files[BUCKETS];
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;

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
