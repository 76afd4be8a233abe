{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _until, _credit, _credit_rate,
                    _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _spike_count, _failure } #}
{% extends 'spike_by_spike.cu' %}
{# Of some backends a list of lines; autoindent cannot be nested. #}
{% macro _text(code) %}{{ code if code is string else code | join('\n') }}{% endmacro %}
{% macro _fill_system() %}
double _state[brianmem::COUPLED], _moved[brianmem::COUPLED], _system[brianmem::SYSTEM] = {};
double _fastest_rate;
{
    {{ _text(vector_code['system']) }}
    {% for k in range(_engine.n_coupled) %}
    _state[{{ k }}] = _state_{{ k }};
    {% endfor %}
    {% for k, m in _engine.entries %}
    _system[{{ k * (_engine.n_coupled + 1) + m }}] = _m_{{ k }}_{{ m }};
    {% endfor %}
    _fastest_rate = _fastest;
}
{% endmacro %}
{% macro _look_ahead() %}
for (int _k = 0; _k < brianmem::COUPLED; _k++) _moved[_k] = _state[_k];
brianmem::propagate(_system, _fastest_rate, _delta, _moved);
{% for k in range(_engine.n_coupled) %}
const double _ahead_{{ k }} = _moved[{{ k }}];
{% endfor %}
{% endmacro %}
{% block kernel_helpers %}
namespace brianmem {

/* What is about to happen in a network. */
struct Outlook {
    double lead, wait, release;  // as in NextSpike; until a refractory period ends
    int broken;                  // a neuron whose state is not finite

    __device__ Outlook of_lane(int lane) const {
        return {from_lane(lead, lane), from_lane(wait, lane), from_lane(release, lane),
                from_lane(broken, lane)};
    }
    __device__ void take(const Outlook& other) {
        lead = larger(lead, other.lead);
        wait = smaller(wait, other.wait);
        release = smaller(release, other.release);
        broken = smaller(broken, other.broken);
    }
    /* Whether none comes before this one, unless by its index. */
    __device__ bool has_first(const NextSpike& next) const {
        if (next.neuron < 0) return false;
        return lead > 0 ? next.lead > 0 && next.lead >= lead - next.tie : next.wait <= wait + next.tie;
    }
};

}  // namespace brianmem
{% endblock %}
{% block next_spike_declarations %}
    __shared__ brianmem::Outlook _outlooks[brianmem::MOST_WARPS];
    __shared__ brianmem::First<double> _firsts[brianmem::MOST_WARPS];
{% endblock %}
{% block next_spike %}
        // Who is next?
        brianmem::NextSpike _next;
        double _release = brianmem::NEVER;
        {
            const size_t _vectorisation_idx = 1;
            {{ scalar_code['crossing'] | autoindent }}
            {% if _engine.n_coupled %}
            {{ scalar_code['system'] | autoindent }}
            {% endif %}
            {% if _engine.refractory %}
            {{ scalar_code['refractory'] | autoindent }}
            {% endif %}
            for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
            {
                const size_t _vectorisation_idx = _idx;
                {% if _engine.refractory %}
                if (!{{not_refractory}}[_idx])
                {
                    {{ vector_code['refractory'] | autoindent }}
                    const double _pause = _refractory - (_now + _step - _left - {{lastspike}}[_idx]);
                    if (_pause > brianmem::TIE * _refractory)
                    {
                        _release = brianmem::smaller(_release, _pause);
                        continue;
                    }
                    {{not_refractory}}[_idx] = true;
                }
                {% endif %}
                {{ vector_code['crossing'] | autoindent }}
                {% if _engine.bracketed %}
                if (_next.at_once(_idx, _excess, brianmem::TIE * _size)) continue;
                const double _horizon = brianmem::smaller(_left, _next.wait);
                brianmem::FirstCrossing _search(_excess, _climb, _stride, _horizon);
                if (_excess > 0 || (_excess == 0 && (_climb > 0 || {{ 'false' if _engine.strict else 'true' }})))
                { _next.later(_idx, 0, _search.tie()); continue; }
                {% if _engine.n_coupled %}
                {{ _fill_system() | autoindent }}
                {% endif %}
                while (_search.more())
                {
                    const double _delta = _search.at;
                    {% if _engine.n_coupled %}
                    {{ _look_ahead() | autoindent }}
                    {% endif %}
                    {{ scalar_code['peek'] | autoindent }}
                    {{ vector_code['peek'] | autoindent }}
                    _search.tell(_excess_ahead, _climb_ahead);
                }
                if (_search.found) _next.later(_idx, _search.at, _search.tie());
                {% else %}
                _next.see(_idx, _excess, _size, _rate, _slope, {{ 'true' if _engine.strict else 'false' }});
                {% endif %}
            }
        }
        const brianmem::Outlook _outlook = brianmem::agree(
            brianmem::Outlook{_next.lead, _next.wait, _release,
                              _next.broken < 0 ? brianmem::NOBODY : (int)_next.broken},
            _outlooks);
        if (_full) break;
        if (_outlook.broken != brianmem::NOBODY)
        {
            if (threadIdx.x == 0)
                brianmem::fail(_block_failure, brianmem::NOT_FINITE, _outlook.broken, _now + _step - _left);
            break;
        }
        const int _mine = _outlook.has_first(_next) ? (int)_next.neuron : brianmem::NOBODY;
        const brianmem::First<double> _chosen =
            brianmem::agree(brianmem::First<double>{_mine, _next.wait}, _firsts);
        const int _who = _chosen.neuron;
        const double _wait = _who == brianmem::NOBODY ? brianmem::NEVER : _chosen.value;
        // Move everybody there.
        const bool _fire = _wait <= _left && _wait <= _outlook.release;
        const double _delta = brianmem::smaller(brianmem::smaller(_wait, _outlook.release), _left);
        {
            const size_t _vectorisation_idx = 1;
            {{ scalar_code['advance'] | autoindent }}
            {% if _engine.n_coupled %}
            {{ scalar_code['system'] | autoindent }}
            {% endif %}
            for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
            {
                const size_t _vectorisation_idx = _idx;
                {% if _engine.n_coupled %}
                {{ _fill_system() | autoindent }}
                {{ _look_ahead() | autoindent }}
                {% endif %}
                {{ vector_code['advance'] | autoindent }}
            }
        }
        brianmem::less(_left, _rest, _delta);
        if (!_fire)
        {
            if (_outlook.release <= _delta) continue;
            break;
        }
        const double _moment = _now + _step - _left - _rest;
{% endblock %}
