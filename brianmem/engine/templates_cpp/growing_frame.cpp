{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _own, _lift, _mirrored, _until, _credit,
                    _credit_rate, _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _failure } #}
{% extends 'common_group.cpp' %}
{% from 'event_record.cpp' import hand_over %}
{% block extra_headers %}
#include "network.h"
{{ _engine.support }}
{% endblock %}
{% block maincode %}
    const double _now = {{t}};
    const double _step = {{dt}} < {{_until}} - _now ? {{dt}} : {{_until}} - _now;
    brianmem::Record _record;
    std::vector<brianmem::Frame<BRIANMEM_REAL> > _frames;
    for (long _first = 0, _block = 0; _first < N && !_record.failure; _first += {{_n}}, _block++)
    {
        const long _network = _block / {{_copies}};
        brianmem::Frame<BRIANMEM_REAL> _frame = {
            {{_n}}, {{_pitch}}, {{_weight}} + _network * {{_n}} * {{_pitch}},
            {{_own}} + _network * {{_n}}, {{_lift}}[_network], 0, 0, 0, false,
            {{ get_array_name(variables[_engine.at_spike]) ~ ' + _first' if _engine.seen else 'nullptr' }}};
        const size_t _vectorisation_idx = 1;
        {{ scalar_code['frame'] | autoindent }}
        for (size_t _idx = _first; _idx < _first + ({{'1' if _engine.frame_shared else _n}}); _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{ vector_code['frame'] | autoindent }}
            if (_idx == _first)
            {
                _frame.tau = _tau;
                _frame.drive = _drive;
                _frame.bias = _bias;
                _frame.strict = {{ 'true' if _engine.strict else 'false' }};
            }
            else if (!_record.failure && (_frame.tau != _tau || _frame.drive != _drive || _frame.bias != _bias))
                _record.fail(brianmem::NOT_SHARED, _idx, _now);
        }
        _frames.push_back(_frame);
        {{_credit}}[_block] = std::min({{_credit}}[_block], {{_credit_most}}) + {{_credit_rate}} * _step;
    }
    if (!_record.failure)
    {
        double* const _v = {{ get_array_name(variables[_engine.variable]) }};
        if ({{_mirrored}})
            brianmem::run_mirrored(_frames, _v, _now, _step, {{_credit}}, _record);
        else
            brianmem::run_dense(_frames, _v, _now, _step, {{_credit}}, _record);
        {% if _engine.seen %}
        std::copy(_v, _v + N, {{ get_array_name(variables[_engine.after]) }});
        {% endif %}
    }
    {{ hand_over(get_array_name, variables, eventspace_variable, _engine.monitored) }}
{% endblock %}
{% block after_code %}
{{ get_array_name(eventspace_variable) }}[N] = 0;
{% endblock %}
