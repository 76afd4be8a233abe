{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{% extends 'spike_by_spike.pyx' %}
{% block next_spike_support %}
cdef extern from *:
    cdef cppclass NextSpike "brianmem::NextSpike":
        NextSpike()
        long neuron
        double wait
        long broken
        bint at_once(long, double, double)
        void later(long, double, double)
        void see(long, double, double, double, double)
    cdef cppclass FirstCrossing "brianmem::FirstCrossing":
        FirstCrossing()
        FirstCrossing(double, double, double, double)
        double at
        bint found
        bint more()
        double tie()
        void tell(double, double)
    double TIE "brianmem::TIE"
{% endblock %}
{% block next_spike_declarations %}
    cdef double _release, _rest
    cdef bint _spikes_next
    cdef NextSpike _next
    {% if bracketed %}
    cdef FirstCrossing _search
    {% endif %}
{% endblock %}
{% block next_spike %}
            # Who is next?
            _next = NextSpike()
            _release = NPY_INFINITY
            _vectorisation_idx = 1
            {{ scalar_code['crossing'] | autoindent }}
            {% if refractory %}
            {{ scalar_code['refractory'] | autoindent }}
            {% endif %}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                {% if refractory %}
                if not {{not_refractory}}[_idx]:
                    {{ vector_code['refractory'] | autoindent }}
                    _rest = _refractory - (_now + _step - _left - {{lastspike}}[_idx])
                    if _rest > TIE * _refractory:
                        _release = min(_release, _rest)
                        continue
                    {{not_refractory}}[_idx] = True
                {% endif %}
                {{ vector_code['crossing'] | autoindent }}
                {% if bracketed %}
                if _next.at_once(_idx, _excess, TIE * _size):
                    continue
                _search = FirstCrossing(_excess, _climb, _stride, min(_left, _next.wait))
                if _excess >= 0:
                    _next.later(_idx, 0, _search.tie())
                    continue
                while _search.more():
                    _delta = _search.at
                    {{ scalar_code['peek'] | autoindent }}
                    {{ vector_code['peek'] | autoindent }}
                    _search.tell(_excess_ahead, _climb_ahead)
                if _search.found:
                    _next.later(_idx, _search.at, _search.tie())
                {% else %}
                _next.see(_idx, _excess, _size, _rate, _slope)
                {% endif %}
            if _next.broken >= 0:
                _record.fail(NOT_FINITE, _next.broken, _now + _step - _left)
                break
            # Move everybody there.
            _spikes_next = _next.wait <= _left and _next.wait <= _release
            _delta = min(min(_next.wait, _release), _left)
            _vectorisation_idx = 1
            {{ scalar_code['advance'] | autoindent }}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                {{ vector_code['advance'] | autoindent }}
            _left -= _delta
            if not _spikes_next:
                if _release <= _delta:
                    continue
                break
            _who = _next.neuron
            _moment = _now + _step - _left
{% endblock %}
