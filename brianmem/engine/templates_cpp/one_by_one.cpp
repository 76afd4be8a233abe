{# USES_VARIABLES { N, t, dt, _n, _pitch, _block_pitch, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _failure } #}
{% extends 'common_group.cpp' %}
{% from 'event_record.cpp' import hand_over %}
{% block extra_headers %}
#include "network.h"
{{ support }}
{% endblock %}
{% block maincode %}
    // The state has been moved to the end of this step; whoever is above threshold fires there.
    const double _now = {{t}}, _step = {{dt}};
    brianmem::Record _record;
    for (long _first = 0, _block = 0; _first < N && !_record.failure; _first += {{_n}}, _block++)
    {
        const long _last = _first + {{_n}};
        double& _may_fire = {{_credit}}[_block];
        _may_fire = std::min(_may_fire, {{_credit_most}}) + {{_credit_rate}} * _step;
        while (true)
        {
            long _who = -1;
            double _most = 0;
            {
                const size_t _vectorisation_idx = 1;
                {{ scalar_code['crossing'] | autoindent }}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    {% if refractory %}
                    if (!{{not_refractory}}[_idx]) continue;
                    {% endif %}
                    {{ vector_code['crossing'] | autoindent }}
                    if (!std::isfinite(_excess)) _record.fail(brianmem::NOT_FINITE, _idx, _now + _step);
                    if (_fires && (_who < 0 || _excess > _most))
                    {
                        _who = _idx;
                        _most = _excess;
                    }
                }
            }
            if (_who < 0 || _record.failure) break;
            if (_may_fire < 1)
            {
                _record.fail(brianmem::RUNAWAY, _who, _now + _step);
                break;
            }
            _may_fire -= 1;
            _record.add(_who, _now + _step);
            {
                const size_t _idx = _who;
                const size_t _vectorisation_idx = _idx;
                {{ scalar_code['reset'] | autoindent }}
                {{ vector_code['reset'] | autoindent }}
                {% if refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = _now;
                {% endif %}
            }
            {
                const size_t _vectorisation_idx = 1;
                const size_t _column = _block * {{_block_pitch}} + (_who - _first) * {{_pitch}};
                {{ scalar_code['pulse'] | autoindent }}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    const size_t _weight_index = _column + (_idx - _first);
                    {{ vector_code['pulse'] | autoindent }}
                }
            }
        }
    }
    {{ hand_over(get_array_name, variables, eventspace_variable, monitored) }}
{% endblock %}
{% block after_code %}
{{ get_array_name(eventspace_variable) }}[N] = 0;
{% endblock %}
