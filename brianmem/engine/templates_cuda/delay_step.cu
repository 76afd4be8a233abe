{# USES_VARIABLES { N, t, dt, t_in_timesteps, _n, _n_blocks, _n_delays, _row, _synapse, _value, _sent, _n_sent,
                    _spikes_left, _forced_neuron, _forced_step, _forced_next, _forced_end, _lost_neuron,
                    _lost_step, _lost_next, _lost_end, _clamped, _clamped_pitch, _clamped_steps, _until } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _spike_count, _failure, _sent, _n_sent,
                                   _spikes_left, _forced_next, _lost_next } #}
{% extends 'network_kernel.cu' %}
{% block network %}
    __shared__ brianmem::Shelf _shelf;
    const int64_t _number = {{t_in_timesteps}};
    const brianmem::DelayedWeights _weights = {
        {{ 'nullptr' if _engine.dense else _row }}, (const brianmem::Synapse*) {{_synapse}}, {{_value}}, {{_n}}};
    const brianmem::Sent _before = {
        {{_sent}} + (int64_t)_first * {{_n_delays}}, {{_n_sent}} + blockIdx.x, {{_n_delays}}};
    const int _n_before = *_before.count;
    const bool _silent = {{_spikes_left}}[blockIdx.x] < 0;
    const brianmem::EventsNow _forced(
        {{_forced_neuron}}, {{_forced_step}}, {{_forced_next}}[blockIdx.x], {{_forced_end}}[blockIdx.x], _number);
    const brianmem::EventsNow _lost(
        {{_lost_neuron}}, {{_lost_step}}, {{_lost_next}}[blockIdx.x], {{_lost_end}}[blockIdx.x], _number);
    const bool _free = _number >= {{_clamped_steps}}
        || !{{_clamped}}[blockIdx.x * {{_clamped_pitch}} + _number];

    double* const _sum = {{ get_array_name(variables[_engine.variable]) }} + _first;
    const char* const _open = {{ '(const char*) ' ~ not_refractory ~ ' + _first' if _engine.conditional else 'nullptr' }};
    if (!_silent)
    {
        {% if _engine.dense %}
        brianmem::add_dense_here(_weights, _before.row, _n_before, _sum, _open);
        {% else %}
        brianmem::add_sparse_here(_weights, _before.row, _n_before, _sum, _open, _shelf);
        {% endif %}
    }
    int _n_heard = brianmem::move_on(_before, _n_before);

    int _n_fired = 0;
    for (int _from = _first; _from < _last; _from += blockDim.x)
    {
        const int _idx = _from + threadIdx.x;
        bool _fired = false;
        if (_idx < _last && !_silent)
        {
            const size_t _vectorisation_idx = _idx;
            if (_free)
            {
                {{ scalar_code['crossing'] | autoindent }}
                {{ vector_code['crossing'] | autoindent }}
                _fired = _fires;
            }
            _fired = _fired || _forced.has(_idx - _first);
        }
        if (_fired)
        {
            const size_t _vectorisation_idx = _idx;
            const int _reason = _room.add(_idx, _now);
            if (_reason != brianmem::NONE) brianmem::fail(_block_failure, _reason, _idx, _now);
            {% if _engine.refractory %}
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = _now;
            {% endif %}
            {% if _engine.resets %}
            {{ scalar_code['reset'] | autoindent }}
            {{ vector_code['reset'] | autoindent }}
            {% endif %}
        }
        // Those that are heard are sent in the order of their neurons.
        const bool _heard = _fired && !_lost.has(_idx - _first);
        const int _place = _n_heard + brianmem::running_total(_heard, _shelf.of_warp) - 1;
        if (_heard) _before.row[_place] = (int32_t)((_idx - _first) * {{_n_delays}});
        _n_heard += __syncthreads_count(_heard);
        _n_fired += __syncthreads_count(_fired);
    }
    if (threadIdx.x == 0)
    {
        *_before.count = _n_heard;
        if (!_silent) {{_spikes_left}}[blockIdx.x] -= _n_fired;
        {{_forced_next}}[blockIdx.x] = _forced.next;
        {{_lost_next}}[blockIdx.x] = _lost.next;
    }
{% endblock %}
