/* Sleeps for two minutes. A test changes the function that is called after that, in memory. */
#include <unistd.h>

__attribute__((noinline)) int tick(int count) {
    __asm__ volatile("");
    return count + 1;
}

int main(void) {
    sleep(600);
    return tick(-1);
}
