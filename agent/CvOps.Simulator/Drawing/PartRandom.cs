using System.Text;

namespace CvOps.Simulator.Drawing;

/// <summary>
/// Chance that is the same on every machine and every runtime: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
/// </summary>
internal struct PartRandom(ulong state)
{
    private ulong _state = state;

    /// <summary>The stream that belongs to one part of one line.</summary>
    public static PartRandom For(ulong seed, string line, uint serial, ulong purpose)
    {
        // FNV-1a over the line's name, so that two lines with one seed show different parts.
        var hash = 14695981039346656037UL;
        foreach (var b in Encoding.UTF8.GetBytes(line)) hash = (hash ^ b) * 1099511628211UL;
        return new PartRandom(Mix(Mix(Mix(seed) ^ hash) ^ serial) ^ Mix(purpose));
    }

    public ulong Next() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>Uniform, from included, to excluded.</summary>
    public float Range(float from, float to) => from + (to - from) * ((Next() >> 40) * (1f / (1 << 24)));

    /// <summary>Uniform over 0..<paramref name="count"/> - 1.</summary>
    public int Pick(int count) => (int)((Next() >> 32) * (ulong)count >> 32);

    public bool Chance(float probability) => Range(0, 1) < probability;

    /// <summary>One value -1..1 for a point of a lattice.</summary>
    public static float Lattice(ulong seed, int x, int y) =>
        (Mix(seed ^ (uint)x * 0x9E3779B97F4A7C15UL ^ (uint)y * 0xC2B2AE3D27D4EB4FUL) >> 40) * (2f / (1 << 24)) - 1;

    /// <summary>Smooth noise, -1..1, with one lattice point a unit (value noise).</summary>
    public static float Smooth(ulong seed, float x, float y)
    {
        var (x0, y0) = ((int)MathF.Floor(x), (int)MathF.Floor(y));
        var (fx, fy) = (x - x0, y - y0);
        fx = fx * fx * (3 - 2 * fx);
        fy = fy * fy * (3 - 2 * fy);
        var top = Lattice(seed, x0, y0) * (1 - fx) + Lattice(seed, x0 + 1, y0) * fx;
        var bottom = Lattice(seed, x0, y0 + 1) * (1 - fx) + Lattice(seed, x0 + 1, y0 + 1) * fx;
        return top * (1 - fy) + bottom * fy;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ z >> 27) * 0x94D049BB133111EBUL;
        return z ^ z >> 31;
    }
}
