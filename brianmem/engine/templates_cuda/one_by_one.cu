{# USES_VARIABLES { N, t, dt, _n, _pitch, _block_pitch, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _spike_count, _failure } #}
{% extends 'event_kernel.cu' %}
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
{% block network %}
    // The state has been moved to the end of this step; whoever is above threshold fires there.
    __shared__ brianmem::Foremost _foremosts[brianmem::MOST_WARPS];
    const int64_t _pitch_here = {{_pitch}}, _columns = blockIdx.x * {{_block_pitch}};
    while (true)
    {
        brianmem::Foremost _next = {brianmem::NOBODY, 0, brianmem::NOBODY};
        {
            const size_t _vectorisation_idx = 1;
            {{ scalar_code['crossing'] | autoindent }}
            for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
            {
                const size_t _vectorisation_idx = _idx;
                {% if refractory %}
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
                brianmem::fail(_block_failure, brianmem::NOT_FINITE, _next.broken, _now + _step);
            break;
        }
        if (_who == brianmem::NOBODY) break;
        if (_may_fire < 1)
        {
            if (threadIdx.x == 0) brianmem::fail(_block_failure, brianmem::RUNAWAY, _who, _now + _step);
            break;
        }
        _may_fire -= 1;
        if ((_who - _first) % blockDim.x == threadIdx.x)
        {
            const int _idx = _who;
            const size_t _vectorisation_idx = _idx;
            const int _reason = _room.add(_who, _now + _step);
            if (_reason != brianmem::NONE)
            {
                brianmem::fail(_block_failure, _reason, _who, _now + _step);
                _full = true;
            }
            {{ scalar_code['reset'] | autoindent }}
            {{ vector_code['reset'] | autoindent }}
            {% if refractory %}
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = _now;
            {% endif %}
        }
        {
            const size_t _vectorisation_idx = 1;
            const size_t _column = _columns + (_who - _first) * _pitch_here;
            {{ scalar_code['pulse'] | autoindent }}
            for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
            {
                const size_t _vectorisation_idx = _idx;
                const size_t _weight_index = _column + (_idx - _first);
                {{ vector_code['pulse'] | autoindent }}
            }
        }
        // Conditions of this kind may read what belongs to other threads.
        __syncthreads();
        if (_full) break;
    }
{% endblock %}
