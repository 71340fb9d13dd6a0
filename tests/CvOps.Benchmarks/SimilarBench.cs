using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CvOps.Fleet.Datasets.Quality.Similar;

namespace CvOps.Benchmarks;

/// <summary>
/// The frames most like one among 1,000,000 codes of 64 bytes: the index on two threads and on one beside a plain loop over the same bytes, query by query in turn.
/// Every answer has to be the plain loop's.
/// </summary>
internal static class SimilarBench
{
    private const int Frames = 1_000_000;
    private const int Queries = 60;
    private const int Near = 50;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var random = new Random(64);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new SimilarityIndex();
        var codes = new sbyte[Frames * SimilarityIndex.CodeBytes];
        random.NextBytes(MemoryMarshal.Cast<sbyte, byte>(codes.AsSpan()));
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        var started = Stopwatch.GetTimestamp();
        for (var row = 0; row < Frames; row++) index.Add(row, codes.AsSpan(row * SimilarityIndex.CodeBytes, SimilarityIndex.CodeBytes));
        var filled = Stopwatch.GetElapsedTime(started);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before - held;

        var (two, one, plain) = (new double[Queries], new double[Queries], new double[Queries]);
        for (var i = -2; i < Queries; i++)
        {
            // Near-duplicates: a code that is there, a little moved.
            var query = codes.AsSpan(random.Next(Frames) * SimilarityIndex.CodeBytes, SimilarityIndex.CodeBytes).ToArray();
            for (var at = 0; at < query.Length; at += 5) query[at] = (sbyte)Math.Clamp(query[at] + random.Next(-3, 4), -127, 127);
            var expected = Timed(plain, i, () => Plain(codes, query));
            Same(expected, Timed(two, i, () => index.Nearest(query, Near, 2)));
            Same(expected, Timed(one, i, () => index.Nearest(query, Near)));
        }
        Array.Sort(two);
        Array.Sort(one);
        Array.Sort(plain);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"similar: {Frames} codes in {filled.TotalSeconds:0.0} s, {bytes / 1e6:0} MB; the {Near} nearest on two threads p50 {two[Queries / 2]:0.0} ms, most {two[^1]:0.0} ms; on one p50 {one[Queries / 2]:0.0} ms; plain loop p50 {plain[Queries / 2]:0.0} ms"));
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost("similar: nearest of 1,000,000 frames, worst query in ms", two[^1], 50, "50 ms on two cores"),
            Figure.AtLeast("similar: plain loop's time over the index's, one thread", plain[Queries / 2] / one[Queries / 2], 4, "number by number over the same bytes"),
            Figure.AtMost("similar: memory of 1,000,000 frames in MB", bytes / 1e6, 80, "64 bytes of code and 8 of row each"),
        ]);
    }

    private static Neighbour[] Timed(double[] times, int place, Func<Neighbour[]> search)
    {
        var from = Stopwatch.GetTimestamp();
        var found = search();
        if (place >= 0) times[place] = Stopwatch.GetElapsedTime(from).TotalMilliseconds;
        return found;
    }

    private static Neighbour[] Plain(sbyte[] codes, sbyte[] query)
    {
        var nearest = new NearestList(Near);
        for (var row = 0; row < Frames; row++)
            nearest.Offer(new Neighbour(row, CodeDistance.Plain(codes.AsSpan(row * SimilarityIndex.CodeBytes, SimilarityIndex.CodeBytes), query)));
        return nearest.Kept.ToArray();
    }

    private static void Same(Neighbour[] expected, Neighbour[] found)
    {
        if (!expected.AsSpan().SequenceEqual(found)) throw new InvalidOperationException("The index found other frames than the plain loop.");
    }
}
