/* The state of coupled linear equations some time from now. */
#ifndef BRIANMEM_PROPAGATE_H
#define BRIANMEM_PROPAGATE_H

#ifndef BRIANMEM_DEVICE
#ifdef __CUDACC__
#define BRIANMEM_DEVICE __host__ __device__
#else
#define BRIANMEM_DEVICE
#endif
#endif

namespace brianmem {

const int COUPLED = BRIANMEM_COUPLED;  // variables of a neuron that depend on each other
const int SYSTEM = COUPLED * (COUPLED + 1);
const int TERMS = 18;     // of a Taylor series, up to times in which no eigenvalue turns by 1/2
const int FEW_HALVES = 2; // so often is a time halved and the state moved in steps
const int MOST_HALVES = 200;

/* y = A x + b for the rows (A, b) of a system, or A x. */
BRIANMEM_DEVICE inline void apply(const double* system, const double* x, double* y, bool inflow) {
    for (int k = 0; k < COUPLED; k++) {
        const double* row = system + k * (COUPLED + 1);
        double sum = row[0] * x[0];
        for (int m = 1; m < COUPLED; m++) sum += row[m] * x[m];
        y[k] = inflow ? sum + row[COUPLED] : sum;
    }
}

/* Move the state by a time in which no eigenvalue turns by more than 1/2. */
BRIANMEM_DEVICE inline void taylor_step(const double* system, double delta, double* x) {
    double term[COUPLED], next[COUPLED];
    apply(system, x, term, true);
    for (int k = 0; k < COUPLED; k++) {
        term[k] *= delta;
        x[k] += term[k];
    }
    for (int n = 2; n <= TERMS; n++) {
        apply(system, term, next, false);
        for (int k = 0; k < COUPLED; k++) {
            term[k] = next[k] * (delta / n);
            x[k] += term[k];
        }
    }
}

/* y = A B, for square A, the first columns of rows, and B with one column more. */
BRIANMEM_DEVICE inline void multiply(const double* a, const double* b, double* y) {
    for (int k = 0; k < COUPLED; k++)
        for (int m = 0; m <= COUPLED; m++) {
            double sum = a[k * (COUPLED + 1)] * b[m];
            for (int j = 1; j < COUPLED; j++)
                sum += a[k * (COUPLED + 1) + j] * b[j * (COUPLED + 1) + m];
            y[k * (COUPLED + 1) + m] = sum;
        }
}

/* The state x of dx/dt = M x + b after a time delta, with the rows (M, b) of a system of which no
   eigenvalue exceeds `fastest`. For a short time a Taylor series moves the state. For a long one it
   gives the change F = (exp(M h) - 1, its effect on b) of a short part h of it; the change of twice
   the time is 2 F + F F, in which nothing cancels. */
BRIANMEM_DEVICE inline void propagate(const double* system, double fastest, double delta, double* x) {
    double turn = 2 * fastest * delta, h = delta;
    int halves = 0;
    while (turn > 1 && halves < MOST_HALVES) {
        turn *= 0.5;
        h *= 0.5;
        halves++;
    }
    if (halves <= FEW_HALVES) {
        for (int step = 0; step < (1 << halves); step++) taylor_step(system, h, x);
        return;
    }
    double change[SYSTEM], term[SYSTEM], next[SYSTEM];
    for (int k = 0; k < SYSTEM; k++) change[k] = term[k] = system[k] * h;
    for (int n = 2; n <= TERMS; n++) {
        multiply(system, term, next);
        for (int k = 0; k < SYSTEM; k++) {
            term[k] = next[k] * (h / n);
            change[k] += term[k];
        }
    }
    for (int half = 0; half < halves; half++) {
        multiply(change, change, next);
        for (int k = 0; k < SYSTEM; k++) change[k] = 2 * change[k] + next[k];
    }
    double moved[COUPLED];
    apply(change, x, moved, true);
    for (int k = 0; k < COUPLED; k++) x[k] += moved[k];
}

}  // namespace brianmem
#endif
