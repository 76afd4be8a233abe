{# USES_VARIABLES { N, t, dt, _n, _pitch, _block_pitch, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{% extends 'common_group.pyx' %}
{% from 'event_support.pyx' import declare, hand_over %}
{% block template_support_code %}
{{ declare(support) }}
{% endblock %}
{% block maincode %}
    # The state has been moved to the end of this step; whoever is above threshold fires there.
    cdef double _now = {{t}}
    cdef double _step = {{dt}}
    cdef double _most
    cdef long _first, _last, _block, _column, _who
    cdef Record _record
    _block = -1
    for _first in range(0, N, {{_n}}):
        _block += 1
        _last = _first + {{_n}}
        {{_credit}}[_block] = min(<double> {{_credit}}[_block], <double> {{_credit_most}}) + {{_credit_rate}} * _step
        while True:
            _who = -1
            _most = 0
            _vectorisation_idx = 1
            {{ scalar_code['crossing'] | autoindent }}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                {% if refractory %}
                if not {{not_refractory}}[_idx]:
                    continue
                {% endif %}
                {{ vector_code['crossing'] | autoindent }}
                if not (_excess - _excess == 0):
                    _record.fail(NOT_FINITE, _idx, _now + _step)
                if _fires and (_who < 0 or _excess > _most):
                    _who = _idx
                    _most = _excess
            if _who < 0 or _record.failure:
                break
            if {{_credit}}[_block] < 1:
                _record.fail(RUNAWAY, _who, _now + _step)
                break
            {{_credit}}[_block] -= 1
            _record.add(_who, _now + _step)
            _idx = _who
            _vectorisation_idx = _idx
            {{ scalar_code['reset'] | autoindent }}
            {{ vector_code['reset'] | autoindent }}
            {% if refractory %}
            {{not_refractory}}[_idx] = False
            {{lastspike}}[_idx] = _now
            {% endif %}
            _column = _block * {{_block_pitch}} + (_who - _first) * {{_pitch}}
            _vectorisation_idx = 1
            {{ scalar_code['pulse'] | autoindent }}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                _weight_index = _column + (_idx - _first)
                {{ vector_code['pulse'] | autoindent }}
        if _record.failure:
            break
    {{ hand_over(get_array_name, eventspace_variable, monitored) | autoindent }}
{% endblock %}
