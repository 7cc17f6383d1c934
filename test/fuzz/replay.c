/* SPDX-License-Identifier: MIT */

/*
 * Replays a corpus where libFuzzer is not to be had: every file of the directory given is passed
 * once to the fuzz target this is linked with, in the order of their names, after the empty input.
 * A fuzz target reports by crashing, so reaching the end is success. An absent or empty corpus is a
 * failure: a test that ran nothing must not pass.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a block of its exact size, so that a read past its end is seen by a sanitizer. */
static void replay_bytes(FILE *file, long len)
{
    uint8_t *data = malloc(len > 0 ? (size_t)len : 1);

    if (data != NULL && fread(data, 1, (size_t)len, file) == (size_t)len) {
        (void)LLVMFuzzerTestOneInput(data, (size_t)len);
    }
    free(data);
}

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    FILE *file;
    long len;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    if (fseek(file, 0, SEEK_END) != 0 || (len = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        perror(path);
        (void)fclose(file);
        return -1;
    }
    /* Named before it runs, so that a crash says which input it was. */
    (void)printf("%s, %ld bytes\n", path, len);
    (void)fflush(stdout);
    replay_bytes(file, len);
    (void)fclose(file);
    return 0;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int status = EXIT_SUCCESS;
    int cnt;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    cnt = scandir(argv[1], &entries, is_input, alphasort);
    if (cnt <= 0) {
        (void)fprintf(stderr, "%s: no corpus there, add at least one input\n", argv[1]);
        free(entries);
        return EXIT_FAILURE;
    }

    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 0; i < cnt; ++i) {
        if (replay_file(argv[1], entries[i]->d_name) != 0) {
            status = EXIT_FAILURE;
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}
