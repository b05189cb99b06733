"""The CUDA C of ``backends.cuda.rows``, and what is compiled of it. Imports nothing of this project.

Every element is computed by its formula's own operations, in their order, so that infinities and NaN come out as they
do there; sums are made in a tree that is always the same.
"""

from __future__ import annotations

SOURCE = r"""
typedef unsigned long long u64;
typedef long long i64;
#define EACH(j) for (u64 j = threadIdx.x % LANES; j < n; j += LANES)

// LANES threads share a row: 32, a warp, or 128, a block.
template <int LANES>
__device__ inline u64 row_index() { return ((u64)blockIdx.x * blockDim.x + threadIdx.x) / LANES; }

struct Sum {
    template <typename T>
    static __device__ inline T of(T a, T b) { return a + b; }
};

struct Largest {  // NaN where either is
    template <typename T>
    static __device__ inline T of(T a, T b) { return a > b || a != a ? a : b; }
};

// What the row's threads have, combined; all of them get it. Both operations commute, so all get the same bits.
template <typename Op, int LANES, typename T>
__device__ inline T combined(T value) {
    for (int apart = 16; apart; apart /= 2) value = Op::of(value, __shfl_xor_sync(0xffffffffu, value, apart));
    if (LANES > 32) {
        __shared__ T parts[LANES / 32];
        __syncthreads();  // until all have read what an earlier call left there
        if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
        __syncthreads();
        value = parts[0];
        for (int i = 1; i < LANES / 32; ++i) value = Op::of(value, parts[i]);
    }
    return value;
}

template <int LANES, typename T>
__device__ inline T largest(u64 n, const T* x) {
    T top = x[0];
    EACH(j) top = Largest::of(top, x[j]);
    return combined<Largest, LANES>(top);
}

template <int LANES, typename T>
__device__ inline T sum_of_exp(u64 n, const T* x, T top) {
    T sum = 0;
    EACH(j) sum += exp(x[j] - top);
    return combined<Sum, LANES>(sum);
}

template <int LANES, typename T>
__device__ inline void softmax(u64 rows, u64 n, const T* x, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n, out += row * n;
    T top = largest<LANES>(n, x), sum = sum_of_exp<LANES>(n, x, top);
    EACH(j) out[j] = exp(x[j] - top) / sum;
}

template <int LANES, typename T>
__device__ inline void softmax_back(u64 rows, u64 n, const T* g, const T* p, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    g += row * n, p += row * n, out += row * n;
    T sum = 0;
    EACH(j) sum += g[j] * p[j];
    sum = combined<Sum, LANES>(sum);
    EACH(j) out[j] = g[j] * p[j] - p[j] * sum;
}

template <int LANES, typename T>
__device__ inline void log_softmax(u64 rows, u64 n, const T* x, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n, out += row * n;
    T top = largest<LANES>(n, x);
    if (isinf(top)) top = 0;
    T norm = log(sum_of_exp<LANES>(n, x, top));
    EACH(j) out[j] = x[j] - top - norm;
}

template <int LANES, typename T>
__device__ inline void log_softmax_back(u64 rows, u64 n, const T* g, const T* logs, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    g += row * n, logs += row * n, out += row * n;
    T sum = 0;
    EACH(j) sum += g[j];
    sum = combined<Sum, LANES>(sum);
    EACH(j) out[j] = g[j] - exp(logs[j]) * sum;
}

template <int LANES, typename T>
__device__ inline void logsumexp(u64 rows, u64 n, const T* x, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n;
    T top = largest<LANES>(n, x);
    T sum = sum_of_exp<LANES>(n, x, isfinite(top) ? top : (T)0);
    if (threadIdx.x % LANES == 0) out[row] = log(sum) + top;  // twice -inf where all are
}

template <int LANES, typename T>
__device__ inline void logsumexp_back(u64 rows, u64 n, const T* g, const T* x, const T* total, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n, out += row * n;
    T of_row = g[row], shift = total[row];
    if (isinf(shift) && shift < 0) shift = 0;
    EACH(j) out[j] = of_row * exp(x[j] - shift);
}

// A label out of range wraps around, as an index does in CuPy.
template <typename L>
__device__ inline u64 place_of(L label, u64 n) {
    i64 place = (i64)label % (i64)n;
    return (u64)(place < 0 ? place + (i64)n : place);
}

template <int LANES, typename T, typename L>
__device__ inline void cross_entropy(u64 rows, u64 n, const T* x, const L* labels, T* loss, T* p) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n, p += row * n;
    T top = largest<LANES>(n, x);
    if (isinf(top)) top = 0;
    T sum = sum_of_exp<LANES>(n, x, top);
    EACH(j) p[j] = exp(x[j] - top) / sum;
    if (threadIdx.x % LANES == 0) loss[row] = log(sum) - (x[place_of(labels[row], n)] - top);
}

template <int LANES, typename T, typename L>
__device__ inline void cross_entropy_back(u64 rows, u64 n, const T* g, const T* p, const L* labels, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    p += row * n, out += row * n;
    T of_row = g[row];
    u64 place = place_of(labels[row], n);
    EACH(j) out[j] = of_row * p[j] + (j == place ? -of_row : (T)0);
}

template <int LANES, typename T>
__device__ inline void soft_cross_entropy(u64 rows, u64 n, const T* x, const T* y, T* loss, T* logs) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n, y += row * n, logs += row * n;
    T top = largest<LANES>(n, x);
    if (isinf(top)) top = 0;
    T norm = log(sum_of_exp<LANES>(n, x, top)), sum = 0;
    EACH(j) {
        T value = x[j] - top - norm;
        logs[j] = value;
        sum += y[j] * (y[j] == 0 ? (T)0 : value);
    }
    sum = combined<Sum, LANES>(sum);
    if (threadIdx.x % LANES == 0) loss[row] = -sum;
}

template <int LANES, typename T>
__device__ inline void soft_cross_entropy_back(u64 rows, u64 n, const T* g, const T* logs, const T* y, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    logs += row * n, y += row * n, out += row * n;
    T of_row = g[row], sum = 0;
    EACH(j) sum += y[j];
    sum = combined<Sum, LANES>(sum);
    EACH(j) out[j] = of_row * (exp(logs[j]) * sum - y[j]);
}

template <int LANES, typename T>
__device__ inline void normalize(u64 rows, u64 n, int centre, T epsilon, const T* x, T* out, T* scales) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    x += row * n, out += row * n;
    T mean = 0, square = 0;
    if (centre) {
        EACH(j) mean += x[j];
        mean = combined<Sum, LANES>(mean) / (T)n;
    }
    EACH(j) square += (x[j] - mean) * (x[j] - mean);
    T scale = 1 / sqrt(combined<Sum, LANES>(square) / (T)n + epsilon);
    EACH(j) out[j] = (x[j] - mean) * scale;
    if (threadIdx.x % LANES == 0) scales[row] = scale;
}

template <int LANES, typename T>
__device__ inline void normalize_back(u64 rows, u64 n, int centre, const T* g, const T* x, const T* scales, T* out) {
    u64 row = row_index<LANES>();
    if (row >= rows) return;
    g += row * n, x += row * n, out += row * n;
    T along = 0, mean = 0;
    EACH(j) along += g[j] * x[j];
    along = combined<Sum, LANES>(along) / (T)n;
    if (centre) {
        EACH(j) mean += g[j];
        mean = combined<Sum, LANES>(mean) / (T)n;
    }
    EACH(j) out[j] = (g[j] - x[j] * along - mean) * scales[row];
}

#define KERNEL(name, LANES, group, T, type, parameters, arguments) \
    extern "C" __global__ void name##_##group##_##type parameters { name<LANES, T> arguments; }
#define OF_LABELS(LANES, group, T, type, L, label)                                                                  \
    extern "C" __global__ void cross_entropy_##group##_##type##_##label(u64 rows, u64 n, const T* x, const L* labels, \
                                                                        T* loss, T* p) {                            \
        cross_entropy<LANES, T, L>(rows, n, x, labels, loss, p);                                                    \
    }                                                                                                               \
    extern "C" __global__ void cross_entropy_back_##group##_##type##_##label(u64 rows, u64 n, const T* g,           \
                                                                             const T* p, const L* labels, T* out) { \
        cross_entropy_back<LANES, T, L>(rows, n, g, p, labels, out);                                                \
    }
#define INSTANCES(LANES, group, T, type)                                                                            \
    KERNEL(softmax, LANES, group, T, type, (u64 rows, u64 n, const T* x, T* out), (rows, n, x, out))                \
    KERNEL(softmax_back, LANES, group, T, type, (u64 rows, u64 n, const T* g, const T* p, T* out),                  \
           (rows, n, g, p, out))                                                                                    \
    KERNEL(log_softmax, LANES, group, T, type, (u64 rows, u64 n, const T* x, T* out), (rows, n, x, out))            \
    KERNEL(log_softmax_back, LANES, group, T, type, (u64 rows, u64 n, const T* g, const T* logs, T* out),           \
           (rows, n, g, logs, out))                                                                                 \
    KERNEL(logsumexp, LANES, group, T, type, (u64 rows, u64 n, const T* x, T* out), (rows, n, x, out))              \
    KERNEL(logsumexp_back, LANES, group, T, type,                                                                   \
           (u64 rows, u64 n, const T* g, const T* x, const T* total, T* out), (rows, n, g, x, total, out))          \
    OF_LABELS(LANES, group, T, type, int, int32)                                                                    \
    OF_LABELS(LANES, group, T, type, i64, int64)                                                                    \
    KERNEL(soft_cross_entropy, LANES, group, T, type,                                                               \
           (u64 rows, u64 n, const T* x, const T* y, T* loss, T* logs), (rows, n, x, y, loss, logs))                \
    KERNEL(soft_cross_entropy_back, LANES, group, T, type,                                                          \
           (u64 rows, u64 n, const T* g, const T* logs, const T* y, T* out), (rows, n, g, logs, y, out))            \
    KERNEL(normalize, LANES, group, T, type,                                                                        \
           (u64 rows, u64 n, int centre, T epsilon, const T* x, T* out, T* scales),                                 \
           (rows, n, centre, epsilon, x, out, scales))                                                              \
    KERNEL(normalize_back, LANES, group, T, type,                                                                   \
           (u64 rows, u64 n, int centre, const T* g, const T* x, const T* scales, T* out),                          \
           (rows, n, centre, g, x, scales, out))
"""
_PLAIN = ("softmax", "log_softmax", "logsumexp", "soft_cross_entropy", "normalize")
_LABELLED = ("cross_entropy", "cross_entropy_back")
LANES = {"warp": 32, "block": 128}
DTYPES = {"f": ("float", "float32"), "d": ("double", "float64")}
# One source for each group and dtype, as a program needs one or two of the four, and a compiler half a second for each.
SOURCES = {
    f"{group}_{dtype}": f"{SOURCE}INSTANCES({lanes}, {group}, {kind}, {dtype})\n"
    for group, lanes in LANES.items()
    for kind, dtype in DTYPES.values()
}
KERNELS = {
    group: (
        *[f"{name}{back}_{group}" for name in _PLAIN for back in ("", "_back")],
        *[f"{name}_{group}_{label}" for name in _LABELLED for label in ("int32", "int64")],
    )
    for group in SOURCES
}
