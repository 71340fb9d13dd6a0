using System.Numerics;

namespace CvOps.Statistics;

/// <summary>
/// How many different things were seen, in 2^p bytes (Flajolet, Fusy, Gandouet and Meunier 2007), read with Ertl's improved raw estimator ("New
/// cardinality estimation algorithms for HyperLogLog sketches", 2017), which is unbiased from 0 up without a table. Merging takes the larger of
/// each register: any order, grouping and repetition gives the same bits. Not for use by several threads at once.
/// </summary>
public sealed class HyperLogLog
{
    private const byte Form = 1;

    private readonly byte[] _registers;

    /// <param name="precision">4..18: 2^precision registers of a byte each.</param>
    public HyperLogLog(int precision = 12)
    {
        if (precision is < 4 or > 18) throw new ArgumentOutOfRangeException(nameof(precision), precision, "The precision of a counting sketch must lie between 4 and 18.");
        Precision = precision;
        _registers = new byte[1 << precision];
    }

    public int Precision { get; }

    /// <summary>Standard deviation of <see cref="Estimate"/> as a share of the truth, 1.04 / sqrt(2^p): 1.6 % at p = 12.</summary>
    public double RelativeError => 1.04 / Math.Sqrt(_registers.Length);

    /// <summary>Different things seen, about.</summary>
    public double Estimate
    {
        get
        {
            double m = _registers.Length;
            Span<int> having = stackalloc int[66];
            foreach (var register in _registers) having[register]++;
            var q = 64 - Precision;
            var z = m * Tau(1 - (having[q + 1] / m));
            for (var k = q; k >= 1; k--) z = 0.5 * (z + having[k]);
            z += m * Sigma(having[0] / m);
            return m * m / (2 * Math.Log(2) * z);
        }
    }

    public void Add(string thing) => AddHash(Hashes.Of(thing));

    public void Add(ulong thing) => AddHash(Hashes.Mix(thing));

    /// <exception cref="ArgumentException">The other has another precision.</exception>
    public void Merge(HyperLogLog other)
    {
        if (other.Precision != Precision) throw new ArgumentException($"A counting sketch of precision {other.Precision} cannot be merged into one of {Precision}.", nameof(other));
        for (var i = 0; i <= _registers.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            Vector.Max(new Vector<byte>(_registers, i), new Vector<byte>(other._registers, i)).CopyTo(_registers, i);
        for (var i = _registers.Length - (_registers.Length % Vector<byte>.Count); i < _registers.Length; i++) _registers[i] = Math.Max(_registers[i], other._registers[i]);
    }

    /// <summary>The form on wire and disk: a byte 1, the precision, the registers.</summary>
    public byte[] ToBytes() => [Form, (byte)Precision, .. _registers];

    /// <exception cref="FormatException">The bytes are no sketch that <see cref="ToBytes"/> writes.</exception>
    public static HyperLogLog FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || bytes[0] != Form || bytes[1] is < 4 or > 18 || bytes.Length != 2 + (1 << bytes[1]) || bytes[2..].ContainsAnyExceptInRange((byte)0, (byte)(65 - bytes[1])))
            throw new FormatException($"{bytes.Length} bytes are no counting sketch: expected a byte {Form}, a precision p of 4 to 18 and 2^p registers of at most 65 - p.");
        var sketch = new HyperLogLog(bytes[1]);
        bytes[2..].CopyTo(sketch._registers);
        return sketch;
    }

    private void AddHash(ulong hash)
    {
        var register = (int)(hash >> (64 - Precision));
        // The bit set behind the rest ends a run of zeros that would not end.
        var run = (byte)(1 + BitOperations.LeadingZeroCount((hash << Precision) | (1UL << (Precision - 1))));
        if (run > _registers[register]) _registers[register] = run;
    }

    private static double Sigma(double x)
    {
        if (x == 1) return double.PositiveInfinity;
        var (y, z, before) = (1.0, x, double.NaN);
        while (z != before)
        {
            x *= x;
            before = z;
            z += x * y;
            y += y;
        }

        return z;
    }

    private static double Tau(double x)
    {
        if (x is 0 or 1) return 0;
        var (y, z, before) = (1.0, 1 - x, double.NaN);
        while (z != before)
        {
            x = Math.Sqrt(x);
            before = z;
            y *= 0.5;
            z -= (1 - x) * (1 - x) * y;
        }

        return z / 3;
    }
}
