{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{% extends 'spike_by_spike.pyx' %}
{# Of some backends a list of lines; autoindent cannot be nested. #}
{% macro _text(code) %}{{ code if code is string else code | join('\n') }}{% endmacro %}
{% macro _fill_system() %}
{{ _text(vector_code['system']) }}
{% for k in range(_engine.n_coupled) %}
_state[{{ k }}] = _state_{{ k }}
{% endfor %}
{% for k, m in _engine.entries %}
_system[{{ k * (_engine.n_coupled + 1) + m }}] = _m_{{ k }}_{{ m }}
{% endfor %}
{% endmacro %}
{% macro _look_ahead() %}
{% for k in range(_engine.n_coupled) %}
_moved[{{ k }}] = _state[{{ k }}]
{% endfor %}
propagate(_system, _fastest, _delta, _moved)
{% for k in range(_engine.n_coupled) %}
_ahead_{{ k }} = _moved[{{ k }}]
{% endfor %}
{% endmacro %}
{% block next_spike_support %}
cdef extern from *:
    cdef cppclass NextSpike "brianmem::NextSpike":
        NextSpike()
        long neuron
        double wait
        long broken
        bint at_once(long, double, double)
        void later(long, double, double)
        void see(long, double, double, double, double, bint)
    cdef cppclass FirstCrossing "brianmem::FirstCrossing":
        FirstCrossing()
        FirstCrossing(double, double, double, double)
        double at
        bint found
        bint more()
        double tie()
        void tell(double, double)
    double TIE "brianmem::TIE"
    {% if _engine.n_coupled %}
    void propagate "brianmem::propagate"(const double*, double, double, double*)
    {% endif %}
{% endblock %}
{% block next_spike_declarations %}
    cdef double _release, _pause
    cdef bint _spikes_next
    cdef NextSpike _next
    {% if _engine.n_coupled %}
    cdef double _state[{{ _engine.n_coupled }}]
    cdef double _moved[{{ _engine.n_coupled }}]
    cdef double _system[{{ _engine.n_coupled * (_engine.n_coupled + 1) }}]
    for _idx in range({{ _engine.n_coupled * (_engine.n_coupled + 1) }}):
        _system[_idx] = 0
    {% endif %}
    {% if _engine.bracketed %}
    cdef FirstCrossing _search
    {% endif %}
{% endblock %}
{% block next_spike %}
            # Who is next?
            _next = NextSpike()
            _release = NPY_INFINITY
            _vectorisation_idx = 1
            {{ scalar_code['crossing'] | autoindent }}
            {% if _engine.n_coupled %}
            {{ scalar_code['system'] | autoindent }}
            {% endif %}
            {% if _engine.refractory %}
            {{ scalar_code['refractory'] | autoindent }}
            {% endif %}
            for _idx in range(_first, _last):
                _vectorisation_idx = _idx
                {% if _engine.refractory %}
                if not {{not_refractory}}[_idx]:
                    {{ vector_code['refractory'] | autoindent }}
                    _pause = _refractory - (_now + _step - _left - {{lastspike}}[_idx])
                    if _pause > TIE * _refractory:
                        _release = min(_release, _pause)
                        continue
                    {{not_refractory}}[_idx] = True
                {% endif %}
                {{ vector_code['crossing'] | autoindent }}
                {% if _engine.bracketed %}
                if _next.at_once(_idx, _excess, TIE * _size):
                    continue
                _search = FirstCrossing(_excess, _climb, _stride, min(_left, _next.wait))
                if _excess > 0 or (_excess == 0 and (_climb > 0 or {{ not _engine.strict }})):
                    _next.later(_idx, 0, _search.tie())
                    continue
                {% if _engine.n_coupled %}
                {{ _fill_system() | autoindent }}
                {% endif %}
                while _search.more():
                    _delta = _search.at
                    {% if _engine.n_coupled %}
                    {{ _look_ahead() | autoindent }}
                    {% endif %}
                    {{ scalar_code['peek'] | autoindent }}
                    {{ vector_code['peek'] | autoindent }}
                    _search.tell(_excess_ahead, _climb_ahead)
                if _search.found:
                    _next.later(_idx, _search.at, _search.tie())
                {% else %}
                _next.see(_idx, _excess, _size, _rate, _slope, {{ _engine.strict }})
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
                {% if _engine.n_coupled %}
                {{ _fill_system() | autoindent }}
                {{ _look_ahead() | autoindent }}
                {% endif %}
                {{ vector_code['advance'] | autoindent }}
            less(_left, _rest, _delta)
            if not _spikes_next:
                if _release <= _delta:
                    continue
                break
            _who = _next.neuron
            _moment = _now + _step - _left - _rest
{% endblock %}
