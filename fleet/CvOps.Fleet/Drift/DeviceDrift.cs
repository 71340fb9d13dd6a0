using System.Text;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Storage;
using CvOps.Statistics;

namespace CvOps.Fleet.Drift;

/// <summary>
/// What all cameras of a device counted lately under its newest model, a histogram for each covariate: what drift of any slice of the fleet is made of.
/// A histogram that reaches <see cref="MostFrames"/> is halved, so the newest frames weigh most, no device outweighs the others, and what the
/// counts are depends on the device's windows alone, not on when anybody looked. Pure.
/// </summary>
/// <param name="Model">Digest of its package.</param>
/// <param name="To">Capture time of the newest frame, microseconds since 1970; never later than its window came.</param>
/// <param name="LeftOut">Histograms that could not be added: over edges that are not the package's, under a package that the registry lacks, of more bins than are kept, or of a model left before.</param>
internal sealed record DeviceDrift(string Model, long To, long LeftOut, IReadOnlyList<DriftCounts> Series)
{
    /// <summary>Most bins of a histogram that are kept; profiles made here have 16 at most.</summary>
    public const int MostBins = 32;

    /// <summary>Counts of a histogram at most; sixteen bits hold each.</summary>
    public const int MostFrames = 32_768;

    /// <summary>No window has counted more in a bin.</summary>
    private const long MostCounted = 1L << 40;

    private const byte Version = 1;

    /// <param name="before">Null before the first window.</param>
    /// <param name="profile">Of the window's model; null when the registry has none.</param>
    /// <param name="arrival">What comes from the future counts as now: a clock that ran ahead once may not shut the device's later windows out.</param>
    public static DeviceDrift Add(DeviceDrift? before, DriftWindow window, ReferenceProfile? profile, DateTimeOffset arrival)
    {
        var histograms = window.Histograms.Count + (window.Sketches?.Count ?? 0);
        var (from, to) = (SqlTime.Of(window.From), Math.Min(SqlTime.Of(window.To), SqlTime.Of(arrival)));
        var leftOut = before?.LeftOut ?? 0;
        // A window of the model before, that the spool delivered late.
        if (before is not null && before.Model != window.Model.Digest && from < before.To) return before with { LeftOut = leftOut + histograms };
        var series = before?.Model == window.Model.Digest ? before.Series.ToDictionary(counts => counts.Covariate) : [];
        var added = 0;
        foreach (var (covariate, counts) in profile is null ? [] : WindowCounts.Over(window, profile))
        {
            if (counts.Counts.Count > MostBins || counts.Counts.Any(count => count is < 0 or > MostCounted)) continue;
            series[covariate] = new DriftCounts(covariate, counts.EdgesId, Fold(series.GetValueOrDefault(covariate), counts));
            added++;
        }
        return new DeviceDrift(window.Model.Digest, before?.Model == window.Model.Digest ? Math.Max(before.To, to) : to, leftOut + histograms - added,
            [.. series.Values.OrderBy(counts => counts.Covariate, StringComparer.Ordinal)]);
    }

    public byte[] Save()
    {
        var writer = new PackedWriter();
        writer.Byte(Version);
        writer.Bytes(Encoding.UTF8.GetBytes(Model));
        writer.Signed(To);
        writer.Number((ulong)LeftOut);
        foreach (var (covariate, edges, counts) in Series)
        {
            writer.Bytes(Encoding.UTF8.GetBytes(covariate));
            writer.Bytes(Encoding.UTF8.GetBytes(edges));
            writer.Number((ulong)counts.Length);
            foreach (var count in counts) writer.Number((ulong)count);
        }
        return writer.Written.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are none of <see cref="Save"/>.</exception>
    public static DeviceDrift Load(ReadOnlySpan<byte> saved)
    {
        var reader = new PackedReader(saved);
        if (reader.Byte() is not Version and var version) throw new InvalidDataException($"A device's histograms have version {version}; this fleet knows {Version}.");
        var (model, to, leftOut, series) = (Encoding.UTF8.GetString(reader.Bytes()), reader.Signed(), (long)reader.Number(), new List<DriftCounts>());
        while (!reader.AtEnd)
        {
            var (covariate, edges, counts) = (Encoding.UTF8.GetString(reader.Bytes()), Encoding.UTF8.GetString(reader.Bytes()), new int[reader.Number()]);
            for (var bin = 0; bin < counts.Length; bin++) counts[bin] = (int)reader.Number();
            series.Add(new DriftCounts(covariate, edges, counts));
        }
        return new DeviceDrift(model, to, leftOut, series);
    }

    private static int[] Fold(DriftCounts? before, HistogramCounts counts)
    {
        // Another profile of the same package cannot be: equal digests, equal edges.
        long[] sums = [.. counts.Counts];
        for (var bin = 0; bin < sums.Length && before is not null; bin++) sums[bin] += before.Counts[bin];
        while (sums.Sum() > MostFrames)
            for (var bin = 0; bin < sums.Length; bin++) sums[bin] /= 2;
        return [.. sums.Select(sum => (int)sum)];
    }
}

/// <summary>A covariate's counts over edges of that id.</summary>
internal sealed record DriftCounts(string Covariate, string EdgesId, int[] Counts);
