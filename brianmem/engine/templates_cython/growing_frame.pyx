{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _own, _lift, _mirrored, _until, _credit,
                    _credit_rate, _credit_most } #}
{% extends 'common_group.pyx' %}
{% from 'event_support.pyx' import declare, hand_over %}
{% block template_support_code %}
{{ declare(_engine.support) }}
from libcpp.vector cimport vector
cdef extern from *:
    ctypedef {{ _engine.real }} real_t "BRIANMEM_REAL"
    cdef cppclass Frame "brianmem::Frame<BRIANMEM_REAL>":
        Frame()
        long n
        long padded
        const real_t* columns
        const real_t* own
        double lift
        double tau
        double drive
        double bias
        bint strict
        double* seen
    void run_dense "brianmem::run_dense"(vector[Frame]&, double*, double, double, double*, Record&)
    void run_mirrored "brianmem::run_mirrored"(vector[Frame]&, double*, double, double, double*, Record&)
{% endblock %}
{% block maincode %}
    cdef double _now = {{t}}
    cdef double _step = min(<double> {{dt}}, <double> {{_until}} - _now)
    cdef long _first, _block, _network
    cdef Record _record
    cdef Frame _frame
    cdef vector[Frame] _frames
    _block = -1
    for _first in range(0, N, {{_n}}):
        _block += 1
        _network = _block // {{_copies}}
        _frame.n = {{_n}}
        _frame.padded = {{_pitch}}
        _frame.columns = <const real_t*> &{{_weight}}[_network * {{_n}} * {{_pitch}}]
        _frame.own = <const real_t*> &{{_own}}[_network * {{_n}}]
        _frame.lift = {{_lift}}[_network]
        {% if _engine.seen %}
        _frame.seen = <double*> &{{ get_array_name(variables[_engine.at_spike]) }}[_first]
        {% else %}
        _frame.seen = NULL
        {% endif %}
        _vectorisation_idx = 1
        {{ scalar_code['frame'] | autoindent }}
        for _idx in range(_first, _first + ({{'1' if _engine.frame_shared else _n}})):
            _vectorisation_idx = _idx
            {{ vector_code['frame'] | autoindent }}
            if _idx == _first:
                _frame.tau = _tau
                _frame.drive = _drive
                _frame.bias = _bias
                _frame.strict = {{ _engine.strict }}
            elif _record.failure == 0 and (_frame.tau != _tau or _frame.drive != _drive or _frame.bias != _bias):
                _record.fail(NOT_SHARED, _idx, _now)
        _frames.push_back(_frame)
        {{_credit}}[_block] = min(<double> {{_credit}}[_block], <double> {{_credit_most}}) + {{_credit_rate}} * _step
    {% set _v = get_array_name(variables[_engine.variable]) %}
    if _record.failure == 0:
        if {{_mirrored}}:
            run_mirrored(_frames, <double*> &{{_v}}[0], _now, _step, <double*> &{{_credit}}[0], _record)
        else:
            run_dense(_frames, <double*> &{{_v}}[0], _now, _step, <double*> &{{_credit}}[0], _record)
        {% if _engine.seen %}
        memcpy(&{{ get_array_name(variables[_engine.after]) }}[0], &{{_v}}[0], N * sizeof(double))
        {% endif %}
    {{ hand_over(get_array_name, eventspace_variable, _engine.monitored) | autoindent }}
{% endblock %}
