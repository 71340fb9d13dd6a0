namespace CvOps.Benchmarks;

/// <summary>
/// The rival: Page's two-sided CUSUM (1954) on the values themselves, with the true mean and deviation given to it and tuned to the very shift that comes.
/// </summary>
/// <param name="shift">In standard deviations.</param>
/// <param name="limit">Of the two sums; <see cref="LimitFor"/> finds it.</param>
internal sealed class Cusum(double shift, double limit)
{
    private double _up;
    private double _down;

    /// <returns>True from the value on that passes the limit.</returns>
    public bool Observe(double value)
    {
        _up = Math.Max(0, _up + value - (shift / 2));
        _down = Math.Max(0, _down - value - (shift / 2));
        return Math.Max(_up, _down) >= limit;
    }

    /// <summary>
    /// The limit at which a quiet stream of independent normal values alarms once in <paramref name="values"/> on average: by Brook and Evans (1972) for a
    /// low limit, from there on by the run length's exponential growth with the rate of the shift (Siegmund 1985); two sides alarm each once in twice as many.
    /// </summary>
    public static double LimitFor(double shift, double values)
    {
        const double Low = 5;
        return Low + (Math.Log(2 * values / RunLength(shift / 2, Low)) / shift);
    }

    /// <summary>Mean run length of one side from 0: the sum is a Markov chain over cells, and (I - Q) L = 1.</summary>
    private static double RunLength(double allowance, double limit)
    {
        const int Cells = 150;
        var width = 2 * limit / ((2 * Cells) - 1);
        var matrix = new double[Cells, Cells + 1];
        for (var i = 0; i < Cells; i++)
        {
            for (var j = 0; j < Cells; j++)
            {
                var step = (j - i) * width;
                var chance = j == 0 ? Below(step + (width / 2) + allowance) : Below(step + (width / 2) + allowance) - Below(step - (width / 2) + allowance);
                matrix[i, j] = (i == j ? 1 : 0) - chance;
            }
            matrix[i, Cells] = 1;
        }
        for (var c = 0; c < Cells; c++)
        {
            for (var r = c + 1; r < Cells; r++)
            {
                var factor = matrix[r, c] / matrix[c, c];
                for (var k = c; k <= Cells; k++) matrix[r, k] -= factor * matrix[c, k];
            }
        }
        for (var r = Cells - 1; r >= 0; r--)
        {
            for (var k = r + 1; k < Cells; k++) matrix[r, Cells] -= matrix[r, k] * matrix[k, Cells];
            matrix[r, Cells] /= matrix[r, r];
        }
        return matrix[0, Cells];
    }

    /// <summary>Standard normal distribution function: the series of Abramowitz and Stegun 26.2.11 in the middle.</summary>
    private static double Below(double z)
    {
        if (z < -38) return 0;
        if (z > 38) return 1;
        var (sum, term) = (z, z);
        if (Math.Abs(z) < 6)
        {
            for (var i = 1; i < 200; i++) sum += term *= z * z / ((2 * i) + 1);
            return 0.5 + (sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI));
        }
        // The tail's asymptotic series (Abramowitz and Stegun 26.2.12).
        var tail = Math.Exp(-z * z / 2) / (Math.Abs(z) * Math.Sqrt(2 * Math.PI)) * (1 - (1 / (z * z)) + (3 / Math.Pow(z, 4)) - (15 / Math.Pow(z, 6)));
        return z < 0 ? tail : 1 - tail;
    }
}
