/* What filled the uplink, on a small scale: SYN from a raw socket to ports 80 and 443 of 198.51.100.0/24 and to
   nothing else, 2,500 a second for five minutes at most. Then it only holds its socket, for ten more at most. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { A_SECOND = 2500, SECONDS = 300, STEP = 4, HELD = 600 };

struct syn {
    struct iphdr ip;
    struct tcphdr tcp;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void send_one(int out, unsigned n) {
    struct syn syn;
    struct sockaddr_in to = {.sin_family = AF_INET};
    memset(&syn, 0, sizeof syn);
    to.sin_addr.s_addr = htonl(0xc6336400u + n % 254 + 1);
    syn.ip.version = 4;
    syn.ip.ihl = 5;
    syn.ip.tot_len = htons(sizeof syn);
    syn.ip.ttl = 64;
    syn.ip.protocol = IPPROTO_TCP;
    syn.ip.saddr = inet_addr("192.0.2.10");
    syn.ip.daddr = to.sin_addr.s_addr;
    syn.tcp.source = htons(1024 + n % 60000);
    syn.tcp.dest = htons(n / 254 % 2 ? 80 : 443);
    syn.tcp.seq = htonl(n);
    syn.tcp.doff = 5;
    syn.tcp.syn = 1;
    syn.tcp.window = htons(64240);
    sendto(out, &syn, sizeof syn, 0, (struct sockaddr *)&to, sizeof to);
}

int main(void) {
    struct timespec step = {.tv_nsec = STEP * 1000000L};
    int out = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    unsigned n = 0, sent = 0;
    double start = now();
    if (out < 0)
        return 1;
    while (now() - start < SECONDS) {
        unsigned due = (now() - start) * A_SECOND;
        /* Of time that was lost on a busy machine, a twentieth of a second is made up for and no more. */
        if (due > sent + A_SECOND / 20)
            sent = due - A_SECOND / 20;
        for (; sent < due; sent++)
            send_one(out, n++);
        nanosleep(&step, NULL);
    }
    sleep(HELD);
    return 0;
}
