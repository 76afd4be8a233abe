{# One spike after another: a child finds who is next and when, or leaves the loop. #}
{% extends 'event_kernel.cu' %}
{% block events %}
    // A neuron is one thread's throughout: nobody else sees its state.
    {% block next_spike_declarations %}
    {% endblock %}
    const int64_t _pitch_here = {{_pitch}};
    const int64_t _columns = blockIdx.x / {{_copies}} * _neurons * _pitch_here;
    double _left = _step, _rest = 0;
    while (true)
    {
        {% block next_spike %}
        {% endblock %}
        // Let it fire.
        if (_may_fire < 1)
        {
            if (threadIdx.x == 0)
                brianmem::fail(_block_failure, brianmem::RUNAWAY, _who, _moment);
            break;
        }
        _may_fire -= 1;
        if ((_who - _first) % blockDim.x == threadIdx.x)
        {
            const int _idx = _who;
            const size_t _vectorisation_idx = _idx;
            const int _reason = _room.add(_who, _moment);
            if (_reason != brianmem::NONE)
            {
                brianmem::fail(_block_failure, _reason, _who, _moment);
                // Without room for monitors it may yet turn out that the network runs away.
                if (_reason == brianmem::NO_SPIKE_ROOM) _full = true;
            }
            {% if _engine.seen %}
            {
                {{ scalar_code['seen'] | autoindent }}
                {{ vector_code['seen'] | autoindent }}
            }
            {% endif %}
            {% if _engine.refractory %}
            {% block last_spike %}
            {{lastspike}}[_idx] = _moment;
            {% endblock %}
            {% endif %}
            {{ scalar_code['reset'] | autoindent }}
            {{ vector_code['reset'] | autoindent }}
            {% if _engine.refractory %}
            {{not_refractory}}[_idx] = false;
            {% endif %}
        }
        {
            const size_t _vectorisation_idx = 1;
            const size_t _column = _columns + (_who - _first) * _pitch_here;
            {{ scalar_code['pulse'] | autoindent }}
            for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
            {
                const size_t _vectorisation_idx = _idx;
                const size_t _weight_index = _column + (_idx - _first);
                {{ vector_code['pulse'] | autoindent }}
            }
        }
        {% block after_spike %}
        {% endblock %}
    }
    {% if _engine.seen %}
    {
        {{ scalar_code['kept'] | autoindent }}
        for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
        {
            const size_t _vectorisation_idx = _idx;
            {{ vector_code['kept'] | autoindent }}
        }
    }
    {% endif %}
{% endblock %}
