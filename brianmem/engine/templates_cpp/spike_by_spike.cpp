{# One spike after another: a child finds who is next and when, or leaves the loop. #}
{% extends 'common_group.cpp' %}
{% from 'event_record.cpp' import hand_over %}
{% block extra_headers %}
#include "network.h"
{{ _engine.support }}
{% endblock %}
{% block maincode %}
    const double _now = {{t}};
    {% block step %}
    const double _step = {{dt}} < {{_until}} - _now ? {{dt}} : {{_until}} - _now;
    {% endblock %}
    brianmem::Record _record;
    for (long _first = 0, _block = 0; _first < N && !_record.failure; _first += {{_n}}, _block++)
    {
        const long _last = _first + {{_n}};
        double _left = _step, _rest = 0;
        double& _may_fire = {{_credit}}[_block];
        _may_fire = std::min(_may_fire, {{_credit_most}}) + {{_credit_rate}} * _step;
        while (true)
        {
            {% block next_spike %}
            {% endblock %}
            // Let it fire.
            if (_may_fire < 1)
            {
                _record.fail(brianmem::RUNAWAY, _who, _moment);
                break;
            }
            _may_fire -= 1;
            _record.add(_who, _moment);
            {
                const size_t _idx = _who;
                const size_t _vectorisation_idx = _idx;
                {% if _engine.seen %}
                {
                    {{ scalar_code['seen'] | autoindent }}
                    {{ vector_code['seen'] | autoindent }}
                }
                {% endif %}
                {% if _engine.refractory %}
                {% block last_spike %}
                {{lastspike}}[_idx] = _moment;
                {% endblock %}
                {% endif %}
                {{ scalar_code['reset'] | autoindent }}
                {{ vector_code['reset'] | autoindent }}
                {% if _engine.refractory %}
                {{not_refractory}}[_idx] = false;
                {% endif %}
            }
            {
                const size_t _vectorisation_idx = 1;
                const size_t _column = (_block / {{_copies}} * {{_n}} + _who - _first) * {{_pitch}};
                {{ scalar_code['pulse'] | autoindent }}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    const size_t _weight_index = _column + (_idx - _first);
                    {{ vector_code['pulse'] | autoindent }}
                }
            }
        }
        {% if _engine.seen %}
        {{ scalar_code['kept'] | autoindent }}
        for (size_t _idx = _first; _idx < _last; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{ vector_code['kept'] | autoindent }}
        }
        {% endif %}
    }
    {{ hand_over(get_array_name, variables, eventspace_variable, _engine.monitored) }}
{% endblock %}
{% block after_code %}
{{ get_array_name(eventspace_variable) }}[N] = 0;
{% endblock %}
