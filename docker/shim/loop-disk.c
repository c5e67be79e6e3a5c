/*
 * A machine's disk: ext4 in a file behind a loop device, which can lose its power. Run by the node agent.
 *
 *   loop-disk mount FILE DIR   attaches and mounts; the kernel detaches by itself when nothing mounts it any more
 *   loop-disk cut FILE DIR     the power fails and comes back: what no sync had carried to the file is gone.
 *                              Prints what that was, as JSON. Nothing may have files of DIR open.
 *   loop-disk unmount DIR
 *   loop-disk fill FILE        takes all space that is free on FILE's file system, without writing it
 *
 * The cut is ext4's shutdown ioctl without a flush of its journal: from then on nothing reaches the device. Then
 * umount and mount, which replays the journal as after a real power loss.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define LOOP_MAJOR 7
#define ATTACH_TRIES 100
#define UMOUNT_TRIES 500
#define SHUTDOWN_IOCTL _IOR('X', 125, uint32_t)
#define SHUTDOWN_WITHOUT_FLUSH 2u
#define PAGE 4096
#define BLOCK (256 * PAGE)

static void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void pause_ms(long ms) {
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

/* ---- attaching ---- */

/* Attaches the file to a free loop device, and gives that device open: closed and not mounted, it is free again. */
static int attach(const char *file, char *device, size_t size) {
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) die("/dev/loop-control");
    int backing = open(file, O_RDWR | O_CLOEXEC);
    if (backing < 0) die(file);
    for (int i = 0; i < ATTACH_TRIES; i++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0) die("no loop device is free");
        snprintf(device, size, "/dev/loop%d", number);
        /* A container's /dev does not get the nodes of devices that are made later. */
        if (mknod(device, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number)) != 0 && errno != EEXIST) die(device);
        int loop = open(device, O_RDWR | O_CLOEXEC);
        if (loop < 0) die(device);
        struct loop_config config = {.fd = (uint32_t)backing, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
        strncpy((char *)config.info.lo_file_name, file, LO_NAME_SIZE - 1);
        if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
            close(backing);
            close(control);
            return loop;
        }
        /* Somebody else took it in between. */
        if (errno != EBUSY) die("LOOP_CONFIGURE");
        close(loop);
        pause_ms(1 + i % 10);
    }
    errno = EBUSY;
    die("every free loop device was taken by others");
    return -1;
}

static void mount_disk(const char *file, const char *directory) {
    char device[64];
    int loop = attach(file, device, sizeof device);
    if (mount(device, directory, "ext4", MS_NOATIME, NULL) != 0) die("mount");
    close(loop);
}

/* ---- what is on the disk ---- */

struct entry {
    char *path;
    int64_t size; /* -1: not a regular file */
    uint64_t *pages;
};

struct survey {
    struct entry *entries;
    size_t count, room;
};

static uint64_t hash_page(const unsigned char *bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325ULL ^ size;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    return hash;
}

static size_t pages_of(int64_t size) { return size <= 0 ? 0 : (size_t)((size + PAGE - 1) / PAGE); }

static void read_pages(int fd, struct entry *entry) {
    static unsigned char block[BLOCK];
    entry->pages = calloc(pages_of(entry->size) + 1, sizeof(uint64_t));
    if (entry->pages == NULL) die("memory");
    for (int64_t at = 0; at < entry->size;) {
        ssize_t got = pread(fd, block, BLOCK, at);
        if (got < 0) die(entry->path);
        if (got == 0) break;
        for (ssize_t i = 0; i < got; i += PAGE) {
            size_t size = got - i < PAGE ? (size_t)(got - i) : PAGE;
            entry->pages[(at + i) / PAGE] = hash_page(block + i, size);
        }
        at += got;
    }
}

