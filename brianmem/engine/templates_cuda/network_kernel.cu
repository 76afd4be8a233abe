{# One block of threads for each network of the group; spikes in arrays of fixed size. #}
{% extends 'common_group.cu' %}
{% set _spikes = get_array_name(eventspace_variable, access_data=False) %}
{% set _failures = get_array_name(variables['_failure'], access_data=False) %}
{% set _room = get_array_name(variables['_spike_room'], access_data=False) ~ '[0]' %}
{% set _count = get_array_name(variables['_spike_count'], access_data=False) %}
{% macro _resize_record(size) %}
    {% for _name in ('_spike_neuron', '_spike_time') %}
    THRUST_CHECK_ERROR(dev{{ get_array_name(variables[_name], access_data=False) }}.resize({{size}}));
    {% endfor %}
{% endmacro %}
{% macro _nobody_fired() %}
    CUDA_SAFE_CALL(
            cudaMemset(dev{{_spikes}}[current_idx{{_spikes}}], -1, sizeof(int32_t) * (_num_{{_spikes}} - 1))
            );
    CUDA_SAFE_CALL(
            cudaMemset(dev{{_spikes}}[current_idx{{_spikes}}] + _num_{{_spikes}} - 1, 0, sizeof(int32_t))
            );
{% endmacro %}

{% block extra_headers %}
#include "network.h"
{{ _engine.support }}
{% block kernel_helpers %}
{% endblock %}
{% endblock %}

{% block kernel %}
__global__ void __launch_bounds__({{_engine.threads}})
_run_kernel_{{codeobj_name}}(
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    const double _now = {{t}};
    const int _neurons = {{_n}}, _first = blockIdx.x * _neurons, _last = _first + _neurons;
    double* const _block_failure = {{_failure}} + 3 * blockIdx.x;
    const brianmem::SpikeRoom _room = {
        {{_spike_neuron}}, {{_spike_count}}, {{_spike_time}}, {{_spike_room}},
        {{ get_array_name(eventspace_variable) if _engine.monitored else '0' }}, (int32_t)N};
    {% block network %}
    {% endblock %}
}
{% endblock %}

{% block before_run_host_maincode %}
    {{ _resize_record(_room) }}
{% endblock %}

{% block host_maincode %}
    {% if _engine.monitored %}
    {{ _nobody_fired() }}
    {% endif %}
{% endblock %}

{% block prepare_kernel %}
{% endblock %}

{% block kernel_call %}
    _run_kernel_{{codeobj_name}}<<<_num_{{_failures}} / 3, {{_engine.threads}}>>>(
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock %}

{% block extra_kernel_call_post %}
    CUDA_SAFE_CALL(
            cudaMemcpy({{_failures}}, dev{{_failures}}, sizeof(double) * _num_{{_failures}}, cudaMemcpyDeviceToHost)
            );
    {% set _now = get_array_name(variables['t'], access_data=False) ~ '[0]' %}
    {% set _dt = get_array_name(variables['dt'], access_data=False) ~ '[0]' %}
    bool _ends = {{_now}} + {{_dt}} >= {{ get_array_name(variables['_until'], access_data=False) }}[0];
    for (int _block = 0; _block < _num_{{_failures}} / 3; _block++)
        if ({{_failures}}[3 * _block] != brianmem::NONE) _ends = true;
    if (_ends) Network::_globally_stopped = true;
{% endblock %}

{% block after_run_host_maincode %}
    // What is left of the room is neither copied nor written.
    int32_t _recorded;
    CUDA_SAFE_CALL(cudaMemcpy(&_recorded, dev{{_count}}, sizeof(int32_t), cudaMemcpyDeviceToHost));
    if (_recorded < {{_room}})
    {
        {{ _resize_record('_recorded') }}
    }
    {{ _nobody_fired() }}
{% endblock %}
