/* Holds a packet socket behind a filter that compares with the numbers it is given, for two minutes.
   Its protocol is 0: nothing ever arrives. */
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sock_filter program[64];
    int length = 0;
    program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    for (int i = 1; i < argc && i < 60; i++)
        program[length++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, strtoul(argv[i], NULL, 16), 0, 0);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {length, program};
    int packet = socket(AF_PACKET, SOCK_RAW, 0);
    if (packet < 0 || setsockopt(packet, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
        return 1;
    sleep(600);
    return 0;
}
