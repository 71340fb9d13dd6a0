namespace CvOps.Statistics;

/// <summary>Hashes that are the same on every machine and in every version; not for secrets.</summary>
public static class Hashes
{
    /// <summary>A bijection of 64 bits in which each bit depends on every one: the finalizer of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>FNV-1a over the UTF-16 units, then <see cref="Mix"/>.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var unit in text)
        {
            hash = (hash ^ (byte)unit) * 1_099_511_628_211;
            hash = (hash ^ (byte)(unit >> 8)) * 1_099_511_628_211;
        }

        return Mix(hash);
    }
}
