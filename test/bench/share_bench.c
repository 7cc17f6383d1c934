/* SPDX-License-Identifier: MIT */
/*
 * What it would cost to share something between two cores: figures for doc/cores.md.
 *
 * Two threads on two cores do the same at once: write to a line of memory of their own, then to
 * the two halves of one line, then to one counter; take memory from the allocator and give it back;
 * and hand pointers over through a ring, singly and in batches. A time is a thread's processor
 * time for each of them; what stands beside it is the same with one thread alone.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, TURNS = 1 << 16, LINE = 128, RING = 1024, BATCH = 64, BLOCK = 512 };

/* Two adjacent lines for each: the machine fetches them in pairs. */
static struct {
    _Alignas(LINE) atomic_uint_fast64_t own[2][LINE / 8];
    _Alignas(LINE) atomic_uint_fast64_t shared[LINE / 8];
} lines;

static struct {
    _Alignas(LINE) atomic_uint_fast64_t head;
    _Alignas(LINE) atomic_uint_fast64_t tail;
    _Alignas(LINE) void *slots[RING];
} ring;

static pthread_barrier_t barrier;

typedef void (*task)(int side);

/* --- the work --- */

static void bump(atomic_uint_fast64_t *counter)
{
    for (int i = 0; i < TURNS; ++i) {
        atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                              memory_order_relaxed);
    }
}

static void own_line(int side)
{
    bump(&lines.own[side][0]);
}

static void same_line(int side)
{
    bump(&lines.shared[side]);
}

static void same_counter(int side)
{
    (void)side;
    for (int i = 0; i < TURNS; ++i) {
        (void)atomic_fetch_add_explicit(&lines.shared[2], 1, memory_order_relaxed);
    }
}

static void allocator(int side)
{
    (void)side;
    for (int i = 0; i < TURNS; ++i) {
        void *volatile block = malloc(BLOCK);

        free(block);
    }
}

/* Side 0 puts in, side 1 takes out, |batch| at a time; it is told once for a batch. */
static void hand_over(int side, unsigned batch)
{
    for (unsigned done = 0; done < TURNS; done += batch) {
        const uint64_t at =
            atomic_load_explicit(side == 0 ? &ring.tail : &ring.head, memory_order_relaxed);

        if (side == 0) {
            while (at + batch - atomic_load_explicit(&ring.head, memory_order_acquire) > RING) {
                (void)sched_yield();
            }
            for (unsigned i = 0; i < batch; ++i) {
                ring.slots[(at + i) % RING] = &ring.slots[i];
            }
            atomic_store_explicit(&ring.tail, at + batch, memory_order_release);
        } else {
            while (atomic_load_explicit(&ring.tail, memory_order_acquire) - at < batch) {
                (void)sched_yield();
            }
            for (unsigned i = 0; i < batch; ++i) {
                void *volatile taken = ring.slots[(at + i) % RING];

                (void)taken;
            }
            atomic_store_explicit(&ring.head, at + batch, memory_order_release);
        }
    }
}

static void hand_one(int side)
{
    hand_over(side, 1);
}

static void hand_batch(int side)
{
    hand_over(side, BATCH);
}

/* --- threads --- */

struct side {
    int index;
    task work;
    bool meets; /* the other one */
    double time;
};

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *run(void *user)
{
    struct side *side = user;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET((size_t)side->index, &cpus);
    (void)pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
    if (side->meets) {
        (void)pthread_barrier_wait(&barrier);
    }
    side->time = now();
    side->work(side->index);
    side->time = (now() - side->time) / TURNS;
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(values[0]), compare);
    return values[ROUNDS / 2];
}

static bool measure(const char *name, task work, bool is_possible_alone)
{
    double both[ROUNDS];
    double alone[ROUNDS] = {0};

    for (int i = 0; i < ROUNDS; ++i) {
        struct side sides[2] = {{0, work, true, 0}, {1, work, true, 0}};
        struct side single = {0, work, false, 0};
        pthread_t threads[2];

        if (pthread_create(&threads[0], NULL, run, &sides[0]) != 0) {
            return false;
        }
        if (pthread_create(&threads[1], NULL, run, &sides[1]) != 0) {
            abort(); /* The first one waits for it. */
        }
        (void)pthread_join(threads[0], NULL);
        (void)pthread_join(threads[1], NULL);
        both[i] = (sides[0].time + sides[1].time) / 2;
        if (is_possible_alone) {
            if (pthread_create(&threads[0], NULL, run, &single) != 0) {
                return false;
            }
            (void)pthread_join(threads[0], NULL);
            alone[i] = single.time;
        }
    }
    (void)printf("%-34s %8.1f ns", name, median(both));
    if (is_possible_alone) {
        (void)printf(" %8.1f", median(alone));
    }
    (void)printf("\n");
    return true;
}

int main(void)
{
    if (pthread_barrier_init(&barrier, NULL, 2) != 0) {
        return 1;
    }
    (void)printf("%-34s %11s %8s\n", "two threads, each", "both", "alone");
    return measure("a line of its own", own_line, true) &&
                   measure("half of a line", same_line, true) &&
                   measure("one counter", same_counter, true) &&
                   measure("malloc() and free()", allocator, true) &&
                   measure("a pointer handed over", hand_one, false) &&
                   measure("one of 64 handed over together", hand_batch, false)
               ? 0
               : 1;
}
