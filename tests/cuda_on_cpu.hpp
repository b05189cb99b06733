// CUDA C's own words in C++, and a grid of blocks that runs on one thread of the CPU: see cuda_on_cpu.py.
// Few headers, as this is compiled with each kernel.
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <math.h>
#include <type_traits>
#include <ucontext.h>
#include <utility>

struct Dim { unsigned x, y, z; };
static Dim gridDim{1, 1, 1}, blockDim{1, 1, 1}, blockIdx, threadIdx;

#define __device__
#define __global__
#define __host__
#define __forceinline__ inline
#define __shared__ static  // one block runs after the other

static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
static inline void sincospi(double x, double* s, double* c) { *s = sin(x * M_PI); *c = cos(x * M_PI); }
static inline void sincospif(float x, float* s, float* c) { *s = (float)sin(x * M_PI); *c = (float)cos(x * M_PI); }

namespace on_cpu {

enum State { READY, AT_WARP, AT_BLOCK, DONE };
const unsigned MOST = 1024, STACK = 1 << 16;

struct Fiber {
    char* stack;
    bool begun;
    State state;
    unsigned index, mask;
    int source;  // the lane whose value is asked for; -1 for none
    uint64_t value, got;
    ucontext_t context;
    jmp_buf here;
};

static Fiber fibers[MOST];
static unsigned order[MOST];  // in which the threads of a block run
static Fiber* current;
static jmp_buf scheduler;
static void (*thread)();
static char error[200];

// swapcontext would ask the system for the signal mask each time; here only a fiber's first start does.
static void pause(State state) {
    Fiber* me = current;
    me->state = state;
    if (!_setjmp(me->here)) _longjmp(scheduler, 1);
    threadIdx.x = me->index;
}

static void body() {
    for (;;) {
        thread();
        pause(DONE);
    }
}

static void resume(Fiber* fiber) {
    current = fiber;
    threadIdx.x = fiber->index;
    if (_setjmp(scheduler)) return;
    if (fiber->begun) _longjmp(fiber->here, 1);
    fiber->begun = true;
    if (!fiber->stack) fiber->stack = new char[STACK];
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK;
    makecontext(&fiber->context, body, 0);
    setcontext(&fiber->context);
}

static void fail(const char* text) { snprintf(error, sizeof error, "%s (block %u)", text, blockIdx.x); }

// Lets the lanes that a mask names go on, if all are there, with what each asked another for; whether it did.
static bool exchange(unsigned first, unsigned mask) {
    Fiber* lanes[32] = {};
    for (unsigned lane = 0; lane < 32 && first + lane < blockDim.x; ++lane)
        if (mask >> lane & 1) {
            Fiber* f = lanes[lane] = &fibers[first + lane];
            if (f->state == DONE) return fail("a warp's mask names a thread that has returned"), false;
            if (f->state != AT_WARP || f->mask != mask) return false;
        }
    for (Fiber* f : lanes)
        if (f && f->source >= 0) {
            if (!lanes[f->source]) return fail("a shuffle reads from a lane outside its mask"), false;
            f->got = lanes[f->source]->value;
        }
    for (Fiber* f : lanes)
        if (f) f->state = READY;
    return true;
}

// All exchanges that a warp's lanes are ready for; whether there were any.
static bool exchanges(unsigned first) {
    bool any = false;
    for (unsigned i = first; i < first + 32 && i < blockDim.x && !*error; ++i)
        if (fibers[i].state == AT_WARP) any |= exchange(first, fibers[i].mask);
    return any;
}

// In steps, all threads go to their next barrier of any kind; else each warp as far as it gets without the others.
static void run_block(bool in_steps) {
    for (unsigned i = 0; i < blockDim.x; ++i) fibers[i].state = READY, fibers[i].index = i;
    for (;;) {
        for (unsigned k = 0; k < blockDim.x; ++k) {
            unsigned first = order[k] / 32 * 32;
            if (fibers[order[k]].state == READY) resume(&fibers[order[k]]);
            while (!in_steps && exchanges(first))
                for (unsigned l = 0; l < blockDim.x; ++l)
                    if (order[l] / 32 * 32 == first && fibers[order[l]].state == READY) resume(&fibers[order[l]]);
        }
        bool any = false;
        for (unsigned first = 0; first < blockDim.x; first += 32) any |= exchanges(first);
        if (*error) return;
        if (any) continue;
        unsigned waiting = 0, done = 0;
        for (unsigned i = 0; i < blockDim.x; ++i)
            waiting += fibers[i].state == AT_BLOCK, done += fibers[i].state == DONE;
        if (done == blockDim.x) return;
        if (waiting + done < blockDim.x) return fail("some threads wait for a warp, others for the block, for ever");
        for (unsigned i = 0; i < blockDim.x; ++i)
            if (fibers[i].state == AT_BLOCK) fibers[i].state = READY;
    }
}

static void at_warp(unsigned mask, int source = -1, uint64_t value = 0) {
    current->mask = mask, current->source = source, current->value = value;
    pause(AT_WARP);
}

template <typename T>
static T shuffled(unsigned mask, T value, int source) {
    static_assert(sizeof(T) <= 8, "a shuffle takes up to 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof(T));
    at_warp(mask, source, bits);
    memcpy(&value, &current->got, sizeof(T));
    return value;
}

static void (*kernel)();
static void** arguments;

template <typename... P, size_t... I>
static void call(std::index_sequence<I...>) {
    ((void (*)(P...))kernel)(*(std::remove_cv_t<P>*)arguments[I]...);
}

template <typename... P>
static void one_thread() { call<P...>(std::index_sequence_for<P...>()); }

// Orders: 0 forwards in steps, 1 backwards (blocks, too), others shuffled.
static const char* run_grid(unsigned grid, unsigned block, unsigned seed, bool fibered) {
    gridDim.x = grid, blockDim.x = block, *error = 0;
    if (block > MOST) return "a block has 1024 threads at most";
    for (unsigned i = 0; i < block; ++i) order[i] = seed == 1 ? block - 1 - i : i;
    unsigned random = seed;
    for (unsigned i = block; seed > 1 && i > 1; --i) {
        random = random * 1664525u + 1013904223u;
        std::swap(order[i - 1], order[(random >> 8) % i]);
    }
    for (unsigned b = 0; b < grid && !*error; ++b) {
        blockIdx.x = seed == 1 ? grid - 1 - b : b;
        if (fibered) run_block(seed == 0);
        else
            for (unsigned i = 0; i < block; ++i) threadIdx.x = order[i], thread();
    }
    if (*error)
        for (Fiber& f : fibers) f.begun = false;  // what waits is left
    return error;
}

template <typename... P>
static const char* run(void (*function)(P...), void** args, unsigned grid, unsigned block, unsigned seed, bool fibered) {
    kernel = (void (*)())function, arguments = args, thread = one_thread<P...>;
    return run_grid(grid, block, seed, fibered);
}

// A parameter as Python checks it: "int32", "float32[]" for an array, "float32[]=" for one that it writes.
template <typename P>
static void describe(char*& text) {
    using Element = std::remove_pointer_t<P>;
    using T = std::remove_cv_t<Element>;
    const char* array = !std::is_pointer<P>::value ? "" : std::is_const<Element>::value ? "[]" : "[]=";
    if constexpr (std::is_void<T>::value) text += sprintf(text, "any%s ", array);
    else if constexpr (std::is_same<T, bool>::value) text += sprintf(text, "bool%s ", array);
    else {
        const char* kind = std::is_floating_point<T>::value ? "float" : std::is_signed<T>::value ? "int" : "uint";
        text += sprintf(text, "%s%u%s ", kind, 8 * (unsigned)sizeof(T), array);
    }
}

template <typename... P>
static const char* parameters(void (*)(P...)) {
    static char text[1024], *end;
    end = text, *end = 0;
    (describe<std::remove_cv_t<P>>(end), ...);
    return text;
}

}  // namespace on_cpu

static inline void __syncthreads() { on_cpu::pause(on_cpu::AT_BLOCK); }
static inline void __syncwarp(unsigned mask = 0xffffffffu) { on_cpu::at_warp(mask); }

template <typename T>
static T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    int lane = threadIdx.x % 32;
    return on_cpu::shuffled(mask, value, lane / width * width + source % width);
}

template <typename T>
static T __shfl_down_sync(unsigned mask, T value, unsigned apart, int width = 32) {
    int lane = threadIdx.x % 32;
    return on_cpu::shuffled(mask, value, lane % width + (int)apart < width ? lane + (int)apart : lane);
}

template <typename T>
static T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
    int lane = threadIdx.x % 32;
    return on_cpu::shuffled(mask, value, (lane ^ bits) / width == lane / width ? lane ^ bits : lane);
}

#define OFFER(name)                                                                                              \
    extern "C" const char* run_##name(void** args, unsigned grid, unsigned block, unsigned seed, bool fibered) { \
        return on_cpu::run(name, args, grid, block, seed, fibered);                                              \
    }                                                                                                            \
    extern "C" const char* parameters_##name() { return on_cpu::parameters(name); }
