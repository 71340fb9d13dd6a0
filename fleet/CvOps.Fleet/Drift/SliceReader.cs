using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Devices.Twins;
using CvOps.Statistics;

namespace CvOps.Fleet.Drift;

/// <summary>Drift of any slice of the fleet: adds up the histograms of the devices that a selector selects, and measures how far they are from another distribution.</summary>
internal sealed class SliceReader(TwinStore twins, ProfileCache profiles, TimeProvider time)
{
    /// <param name="against">What it is compared with; null: the reference profile of each model's package.</param>
    /// <param name="age">Devices whose newest frame is older are left out.</param>
    public async Task<DriftSlice> ReadAsync(TwinSelection slice, TwinSelection? against, TimeSpan age)
    {
        var from = time.GetUtcNow() - age;
        var (counts, devices) = twins.Sum(slice, from);
        var other = against is null ? null : twins.Sum(against, from).Counts;
        List<string> notes = [.. Left(devices, age)];
        List<SliceCovariate> covariates = [];
        foreach (var (number, sums, counted) in counts.Sums)
        {
            var series = twins.Series[number - 1];
            if (await ReferenceAsync(number, series, other) is { } reference) covariates.Add(Compare(series, reference, sums, counted));
            else notes.Add(other is null
                ? $"{series.Covariate} under {Short(series.Model)}: its package is not in the registry or has other edges by now, so there is nothing to compare it with."
                : $"{series.Covariate} under {Short(series.Model)}: no device of '{against!.Selector}' counted it over the same edges.");
        }
        notes.AddRange(covariates.GroupBy(covariate => covariate.Covariate).Where(group => group.Count() > 1).Select(group =>
            $"{group.Key} was counted in {group.Count()} ways, over different edges or under different models: these are never added up, each has its own line."));
        return new DriftSlice(slice.Selector.ToString(), against?.Selector.ToString() ?? DriftEndpoints.Reference, devices.Selected, devices.Selected - devices.Old - devices.Without,
            [.. covariates.OrderBy(covariate => covariate.Covariate, StringComparer.Ordinal).ThenBy(covariate => covariate.Model, StringComparer.Ordinal)], notes);
    }

    /// <param name="reference">Counts over the series' edges, one for each of its bins.</param>
    /// <param name="sums">As many, or more of which the rest is 0.</param>
    internal static SliceCovariate Compare(DriftSeries series, IReadOnlyList<long> reference, long[] sums, int devices)
    {
        long[] current = sums[..series.Bins];
        return new SliceCovariate(series.Covariate, series.Model, series.EdgesId, devices, current.Sum(), reference.Sum(), Distances.Psi(reference, current), Distances.JensenShannon(reference, current),
            Distances.KolmogorovSmirnov(reference, current), Distances.Wasserstein1(reference, current));
    }

    private async ValueTask<IReadOnlyList<long>?> ReferenceAsync(ushort number, DriftSeries series, SliceCounts? other)
    {
        if (other is not null) return other.Sums.FirstOrDefault(sum => sum.Series == number).Counts?[..series.Bins];
        return await profiles.Find(series.Model) is { } profile && profile.Histograms.TryGetValue(series.Covariate, out var histogram) && ReferenceHistogram.EdgesIdOf(histogram.Edges) == series.EdgesId
            ? histogram.Counts : null;
    }

    private static IEnumerable<string> Left(SliceDevices devices, TimeSpan age)
    {
        if (devices.Old > 0) yield return string.Create(CultureInfo.InvariantCulture, $"{devices.Old} of {devices.Selected} devices are left out: their newest frame is older than {age.TotalHours:0.##} h.");
        if (devices.Without > 0) yield return $"{devices.Without} of {devices.Selected} devices have sent no window that could be counted.";
        if (devices.LeftOut > 0)
            yield return $"{devices.LeftOut} histograms of these devices were not counted: over edges that are not the package's, of a package the registry lacks, or of a model the device had left.";
    }

    private static string Short(string digest) => digest[..Math.Min(12, digest.Length)];
}
