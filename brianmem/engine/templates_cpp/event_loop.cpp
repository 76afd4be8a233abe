{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _failure } #}
{% extends 'spike_by_spike.cpp' %}
{% block next_spike %}
            // Who is next?
            brianmem::NextSpike _next;
            double _release = std::numeric_limits<double>::infinity();
            {
                const size_t _vectorisation_idx = 1;
                {{ scalar_code['crossing'] | autoindent }}
                {% if refractory %}
                {{ scalar_code['refractory'] | autoindent }}
                {% endif %}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    {% if refractory %}
                    if (!{{not_refractory}}[_idx])
                    {
                        {{ vector_code['refractory'] | autoindent }}
                        const double _rest = _refractory - (_now + _step - _left - {{lastspike}}[_idx]);
                        if (_rest > brianmem::TIE * _refractory)
                        {
                            _release = std::min(_release, _rest);
                            continue;
                        }
                        {{not_refractory}}[_idx] = true;
                    }
                    {% endif %}
                    {{ vector_code['crossing'] | autoindent }}
                    {% if bracketed %}
                    if (_next.at_once(_idx, _excess, brianmem::TIE * _size)) continue;
                    brianmem::FirstCrossing _search(_excess, _climb, _stride, std::min(_left, _next.wait));
                    if (_excess >= 0) { _next.later(_idx, 0, _search.tie()); continue; }
                    while (_search.more())
                    {
                        const double _delta = _search.at;
                        {{ scalar_code['peek'] | autoindent }}
                        {{ vector_code['peek'] | autoindent }}
                        _search.tell(_excess_ahead, _climb_ahead);
                    }
                    if (_search.found) _next.later(_idx, _search.at, _search.tie());
                    {% else %}
                    _next.see(_idx, _excess, _size, _rate, _slope);
                    {% endif %}
                }
            }
            if (_next.broken >= 0)
            {
                _record.fail(brianmem::NOT_FINITE, _next.broken, _now + _step - _left);
                break;
            }
            // Move everybody there.
            const bool _fires = _next.wait <= _left && _next.wait <= _release;
            const double _delta = std::min(std::min(_next.wait, _release), _left);
            {
                const size_t _vectorisation_idx = 1;
                {{ scalar_code['advance'] | autoindent }}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    {{ vector_code['advance'] | autoindent }}
                }
            }
            _left -= _delta;
            if (!_fires)
            {
                if (_release <= _delta) continue;
                break;
            }
            const long _who = _next.neuron;
            const double _moment = _now + _step - _left;
{% endblock %}
