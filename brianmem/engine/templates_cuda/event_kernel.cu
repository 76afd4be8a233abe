{# What the event loops share: a cap on the spikes, and no spikes beyond the end of the run. #}
{% extends 'network_kernel.cu' %}
{% block network %}
    {% block step %}
    const double _step = {{dt}} < {{_until}} - _now ? {{dt}} : {{_until}} - _now;
    {% endblock %}
    double _may_fire = {{_credit}}[blockIdx.x];
    if (_may_fire > {{_credit_most}}) _may_fire = {{_credit_most}};
    _may_fire += {{_credit_rate}} * _step;
    // Set by the thread whose neuron fires, read by all after the next barrier.
    __shared__ bool _full;
    if (threadIdx.x == 0) _full = false;

    // All threads keep the same _may_fire and the like, and so take the same turns.
    {% block events %}
    {% endblock %}

    if (threadIdx.x == 0) {{_credit}}[blockIdx.x] = _may_fire;
{% endblock %}
