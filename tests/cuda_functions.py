"""Functions that CUDA C has and C++ for a CPU has not, so that kernels which call them can be run there."""

# erfc's inverse by Newton's steps on the logarithm of erfc, which is nearly a parabola; erfcx by its continued fraction
# where exp(x²) is large (Abramowitz, Stegun, "Handbook of Mathematical Functions" (1964), 7.1.14).
FUNCTIONS = r"""
#include <cmath>
#include <math.h>
static inline double erfcx(double x) {
    if (x < 5) return exp(x * x) * erfc(x);
    double tail = x;
    for (int k = 60; k > 0; --k) tail = x + k * 0.5 / tail;
    return 0.56418958354775628695 / tail;
}
static inline double erfcinv(double q) {
    if (!(q >= 0 && q <= 2)) return NAN;
    if (q == 0 || q == 2) return q ? -INFINITY : INFINITY;
    if (q > 1) return -erfcinv(2 - q);
    double x = q < 0.5 ? sqrt(-log(q * 1.77 * sqrt(-log(q)))) : 0.88622692545275801365 * (1 - q);
    for (int k = 0; k < 20; ++k) x += (log(erfc(x)) - log(q)) * erfcx(x) * 0.88622692545275801365;
    return x;
}
static inline double erfinv(double y) {
    if (fabs(y) > 0.5) return y > 0 ? erfcinv(1 - y) : -erfcinv(1 + y);
    double x = 0.88622692545275801365 * y;
    for (int k = 0; k < 10; ++k) x -= (erf(x) - y) * exp(x * x) * 0.88622692545275801365;
    return x;
}
static inline double normcdf(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }
static inline double normcdfinv(double p) { return -1.41421356237309504880 * erfcinv(2 * p); }
static inline double cyl_bessel_i0(double x) { return std::cyl_bessel_i(0.0, fabs(x)); }
static inline double cyl_bessel_i1(double x) { return copysign(std::cyl_bessel_i(1.0, fabs(x)), x); }
#define IN_FLOAT(name) static inline float name##f(float x) { return (float)name(x); }
IN_FLOAT(erfcx) IN_FLOAT(erfcinv) IN_FLOAT(erfinv) IN_FLOAT(normcdf) IN_FLOAT(normcdfinv)
IN_FLOAT(cyl_bessel_i0) IN_FLOAT(cyl_bessel_i1)
"""
