namespace CvOps.Vision.Tracking;

/// <summary>
/// Constant-velocity Kalman filter of a box as DeepSORT has it (Wojke, Bewley and Paulus 2017): state (centre x, centre y, aspect ratio w/h, height) and
/// their velocities, one frame a step, noise in proportion to the height. Transition, measurement and all noises couple a component with its own
/// velocity only, so the 8 x 8 covariance falls into four 2 x 2 ones: the same numbers without a matrix.
/// </summary>
internal struct BoxKalman
{
    private const double PositionWeight = 1.0 / 20;
    private const double VelocityWeight = 1.0 / 160;

    private Axis _x;
    private Axis _y;
    private Axis _aspect;
    private Axis _height;

    /// <summary>One component: value, velocity, and the covariance of the two.</summary>
    internal struct Axis
    {
        public double Value;
        public double Velocity;
        public double ValueVariance;
        public double Covariance;
        public double VelocityVariance;

        public static Axis At(double value, double valueDeviation, double velocityDeviation) =>
            new() { Value = value, ValueVariance = valueDeviation * valueDeviation, VelocityVariance = velocityDeviation * velocityDeviation };

        public void Predict(double valueDeviation, double velocityDeviation)
        {
            Value += Velocity;
            ValueVariance += 2 * Covariance + VelocityVariance + valueDeviation * valueDeviation;
            Covariance += VelocityVariance;
            VelocityVariance += velocityDeviation * velocityDeviation;
        }

        public void Correct(double measured, double deviation)
        {
            var innovation = ValueVariance + deviation * deviation;
            var (valueGain, velocityGain) = (ValueVariance / innovation, Covariance / innovation);
            var error = measured - Value;
            Value += valueGain * error;
            Velocity += velocityGain * error;
            VelocityVariance -= velocityGain * Covariance;
            Covariance -= valueGain * Covariance;
            ValueVariance -= valueGain * ValueVariance;
        }
    }

    /// <summary>The box as the filter has it now.</summary>
    public readonly TrackBox Box
    {
        get
        {
            var width = _aspect.Value * _height.Value;
            return new TrackBox(_x.Value - width / 2, _y.Value - _height.Value / 2, width, _height.Value);
        }
    }

    internal readonly Axis X => _x;

    internal readonly Axis Height => _height;

    public static BoxKalman At(in TrackBox box)
    {
        var (position, velocity) = (2 * PositionWeight * box.Height, 10 * VelocityWeight * box.Height);
        return new BoxKalman
        {
            _x = Axis.At(box.X + box.Width / 2, position, velocity),
            _y = Axis.At(box.Y + box.Height / 2, position, velocity),
            _aspect = Axis.At(box.Width / box.Height, 1e-2, 1e-5),
            _height = Axis.At(box.Height, position, velocity),
        };
    }

    /// <summary>One frame on.</summary>
    /// <param name="lost">Not seen: a height that went on changing would leave the object's size behind.</param>
    public void Predict(bool lost)
    {
        if (lost) _height.Velocity = 0;
        var (position, velocity) = (PositionWeight * _height.Value, VelocityWeight * _height.Value);
        _x.Predict(position, velocity);
        _y.Predict(position, velocity);
        _aspect.Predict(1e-2, 1e-5);
        _height.Predict(position, velocity);
    }

    public void Correct(in TrackBox box)
    {
        var deviation = PositionWeight * _height.Value;
        _x.Correct(box.X + box.Width / 2, deviation);
        _y.Correct(box.Y + box.Height / 2, deviation);
        _aspect.Correct(box.Width / box.Height, 1e-1);
        _height.Correct(box.Height, deviation);
    }
}
