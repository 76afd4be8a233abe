"""PyTorch with the dense array of weights, as the paper has it: the equation, step by step."""

import torch

from benchmarks.rivals.case import Case, Result, Stopwatch, serve


@torch.no_grad()
def recall(case: Case) -> Result:
    """All patterns as one batch, float32, one thread.

    u_j(t) = beta u_j(t-1) (1 - s_j(t-1)) + sum over i, d of W[j, i, d] s_i(t - d)
    """
    torch.set_num_threads(1)
    n_cue, n_delays = int(case.n_cue_steps), int(case.n_delays)
    watch = Stopwatch()
    # The last step first, as the raster runs.
    weights = torch.from_numpy(case.weights()).flip(2).reshape(int(case.n_neurons), -1)
    # D silent steps before the first one.
    raster = torch.zeros(int(case.n_patterns), int(case.n_neurons), n_delays + int(case.n_steps))
    raster[case.pattern, case.neuron, n_delays + case.step] = 1
    u = torch.zeros(raster.shape[:2])
    s = torch.zeros_like(u)
    setup = watch.lap()
    for t in range(int(case.n_steps)):
        # As a product of matrices; an einsum over i and d copies the weights in every step.
        window = raster[:, :, t : t + n_delays].reshape(len(raster), -1)
        u = case.beta * u * (1 - s) + window @ weights.T
        s = raster[:, :, t + n_delays] if t < n_cue else (u >= case.threshold).float()
        raster[:, :, t + n_delays] = s
    seconds = watch.lap()
    pattern, neuron, step = torch.nonzero(raster[:, :, n_delays:], as_tuple=True)
    return Result(
        pattern.numpy(), neuron.numpy(), step.numpy(), [seconds], setup, torch.__version__
    )


if __name__ == "__main__":
    serve(recall)
