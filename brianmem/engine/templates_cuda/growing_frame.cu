{# USES_VARIABLES { N, t, dt, _n, _pitch, _copies, _weight, _own, _lift, _mirrored, _until, _credit,
                    _credit_rate, _credit_most } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _spike_neuron, _spike_time, _spike_count, _failure } #}
{# What a growing frame is stands in support/growing_frame.cpp. #}
{% extends 'event_kernel.cu' %}
{% block kernel_helpers %}
namespace brianmem {

const double GROWTH = 18446744073709551616.0;  // as there

/* x + s w, rounded twice whatever the compiler's flags, as on all other backends. */
__device__ inline double moved(double x, double s, double w) { return __dadd_rn(x, __dmul_rn(s, w)); }
__device__ inline float moved(float x, float s, float w) { return __fadd_rn(x, __fmul_rn(s, w)); }

/* Where a network begins a step. */
struct Start {
    double highest;
    int broken, differs;  // neurons whose state is not finite, whose frame is not that of the first

    __device__ Start of_lane(int lane) const {
        return {from_lane(highest, lane), from_lane(broken, lane), from_lane(differs, lane)};
    }
    __device__ void take(const Start& other) {
        highest = larger(highest, other.highest);
        broken = smaller(broken, other.broken);
        differs = smaller(differs, other.differs);
    }
};

}  // namespace brianmem
{% endblock %}
{# All elements of a thread. Unrolled, so that they stand in registers. #}
{% macro _each() %}
_Pragma("unroll 32") for (int _k = 0, _at = threadIdx.x; _k < {{_engine.per_thread}}; _k++, _at += {{_engine.threads}})
{%- endmacro %}
{% block events %}
    typedef BRIANMEM_REAL _real;
    __shared__ brianmem::Start _starts[brianmem::MOST_WARPS];
    __shared__ brianmem::Highest<_real> _highests[brianmem::MOST_WARPS];
    __shared__ brianmem::First<_real> _firsts[brianmem::MOST_WARPS];
    const int64_t _network = blockIdx.x / {{_copies}};
    const int _length = {{ '_neurons / 2' if _engine.mirrored else '_neurons' }};
    const int64_t _pitch_here = {{_pitch}};
    const _real* const _columns = {{_weight}} + _network * _neurons * _pitch_here;
    const double _lift_here = {{_lift}}[_network];
    double* const _v = {{ get_array_name(variables[_engine.variable]) }} + _first;

    brianmem::Start _start = {-brianmem::NEVER, brianmem::NOBODY, brianmem::NOBODY};
    double _frame_tau, _frame_drive, _frame_bias;
    {
        const size_t _vectorisation_idx = 1;
        {{ scalar_code['frame'] | autoindent }}
        {
            const int _idx = _first;
            const size_t _vectorisation_idx = _idx;
            {{ vector_code['frame'] | autoindent }}
            _frame_tau = _tau;
            _frame_drive = _drive;
            _frame_bias = _bias;
        }
        {% if not _engine.frame_shared %}
        for (int _idx = _first + threadIdx.x; _idx < _last; _idx += blockDim.x)
        {
            const size_t _vectorisation_idx = _idx;
            {{ vector_code['frame'] | autoindent }}
            if (_frame_tau != _tau || _frame_drive != _drive || _frame_bias != _bias)
                _start.differs = brianmem::smaller(_start.differs, _idx);
        }
        {% endif %}
    }
    for (int _i = threadIdx.x; _i < _neurons; _i += blockDim.x)
        _start.take({_v[_i], std::isfinite(_v[_i]) ? brianmem::NOBODY : _first + _i, brianmem::NOBODY});
    _start = brianmem::agree(_start, _starts);
    const bool _finite = std::isfinite(_frame_drive) && std::isfinite(_frame_bias);
    if (_start.differs != brianmem::NOBODY || !(_frame_tau > 0) || _start.broken != brianmem::NOBODY
        || !_finite)
    {
        if (threadIdx.x != 0) return;
        if (_start.differs != brianmem::NOBODY)
            brianmem::fail(_block_failure, brianmem::NOT_SHARED, _start.differs, _now);
        else if (!(_frame_tau > 0))
            brianmem::fail(_block_failure, brianmem::NO_FRAME, _first, _now);
        else
            brianmem::fail(_block_failure, brianmem::NOT_FINITE,
                           _start.broken != brianmem::NOBODY ? _start.broken : _first, _now);
        return;
    }

    double _common = _frame_drive - _start.highest, _s = 1, _folded = 0;
    double _s_end = brianmem::exponential(_step / _frame_tau);
    // As there, only equal numbers tie in single precision.
    const double _tie = {{ '0' if _engine.real == 'float' else 'brianmem::TIE * fabs(_frame_bias)' }};
    const double _inverse = 1 / _frame_bias;
    {% if _engine.mirrored %}
    _real _y[{{_engine.per_thread}}], _up[{{_engine.per_thread}}], _down[{{_engine.per_thread}}];
    {% else %}
    _real _x[{{_engine.per_thread}}];
    {% endif %}
    {{ _each() }}
    {
        const bool _real_one = _at < _length;
        {% if _engine.mirrored %}
        const double _plus = _real_one ? _v[_at] : 0, _minus = _real_one ? _v[_at + _length] : 0;
        _y[_k] = (_real)(0.5 * (_plus - _minus));
        _up[_k] = _down[_k] = _real_one ? (_real)(0.5 * (_plus + _minus) - _frame_drive + _common)
                                        : (_real)-brianmem::NEVER;
        {% else %}
        _x[_k] = _real_one ? (_real)(_v[_at] - _frame_drive + _common) : (_real)-brianmem::NEVER;
        {% endif %}
    }
    bool _ended = false;
    while (true)
    {
        // Who is next?
        brianmem::Highest<_real> _top = {(_real)-brianmem::NEVER};
        {{ _each() }}
        {
            {% if _engine.mirrored %}
            _top.take({brianmem::larger(_up[_k] + _y[_k], _down[_k] - _y[_k])});
            {% else %}
            _top.take({_x[_k]});
            {% endif %}
        }
        _top = brianmem::agree(_top, _highests);
        if (_full) break;
        const _real _bound = _top.value - (_real)(_tie * _s);
        brianmem::First<_real> _next = {brianmem::NOBODY, 0};
        {{ _each() }}
        {
            {% if _engine.mirrored %}
            const _real _plus = _up[_k] + _y[_k], _minus = _down[_k] - _y[_k];
            if (_plus >= _bound) _next.take({_at, _plus});
            if (_minus >= _bound) _next.take({_at + _length, _minus});
            {% else %}
            if (_x[_k] >= _bound) _next.take({_at, _x[_k]});
            {% endif %}
        }
        _next = brianmem::agree(_next, _firsts);
        const int _who = _next.neuron;
        if (_who >= _neurons)
        {
            if (threadIdx.x == 0) brianmem::fail(_block_failure, brianmem::NOT_FINITE, _first, _now);
            break;
        }
        const double _gap = _common - _next.value;
        if (_gap > _frame_bias * _s{{ ' || (!(_frame_bias > 0) && _gap == _frame_bias * _s)' if _engine.strict }})
        {
            const double _s_next = _gap * _inverse;
            if (!(_frame_bias > 0 && _s_next <= _s_end))
            {
                _ended = true;
                break;
            }
            _s = _s_next;
        }
        // Let it fire.
        if (_may_fire < 1)
        {
            if (threadIdx.x == 0)
                brianmem::fail(_block_failure, brianmem::RUNAWAY, _first + _who,
                               _now + _frame_tau * (_folded + brianmem::logarithm(_s)));
            break;
        }
        _may_fire -= 1;
        if (threadIdx.x == 0)
        {
            {% if _engine.seen %}
            {{ get_array_name(variables[_engine.at_spike]) }}[_first + _who] = _frame_drive - _gap / _s;
            {% endif %}
            const double _moment = _now + _frame_tau * (_folded + brianmem::logarithm(_s));
            const int _reason = _room.add(_first + _who, _moment);
            if (_reason != brianmem::NONE)
            {
                brianmem::fail(_block_failure, _reason, _first + _who, _moment);
                // Without room for monitors it may yet turn out that the network runs away.
                if (_reason == brianmem::NO_SPIKE_ROOM) _full = true;
            }
        }
        const _real* const _column = _columns + _who * _pitch_here;
        const _real _scale = (_real)_s;
        _common = brianmem::moved(_common, _s, _lift_here);
        {% if _engine.mirrored %}
        const _real _own_weight = {{_own}}[_network * _neurons + _who];
        {% endif %}
        {{ _each() }}
        {
            if (_at >= _length) continue;
            {% if _engine.mirrored %}
            if (_at == _who) _up[_k] = brianmem::moved(_up[_k], _scale, _own_weight);
            if (_at + _length == _who) _down[_k] = brianmem::moved(_down[_k], _scale, _own_weight);
            _y[_k] = brianmem::moved(_y[_k], _scale, _column[_at]);
            {% else %}
            _x[_k] = brianmem::moved(_x[_k], _scale, _column[_at]);
            {% endif %}
        }
        if (_s > brianmem::GROWTH)
        {
            _folded += brianmem::logarithm(brianmem::GROWTH);
            {{ _each() }}
            {
                {% for _row in (['_y', '_up', '_down'] if _engine.mirrored else ['_x']) %}
                {{_row}}[_k] *= (_real)(1 / brianmem::GROWTH);
                {% endfor %}
            }
            _common /= brianmem::GROWTH;
            _s /= brianmem::GROWTH;
            _s_end = brianmem::exponential(_step / _frame_tau - _folded);
        }
    }
    if (_ended)
    {
        {{ _each() }}
        {
            if (_at >= _length) continue;
            {% if _engine.mirrored %}
            _v[_at] = _frame_drive + ((double)_up[_k] - _common + (double)_y[_k]) / _s_end;
            _v[_at + _length] = _frame_drive + ((double)_down[_k] - _common - (double)_y[_k]) / _s_end;
            {% else %}
            _v[_at] = _frame_drive + ((double)_x[_k] - _common) / _s_end;
            {% endif %}
            {% if _engine.seen %}
            {% set _after = get_array_name(variables[_engine.after]) %}
            {{_after}}[_first + _at] = _v[_at];
            {% if _engine.mirrored %}
            {{_after}}[_first + _at + _length] = _v[_at + _length];
            {% endif %}
            {% endif %}
        }
    }
{% endblock %}
