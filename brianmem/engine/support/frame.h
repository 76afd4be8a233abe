/* Networks in the growing frame, and what runs them: growing_frame.cpp, compiled once for all models. */
#ifndef BRIANMEM_FRAME_H
#define BRIANMEM_FRAME_H

#include <vector>

#include "record.h"

namespace brianmem {

/* A network in the growing frame. `columns` holds what a spike adds, a padded column per neuron. */
template <typename real>
struct Frame {
    long n;       // neurons
    long padded;  // length of a column, a multiple of a block of 64 bytes
    const real* columns;
    const real* own;  // mirrored state only: what a spike adds to its own neuron besides
    double lift, tau, drive, bias;
    bool strict;  // whether a neuron at threshold, and not above it, has yet to climb
    double* seen;  // takes each neuron's potential at its last spike, before its pulse; or null
};

/* Run all networks, one block of v each, for `left` seconds from `now`. `credits` tells how often each
   may yet fire. The state is X of all neurons, or that of mirrored ones. */
void run_dense(const std::vector<Frame<BRIANMEM_REAL> >& nets, double* v, double now, double left,
               double* credits, Record& record);
void run_mirrored(const std::vector<Frame<BRIANMEM_REAL> >& nets, double* v, double now, double left,
                  double* credits, Record& record);

}  // namespace brianmem
#endif
