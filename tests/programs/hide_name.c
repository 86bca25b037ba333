/* Leaves one name, HIDDEN_NAME, out of the directory listings of the program that preloads it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef struct dirent *reader(DIR *);

static struct dirent *next(DIR *dir, const char *real) {
    const char *name = getenv("HIDDEN_NAME");
    reader *read = (reader *)dlsym(RTLD_NEXT, real);
    struct dirent *entry;
    do
        entry = read(dir);
    while (entry && name && strcmp(entry->d_name, name) == 0);
    return entry;
}

struct dirent *readdir(DIR *dir) { return next(dir, "readdir"); }
struct dirent64 *readdir64(DIR *dir) { return (struct dirent64 *)next(dir, "readdir64"); }