static void look(struct survey *survey, int parent, const char *name, const char *prefix) {
    /* LMDB never syncs it and makes it anew at each start: its loss would pass for one of data. */
    if (strcmp(name, "lock.mdb") == 0) return;
    int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
    if (fd < 0) return; /* a link, or gone */
    struct stat st;
    if (fstat(fd, &st) != 0) die(prefix);
    if (survey->count == survey->room) {
        survey->room = survey->room * 2 + 64;
        survey->entries = realloc(survey->entries, survey->room * sizeof(struct entry));
        if (survey->entries == NULL) die("memory");
    }
    struct entry *entry = &survey->entries[survey->count++];
    entry->path = strdup(prefix);
    entry->size = S_ISREG(st.st_mode) ? st.st_size : -1;
    entry->pages = NULL;
    if (S_ISREG(st.st_mode)) read_pages(fd, entry);
    if (!S_ISDIR(st.st_mode)) { close(fd); return; }
    DIR *directory = fdopendir(fd);
    if (directory == NULL) die(prefix);
    for (struct dirent *each; (each = readdir(directory)) != NULL;) {
        if (strcmp(each->d_name, ".") == 0 || strcmp(each->d_name, "..") == 0) continue;
        char *path;
        if (asprintf(&path, "%s/%s", prefix, each->d_name) < 0) die("memory");
        look(survey, dirfd(directory), each->d_name, path);
        free(path);
    }
    closedir(directory);
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static struct survey survey_of(const char *directory) {
    struct survey survey = {0};
    look(&survey, AT_FDCWD, directory, "");
    qsort(survey.entries, survey.count, sizeof(struct entry), by_path);
    return survey;
}

/* Bytes of pages that are other than they were; a file that is gone counts with all of them. */
static int64_t lost_bytes(const struct entry *before, const struct entry *after) {
    int64_t lost = 0;
    for (size_t i = 0; i < pages_of(before->size); i++) {
        int64_t left = before->size - (int64_t)i * PAGE, bytes = left < PAGE ? left : PAGE;
        int same = after != NULL && i < pages_of(after->size) && after->pages[i] == before->pages[i];
        if (!same) lost += bytes;
    }
    return lost;
}

static void report(const struct survey *before, const struct survey *after) {
    int64_t bytes = 0;
    long entries = 0;
    size_t i = 0, k = 0;
    while (i < before->count || k < after->count) {
        const struct entry *old = i < before->count ? &before->entries[i] : NULL;
        const struct entry *now = k < after->count ? &after->entries[k] : NULL;
        int order = old == NULL ? 1 : now == NULL ? -1 : by_path(old, now);
        if (order != 0) entries += 1;
        if (order <= 0) bytes += lost_bytes(old, order == 0 ? now : NULL);
        if (order <= 0) i++;
        if (order >= 0) k++;
    }
    printf("{\"lostBytes\":%lld,\"lostEntries\":%ld}\n", (long long)bytes, entries);
}

/* ---- the cut ---- */

static void unmount(const char *directory) {
    for (int i = 0; umount2(directory, UMOUNT_NOFOLLOW) != 0; i++) {
        if (errno != EBUSY || i == UMOUNT_TRIES) die("umount: something holds the disk");
        pause_ms(10);
    }
}

static void cut(const char *file, const char *directory) {
    struct survey before = survey_of(directory);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) die(directory);
    uint32_t how = SHUTDOWN_WITHOUT_FLUSH;
    if (ioctl(fd, SHUTDOWN_IOCTL, &how) != 0) die("shutdown ioctl");
    close(fd);
    unmount(directory);
    mount_disk(file, directory);
    struct survey after = survey_of(directory);
    report(&before, &after);
}

/* ---- filling ---- */

static void fill(const char *file) {
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ENOSPC) return;
    if (fd < 0) die(file);
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0) die(file);
    off_t end = st.st_size;
    /* What is free may not be had in one piece: the map of where it lies takes blocks as well. */
    for (off_t bytes = (off_t)fs.f_bavail * fs.f_bsize; bytes >= fs.f_bsize;) {
        if (fallocate(fd, 0, end, bytes) == 0) {
            end += bytes;
            continue;
        }
        if (errno != ENOSPC) die("fallocate");
        bytes = bytes / 2 / fs.f_bsize * fs.f_bsize;
    }
    close(fd);
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    if (count == 4 && strcmp(what, "mount") == 0) mount_disk(arguments[2], arguments[3]);
    else if (count == 4 && strcmp(what, "cut") == 0) cut(arguments[2], arguments[3]);
    else if (count == 3 && strcmp(what, "unmount") == 0) unmount(arguments[2]);
    else if (count == 3 && strcmp(what, "fill") == 0) fill(arguments[2]);
    else {
        fprintf(stderr, "usage: loop-disk mount FILE DIR | cut FILE DIR | unmount DIR | fill FILE\n");
        return 2;
    }
    return 0;
}
