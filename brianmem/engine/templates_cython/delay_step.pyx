{# USES_VARIABLES { N, t, dt, t_in_timesteps, _n, _n_blocks, _n_delays, _row, _synapse, _value, _sent, _n_sent,
                    _spikes_left, _forced_neuron, _forced_step, _forced_next, _forced_end, _lost_neuron,
                    _lost_step, _lost_next, _lost_end, _clamped, _clamped_pitch, _clamped_steps } #}
{% extends 'common_group.pyx' %}
{% from 'event_support.pyx' import declare, hand_over %}
{% block template_support_code %}
{{ declare(_engine.support) }}
cdef extern from *:
    ctypedef {{ _engine.real }} real_t "BRIANMEM_REAL"
    cdef cppclass Synapse "brianmem::Synapse":
        pass
    cdef cppclass DelayedWeights "brianmem::DelayedWeights":
        const int64_t* row
        const Synapse* synapse
        const real_t* value
        int64_t n
    cdef cppclass Sent "brianmem::Sent":
        int32_t* row
        int32_t* count
        int64_t n_delays
    cdef cppclass Events "brianmem::Events":
        const int32_t* neuron
        const int32_t* step
        int64_t next
        int64_t end
    void add_inputs "brianmem::add_inputs"(DelayedWeights&, Sent&, double*, const char*)
    void force "brianmem::force"(Record&, size_t, Events&, int64_t, long, double)
    void send "brianmem::send"(Record&, size_t, Events&, int64_t, long, Sent&)
{% endblock %}
{% block maincode %}
    cdef double _now = {{t}}
    cdef int64_t _number = {{t_in_timesteps}}
    cdef long _first, _block
    cdef size_t _begin, _k
    cdef int32_t _next = 0
    cdef const char* _open = NULL
    cdef DelayedWeights _weights
    cdef Sent _heard
    cdef Events _events
    cdef Record _record
    {% set _sum = get_array_name(variables[_engine.variable]) %}
    _weights.row = {{ 'NULL' if _engine.dense else '<const int64_t*> &' ~ _row ~ '[0]' }}
    _weights.synapse = <const Synapse*> &{{_synapse}}[0]
    _weights.value = <const real_t*> &{{_value}}[0]
    _weights.n = {{_n}}
    _heard.n_delays = {{_n_delays}}
    for _block in range({{_n_blocks}}):
        _first = _block * {{_n}}
        _heard.row = <int32_t*> &{{_sent}}[_first * {{_n_delays}}]
        _heard.count = <int32_t*> &{{_n_sent}}[_block]
        _begin = _record.size()
        if {{_spikes_left}}[_block] >= 0:
            {% if _engine.conditional %}
            _open = <const char*> &{{not_refractory}}[_first]
            {% endif %}
            add_inputs(_weights, _heard, <double*> &{{_sum}}[_first], _open)
            {% if _engine.recursion %}
            if _number >= {{_clamped_steps}} or not {{_clamped}}[_block * {{_clamped_pitch}} + _number]:
                _vectorisation_idx = 1
                {{ scalar_code['crossing'] | autoindent }}
                for _idx in range(_first, _first + {{_n}}):
                    _vectorisation_idx = _idx
                    {{ vector_code['crossing'] | autoindent }}
                    if _fires:
                        _record.add(_idx, _now)
            _events.neuron = <const int32_t*> &{{_forced_neuron}}[0]
            _events.step = <const int32_t*> &{{_forced_step}}[0]
            _events.next = {{_forced_next}}[_block]
            _events.end = {{_forced_end}}[_block]
            force(_record, _begin, _events, _number, _first, _now)
            {{_forced_next}}[_block] = _events.next
            _vectorisation_idx = 1
            {% if _engine.resets %}
            {{ scalar_code['reset'] | autoindent }}
            {% endif %}
            for _k in range(_begin, _record.size()):
                _idx = _record.neurons()[_k]
                _vectorisation_idx = _idx
                {% if _engine.refractory %}
                {{not_refractory}}[_idx] = False
                {{lastspike}}[_idx] = _now
                {% endif %}
                {% if _engine.resets %}
                {{ vector_code['reset'] | autoindent }}
                {% endif %}
            {% else %}
            {% set _told = get_array_name(eventspace_variable) %}
            while _next < {{_told}}[N] and {{_told}}[_next] < _first + {{_n}}:
                _record.add({{_told}}[_next], _now)
                _next += 1
            {% endif %}
            {{_spikes_left}}[_block] -= _record.size() - _begin
        _events.neuron = <const int32_t*> &{{_lost_neuron}}[0]
        _events.step = <const int32_t*> &{{_lost_step}}[0]
        _events.next = {{_lost_next}}[_block]
        _events.end = {{_lost_end}}[_block]
        send(_record, _begin, _events, _number, _first, _heard)
        {{_lost_next}}[_block] = _events.next
    {{ hand_over(get_array_name, eventspace_variable, _engine.monitored) | autoindent }}
{% endblock %}
{% block after_code %}
    {% if _engine.recursion %}
    {{ get_array_name(eventspace_variable) }}[N] = 0
    {% endif %}
{% endblock %}
