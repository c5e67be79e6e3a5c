/*
 * Shapes the packets that this machine sends: a program of its own beside the server, which the node agent starts and
 * speaks to (src/agent/packet-shaper.ts). An iptables rule hands it the packets for each shaped peer through NFQUEUE;
 * it drops some, and holds others, in a heap, until they are due.
 *
 *   packets QUEUE MARK          prints its state in a line when the queue is its own, then answers each line of
 *   set [PEER LOSS DELAY_NS JITTER_NS REORDER HOLD_NS DUPLICATE BYTES_PER_SECOND]...     with its state, one line of JSON
 *   get                         the same, and changes nothing
 *
 * `set` replaces all shapes and begins every count at 0; what is held for a peer that has no shape any more goes out at
 * once, in order. The end of the input ends the program; the kernel then lets through what comes (--queue-bypass).
 *
 * One packet: it is lost, or waits for its turn on the link, then for delay and jitter, then, if it is
 * drawn, for the hold. What need not wait passes as it is. Of what waits only a copy is held, which goes out through a raw
 * socket, with the mark that lets it pass the rule; the kernel is told to drop the packet itself. Were it held, its socket
 * would take it for not yet sent, and TCP would send no more than a few packets in the time of the delay.
 * Drops here are silent, as on a wire; a DROP rule in OUTPUT would tell the sender's TCP.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000LL
#define MAX_PEERS 64
#define MAX_LINE 16384
/* On their way to us; what is beyond is dropped by the kernel, which counts it. */
#define QUEUE_PACKETS 16384
#define SOCKET_BUFFER (8 * 1024 * 1024)
/* More than TCP keeps in flight. A link with so much before it drops what comes, as a router does. */
#define MAX_HELD_BYTES (16 * 1024 * 1024)
/* A packet, and what the kernel says of it. */
#define MESSAGE_BYTES (65536 + 8192)
/* Packets that are taken in before it is looked whether one is due. */
#define TAKE_AT_ONCE 32
/* A packet that a limit of rate holds up for less is not counted as slowed: nobody would feel it. */
#define SLOWED_NS (NS / 1000)

struct shape {
    double loss, reorder, duplicate;
    int64_t delay, jitter, hold;
    double rate; /* bytes a second; 0: no limit */
};

struct link {
    in_addr_t peer;
    struct shape shape;
    double free_at; /* when the bytes so far have left, ns */
    size_t held_bytes;
    uint64_t lost, delayed, reordered, duplicated, slowed, overflowed, seen;
};

struct held {
    int64_t due;
    uint64_t order;
    in_addr_t peer;
    int times; /* 2: a duplicate */
    size_t length;
    unsigned char *packet;
};

static struct mnl_socket *netlink;
static uint16_t queue;
static int raw_socket;
static struct link links[MAX_PEERS];
static size_t link_count;
static struct held *heap;
static size_t heap_count, heap_room;
static uint64_t next_order;
/* Packets that could not be sent, but for those that another rule drops. */
static uint64_t unsent;

static void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS + ts.tv_nsec;
}

/* In [0, 1): xorshift64*, which needs a seed other than 0. */
static double draw(void) {
    static uint64_t state;
    while (state == 0)
        if (getrandom(&state, sizeof state, 0) != sizeof state) die("getrandom");
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (double)((state * 2685821657736338717ULL) >> 11) * 0x1.0p-53;
}

static struct link *link_to(in_addr_t peer) {
    for (size_t i = 0; i < link_count; i += 1)
        if (links[i].peer == peer) return &links[i];
    return NULL;
}

/* ---- the heap: the earliest first, of equals the one that came first ---- */

