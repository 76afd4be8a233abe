{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _spike_count, _failure } #}
{% extends 'spike_by_spike.cu' %}
{# The state has been moved to the end of this step; whoever is above threshold fires there. #}
{% block kernel_helpers %}
namespace brianmem {

/* Who is farthest above threshold. */
struct Foremost {
    int neuron;
    double excess;
    int broken;  // a neuron whose state is not finite

    __device__ Foremost of_lane(int lane) const {
        return {from_lane(neuron, lane), from_lane(excess, lane), from_lane(broken, lane)};
    }
    __device__ bool exceeds(int i, double by) const {
        return excess > by || (excess == by && neuron < i);
    }
    __device__ void take(const Foremost& other) {
        broken = smaller(broken, other.broken);
        if (other.neuron != NOBODY && (neuron == NOBODY || other.exceeds(neuron, excess)))
        {
            neuron = other.neuron;
            excess = other.excess;
        }
    }
};

}  // namespace brianmem
{% endblock %}
{% block step %}
    const double _step = {{dt}};
{% endblock %}
{% block last_spike %}
            {{lastspike}}[_idx] = _now;
{% endblock %}
{% block next_spike_declarations %}
    __shared__ brianmem::Foremost _foremosts[brianmem::MOST_WARPS];
{% endblock %}
{% block next_spike %}
        const double _moment = _now + _step;
        brianmem::Foremost _next = {brianmem::NOBODY, 0, brianmem::NOBODY};
        {
            const size_t _vectorisation_idx = 1;
            {{ scalar_code['crossing'] | autoindent }}
            for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
            {
                const size_t _vectorisation_idx = _idx;
                {% if _engine.refractory %}
                if (!{{not_refractory}}[_idx]) continue;
                {% endif %}
                {{ vector_code['crossing'] | autoindent }}
                const int _broken = std::isfinite(_excess) ? brianmem::NOBODY : _idx;
                _next.take({_fires ? _idx : brianmem::NOBODY, _excess, _broken});
            }
        }
        _next = brianmem::agree(_next, _foremosts);
        const int _who = _next.neuron;
        if (_next.broken != brianmem::NOBODY)
        {
            if (threadIdx.x == 0)
                brianmem::fail(_block_failure, brianmem::NOT_FINITE, _next.broken, _moment);
            break;
        }
        if (_who == brianmem::NOBODY) break;
{% endblock %}
{% block after_spike %}
        // Conditions of this kind may read what belongs to other threads.
        __syncthreads();
        if (_full) break;
{% endblock %}
