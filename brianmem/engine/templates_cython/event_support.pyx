{% macro declare(support) %}
cdef extern from *:
    """
{{ support }}
    """
    cdef cppclass Record "brianmem::Record":
        Record()
        int32_t failure
        int32_t failed_neuron
        double failed_time
        size_t size()
        void add(long, double)
        void fail(int32_t, long, double)
        const int32_t* neurons()
        const double* times()
    void less "brianmem::less"(double&, double&, double)
    void tell_spikes "brianmem::tell_spikes"(Record&, int32_t*, size_t, double)
    int32_t NOT_FINITE "brianmem::NOT_FINITE"
    int32_t RUNAWAY "brianmem::RUNAWAY"
    int32_t NOT_SHARED "brianmem::NOT_SHARED"
from libc.string cimport memcpy
{% endmacro %}
{% macro hand_over(get_array_name, eventspace_variable, monitored) %}
{% set spikes = get_array_name(eventspace_variable) %}
{% if monitored %}
tell_spikes(_record, <int32_t*> &{{spikes}}[0], N, _now)
{% elif monitored is not none %}
{{spikes}}[N] = 0
{% endif %}
if _record.size() == 0 and _record.failure == 0:
    return None
_neurons = _numpy.empty(_record.size(), dtype=_numpy.int32)
_times = _numpy.empty(_record.size(), dtype=_numpy.float64)
memcpy(_numpy.PyArray_DATA(_neurons), _record.neurons(), _record.size() * sizeof(int32_t))
memcpy(_numpy.PyArray_DATA(_times), _record.times(), _record.size() * sizeof(double))
return _neurons, _times, _record.failure, _record.failed_neuron, _record.failed_time
{% endmacro %}