static int is_before(const struct held *a, const struct held *b) {
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void heap_push(struct held item) {
    if (heap_count == heap_room) {
        heap_room = heap_room == 0 ? 1024 : heap_room * 2;
        heap = realloc(heap, heap_room * sizeof *heap);
        if (heap == NULL) die("memory for held packets");
    }
    size_t at = heap_count++;
    for (; at > 0 && is_before(&item, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = item;
}

static struct held heap_pop(void) {
    struct held first = heap[0], last = heap[--heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap_count) break;
        if (child + 1 < heap_count && is_before(&heap[child + 1], &heap[child])) child += 1;
        if (!is_before(&heap[child], &last)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* ---- to the kernel ---- */

static void verdict(uint32_t id, int what) {
    char buffer[MNL_SOCKET_BUFFER_SIZE];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT, queue);
    nfq_nlmsg_verdict_put(message, (int)id, what);
    if (mnl_socket_sendto(netlink, message, message->nlmsg_len) < 0) die("verdict");
}

static void send_packet(const unsigned char *packet, size_t length, in_addr_t peer) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = peer};
    if (sendto(raw_socket, packet, length, 0, (struct sockaddr *)&to, sizeof to) < 0 && errno != EPERM) unsent += 1;
}

static void let_go(struct held held) {
    struct link *link = link_to(held.peer);
    if (link != NULL) link->held_bytes -= held.length;
    for (int i = 0; i < held.times; i += 1) send_packet(held.packet, held.length, held.peer);
    free(held.packet);
}

/* Gives when the next one is due, or -1 when none is held. */
static int64_t release_due(void) {
    while (heap_count > 0) {
        if (heap[0].due > now_ns()) return heap[0].due;
        let_go(heap_pop());
    }
    return -1;
}

/* Of peers without a shape, all that is held, in order of time. */
static void release_unshaped(void) {
    size_t count = heap_count, stays = 0;
    if (count == 0) return;
    struct held *rest = malloc(count * sizeof *rest);
    if (rest == NULL) die("memory for held packets");
    while (heap_count > 0) {
        struct held held = heap_pop();
        if (link_to(held.peer) == NULL) let_go(held);
        else rest[stays++] = held;
    }
    /* They come in order, so this is a heap. */
    memcpy(heap, rest, stays * sizeof *rest);
    heap_count = stays;
    free(rest);
}

/* ---- a packet ---- */

/* When the last byte of a packet that comes now has left: after those before it, each in the time that the link takes for it. */
static int64_t turn_of(struct link *link, size_t length, int64_t now) {
    double rate = link->shape.rate;
    if (rate == 0) return now;
    link->free_at = fmax(link->free_at, (double)now) + (double)length / rate * NS;
    return (int64_t)link->free_at;
}

static void hold(struct link *link, const unsigned char *packet, size_t length, int64_t due, int times) {
    if (link->held_bytes + length > MAX_HELD_BYTES) { link->overflowed += 1; return; }
    unsigned char *copy = malloc(length);
    if (copy == NULL) die("memory for a packet");
    memcpy(copy, packet, length);
    link->held_bytes += length;
    heap_push((struct held){
        .due = due, .order = next_order++, .peer = link->peer, .times = times, .length = length, .packet = copy});
}

static void shape_packet(uint32_t id, const unsigned char *packet, size_t length) {
    const struct iphdr *header = (const struct iphdr *)packet;
    struct link *link = length < sizeof *header ? NULL : link_to(header->daddr);
    if (link == NULL) { verdict(id, NF_ACCEPT); return; }
    const struct shape *shape = &link->shape;
    link->seen += 1;
    if (shape->loss > 0 && draw() < shape->loss) {
        link->lost += 1;
        verdict(id, NF_DROP);
        return;
    }
    int64_t now = now_ns();
    int64_t due = turn_of(link, length, now);
    if (due - now >= SLOWED_NS) link->slowed += 1;
    int64_t later = shape->delay + (int64_t)((2 * draw() - 1) * (double)shape->jitter);
    if (later > 0) { due += later; link->delayed += 1; }
    if (shape->reorder > 0 && draw() < shape->reorder) { due += shape->hold; link->reordered += 1; }
    int times = shape->duplicate > 0 && draw() < shape->duplicate ? 2 : 1;
    if (times == 2) link->duplicated += 1;
    if (due > now) {
        verdict(id, NF_DROP);
        hold(link, packet, length, due, times);
        return;
    }
    verdict(id, NF_ACCEPT);
    if (times == 2) send_packet(packet, length, link->peer);
}

static int on_message(const struct nlmsghdr *message, void *data) {
    (void)data;
    struct nlattr *attributes[NFQA_MAX + 1] = {0};
    if (nfq_nlmsg_parse(message, attributes) < 0) die("a message of the kernel");
    if (attributes[NFQA_PACKET_HDR] == NULL || attributes[NFQA_PAYLOAD] == NULL) return MNL_CB_OK;
    const struct nfqnl_msg_packet_hdr *header = mnl_attr_get_payload(attributes[NFQA_PACKET_HDR]);
    shape_packet(ntohl(header->packet_id), mnl_attr_get_payload(attributes[NFQA_PAYLOAD]),
                 mnl_attr_get_payload_len(attributes[NFQA_PAYLOAD]));
    return MNL_CB_OK;
}

/* Reads what the kernel has for us, up to a bound, so that nobody waits long for what is due meanwhile. */
static void take_packets(void) {
    static char buffer[MESSAGE_BYTES];
    for (int i = 0; i < TAKE_AT_ONCE; i += 1) {
        ssize_t got = recv(mnl_socket_get_fd(netlink), buffer, sizeof buffer, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got < 0 && errno == ENOBUFS) continue;
        if (got < 0) die("reading packets");
        if (mnl_cb_run(buffer, (size_t)got, 0, mnl_socket_get_portid(netlink), on_message, NULL) < 0)
            die("the kernel refused a verdict");
    }
}

/* ---- commands ---- */

static void print_state(void) {
    printf("{\"links\":[");
    for (size_t i = 0; i < link_count; i += 1) {
        const struct link *l = &links[i];
        char peer[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &l->peer, peer, sizeof peer);
        printf("%s{\"peer\":\"%s\",\"lossShare\":%.17g,\"delayNs\":%lld,\"jitterNs\":%lld,\"reorderShare\":%.17g,"
               "\"holdNs\":%lld,\"duplicateShare\":%.17g,\"bytesPerSecond\":%.17g,",
               i == 0 ? "" : ",", peer, l->shape.loss, (long long)l->shape.delay, (long long)l->shape.jitter,
               l->shape.reorder, (long long)l->shape.hold, l->shape.duplicate, l->shape.rate);
        printf("\"seen\":%llu,\"lost\":%llu,\"delayed\":%llu,\"reordered\":%llu,\"duplicated\":%llu,\"slowed\":%llu,"
               "\"overflowed\":%llu}",
               (unsigned long long)l->seen, (unsigned long long)l->lost, (unsigned long long)l->delayed,
               (unsigned long long)l->reordered, (unsigned long long)l->duplicated, (unsigned long long)l->slowed,
               (unsigned long long)l->overflowed);
    }
    printf("],\"held\":%zu,\"unsent\":%llu}\n", heap_count, (unsigned long long)unsent);
    fflush(stdout);
}

/* Only the agent writes here: what it cannot have meant ends the program. */
static void set_shapes(char *words) {
    struct link wanted[MAX_PEERS] = {0};
    size_t count = 0;
    for (char *peer = strtok(words, " "); peer != NULL; peer = strtok(NULL, " ")) {
        if (count == MAX_PEERS) { errno = E2BIG; die("shapes"); }
        struct link *link = &wanted[count++];
        double numbers[7];
        for (int i = 0; i < 7; i += 1) {
            char *word = strtok(NULL, " "), *end = NULL;
            numbers[i] = word == NULL ? NAN : strtod(word, &end);
            if (!(numbers[i] >= 0) || isinf(numbers[i]) || *end != 0) { errno = EINVAL; die("a shape"); }
        }
        if (inet_pton(AF_INET, peer, &link->peer) != 1) { errno = EINVAL; die(peer); }
        link->shape = (struct shape){.loss = numbers[0], .delay = (int64_t)numbers[1], .jitter = (int64_t)numbers[2],
            .reorder = numbers[3], .hold = (int64_t)numbers[4], .duplicate = numbers[5], .rate = numbers[6]};
    }
    memcpy(links, wanted, sizeof links);
    link_count = count;
    unsent = 0;
    release_unshaped();
    for (size_t i = 0; i < heap_count; i += 1) link_to(heap[i].peer)->held_bytes += heap[i].length;
}

static void take_commands(void) {
    static char line[MAX_LINE];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, line + length, sizeof line - length);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) exit(0);
    length += (size_t)got;
    char *end;
    while ((end = memchr(line, '\n', length)) != NULL) {
        *end = 0;
        if (strcmp(line, "set") == 0 || strncmp(line, "set ", 4) == 0) set_shapes(line + 3);
        else if (strcmp(line, "get") != 0) { errno = EINVAL; die(line); }
        print_state();
        size_t used = (size_t)(end - line) + 1;
        memmove(line, line + used, length - used);
        length -= used;
    }
    if (length == sizeof line) { errno = E2BIG; die("a command"); }
}

