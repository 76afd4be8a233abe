{# One spike after another: a child finds who is next and when, or leaves the loop. #}
{% extends 'common_group.pyx' %}
{% from 'event_support.pyx' import declare, hand_over %}
{% block template_support_code %}
{{ declare(_engine.support) }}
{% block next_spike_support %}
{% endblock %}
{% endblock %}
{% block maincode %}
    cdef double _now = {{t}}
    {% block step %}
    cdef double _step = min(<double> {{dt}}, <double> {{_until}} - _now)
    {% endblock %}
    cdef double _left, _rest, _moment
    cdef long _first, _last, _block, _column, _who
    cdef Record _record
    {% block next_spike_declarations %}
    {% endblock %}
    _block = -1
    for _first in range(0, N, {{_n}}):
        _block += 1
        _last = _first + {{_n}}
        _left = _step
        _rest = 0
        {{_credit}}[_block] = min(<double> {{_credit}}[_block], <double> {{_credit_most}}) + {{_credit_rate}} * _step
        while True:
            {% block next_spike %}
            {% endblock %}
            # Let it fire.
            if {{_credit}}[_block] < 1:
                _record.fail(RUNAWAY, _who, _moment)
                break
            {{_credit}}[_block] -= 1
            _record.add(_who, _moment)
            _idx = _who
            _vectorisation_idx = _idx
            {% if _engine.seen %}
            {{ scalar_code['seen'] | autoindent }}
            {{ vector_code['seen'] | autoindent }}
            {% endif %}
            {% if _engine.refractory %}
            {% block last_spike %}
            {{lastspike}}[_idx] = _moment
            {% endblock %}
            {% endif %}
            {{ scalar_code['reset'] | autoindent }}
            {{ vector_code['reset'] | autoindent }}
            {% if _engine.refractory %}
            {{not_refractory}}[_idx] = False
            {% endif %}
            _column = (_block // {{_copies}} * {{_n}} + _who - _first) * {{_pitch}}
            _vectorisation_idx = 1
            {{ scalar_code['pulse'] | autoindent }}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                _weight_index = _column + (_idx - _first)
                {{ vector_code['pulse'] | autoindent }}
        {% if _engine.seen %}
        {{ scalar_code['kept'] | autoindent }}
        for _idx in range(_first, _last):
            _vectorisation_idx = _idx
            {{ vector_code['kept'] | autoindent }}
        {% endif %}
        if _record.failure:
            break
    {{ hand_over(get_array_name, eventspace_variable, _engine.monitored) | autoindent }}
{% endblock %}
