{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _failure } #}
{% extends 'spike_by_spike.cpp' %}
{# The state has been moved to the end of this step; whoever is above threshold fires there. #}
{% block step %}
    const double _step = {{dt}};
{% endblock %}
{% block last_spike %}
                {{lastspike}}[_idx] = _now;
{% endblock %}
{% block next_spike %}
            const double _moment = _now + _step;
            long _who = -1;
            double _most = 0;
            {
                const size_t _vectorisation_idx = 1;
                {{ scalar_code['crossing'] | autoindent }}
                for (size_t _idx = _first; _idx < _last; _idx++)
                {
                    const size_t _vectorisation_idx = _idx;
                    {% if _engine.refractory %}
                    if (!{{not_refractory}}[_idx]) continue;
                    {% endif %}
                    {{ vector_code['crossing'] | autoindent }}
                    if (!std::isfinite(_excess)) _record.fail(brianmem::NOT_FINITE, _idx, _moment);
                    if (_fires && (_who < 0 || _excess > _most))
                    {
                        _who = _idx;
                        _most = _excess;
                    }
                }
            }
            if (_who < 0 || _record.failure) break;
{% endblock %}