/* ---- the beginning ---- */

static void configure(struct nlmsghdr *message, const char *what) {
    char buffer[MNL_SOCKET_BUFFER_SIZE];
    message->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(netlink, message, message->nlmsg_len) < 0) die(what);
    ssize_t got = mnl_socket_recvfrom(netlink, buffer, sizeof buffer);
    if (got < 0 || mnl_cb_run(buffer, (size_t)got, 0, mnl_socket_get_portid(netlink), NULL, NULL) < 0) die(what);
}

static void open_queue(void) {
    char buffer[MNL_SOCKET_BUFFER_SIZE];
    netlink = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (netlink == NULL || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0) die("netlink");
    int room = SOCKET_BUFFER, fd = mnl_socket_get_fd(netlink);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue);
    nfq_nlmsg_cfg_put_cmd(message, AF_INET, NFQNL_CFG_CMD_BIND);
    configure(message, "binding the queue");
    /* Without the flag for GSO, packets come as they go over the wire, with their check sums. */
    message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue);
    nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, 0xffff);
    nfq_nlmsg_cfg_put_qmaxlen(message, QUEUE_PACKETS);
    configure(message, "setting up the queue");
}

static void open_raw(unsigned int mark) {
    raw_socket = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
    int room = SOCKET_BUFFER;
    if (raw_socket < 0 || setsockopt(raw_socket, SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0) die("raw socket");
    if (setsockopt(raw_socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        setsockopt(raw_socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

int main(int argc, char **argv) {
    if (argc != 3) { fprintf(stderr, "usage: packets QUEUE MARK\n"); return 2; }
    queue = (uint16_t)atoi(argv[1]);
    /* Sleeps no longer than it is told to. */
    prctl(PR_SET_TIMERSLACK, 1);
    open_raw((unsigned int)atoi(argv[2]));
    open_queue();
    print_state();
    struct pollfd fds[2] = {{.fd = mnl_socket_get_fd(netlink), .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        int64_t due = release_due();
        int64_t left = due < 0 ? 0 : due - now_ns();
        if (left < 0) left = 0;
        struct timespec wait = {.tv_sec = left / NS, .tv_nsec = left % NS};
        if (ppoll(fds, 2, due < 0 ? NULL : &wait, NULL) < 0 && errno != EINTR) die("poll");
        if (fds[0].revents != 0) take_packets();
        if (fds[1].revents != 0) take_commands();
    }
}
