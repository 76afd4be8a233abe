{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{% extends 'spike_by_spike.pyx' %}
{# The state has been moved to the end of this step; whoever is above threshold fires there. #}
{% block step %}
    cdef double _step = {{dt}}
{% endblock %}
{% block last_spike %}
            {{lastspike}}[_idx] = _now
{% endblock %}
{% block next_spike_declarations %}
    cdef double _most
{% endblock %}
{% block next_spike %}
            _moment = _now + _step
            _who = -1
            _most = 0
            _vectorisation_idx = 1
            {{ scalar_code['crossing'] | autoindent }}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                {% if _engine.refractory %}
                if not {{not_refractory}}[_idx]:
                    continue
                {% endif %}
                {{ vector_code['crossing'] | autoindent }}
                if not (_excess - _excess == 0):
                    _record.fail(NOT_FINITE, _idx, _moment)
                if _fires and (_who < 0 or _excess > _most):
                    _who = _idx
                    _most = _excess
            if _who < 0 or _record.failure:
                break
{% endblock %}
