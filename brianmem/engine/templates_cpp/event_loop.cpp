{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _failure } #}
{% extends 'spike_by_spike.cpp' %}
{# Of some backends a list of lines; autoindent cannot be nested. #}
{% macro _text(code) %}{{ code if code is string else code | join('\n') }}{% endmacro %}
{% macro _fill_system() %}
double _state[brianmem::COUPLED], _moved[brianmem::COUPLED], _system[brianmem::SYSTEM] = {};
double _fastest_rate;
{
    {{ _text(vector_code['system']) }}
    {% for k in range(_engine.n_coupled) %}
    _state[{{ k }}] = _state_{{ k }};
    {% endfor %}
    {% for k, m in _engine.entries %}
    _system[{{ k * (_engine.n_coupled + 1) + m }}] = _m_{{ k }}_{{ m }};
    {% endfor %}
    _fastest_rate = _fastest;
}
{% endmacro %}
{% macro _look_ahead() %}
for (int _k = 0; _k < brianmem::COUPLED; _k++) _moved[_k] = _state[_k];
brianmem::propagate(_system, _fastest_rate, _delta, _moved);
{% for k in range(_engine.n_coupled) %}
const double _ahead_{{ k }} = _moved[{{ k }}];
{% endfor %}
{% endmacro %}
{% block next_spike %}
            // Who is next?
            brianmem::NextSpike _next;
            double _release = std::numeric_limits<double>::infinity();
            {
                const size_t _vectorisation_idx = 1;
                {{ scalar_code['crossing'] | autoindent }}
                {% if _engine.n_coupled %}
                {{ scalar_code['system'] | autoindent }}
                {% endif %}
                {% if _engine.refractory %}
                {{ scalar_code['refractory'] | autoindent }}
                {% endif %}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    {% if _engine.refractory %}
                    if (!{{not_refractory}}[_idx])
                    {
                        {{ vector_code['refractory'] | autoindent }}
                        const double _pause = _refractory - (_now + _step - _left - {{lastspike}}[_idx]);
                        if (_pause > brianmem::TIE * _refractory)
                        {
                            _release = std::min(_release, _pause);
                            continue;
                        }
                        {{not_refractory}}[_idx] = true;
                    }
                    {% endif %}
                    {{ vector_code['crossing'] | autoindent }}
                    {% if _engine.bracketed %}
                    if (_next.at_once(_idx, _excess, brianmem::TIE * _size)) continue;
                    brianmem::FirstCrossing _search(_excess, _climb, _stride, std::min(_left, _next.wait));
                    if (_excess > 0 || (_excess == 0 && (_climb > 0 || {{ 'false' if _engine.strict else 'true' }})))
                    { _next.later(_idx, 0, _search.tie()); continue; }
                    {% if _engine.n_coupled %}
                    {{ _fill_system() | autoindent }}
                    {% endif %}
                    while (_search.more())
                    {
                        const double _delta = _search.at;
                        {% if _engine.n_coupled %}
                        {{ _look_ahead() | autoindent }}
                        {% endif %}
                        {{ scalar_code['peek'] | autoindent }}
                        {{ vector_code['peek'] | autoindent }}
                        _search.tell(_excess_ahead, _climb_ahead);
                    }
                    if (_search.found) _next.later(_idx, _search.at, _search.tie());
                    {% else %}
                    _next.see(_idx, _excess, _size, _rate, _slope, {{ 'true' if _engine.strict else 'false' }});
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
                {% if _engine.n_coupled %}
                {{ scalar_code['system'] | autoindent }}
                {% endif %}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    {% if _engine.n_coupled %}
                    {{ _fill_system() | autoindent }}
                    {{ _look_ahead() | autoindent }}
                    {% endif %}
                    {{ vector_code['advance'] | autoindent }}
                }
            }
            brianmem::less(_left, _rest, _delta);
            if (!_fires)
            {
                if (_release <= _delta) continue;
                break;
            }
            const long _who = _next.neuron;
            const double _moment = _now + _step - _left - _rest;
{% endblock %}
