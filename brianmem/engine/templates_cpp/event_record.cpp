{% macro hand_over(get_array_name, variables, eventspace_variable, monitored) %}
{% set spikes = get_array_name(eventspace_variable) %}
{% if monitored %}
    brianmem::tell_spikes(_record, {{spikes}}, N, _now);
{% elif monitored is not none %}
    {{spikes}}[N] = 0;
{% endif %}
    {% set neurons = get_array_name(variables['_spike_neuron'], access_data=False) %}
    {% set times = get_array_name(variables['_spike_time'], access_data=False) %}
    {{neurons}}.insert({{neurons}}.end(), _record.neuron.begin(), _record.neuron.end());
    {{times}}.insert({{times}}.end(), _record.time.begin(), _record.time.end());
    {% set failure = get_array_name(variables['_failure']) %}
    {{failure}}[0] = _record.failure;
    {{failure}}[1] = _record.failed_neuron;
    {{failure}}[2] = _record.failed_time;
    if (_record.failure || _now + _step >= {{get_array_name(variables['_until'])}}[0])
        Network::_globally_stopped = true;
{% endmacro %}
