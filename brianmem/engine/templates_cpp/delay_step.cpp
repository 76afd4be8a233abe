{# USES_VARIABLES { N, t, dt, t_in_timesteps, _n, _n_blocks, _n_delays, _row, _synapse, _value, _sent, _n_sent,
                    _spikes_left, _forced_neuron, _forced_step, _forced_next, _forced_end, _lost_neuron,
                    _lost_step, _lost_next, _lost_end, _clamped, _clamped_pitch, _clamped_steps, _until } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _failure, _sent, _n_sent, _spikes_left,
                                   _forced_next, _lost_next } #}
{% extends 'common_group.cpp' %}
{% from 'event_record.cpp' import hand_over %}
{% block extra_headers %}
#include "network.h"
{{ _engine.support }}
{% endblock %}
{% block maincode %}
    const double _now = {{t}}, _step = {{dt}};
    const int64_t _number = {{t_in_timesteps}};
    const brianmem::DelayedWeights _weights = {
        {{ 'nullptr' if _engine.dense else _row }}, (const brianmem::Synapse*) {{_synapse}}, {{_value}}, {{_n}}};
    brianmem::Record _record;
    int32_t _next = 0;
    for (long _first = 0, _block = 0; _first < N; _first += {{_n}}, _block++)
    {
        brianmem::Sent _heard = {
            {{_sent}} + _first * {{_n_delays}}, {{_n_sent}} + _block, {{_n_delays}}};
        const size_t _begin = _record.size();
        if ({{_spikes_left}}[_block] >= 0)
        {
            brianmem::add_inputs(_weights, _heard, {{ get_array_name(variables[_engine.variable]) }} + _first,
                                 {{ '(const char*) ' ~ not_refractory ~ ' + _first' if _engine.conditional else 'nullptr' }});
            {% if _engine.recursion %}
            const bool _free = _number >= {{_clamped_steps}}
                || !{{_clamped}}[_block * {{_clamped_pitch}} + _number];
            if (_free)
            {
                const size_t _vectorisation_idx = 1;
                {{ scalar_code['crossing'] | autoindent }}
                // Few neurons fire, and the compiler can look at many at a time if it need not tell which.
                for (size_t _from = _first; _from < _first + {{_n}}; _from += brianmem::NEURONS_AT_ONCE)
                {
                    const size_t _to = std::min(_from + brianmem::NEURONS_AT_ONCE, (size_t)(_first + {{_n}}));
                    int64_t _n_firing = 0;
                    for (size_t _idx = _from; _idx < _to; _idx++)
                    {
                        const size_t _vectorisation_idx = _idx;
                        {{ vector_code['crossing'] | autoindent }}
                        _n_firing += _fires;
                    }
                    for (size_t _idx = _from; _n_firing > 0 && _idx < _to; _idx++)
                    {
                        const size_t _vectorisation_idx = _idx;
                        {{ vector_code['crossing'] | autoindent }}
                        if (!_fires) continue;
                        _record.add(_idx, _now);
                        _n_firing--;
                    }
                }
            }
            brianmem::Events _forced = {
                {{_forced_neuron}}, {{_forced_step}}, {{_forced_next}}[_block], {{_forced_end}}[_block]};
            brianmem::force(_record, _begin, _forced, _number, _first, _now);
            {{_forced_next}}[_block] = _forced.next;
            {
                const size_t _vectorisation_idx = 1;
                {% if _engine.resets %}
                {{ scalar_code['reset'] | autoindent }}
                {% endif %}
                for (size_t _k = _begin; _k < _record.size(); _k++)
                {
                    const size_t _idx = _record.neuron[_k];
                    const size_t _vectorisation_idx = _idx;
                    {% if _engine.refractory %}
                    {{not_refractory}}[_idx] = false;
                    {{lastspike}}[_idx] = _now;
                    {% endif %}
                    {% if _engine.resets %}
                    {{ vector_code['reset'] | autoindent }}
                    {% endif %}
                }
            }
            {% else %}
            {% set _told = get_array_name(eventspace_variable) %}
            for (; _next < {{_told}}[N] && {{_told}}[_next] < _first + {{_n}}; _next++)
                _record.add({{_told}}[_next], _now);
            {% endif %}
            {{_spikes_left}}[_block] -= _record.size() - _begin;
        }
        brianmem::Events _lost = {
            {{_lost_neuron}}, {{_lost_step}}, {{_lost_next}}[_block], {{_lost_end}}[_block]};
        brianmem::send(_record, _begin, _lost, _number, _first, _heard);
        {{_lost_next}}[_block] = _lost.next;
    }
    {{ hand_over(get_array_name, variables, eventspace_variable, _engine.monitored) }}
{% endblock %}
{% block after_code %}
{% if _engine.recursion %}
{{ get_array_name(eventspace_variable) }}[N] = 0;
{% endif %}
{% endblock %}
