/* Holds a raw and a packet socket for two minutes and sends nothing. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    int packet = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (raw < 0 || packet < 0)
        return 1;
    sleep(600);
    return 0;
}
